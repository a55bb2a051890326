package lab

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/engine/graph"
)

// ErrStrict is returned where a question asks for strictness and a picture cannot be read. Otherwise that picture would be counted and left out.
var ErrStrict = errors.New("a strict question ends with the first picture that cannot be read")

// scanner passes a dataset through a model in three steps that overlap: pictures are decoded and prepared ahead, the engine runs, and
// what came before is taken up.
type scanner struct {
	*Lab
	source   *dataset.Source
	decoder  *dataset.Decoder
	from     int                  // the first item to take up
	take     func(*scanned) error // an item, with its embedding and scalars or its error; in order
	strict   bool
	progress *Step
}

// scanned is an item of a dataset on its way through the model.
type scanned struct {
	dataset.Loaded[[]float32] // pixels [3,S,S]; nil when the picture cannot be read

	embedding []float32 // [D]
	scalars   []float32 // [M,C]
}

// reason is why an item cannot be read, without its path.
func (s *scanned) reason() string { return strings.TrimPrefix(s.Err.Error(), s.Path+": ") }

// scanBatch holds items k·B to k·B+B−1 of a source, for batches of B. A batch is the same whether or not a scan was interrupted: the engine's
// rounding may depend on it.
type scanBatch []*scanned

const ahead = 2 // batches that are prepared and wait

// run ends its progress.
func (s *scanner) run(ctx context.Context) error {
	s.progress = s.Step(ctx, "images", s.source.Len())
	defer s.progress.Done()
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
	batch := s.batch()
	cropped := func(_ dataset.Item, img *image.NRGBA) ([]float32, error) {
		return preprocess.Normalise(preprocess.Crop(img, s.model.Config.Image)), nil
	}
	for item, err := range dataset.Load(ctx, s.source, s.from/batch*batch, s.decoder, cropped) {
		if err != nil {
			return err
		}
		if item.Err != nil && s.strict {
			return fmt.Errorf("%w (%w)", item.Err, ErrStrict)
		}
		if b = append(b, &scanned{Loaded: item}); len(b) == batch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if n := s.source.Ignored; n > 0 && s.source.Kind == "tar" {
		s.log.Warn("members of the shards are neither the picture nor the label of a sample and were passed over", "members", n)
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
	size := s.model.Config.Image
	out, err := s.model.EncodeImages(ctx, graph.Floats(pixels, n, 3, size, size), clip.Embedding, clip.Scalars)
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
		s.progress.Set(item.Index + 1)
	}
	return nil
}
