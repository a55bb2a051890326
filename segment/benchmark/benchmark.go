// Package benchmark reads the data sets that segmentation is measured on, each in the layout it is published in: pictures with a mask of
// labels, and the names of the classes.
//
// # Terms
//
//   - A mask is a PNG, indexed or grey, whose values are labels; 255 counts for nothing.
//   - reduce_zero_label: label 0 counts for nothing and the others are one less.
//   - Class files have a class a line, in the order of the labels, synonyms after commas; they are facet's own.
package benchmark

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"github.com/facet-clip/facet/dataset"
	"image"
	"image/draw"
	"slices"
	"strings"

	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/segment"
)

// Set is a data set, or the part of it that is measured on.
type Set struct {
	Name       string // as it was asked for
	Classes    []segment.Class
	Groups     []string // of each class, where a set has groups
	ReduceZero bool
	Background bool // class 0 is what is none of the others

	// Split tells that the classes are the rest and the one thing that a picture shows. Shown are then what that may be; whoever evaluates names them.
	Split bool
	Shown []segment.Class

	// Prompts are the prompts of a text of a class, where a set has its own; else nil.
	Prompts func(class int, text string) []string

	items    []item
	squeezed int // side in pixels of what Load gives; 0: as it is
	load     func(ctx context.Context, it item, d *dataset.Decoder) (image.Image, []uint8, error)
}

// item is a picture with its mask: files, or the number of a scene.
type item struct {
	name          string
	picture, mask string
	scene         int
}

var (
	// ErrUnknown is returned when there is no data set of a name.
	ErrUnknown = errors.New("unknown data set")
	// ErrLayout is returned when a folder does not have the layout of its data set.
	ErrLayout = errors.New("not the layout of the data set")
	// ErrMask is returned when a mask is not what the data set promises.
	ErrMask = errors.New("not a usable mask")
)

//go:embed classes/*.txt
var classFiles embed.FS

// Names are the data sets that [Open] knows.
func Names() []string {
	var names []string
	for _, l := range layouts {
		names = append(names, l.name+":DIR")
	}
	return append(names, "scenes:default?n=N&seed=S&size=P")
}

// Open finds the pictures of a data set: NAME:DIR, or scenes:default?n=N&seed=S&size=P for scenes of package scenes. Only the list of pictures is read.
func Open(name string) (*Set, error) {
	kind, where, ok := strings.Cut(name, ":")
	if kind == "scenes" {
		return openScenes(name, where)
	}
	i := slices.IndexFunc(layouts, func(l layout) bool { return l.name == kind })
	if i < 0 || !ok || where == "" {
		return nil, fmt.Errorf("%s: %w: expected one of %s", name, ErrUnknown, strings.Join(Names(), ", "))
	}
	set, err := layouts[i].open(where)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	set.Name, set.Background = name, !set.Split && set.Classes[0].Name == segment.Background
	return set, nil
}

// Named are the classes that texts are for: what a picture may show, or else the classes themselves.
func (s *Set) Named() []segment.Class {
	if s.Split {
		return s.Shown
	}
	return s.Classes
}

// Rename gives the classes other names and texts, in the same order. Another number of classes is an error that names the list. What a picture may show
// is any number.
func (s *Set) Rename(list string, classes []segment.Class) error {
	if s.Split {
		s.Shown, s.Prompts = classes, nil
		return nil
	}
	if len(classes) != len(s.Classes) {
		return fmt.Errorf("%s: %d classes: expected the %d of %s, in its order", list, len(classes), len(s.Classes), s.Name)
	}
	s.Classes, s.Prompts = classes, nil
	return nil
}

// Len is the number of pictures.
func (s *Set) Len() int { return len(s.items) }

// Item is the name of picture i.
func (s *Set) Item(i int) string { return s.items[i].name }

// Limit keeps the first n pictures.
func (s *Set) Limit(n int) { s.items = s.items[:min(n, len(s.items))] }

// Load reads picture i and its truth, row-major: of each pixel a class, or [segment.Ignore]. Errors name the file.
func (s *Set) Load(ctx context.Context, i int, d *dataset.Decoder) (image.Image, []uint8, error) {
	img, truth, err := s.load(ctx, s.items[i], d)
	if err != nil {
		return nil, nil, err
	}
	if s.ReduceZero {
		segment.ReduceZero(truth)
	}
	for at, v := range truth {
		if v != segment.Ignore && int(v) >= len(s.Classes) {
			w := img.Bounds().Dx()
			return nil, nil, fmt.Errorf("%s: %w: label %d at %d,%d; expected the %d classes of %s", s.items[i].mask, ErrMask, v, at%w, at/w, len(s.Classes), s.Name)
		}
	}
	if s.squeezed > 0 {
		img, truth = squeeze(img, truth, s.squeezed)
	}
	return img, truth, nil
}

// Squeezed is the set as the published code measures it on a model of a side in pixels: pictures are cropped to a square as the model takes them, and truths are
// squeezed into it, whatever their shape, so the two do not match where a picture is no square.
func (s *Set) Squeezed(side int) *Set {
	out := *s
	out.squeezed = side
	return &out
}

// squeeze crops a picture and resizes its truth by nearest neighbours, both to side×side.
func squeeze(img image.Image, truth []uint8, side int) (image.Image, []uint8) {
	size := img.Bounds().Size()
	photo := image.NewNRGBA(image.Rectangle{Max: size})
	draw.Draw(photo, photo.Rect, img, img.Bounds().Min, draw.Src)
	out := make([]uint8, side*side)
	for i := range out {
		x, y := (2*(i%side)+1)*size.X/(2*side), (2*(i/side)+1)*size.Y/(2*side) // where the pixel's middle falls, as Pillow has it
		out[i] = truth[y*size.X+x]
	}
	return preprocess.Crop(photo, side), out
}

// classes reads one of the class files.
func classes(file string) ([]segment.Class, error) {
	f, err := classFiles.Open("classes/" + file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return segment.ReadClasses(file, f)
}
