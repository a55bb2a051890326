package dataset

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/internal/foreign"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/textfile"
)

// Data sets whose classes come with spurious groups, in their published layouts.
const (
	KindWaterbirds = "waterbirds"
	KindCelebA     = "celeba"
)

// grouped are the data sets by the prefix of a source.
var grouped = map[string]struct {
	options []string
	open    func(dir string, o url.Values) ([]groupedPicture, string, error)
}{
	KindWaterbirds: {[]string{"split"}, openWaterbirds},
	KindCelebA:     {[]string{"split", "label", "group"}, openCelebA},
}

// groupedPicture is a picture of a data set with groups: its file below the folder of pictures.
type groupedPicture struct{ file, label, group string }

// splits are the parts of both data sets, by their number there.
var splits = []string{"train", "val", "test"}

// isGrouped tells whether a source is a data set with groups, and cuts its prefix off.
func isGrouped(name string) (kind, rest string, ok bool) {
	kind, rest, _ = strings.Cut(name, ":")
	_, ok = grouped[kind]
	return kind, rest, ok
}

// openGrouped opens KIND:DIR?split=test.
func openGrouped(kind, rest string) (*Source, error) {
	dir, query, _ := strings.Cut(rest, "?")
	o, err := url.ParseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	for key := range o {
		if !slices.Contains(grouped[kind].options, key) || len(o[key]) != 1 {
			return nil, fmt.Errorf("%s: option %s: expected each of %s once at most", kind, foreign.Quote(key), strings.Join(grouped[kind].options, ", "))
		}
	}
	if s := o.Get("split"); s != "" && !slices.Contains(splits, s) {
		return nil, fmt.Errorf("%s: split %s: expected %s", kind, foreign.Quote(s), strings.Join(splits, ", "))
	}
	members, pictures, err := grouped[kind].open(dir, o)
	if err != nil {
		return nil, err
	}
	root, err := filepath.Abs(pictures)
	if err != nil {
		return nil, err
	}
	d := newDigest()
	for _, m := range members {
		d.add(strings.Join([]string{m.file, m.label, m.group}, "\x00"), 0)
	}
	return &Source{Kind: kind, fingerprint: d.String(), n: len(members), root: root, at: func(i int) Item {
		item := FileItem(filepath.Join(pictures, filepath.FromSlash(members[i].file)))
		item.Label, item.Group = members[i].label, members[i].group
		return item
	}}, nil
}

// named gives one of two names by a 0 or a 1.
func named(value string, names [2]string) (string, error) {
	switch value {
	case "0":
		return names[0], nil
	case "1":
		return names[1], nil
	}
	return "", fmt.Errorf("%s: expected 0 for %s or 1 for %s", foreign.Quote(value), names[0], names[1])
}

// splitOf is the name of a part by its number.
func splitOf(value string) (string, error) {
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < 0 || n >= len(splits) {
		return "", fmt.Errorf("split %s: expected 0 for train, 1 for val or 2 for test", foreign.Quote(value))
	}
	return splits[n], nil
}

// local is an error unless a file lies below the folder that names it.
func local(file string) error {
	if !filepath.IsLocal(filepath.FromSlash(file)) {
		return fmt.Errorf("%s: expected the path of a picture below the folder", foreign.Quote(file))
	}
	return nil
}

// openWaterbirds reads waterbird_complete95_forest2water2: metadata.csv says of each picture its bird y, its background place and its split.
func openWaterbirds(dir string, o url.Values) ([]groupedPicture, string, error) {
	const list = "metadata.csv"
	if below := filepath.Join(dir, "waterbird_complete95_forest2water2"); regular.Exists(filepath.Join(below, list)) {
		dir = below
	}
	path := filepath.Join(dir, list)
	f, err := regular.Open(path)
	if err != nil {
		return nil, "", fmt.Errorf("waterbirds: %w: expected the data set's %s", err, list)
	}
	defer f.Close()
	members, err := readWaterbirds(f, o.Get("split"))
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	return members, dir, nil
}

func readWaterbirds(r io.Reader, part string) (members []groupedPicture, err error) {
	err = csvRows(r, []string{"img_filename", "y", "split", "place"}, func(r row) error {
		m := groupedPicture{file: r.values["img_filename"]}
		split, err := splitOf(r.values["split"])
		if err == nil {
			m.label, err = named(r.values["y"], [2]string{"landbird", "waterbird"})
		}
		if err == nil {
			m.group, err = named(r.values["place"], [2]string{"land", "water"})
		}
		if err = errors.Join(err, local(m.file)); err != nil {
			return fmt.Errorf("%s: %w", r.place, err)
		}
		if part == "" || part == split {
			members = append(members, m)
		}
		return nil
	})
	return members, err
}

// CelebA's attributes that the field's classes and groups are, and how prompts call both of their values.
const (
	celebaLabel = "Blond_Hair"
	celebaGroup = "Male"
)

var celebaNames = map[string][2]string{celebaLabel: {"dark hair", "blond hair"}, celebaGroup: {"female", "male"}}

// attributeNames are how prompts call that an attribute does not hold, and that it does.
func attributeNames(attribute string) [2]string {
	if names, ok := celebaNames[attribute]; ok {
		return names
	}
	words := strings.ToLower(strings.ReplaceAll(attribute, "_", " "))
	return [2]string{"no " + words, words}
}

// openCelebA reads the aligned pictures with their list of attributes and of parts, as published or as tables with commas.
func openCelebA(dir string, o url.Values) ([]groupedPicture, string, error) {
	wanted := [2]string{celebaLabel, celebaGroup}
	for i, key := range []string{"label", "group"} {
		if v := o.Get(key); v != "" {
			wanted[i] = v
		}
	}
	holds, err := celebaTable(dir, "list_attr_celeba", "Anno", wanted[:])
	if err != nil {
		return nil, "", err
	}
	parts, err := celebaTable(dir, "list_eval_partition", "Eval", []string{"partition"})
	if err != nil {
		return nil, "", err
	}
	split := map[string]string{}
	for _, row := range parts {
		if split[row[0]], err = splitOf(row[1]); err != nil {
			return nil, "", fmt.Errorf("list_eval_partition of %s: %s: %w", dir, foreign.Quote(row[0]), err)
		}
	}
	var members []groupedPicture
	for _, row := range holds {
		at, ok := split[row[0]]
		if !ok {
			return nil, "", fmt.Errorf("list_eval_partition of %s: no split of %s", dir, foreign.Quote(row[0]))
		}
		if part := o.Get("split"); part != "" && part != at {
			continue
		}
		m := groupedPicture{file: row[0]}
		if m.label, err = attribute(row[1], wanted[0]); err == nil {
			m.group, err = attribute(row[2], wanted[1])
		}
		if err = errors.Join(err, local(m.file)); err != nil {
			return nil, "", fmt.Errorf("list_attr_celeba of %s: %s: %w", dir, foreign.Quote(row[0]), err)
		}
		members = append(members, m)
	}
	pictures := firstFolder(filepath.Join(dir, "img_align_celeba", "img_align_celeba"), filepath.Join(dir, "img_align_celeba"), filepath.Join(dir, "Img", "img_align_celeba"))
	if pictures == "" {
		return nil, "", fmt.Errorf("%s: expected the folder img_align_celeba of the data set's aligned pictures", dir)
	}
	return members, pictures, nil
}

// attribute names a value of a list of attributes, −1 or 1.
func attribute(value, of string) (string, error) {
	switch names := attributeNames(of); value {
	case "-1", "0":
		return names[0], nil
	case "1":
		return names[1], nil
	}
	return "", fmt.Errorf("%s is %s: expected -1 or 1", of, foreign.Quote(value))
}

// firstFolder is the first that is there; empty: none.
func firstFolder(paths ...string) string {
	for _, p := range paths {
		if regular.IsFolder(p) {
			return p
		}
	}
	return ""
}

// celebaTable gives the picture and some columns of each row of a list, which lies in the folder or in one below it, with commas or with spaces.
func celebaTable(dir, name, below string, wanted []string) ([][]string, error) {
	for _, at := range []string{dir, filepath.Join(dir, below), filepath.Join(dir, "data")} {
		for _, ending := range []string{".csv", ".txt"} {
			path := filepath.Join(at, name+ending)
			if !regular.Exists(path) {
				continue
			}
			f, err := regular.Open(path)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			read := readCelebA
			if ending == ".csv" {
				read = readCelebATable
			}
			rows, err := read(f, wanted)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			return rows, nil
		}
	}
	return nil, fmt.Errorf("celeba: %s: expected %s.csv or %s.txt in it, or in %s below it", dir, name, name, below)
}

// readCelebATable reads a table with commas: image_id and a column for each attribute.
func readCelebATable(r io.Reader, wanted []string) (rows [][]string, err error) {
	err = csvRows(r, append([]string{"image_id"}, wanted...), func(r row) error {
		line := []string{r.values["image_id"]}
		for _, w := range wanted {
			line = append(line, r.values[w])
		}
		rows = append(rows, line)
		return nil
	})
	return rows, err
}

// readCelebA reads a list with spaces. That of attributes begins with the number of pictures and the attributes' names; that of parts has no header.
func readCelebA(r io.Reader, wanted []string) (rows [][]string, err error) {
	parts := []string{"partition"}
	headed := !slices.Equal(wanted, parts)
	columns, at := parts, make([]int, len(wanted))
	for line, err := range textfile.Lines(r) {
		if err != nil {
			return nil, err
		}
		fields := strings.Fields(line.Text)
		switch {
		case headed && line.Number == 1, len(fields) == 0:
		case headed && line.Number == 2:
			columns = fields
			for i, w := range wanted {
				if at[i] = slices.Index(columns, w); at[i] < 0 {
					return nil, fmt.Errorf("no attribute %s: expected one of %s", foreign.Quote(w), foreign.Quote(strings.Join(columns, ", ")))
				}
			}
		case len(fields) != 1+len(columns):
			return nil, fmt.Errorf("line %d: %d values: expected a picture and %d", line.Number, len(fields), len(columns))
		default:
			row := []string{fields[0]}
			for _, c := range at {
				row = append(row, fields[1+c])
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}
