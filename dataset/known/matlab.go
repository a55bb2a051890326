package known

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/facet-clip/facet/dataset/mat"
	"github.com/facet-clip/facet/internal/regular"
)

// variable reads a variable of a MATLAB file.
func variable(path, name string) (*mat.Array, error) {
	all, err := read(path, mat.Read)
	if err != nil {
		return nil, err
	}
	a, err := mat.Variable(all, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrLayout, err)
	}
	return a, nil
}

// whole reads a variable of whole numbers of a range.
func whole(path, name string, least, most int) ([]int, error) {
	a, err := variable(path, name)
	if err != nil {
		return nil, err
	}
	var out []int
	for i, v := range a.Numbers {
		if v != float64(int(v)) || int(v) < least || int(v) > most {
			return nil, fmt.Errorf("%s: %w: %s(%d) is %g, expected a whole number from %d to %d", path, ErrLayout, name, i+1, v, least, most)
		}
		out = append(out, int(v))
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: %w: %s holds %s, expected numbers", path, ErrLayout, name, a.Class)
	}
	return out, nil
}

// openFlowers reads jpg/image_NNNNN.jpg, their labels in imagelabels.mat, and the test pictures' numbers, tstid of setid.mat.
func openFlowers(dir string) (*Set, error) {
	set, err := protocol("flowers102", fromPrompts)
	if err != nil {
		return nil, err
	}
	dir = within(dir, "flowers-102")
	labels, err := whole(filepath.Join(dir, "imagelabels.mat"), "labels", 1, len(set.Classes))
	if err != nil {
		return nil, err
	}
	ids, err := whole(filepath.Join(dir, "setid.mat"), "tstid", 1, len(labels))
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := set.add(filepath.Join(dir, "jpg"), fmt.Sprintf("image_%05d.jpg", id), labels[id-1]-1); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// openCars reads cars_test and cars_test_annos_withlabels.mat. The devkit's names of classes are held to those of the protocol.
func openCars(dir string) (*Set, error) {
	set, err := protocol("cars", fromPrompts)
	if err != nil {
		return nil, err
	}
	dir = within(dir, "stanford_cars")
	if err := set.carNames(filepath.Join(dir, "devkit", "cars_meta.mat")); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "cars_test_annos_withlabels.mat")
	if beside := filepath.Join(dir, "devkit", "cars_test_annos_withlabels.mat"); !regular.Exists(path) && regular.Exists(beside) {
		path = beside
	}
	a, err := variable(path, "annotations")
	if err != nil {
		return nil, err
	}
	images := within(dir, filepath.Join("cars_test", "cars_test"), "cars_test")
	for i := range a.Values {
		class, ok1 := a.Field(i, "class").Number()
		name, ok2 := a.Field(i, "fname").Chars()
		if !ok1 || !ok2 || class != float64(int(class)) || class < 1 || int(class) > len(set.Classes) {
			return nil, fmt.Errorf("%s: %w: annotation %d: expected a class from 1 to %d and the name of a file; the file without labels is another one", path, ErrLayout, i+1, len(set.Classes))
		}
		if err := set.add(images, name, int(class)-1); err != nil {
			return nil, fmt.Errorf("%s: annotation %d: %w", path, i+1, err)
		}
	}
	return set, nil
}

// carNames gives classes that the devkit calls otherwise than the protocol the devkit's names, but for spaces, case and punctuation.
func (s *Set) carNames(path string) error {
	if !regular.Exists(path) {
		return nil
	}
	a, err := variable(path, "class_names")
	if err != nil {
		return err
	}
	if len(a.Cells) != len(s.Classes) {
		return fmt.Errorf("%s: %w: class_names has %d cells, expected %d", path, ErrLayout, len(a.Cells), len(s.Classes))
	}
	others := 0
	for i, cell := range a.Cells {
		name, ok := cell.Chars()
		if !ok || strings.TrimSpace(name) == "" {
			return fmt.Errorf("%s: %w: class_names{%d} is no text", path, ErrLayout, i+1)
		}
		if letters(name) != letters(s.Classes[i].Name) {
			s.Classes[i].Name = strings.TrimSpace(name)
			others++
		}
	}
	if others > 0 {
		s.Words += fmt.Sprintf("; %d of the names are the devkit's", others)
	}
	return nil
}

// letters are a name's letters and digits, in small letters.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}
