package benchmark

import (
	"context"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/textfile"
)

// layout is where a published data set keeps its pictures and masks. A picture is picture with its name in place of *, its mask likewise.
type layout struct {
	name          string
	classes       string // class file
	reduceZero    bool
	withoutZero   bool   // the class file has a background, which this set leaves out
	list          string // file of names; none: whatever matches picture
	picture, mask string
	split         bool // the classes are the rest and the thing
}

const (
	vocPictures  = "JPEGImages/*.jpg"
	cocoPictures = "images/val2017/*.jpg"
)

var layouts = []layout{
	{name: "voc21", classes: "voc.txt", list: "ImageSets/Segmentation/val.txt", picture: vocPictures, mask: "SegmentationClass/*.png"},
	{name: "voc20", classes: "voc.txt", list: "ImageSets/Segmentation/val.txt", picture: vocPictures, mask: "SegmentationClass/*.png", reduceZero: true, withoutZero: true},
	{name: "context60", classes: "context.txt", list: "ImageSets/SegmentationContext/val.txt", picture: vocPictures, mask: "SegmentationClassContext/*.png"},
	{name: "context59", classes: "context.txt", list: "ImageSets/SegmentationContext/val.txt", picture: vocPictures, mask: "SegmentationClassContext/*.png", reduceZero: true, withoutZero: true},
	{name: "ade150", classes: "ade.txt", picture: "images/validation/*.jpg", mask: "annotations/validation/*.png", reduceZero: true},
	{name: "coco-stuff171", classes: "coco-stuff.txt", picture: cocoPictures, mask: "annotations/val2017/*_labelTrainIds.png"},
	{name: "coco-object81", classes: "coco-object.txt", picture: cocoPictures, mask: "annotations/val2017/*_instanceTrainIds.png"},
	{name: "imagenet-seg", classes: "imagenet-seg.txt", picture: "images/*.png", mask: "masks/*.png", split: true},
	{name: "cityscapes19", classes: "cityscapes.txt", picture: "leftImg8bit/val/*_leftImg8bit.png", mask: "gtFine/val/*_gtFine_labelTrainIds.png"},
}

// open lists the pictures below dir.
func (l layout) open(dir string) (*Set, error) {
	named, err := classes(l.classes)
	if err != nil {
		return nil, err
	}
	if l.withoutZero {
		named = named[1:]
	}
	names, err := l.names(dir)
	if err != nil {
		return nil, err
	}
	s := &Set{Classes: named, Split: l.split, ReduceZero: l.reduceZero, load: loadFiles}
	for _, n := range names {
		at := func(pattern string) string {
			return filepath.Join(dir, filepath.FromSlash(strings.Replace(pattern, "*", n, 1)))
		}
		s.items = append(s.items, item{name: n, picture: at(l.picture), mask: at(l.mask)})
	}
	return s, nil
}

// names are those of the list, or of the pictures that are there.
func (l layout) names(dir string) ([]string, error) {
	if l.list == "" {
		return l.found(dir)
	}
	path := filepath.Join(dir, filepath.FromSlash(l.list))
	f, err := regular.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: expected the list %s: %w", ErrLayout, l.list, err)
	}
	defer f.Close()
	return ReadList(path, f)
}

// found are the names of pictures in the folder or, for Cityscapes, in its folders (a city each).
func (l layout) found(dir string) ([]string, error) {
	folder, pattern := filepath.Split(filepath.FromSlash(l.picture))
	root := filepath.Join(dir, folder)
	cities, err := regular.Match(root, "*")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, folder := range append([]string{root}, cities...) {
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			continue
		}
		matches, err := regular.Match(folder, pattern)
		if err != nil {
			return nil, err
		}
		for _, m := range matches {
			name, err := filepath.Rel(root, m)
			if err != nil {
				return nil, err
			}
			names = append(names, strings.TrimSuffix(filepath.ToSlash(name), strings.TrimPrefix(pattern, "*")))
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: expected pictures %s in %s, found none", ErrLayout, l.picture, dir)
	}
	slices.Sort(names)
	return names, nil
}

const (
	maxListed = 10_000_000
	maxName   = 1 << 12
)

// ReadList reads a list of pictures, a name a line. A name with a folder in it, and an empty list, are errors.
func ReadList(name string, r io.Reader) ([]string, error) {
	var names []string
	seen := map[string]bool{}
	for line, err := range textfile.Lines(r) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, ErrLayout, err)
		}
		n, number := strings.TrimSpace(line.Text), line.Number
		switch {
		case n == "":
			continue
		case len(n) > maxName, strings.ContainsAny(n, `/\*`+"\x00") || !filepath.IsLocal(n):
			return nil, fmt.Errorf("%s:%d: %w: expected the name of a picture, found %.60q", name, number, ErrLayout, n)
		case seen[n]:
			return nil, fmt.Errorf("%s:%d: %w: %.60q is there twice", name, number, ErrLayout, n)
		case len(names) == maxListed:
			return nil, fmt.Errorf("%s: %w: expected at most %d names", name, ErrLayout, maxListed)
		}
		seen[n] = true
		names = append(names, n)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: %w: expected a name a line, found none", name, ErrLayout)
	}
	return names, nil
}

// loadFiles reads a picture, which is not turned, because its mask is not, and its mask.
func loadFiles(ctx context.Context, it item, d *dataset.Decoder) (img image.Image, truth []uint8, err error) {
	err = d.Rotating(false).File(ctx, it.picture, func(photo *image.NRGBA) error {
		img = photo
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	f, err := regular.Open(it.mask)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	truth, err = ReadMask(it.mask, f, img.Bounds().Size())
	return img, truth, err
}
