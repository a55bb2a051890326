package lab

import (
	"context"
	"fmt"
	"image"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/npy"
)

// Input is what a model is shown: pictures, one by one or of datasets, or pixels as they are.
type Input struct {
	// Sources are pictures or datasets, by path.
	Sources []string
	// Contents are picture files whose bytes are at hand, such as uploads, in place of Sources.
	Contents []Content
	// Pixels is a file of float32 [N,3,H,W], already normalised, in place of Sources.
	Pixels string
	// Whole shows whole pictures and not the square in the middle: positions are interpolated.
	Whole bool
}

// Content is a picture file whose bytes are at hand.
type Content struct {
	// Name is what the picture is called.
	Name string
	// Data is the file.
	Data []byte
}

const (
	batchSize     = 8
	cudaBatchSize = 64 // small batches leave a GPU waiting for its orders
)

// batch is how many pictures go through the model at once.
func (l *Lab) batch() int {
	if gpu, err := l.config.gpu(); err == nil && gpu >= 0 {
		return cudaBatchSize
	}
	return batchSize
}

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

// feed prepares pictures in batches that fit a model, in bounded memory.
type feed struct {
	*Lab
	decoder  *dataset.Decoder
	whole    bool
	skipped  []answer.Skipped
	progress *Step
	use      func(batch) error
}

// batches prepares the input in batches and calls use for each. It lists the pictures of datasets that cannot be read; one that was named
// itself must be readable.
func (l *Lab) batches(ctx context.Context, in Input, d *dataset.Decoder, use func(batch) error) ([]answer.Skipped, error) {
	if in.Pixels != "" {
		return nil, l.pixelBatches(ctx, in.Pixels, use)
	}
	if len(in.Contents) > 0 {
		return nil, l.contentBatches(ctx, in, d, use)
	}
	sources, err := dataset.OpenAll(in.Sources)
	if err != nil {
		return nil, err
	}
	total := dataset.Total(sources)
	l.model.Expect(max(total, 0))
	f := &feed{Lab: l, decoder: d, whole: in.Whole, progress: l.Step(ctx, "images", total), use: use}
	defer f.progress.Done()
	for _, s := range sources {
		if err := f.source(ctx, s); err != nil {
			return nil, err
		}
	}
	f.progress.Done()
	l.warnSkipped(f.skipped)
	if n := len(f.skipped); n > 0 && n == f.progress.count {
		return nil, fmt.Errorf("none of %d pictures can be read", n)
	}
	return f.skipped, nil
}

// contentBatches uses pictures at hand one by one. Each must be readable.
func (l *Lab) contentBatches(ctx context.Context, in Input, d *dataset.Decoder, use func(batch) error) error {
	l.model.Expect(len(in.Contents))
	for _, c := range in.Contents {
		var p picture
		err := d.Bytes(ctx, c.Name, c.Data, func(img *image.NRGBA) (err error) {
			p, err = prepared(c.Name, img, l.model.Config.Image, in.Whole)
			return err
		})
		if err != nil {
			return err
		}
		if err := use(batch{graph.Floats(p.pixels, 1, 3, p.h, p.w), []string{c.Name}, []*image.RGBA{p.seen}}); err != nil {
			return err
		}
	}
	return nil
}

// warnSkipped names the first pictures that were left out.
func (l *Lab) warnSkipped(skipped []answer.Skipped) {
	for i, s := range skipped {
		if i == listedSkipped {
			l.log.Warn("more pictures cannot be read and are left out", "count", len(skipped)-i)
			return
		}
		l.log.Warn(s.Path + ": left out: " + s.Reason)
	}
}

// source shows the pictures of one source. Those that were named share batches; so do those of a dataset.
func (f *feed) source(ctx context.Context, s *dataset.Source) error {
	size := f.batch()
	if f.whole {
		size = 1 // each picture has its own shape
	}
	named := s.Kind == dataset.KindFiles
	prepare := func(i dataset.Item, img *image.NRGBA) (picture, error) {
		return prepared(i.Path, img, f.model.Config.Image, f.whole)
	}
	var waiting []dataset.Loaded[picture]
	for l, err := range dataset.Load(ctx, s, 0, f.decoder, prepare) {
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
			f.skipped = append(f.skipped, answer.Skipped{Path: l.Path, Reason: strings.TrimPrefix(l.Err.Error(), l.Path+": ")})
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
	f.progress.Add(len(loaded))
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

func (l *Lab) pixelBatches(ctx context.Context, path string, use func(batch) error) error {
	a, err := readNPY(path)
	if err != nil {
		return err
	}
	s := a.Shape
	if len(s) != 4 || s[0] < 1 || s[1] != 3 {
		return fmt.Errorf("%s: expected float32 [N,3,H,W], normalised, found shape %v", path, s)
	}
	one := s[1] * s[2] * s[3]
	l.model.Expect(s[0])
	p := l.Step(ctx, "images", s[0])
	defer p.Done()
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
		p.Add(n)
	}
	return nil
}

// listedSkipped is how many pictures that were left out are named one by one.
const listedSkipped = 10

// readNPY reads an array and names the file in its errors.
func readNPY(path string) (npy.Array, error) {
	f, err := regular.Open(path)
	if err != nil {
		return npy.Array{}, err
	}
	defer f.Close()
	a, err := npy.Read(f)
	if err != nil {
		return npy.Array{}, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}
