package known

import (
	"encoding/xml"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"strings"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/foreign"
)

// vocDir is the folder of the year below dir.
func vocDir(dir string) string {
	return within(dir, filepath.Join("VOCdevkit", "VOC2007"), "VOC2007")
}

// openVOC reads JPEGImages and ImageSets/Main/CLASS_test.txt, a picture a line: 1 where the class is in it, −1 where it is not, and 0 where all its
// objects are difficult, so that the picture does not count for the class.
func openVOC(dir string) (*Set, error) {
	set, err := protocol("voc2007", fromPrompts)
	if err != nil {
		return nil, err
	}
	set.Several = true
	dir = vocDir(dir)
	lists := filepath.Join(dir, "ImageSets", "Main")
	for c, class := range set.Classes {
		path := filepath.Join(lists, class.Key+"_test.txt")
		all, err := lines(path)
		if err != nil {
			return nil, err
		}
		if c > 0 && len(all) != len(set.pictures) {
			return nil, fmt.Errorf("%s: %w: %d pictures, expected %d as in %s_test.txt", path, ErrLayout, len(all), len(set.pictures), set.Classes[0].Key)
		}
		for i, line := range all {
			fields := strings.Fields(line)
			if len(fields) != 2 {
				return nil, fmt.Errorf("%s: %w: entry %d is %s, expected a name and 1, −1 or 0", path, ErrLayout, i+1, foreign.Quote(line))
			}
			if c == 0 {
				p, err := file(filepath.Join(dir, "JPEGImages"), fields[0]+".jpg", 0)
				if err != nil {
					return nil, fmt.Errorf("%s: entry %d: %w", path, i+1, err)
				}
				p.classes = nil
				set.pictures = append(set.pictures, p)
			}
			if err := set.pictures[i].mark(fields, c); err != nil {
				return nil, fmt.Errorf("%s: entry %d: %w", path, i+1, err)
			}
		}
	}
	return set, nil
}

// mark notes a line of a class's list.
func (p *picture) mark(fields []string, class int) error {
	if fields[0]+".jpg" != p.name {
		return fmt.Errorf("%w: %s, expected %s: the lists of the classes have the same pictures", ErrLayout, foreign.Quote(fields[0]), foreign.Quote(p.name))
	}
	switch fields[1] {
	case "1":
		p.classes = append(p.classes, class)
	case "0":
		p.unsure = append(p.unsure, class)
	case "-1":
	default:
		return fmt.Errorf("%w: %s, expected 1, −1 or 0", ErrLayout, foreign.Quote(fields[1]))
	}
	return nil
}

// openVOCObjects cuts every object of the test pictures out, the difficult ones too: a picture each, of one class, as CLIP_benchmark does.
func openVOCObjects(dir string) (*Set, error) {
	set, err := protocol("voc2007", fromPrompts)
	if err != nil {
		return nil, err
	}
	dir = vocDir(dir)
	list := filepath.Join(dir, "ImageSets", "Main", "test.txt")
	names, err := lines(list)
	if err != nil {
		return nil, err
	}
	classes := index(set.Classes)
	for _, name := range names {
		path, err := local(filepath.Join(dir, "JPEGImages"), name+".jpg")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", list, err)
		}
		objects, err := read(filepath.Join(dir, "Annotations", name+".xml"), func(file string, r io.Reader) ([]vocObject, error) {
			return readObjects(file, r, classes)
		})
		if err != nil {
			return nil, err
		}
		for i, o := range objects {
			part := fmt.Sprintf("%s.jpg#%d", name, i)
			set.pictures = append(set.pictures, picture{item: dataset.CroppedItem(fmt.Sprintf("%s#%d", path, i), path, o.box), name: part, classes: []int{o.class}})
		}
	}
	return set, nil
}

// vocObject is an object of an annotation.
type vocObject struct {
	class int
	box   image.Rectangle
}

// maxAnnotation is the most bytes of an annotation.
const maxAnnotation = 1 << 20

// readObjects reads the objects of an annotation. Pixels are counted from 1 there; like CLIP_benchmark, the box is taken as it stands.
func readObjects(name string, r io.Reader, classes map[string]int) (objects []vocObject, err error) {
	var a struct {
		Objects []struct {
			Name string `xml:"name"`
			Box  struct {
				X0 int `xml:"xmin"`
				Y0 int `xml:"ymin"`
				X1 int `xml:"xmax"`
				Y1 int `xml:"ymax"`
			} `xml:"bndbox"`
		} `xml:"object"`
	}
	if err := xml.NewDecoder(io.LimitReader(r, maxAnnotation)).Decode(&a); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, ErrLayout, err)
	}
	for i, o := range a.Objects {
		class, ok := classes[o.Name]
		b := o.Box
		if !ok {
			return nil, fmt.Errorf("%s: %w: object %d is %s, which is no class", name, ErrLayout, i+1, foreign.Quote(o.Name))
		}
		if b.X0 < 0 || b.Y0 < 0 || b.X1 <= b.X0 || b.Y1 <= b.Y0 || b.X1 > 1<<16 || b.Y1 > 1<<16 {
			return nil, fmt.Errorf("%s: %w: object %d has the box %d,%d to %d,%d", name, ErrLayout, i+1, b.X0, b.Y0, b.X1, b.Y1)
		}
		objects = append(objects, vocObject{class, image.Rect(b.X0, b.Y0, b.X1, b.Y1)})
	}
	return objects, nil
}
