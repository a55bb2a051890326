package cli

import (
	"context"
	"fmt"
	"image"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/engine/graph"
)

// scanner passes a dataset through a model in three steps that overlap: pictures are decoded and prepared ahead, the engine runs, and
// what came before is taken up.
type scanner struct {
	*model
	source   *dataset.Source
	from     int                  // the first item to take up
	take     func(*scanned) error // an item, with its embedding and scalars or its error; in order
	strict   bool
	progress *progress
}

// scanned is an item of a dataset on its way through the model.
type scanned struct {
	dataset.Loaded[[]float32] // pixels [3,S,S]; nil when the picture cannot be read

	embedding []float32 // [D]
	scalars   []float32 // [M,C]
}

// scanBatch holds items k·batchSize to k·batchSize+7 of a source. A batch is the same whether or not a scan was interrupted: the engine's
// rounding may depend on it.
type scanBatch []*scanned

const (
	batchSize = 8
	ahead     = 2 // batches that are prepared and wait
)

func (s *scanner) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	prepared, encoded := make(chan scanBatch, ahead), make(chan scanBatch, 1)
	group.Go(func() error {
		defer close(prepared)
		return s.read(ctx, prepared)
	})
	group.Go(func() error {
		defer close(encoded)
		for b := range prepared {
			if err := s.encode(ctx, b); err != nil {
				return err
			}
			if err := send(ctx, encoded, b); err != nil {
				return err
			}
		}
		return nil
	})
	group.Go(func() error {
		for b := range encoded { // to the end, even when interrupted: what is encoded is kept
			if err := s.keep(b); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

// send gives up when the scan is over.
func send(ctx context.Context, to chan<- scanBatch, b scanBatch) error {
	select {
	case to <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read gathers the prepared items in batches, from the batch that holds the first one to take up.
func (s *scanner) read(ctx context.Context, to chan<- scanBatch) error {
	var b scanBatch
	flush := func() error {
		err := send(ctx, to, b)
		b = nil
		return err
	}
	cropped := func(_ dataset.Item, img *image.NRGBA) ([]float32, error) {
		return preprocess.Normalise(preprocess.Crop(img, s.Config.Image)), nil
	}
	for item, err := range dataset.Load(ctx, s.source, s.from/batchSize*batchSize, s.app.decoder(), cropped) {
		if err != nil {
			return err
		}
		if item.Err != nil && s.strict {
			return fmt.Errorf("%w (without --strict it would be listed and left out)", item.Err)
		}
		if b = append(b, &scanned{Loaded: item}); len(b) == batchSize {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if n := s.source.Ignored; n > 0 && s.source.Kind == "tar" {
		slog.Warn("members of the shards are neither the picture nor the label of a sample and were passed over", "members", n)
	}
	if len(b) == 0 {
		return nil
	}
	return flush()
}

// encode runs the model over the pictures of a batch.
func (s *scanner) encode(ctx context.Context, b scanBatch) error {
	var pixels []float32
	n := 0
	for _, item := range b {
		if item.Err == nil {
			pixels, item.Made = append(pixels, item.Made...), nil
			n++
		}
	}
	if n == 0 {
		return ctx.Err()
	}
	size := s.Config.Image
	out, err := s.EncodeImages(ctx, graph.Floats(pixels, n, 3, size, size), clip.Embedding, clip.Scalars)
	if err != nil {
		return err
	}
	e, v := out[clip.Embedding].Floats, out[clip.Scalars].Floats
	D, pairs := len(e)/n, len(v)/n
	for _, item := range b {
		if item.Err == nil {
			item.embedding, e = e[:D], e[D:]
			item.scalars, v = v[:pairs], v[pairs:]
		}
	}
	return nil
}

// keep takes up a batch, but for items before the first.
func (s *scanner) keep(b scanBatch) error {
	for _, item := range b {
		if item.Index < s.from {
			continue
		}
		if err := s.take(item); err != nil {
			return err
		}
		s.progress.set(item.Index + 1)
	}
	return nil
}

// decoder is the one of this run, with its one budget.
func (a *app) decoder() *dataset.Decoder {
	a.decoding.Do(func() { a.decodes = dataset.NewDecoder(a.maxPixels) })
	return a.decodes.Rotating(a.exifRotate)
}

// turnLike sets --exif-rotate as an atlas or a profile has it, whose pictures, or others to compare with them, are opened next.
func (a *app) turnLike(name string, turned bool) error {
	if a.exifRotate && !turned {
		return fmt.Errorf("%s was made without --exif-rotate, so its pictures are opened without as well", name)
	}
	a.exifRotate = turned
	return nil
}

// cropped opens a picture again by its path in an atlas, a profile or a store, as a model of the given size sees it.
func (a *app) cropped(ctx context.Context, path string, size int) (seen *image.RGBA, err error) {
	err = a.decoder().Picture(ctx, path, func(img *image.NRGBA) error {
		seen = preprocess.Crop(img, size)
		return nil
	})
	return seen, err
}
