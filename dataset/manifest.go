package dataset

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/internal/regular"
)

// row is a line of a manifest: values by column.
type row struct {
	place  string // line 2, with the header where there is one, or row 1
	values map[string]string
}

// rowReader hands every row of a manifest to use.
type rowReader func(f *os.File, use func(row) error) error

var manifestReaders = map[string]rowReader{".csv": readCSV, ".jsonl": readJSONL, ".parquet": readParquet}

// columns that facet reads; of these path is required.
var columns = []string{"path", "label", "group", "time", "truth"}

func isColumn(name string) bool { return slices.Contains(columns, name) }

// openManifest reads a table with the column path, and if it has them label, group, time and truth. Paths are relative to the manifest's
// folder and stay within it, or are absolute.
func openManifest(name string, read rowReader, times TimeFormat) (*Source, error) {
	f, err := regular.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d := newDigest()
	if times != "" && times != RFC3339 {
		d.add(string(times), 0)
	}
	ignored := map[string]bool{}
	var items []Item
	err = read(f, func(r row) error {
		item, err := r.item(filepath.Dir(name), times)
		if err != nil {
			return fmt.Errorf("%s: %w", r.place, err)
		}
		for c := range r.values {
			if !isColumn(c) {
				ignored[c] = true
			}
		}
		d.add(strings.Join([]string{r.values["path"], item.Label, item.Group, r.values["time"], item.Truth}, "\x00"), 0)
		items = append(items, item)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, ErrManifest, err)
	}
	return &Source{
		Kind: "manifest", Ignored: len(ignored), fingerprint: d.String(), n: len(items), at: func(i int) Item { return items[i] },
	}, nil
}

func (r row) item(dir string, times TimeFormat) (Item, error) {
	path := r.values["path"]
	if path == "" {
		return Item{}, errors.New("no path: expected a column path, relative to the manifest's folder or absolute")
	}
	if !filepath.IsAbs(path) {
		if !filepath.IsLocal(filepath.FromSlash(path)) {
			return Item{}, fmt.Errorf("%s leaves the manifest's folder: expected a path below it, or an absolute one", path)
		}
		path = filepath.Join(dir, filepath.FromSlash(path))
	}
	item := FileItem(path)
	item.Label, item.Group, item.Truth = r.values["label"], r.values["group"], truthText(r.values["truth"])
	if t := r.values["time"]; t != "" {
		var err error
		if item.Time, err = times.Parse(t); err != nil {
			return Item{}, err
		}
	}
	return item, nil
}

// truthText writes true and false as the 1 and 0 that scenes have.
func truthText(s string) string {
	if holds, err := strconv.ParseBool(s); err == nil && len(s) > 1 {
		return truth(holds)
	}
	return s
}
