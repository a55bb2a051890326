package cli

import (
	"context"
	"fmt"
	"image"
	"log/slog"
	"strings"

	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/engine/graph"
)

// input is what a model is shown: pictures, one by one or of datasets, or pixels as they are.
type input struct {
	paths  []string
	pixels string // file of float32 [N,3,H,W], already normalised
	whole  bool   // no crop
}

// flags adds the flags of everything that looks at pictures.
func (in *input) flags(f *pflag.FlagSet) { pictureFlags(f, &in.pixels, &in.whole) }

func pictureFlags(f *pflag.FlagSet, pixels *string, whole *bool) {
	f.StringVar(pixels, "pixels", "", "take pixels from `FILE.npy` instead of pictures: float32 [N,3,H,W], already normalised")
	f.BoolVar(whole, "whole", false, "look at whole pictures, not at the square in the middle (positions are interpolated)")
}

const batchSize = 8

// batch is what a model is shown at once: pictures of one size.
type batch struct {
	pixels graph.Tensor // [n,3,H,W]
	names  []string
	seen   []*image.RGBA
}

// picture is one prepared picture: pixels [3,H,W] and what they look like.
type picture struct {
	pixels []float32
	h, w   int
	seen   *image.RGBA
}

// skippedPicture is a picture of a dataset that could not be read.
type skippedPicture struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// feed prepares pictures in batches that fit a model, in bounded memory.
type feed struct {
	*model
	whole    bool
	skipped  []skippedPicture
	progress *progress
	use      func(batch) error
}

// batches prepares the input in batches and calls use for each. It lists the pictures of datasets that cannot be read; one that was named
// itself must be readable.
func (m *model) batches(ctx context.Context, in input, use func(batch) error) ([]skippedPicture, error) {
	if in.pixels != "" {
		return nil, m.pixelBatches(ctx, in.pixels, use)
	}
	sources, err := dataset.OpenAll(in.paths)
	if err != nil {
		return nil, err
	}
	total := 0
	for _, s := range sources {
		if total >= 0 && s.Len() >= 0 {
			total += s.Len()
		} else {
			total = -1
		}
	}
	m.Expect(max(total, 0))
	f := &feed{model: m, whole: in.whole, progress: m.app.progress("images", total), use: use}
	defer f.progress.done()
	for _, s := range sources {
		if err := f.source(ctx, s); err != nil {
			return nil, err
		}
	}
	f.progress.done()
	warnSkipped(f.skipped)
	if n := len(f.skipped); n > 0 && n == f.progress.count {
		return nil, fmt.Errorf("none of %d pictures can be read", n)
	}
	return f.skipped, nil
}

// warnSkipped names the first pictures that were left out.
func warnSkipped(skipped []skippedPicture) {
	for i, s := range skipped {
		if i == listedSkipped {
			slog.Warn("more pictures cannot be read and are left out (--json lists all)", "count", len(skipped)-i)
			return
		}
		slog.Warn(s.Path + ": left out: " + s.Reason)
	}
}

// source shows the pictures of one source. Those that were named share batches; so do those of a dataset.
func (f *feed) source(ctx context.Context, s *dataset.Source) error {
	size := batchSize
	if f.whole {
		size = 1 // each picture has its own shape
	}
	named := s.Kind == dataset.KindFiles
	prepare := func(i dataset.Item, img *image.NRGBA) (picture, error) {
		return prepared(i.Path, img, f.Config.Image, f.whole)
	}
	var waiting []dataset.Loaded[picture]
	for l, err := range dataset.Load(ctx, s, 0, f.app.decoder(), prepare) {
		if err != nil {
			return err
		}
		if waiting = append(waiting, l); len(waiting) < size {
			continue
		}
		if err := f.show(ctx, waiting, named); err != nil {
			return err
		}
		waiting = waiting[:0]
	}
	return f.show(ctx, waiting, named)
}

// show has prepared pictures used.
func (f *feed) show(ctx context.Context, loaded []dataset.Loaded[picture], named bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var b batch
	var data []float32
	var h, w int
	for _, l := range loaded {
		if l.Err != nil && named {
			return l.Err
		}
		if l.Err != nil {
			f.skipped = append(f.skipped, skippedPicture{l.Path, strings.TrimPrefix(l.Err.Error(), l.Path+": ")})
			continue
		}
		data, h, w = append(data, l.Made.pixels...), l.Made.h, l.Made.w
		b.names, b.seen = append(b.names, l.Path), append(b.seen, l.Made.seen)
	}
	if len(b.names) > 0 {
		b.pixels = graph.Floats(data, len(b.names), 3, h, w)
		if err := f.use(b); err != nil {
			return err
		}
	}
	f.progress.add(len(loaded))
	return nil
}

// prepared crops or scales a picture, and normalises it.
func prepared(path string, img *image.NRGBA, size int, whole bool) (picture, error) {
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

func (m *model) pixelBatches(ctx context.Context, path string, use func(batch) error) error {
	a, err := readNPY(path)
	if err != nil {
		return err
	}
	s := a.Shape
	if len(s) != 4 || s[0] < 1 || s[1] != 3 {
		return fmt.Errorf("%s: expected float32 [N,3,H,W], normalised, found shape %v", path, s)
	}
	one := s[1] * s[2] * s[3]
	m.Expect(s[0])
	p := m.app.progress("images", s[0])
	defer p.done()
	for start := 0; start < s[0]; start += batchSize {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(batchSize, s[0]-start)
		data := a.Data[start*one : (start+n)*one]
		b := batch{pixels: graph.Floats(data, n, 3, s[2], s[3])}
		for i := range n {
			b.names = append(b.names, fmt.Sprintf("%s[%d]", path, start+i))
			b.seen = append(b.seen, preprocess.Picture(data[i*one:(i+1)*one], s[2], s[3]))
		}
		if err := use(b); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		p.add(n)
	}
	return nil
}
