package cli

import (
	"context"
	"fmt"
	"image"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/graph"
)

// input is what a model is shown: pictures from files, or pixels as they are.
type input struct {
	paths  []string
	pixels string // file of float32 [N,3,H,W], already normalised
	whole  bool   // no crop
}

// picture is one prepared picture: pixels [3,H,W] and what they look like.
type picture struct {
	pixels []float32
	h, w   int
	seen   *image.RGBA
}

// prepare reads and prepares one file for a model.
func (a *app) prepare(path string, size int, whole bool) (picture, error) {
	limit := a.pixelLimit()
	img, err := dataset.DecodeFile(path, limit)
	if err != nil {
		return picture{}, err
	}
	if !whole {
		seen := preprocess.Crop(img, size)
		return picture{preprocess.Normalise(seen), size, size, seen}, nil
	}
	seen, err := preprocess.Whole(img, size)
	if err != nil {
		return picture{}, fmt.Errorf("%s: %w", path, err)
	}
	return picture{preprocess.Normalise(seen), seen.Rect.Dy(), seen.Rect.Dx(), seen}, nil
}

// batches prepares the input in batches that fit the model and calls use for each; pictures of a batch have one size.
func (m *model) batches(ctx context.Context, in input, use func(graph.Tensor, []*image.RGBA) error) error {
	if in.pixels != "" {
		return m.pixelBatches(ctx, in.pixels, use)
	}
	size := batchSize
	if in.whole {
		size = 1 // each picture has its own shape
	}
	p := m.app.progress("images", len(in.paths))
	defer p.done()
	for start := 0; start < len(in.paths); start += size {
		if err := ctx.Err(); err != nil {
			return err
		}
		paths := in.paths[start:min(start+size, len(in.paths))]
		t, seen, err := m.prepareBatch(paths, in.whole)
		if err != nil {
			return err
		}
		if err := use(t, seen); err != nil {
			return err
		}
		p.add(len(paths))
	}
	return nil
}

const batchSize = 8

func (m *model) prepareBatch(paths []string, whole bool) (graph.Tensor, []*image.RGBA, error) {
	pictures := make([]picture, len(paths))
	var group errgroup.Group
	for i, path := range paths {
		group.Go(func() (err error) {
			pictures[i], err = m.app.prepare(path, m.Config.Image, whole)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return graph.Tensor{}, nil, err
	}
	var data []float32
	var seen []*image.RGBA
	for _, p := range pictures {
		data = append(data, p.pixels...)
		seen = append(seen, p.seen)
	}
	return graph.Floats(data, len(paths), 3, pictures[0].h, pictures[0].w), seen, nil
}

func (m *model) pixelBatches(ctx context.Context, path string, use func(graph.Tensor, []*image.RGBA) error) error {
	a, err := readNPY(path)
	if err != nil {
		return err
	}
	s := a.Shape
	if len(s) != 4 || s[0] < 1 || s[1] != 3 {
		return fmt.Errorf("%s: expected float32 [N,3,H,W], normalised, found shape %v", path, s)
	}
	one := s[1] * s[2] * s[3]
	p := m.app.progress("images", s[0])
	defer p.done()
	for start := 0; start < s[0]; start += batchSize {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(batchSize, s[0]-start)
		data := a.Data[start*one : (start+n)*one]
		var seen []*image.RGBA
		for i := range n {
			seen = append(seen, preprocess.Picture(data[i*one:(i+1)*one], s[2], s[3]))
		}
		if err := use(graph.Floats(data, n, 3, s[2], s[3]), seen); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		p.add(n)
	}
	return nil
}

// flags adds the flags of everything that looks at pictures.
func (in *input) flags(f *pflag.FlagSet) {
	f.StringVar(&in.pixels, "pixels", "", "take pixels from `FILE.npy` instead of pictures: float32 [N,3,H,W], already normalised")
	f.BoolVar(&in.whole, "whole", false, "look at whole pictures, not at the square in the middle (positions are interpolated)")
}
