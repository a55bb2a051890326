package known

import (
	"encoding/csv"
	"errors"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/foreign"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/textfile"
)

// openSTL10 reads stl10_binary: test_X.bin holds pictures of 96×96, plane by plane and column by column, test_y.bin a label from 1 to 10 for each.
func openSTL10(dir string) (*Set, error) {
	set, err := protocol("stl10", fromPrompts)
	if err != nil {
		return nil, err
	}
	const side, picture = 96, 3 * 96 * 96
	dir = within(dir, "stl10_binary")
	if err := agreeing(filepath.Join(dir, "class_names.txt"), set.Classes); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "test_X.bin")
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	labels, err := read(filepath.Join(dir, "test_y.bin"), func(name string, r io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(r, maxListed)) })
	if err != nil {
		return nil, err
	}
	if info.Size() != int64(len(labels))*picture {
		return nil, fmt.Errorf("%s: %w: %d bytes, expected %d: a picture of %d×%d for each of the %d labels of test_y.bin", path, ErrLayout, info.Size(), int64(len(labels))*picture, side, side, len(labels))
	}
	for i, label := range labels {
		if label < 1 || int(label) > len(set.Classes) {
			return nil, fmt.Errorf("%s: %w: picture %d has the label %d, expected 1 to %d", filepath.Join(dir, "test_y.bin"), ErrLayout, i, label, len(set.Classes))
		}
		draw := func() (image.Image, error) {
			planes, err := part(path, int64(i)*picture, picture)
			if err != nil {
				return nil, err
			}
			return fromPlanes(planes, side, true), nil
		}
		set.record(path, i, int(label)-1, draw)
	}
	return set, nil
}

// maxListed is the most pictures of a list.
const maxListed = 10_000_000

// record adds a picture that is a record of a file.
func (s *Set) record(path string, i, class int, draw func() (image.Image, error)) {
	s.pictures = append(s.pictures, picture{
		item: dataset.DrawnItem(fmt.Sprintf("%s#%d", path, i), draw), name: fmt.Sprintf("%s#%d", filepath.Base(path), i), classes: []int{class},
	})
}

// part reads n bytes of a file.
func part(path string, from int64, n int) ([]byte, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := make([]byte, n)
	if _, err := f.ReadAt(out, from); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}

// openPets reads images and annotations/test.txt, a picture a line: NAME CLASS SPECIES BREED.
func openPets(dir string) (*Set, error) {
	set, err := protocol("pets", fromPrompts)
	if err != nil {
		return nil, err
	}
	dir = within(dir, "oxford-iiit-pet")
	path := filepath.Join(dir, "annotations", "test.txt")
	all, err := lines(path)
	if err != nil {
		return nil, err
	}
	for n, line := range all {
		fields := strings.Fields(line)
		if len(fields) != 4 {
			return nil, fmt.Errorf("%s: %w: entry %d is %s, expected NAME CLASS SPECIES BREED", path, ErrLayout, n+1, foreign.Quote(line))
		}
		class, err := number(fields[1], 1, len(set.Classes))
		breed := strings.ToLower(fields[0][:max(strings.LastIndex(fields[0], "_"), 0)])
		if err != nil || set.Classes[class-1].Key != breed {
			return nil, fmt.Errorf("%s: %w: entry %d is %s, of class %s: expected the number of its breed, from 1 to %d", path, ErrLayout, n+1, foreign.Quote(fields[0]), foreign.Quote(fields[1]), len(set.Classes))
		}
		if err := set.add(filepath.Join(dir, "images"), fields[0]+".jpg", class-1); err != nil {
			return nil, fmt.Errorf("%s: entry %d: %w", path, n+1, err)
		}
	}
	return set, nil
}

// add adds a picture in a file below dir.
func (s *Set) add(dir, name string, class int) error {
	p, err := file(dir, name, class)
	s.pictures = append(s.pictures, p)
	return err
}

// number reads a whole number of a range.
func number(text string, least, most int) (int, error) {
	v, err := strconv.Atoi(text)
	if err != nil || v < least || v > most {
		return 0, fmt.Errorf("%w: %s, expected a number from %d to %d", ErrLayout, foreign.Quote(text), least, most)
	}
	return v, nil
}

// openDTD reads images and the first of the ten splits, labels/test1.txt: CLASS/NAME.jpg a line.
func openDTD(dir string) (*Set, error) {
	set, err := protocol("dtd", fromPrompts)
	if err != nil {
		return nil, err
	}
	dir = within(dir, "dtd")
	path := filepath.Join(dir, "labels", "test1.txt")
	all, err := lines(path)
	if err != nil {
		return nil, err
	}
	classes := index(set.Classes)
	for n, line := range all {
		key, _, _ := strings.Cut(line, "/")
		class, ok := classes[key]
		if !ok {
			return nil, fmt.Errorf("%s: %w: entry %d is %s, expected CLASS/NAME.jpg", path, ErrLayout, n+1, foreign.Quote(line))
		}
		if err := set.add(filepath.Join(dir, "images"), line, class); err != nil {
			return nil, fmt.Errorf("%s: entry %d: %w", path, n+1, err)
		}
	}
	return set, nil
}

// openEuroSAT reads the folders of EuroSAT.zip. The data set has no split: all pictures are measured.
func openEuroSAT(dir string) (*Set, error) {
	set, err := protocol("eurosat", fromPrompts)
	if err != nil {
		return nil, err
	}
	return set, set.folders(within(dir, "2750", "EuroSAT_RGB", filepath.Join("eurosat", "2750")))
}

// openGTSRB reads GTSRB/Final_Test/Images and GT-final_test.csv, whose columns Filename and ClassId count.
func openGTSRB(dir string) (*Set, error) {
	set, err := protocol("gtsrb", fromPrompts)
	if err != nil {
		return nil, err
	}
	images := within(dir, filepath.Join("GTSRB", "Final_Test", "Images"), filepath.Join("Final_Test", "Images"))
	path := filepath.Join(dir, "GT-final_test.csv")
	if !regular.Exists(path) {
		path = filepath.Join(images, "GT-final_test.csv")
	}
	rows, err := read(path, func(name string, r io.Reader) ([]signRow, error) { return readSigns(name, r, len(set.Classes)) })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if err := set.addPPM(images, row.name, row.class); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return set, nil
}

// signRow is a picture of GTSRB.
type signRow struct {
	name  string
	class int
}

// readSigns reads a table with semicolons.
func readSigns(name string, r io.Reader, classes int) (rows []signRow, err error) {
	c := csv.NewReader(textfile.NewReader(r))
	c.Comma, c.ReuseRecord = ';', true
	head, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	file, class := slices.Index(head, "Filename"), slices.Index(head, "ClassId")
	if file < 0 || class < 0 {
		return nil, fmt.Errorf("%s: %w: expected the columns Filename and ClassId, with semicolons between them; the file without ClassId has no labels", name, ErrLayout)
	}
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		label, err := number(row[class], 0, classes-1)
		if err != nil {
			line, _ := c.FieldPos(class)
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
		if rows = append(rows, signRow{strings.Clone(row[file]), label}); len(rows) > maxListed {
			return nil, fmt.Errorf("%s: %w: more than %d pictures", name, ErrLayout, maxListed)
		}
	}
}

// addPPM adds a picture in a PPM file, which package dataset does not read, below dir.
func (s *Set) addPPM(dir, name string, class int) error {
	path, err := local(dir, name)
	if err != nil {
		return err
	}
	item := dataset.FileItem(path)
	if strings.EqualFold(filepath.Ext(name), ".ppm") {
		item = dataset.DrawnItem(path, func() (image.Image, error) {
			data, err := regular.ReadFile(path, maxPPM)
			if err != nil {
				return nil, err
			}
			return readPPM(path, data)
		})
	}
	s.pictures = append(s.pictures, picture{item: item, name: name, classes: []int{class}})
	return nil
}
