package known

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/internal/foreign"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/textfile"
)

// devkit is the folder that ILSVRC2012_devkit_t12.tar.gz unpacks to.
const devkit = "ILSVRC2012_devkit_t12"

// openImageNet reads the pictures of the validation, told apart among all 1000 classes, in one of four layouts:
//
//   - a folder for each synset, in val or in dir itself;
//   - val as it is unpacked, with the devkit in ILSVRC2012_devkit_t12;
//   - val with val.txt, NAME LABEL a line, labels from 0 in the order of the synsets;
//   - Kaggle's ILSVRC/Data/CLS-LOC/val with LOC_val_solution.csv.
func openImageNet(dir string) (*Set, error) {
	set, err := protocol("imagenet", fromNotebook)
	if err != nil {
		return nil, err
	}
	classes := index(set.Classes)
	val := within(dir, "val", filepath.Join("ILSVRC", "Data", "CLS-LOC", "val"))
	for c := range classes {
		if regular.IsFolder(filepath.Join(val, c)) {
			return set, set.folders(val)
		}
	}
	solution, list, truth := filepath.Join(dir, "LOC_val_solution.csv"), filepath.Join(dir, "val.txt"), filepath.Join(dir, devkit, "data")
	switch {
	case regular.IsFolder(truth):
		return set, set.devkit(truth, val)
	case regular.Exists(list):
		return set, set.valList(list, val)
	case regular.Exists(solution):
		rows, err := read(solution, func(name string, r io.Reader) ([]valRow, error) { return readSolution(name, r, classes) })
		if err != nil {
			return nil, err
		}
		return set, set.addVal(solution, val, rows)
	}
	return nil, fmt.Errorf("%s: %w: expected folders named by synsets (n01440764, …), %s, val.txt or LOC_val_solution.csv", dir, ErrLayout, devkit)
}

// valRow is a picture of the validation.
type valRow struct {
	name  string
	class int
}

func (s *Set) addVal(list, val string, rows []valRow) error {
	for _, row := range rows {
		if err := s.add(val, row.name, row.class); err != nil {
			return fmt.Errorf("%s: %w", list, err)
		}
	}
	return nil
}

// devkit reads the numbers that the devkit gives the pictures in their order, and which synset each number is.
func (s *Set) devkit(dir, val string) error {
	byNumber, err := s.synsets(filepath.Join(dir, "meta.mat"))
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "ILSVRC2012_validation_ground_truth.txt")
	all, err := lines(path)
	if err != nil {
		return err
	}
	var rows []valRow
	for i, line := range all {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		class, ok := byNumber[n]
		if err != nil || !ok {
			return fmt.Errorf("%s: %w: entry %d is %s, expected the number of a synset, from 1 to %d", path, ErrLayout, i+1, foreign.Quote(line), len(s.Classes))
		}
		rows = append(rows, valRow{fmt.Sprintf("ILSVRC2012_val_%08d.JPEG", i+1), class})
	}
	return s.addVal(path, val, rows)
}

// synsets are the classes by the devkit's numbers, which follow another order. Synsets that hold others have numbers beyond.
func (s *Set) synsets(path string) (map[int]int, error) {
	a, err := variable(path, "synsets")
	if err != nil {
		return nil, err
	}
	classes, byNumber := index(s.Classes), map[int]int{}
	for i := range a.Values {
		number, ok1 := a.Field(i, "ILSVRC2012_ID").Number()
		wnid, ok2 := a.Field(i, "WNID").Chars()
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("%s: %w: synset %d: expected ILSVRC2012_ID and WNID", path, ErrLayout, i+1)
		}
		if class, ok := classes[wnid]; ok {
			byNumber[int(number)] = class
		}
	}
	if len(byNumber) != len(s.Classes) {
		return nil, fmt.Errorf("%s: %w: the numbers of %d of the %d classes", path, ErrLayout, len(byNumber), len(s.Classes))
	}
	return byNumber, nil
}

// valList reads NAME LABEL a line.
func (s *Set) valList(path, val string) error {
	all, err := lines(path)
	if err != nil {
		return err
	}
	var rows []valRow
	for i, line := range all {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			return fmt.Errorf("%s: %w: entry %d is %s, expected NAME LABEL", path, ErrLayout, i+1, foreign.Quote(line))
		}
		class, err := number(fields[1], 0, len(s.Classes)-1)
		if err != nil {
			return fmt.Errorf("%s: entry %d: %w", path, i+1, err)
		}
		rows = append(rows, valRow{fields[0], class})
	}
	return s.addVal(path, val, rows)
}

// readSolution reads Kaggle's table: of each picture a synset and a box for each object, all of one synset.
func readSolution(name string, r io.Reader, classes map[string]int) (rows []valRow, err error) {
	c := csv.NewReader(textfile.NewReader(r))
	c.FieldsPerRecord, c.ReuseRecord = 2, true
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		wnid, _, _ := strings.Cut(strings.TrimSpace(row[1]), " ")
		class, ok := classes[wnid]
		line, _ := c.FieldPos(0)
		switch {
		case line == 1 && row[0] == "ImageId":
			continue
		case !ok:
			return nil, fmt.Errorf("%s:%d: %w: %s is no synset of ImageNet's 1000", name, line, ErrLayout, foreign.Quote(wnid))
		case len(rows) == maxListed:
			return nil, fmt.Errorf("%s: %w: more than %d pictures", name, ErrLayout, maxListed)
		}
		rows = append(rows, valRow{strings.Clone(row[0]) + ".JPEG", class})
	}
}
