package cli

import (
	"context"
	"fmt"
	"image"
	"log/slog"
	"runtime"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/graph"
)

// input is what a model is shown: pictures, one by one or of datasets, or pixels as they are.
type input struct {
	paths  []string
	pixels string // file of float32 [N,3,H,W], already normalised
	whole  bool   // no crop
}

// flags adds the flags of everything that looks at pictures.
func (in *input) flags(f *pflag.FlagSet) {
	f.StringVar(&in.pixels, "pixels", "", "take pixels from `FILE.npy` instead of pictures: float32 [N,3,H,W], already normalised")
	f.BoolVar(&in.whole, "whole", false, "look at whole pictures, not at the square in the middle (positions are interpolated)")
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
	name   string
	pixels []float32
	h, w   int
	seen   *image.RGBA
	err    error // why there is none
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
	var waiting []dataset.Loaded
	for l, err := range s.Load(ctx, 0, f.app.pixelLimit()) {
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

// show prepares loaded pictures and has them used.
func (f *feed) show(ctx context.Context, loaded []dataset.Loaded, named bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var b batch
	var data []float32
	var h, w int
	for _, p := range f.prepare(loaded) {
		if p.err != nil && named {
			return p.err
		}
		if p.err != nil {
			f.skipped = append(f.skipped, skippedPicture{p.name, strings.TrimPrefix(p.err.Error(), p.name+": ")})
			continue
		}
		data, h, w = append(data, p.pixels...), p.h, p.w
		b.names, b.seen = append(b.names, p.name), append(b.seen, p.seen)
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

// prepare crops or scales pictures, and normalises them.
func (f *feed) prepare(loaded []dataset.Loaded) []picture {
	pictures := make([]picture, len(loaded))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, l := range loaded {
		group.Go(func() error {
			pictures[i] = prepared(l, f.Config.Image, f.whole)
			return nil
		})
	}
	group.Wait()
	return pictures
}

func prepared(l dataset.Loaded, size int, whole bool) picture {
	p := picture{name: l.Path, err: l.Err, h: size, w: size}
	switch {
	case p.err != nil:
		return p
	case !whole:
		p.seen = preprocess.Crop(l.Image, size)
	default:
		if p.seen, p.err = preprocess.Whole(l.Image, size); p.err != nil {
			p.err = fmt.Errorf("%s: %w", l.Path, p.err)
			return p
		}
		p.h, p.w = p.seen.Rect.Dy(), p.seen.Rect.Dx()
	}
	p.pixels = preprocess.Normalise(p.seen)
	return p
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
