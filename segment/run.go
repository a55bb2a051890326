package segment

import (
	"context"
	"image"
	"image/draw"
	"slices"
	"time"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/internal/numeric"
)

// batch is how many windows run at once.
const batch = 8

// PoolOf is a model's attention pool for square windows of a side in pixels. w are its [clip.Model.PoolWeights], which pools of all sides share.
func PoolOf(m *clip.Model, w decompose.Weights, side int) (*Pool, error) {
	g := side / clip.Stride
	positions, err := m.Positions(g, g)
	if err != nil {
		return nil, err
	}
	return NewPool(w, positions, g, g)
}

// Runner segments pictures by some methods at once, on one forward pass of a window. Safe for concurrent use.
type Runner struct {
	Model    *clip.Model
	Protocol Protocol
	Methods  []*Segmenter // with the pool of the protocol's window
	// Earlier says which blocks the methods look at; nil: the last.
	Earlier *Earlier
}

// Run gives the maps of each method.
func (r *Runner) Run(ctx context.Context, img image.Image) ([]*Maps, error) {
	plan, err := NewPlan(img.Bounds().Size(), r.Protocol)
	if err != nil {
		return nil, err
	}
	if r.Protocol.Refine != "" {
		if err := checkRefinement(plan.Size); err != nil {
			return nil, err
		}
	}
	var maps []*Maps
	for _, s := range r.Methods {
		m, err := NewMaps(plan, s.Classes, s.Pool.H, s.Pool.W)
		if err != nil {
			return nil, err
		}
		maps = append(maps, m)
	}
	every := numeric.Indices(plan.Windows())
	started := time.Now()
	var scoring time.Duration
	err = r.windows(ctx, img, plan, every, func(i int, w Window) error {
		for j, s := range r.Methods {
			before := time.Now()
			logits, err := s.Logits(w)
			if err != nil {
				return err
			}
			if err := maps[j].Set(i, logits); err != nil {
				return err
			}
			took := time.Since(before)
			maps[j].Scoring += took
			scoring += took
		}
		return nil
	})
	for _, m := range maps {
		m.Encoding = time.Since(started) - scoring
	}
	if err == nil && r.Protocol.Refine == PAMR {
		err = refine(img, maps)
	}
	return maps, err
}

// refine refines the maps of a picture.
func refine(img image.Image, maps []*Maps) error {
	started := time.Now()
	a := newAffinity(img)
	compared := time.Since(started)
	for _, m := range maps {
		started := time.Now()
		if err := m.refine(a); err != nil {
			return err
		}
		m.Scoring += compared + time.Since(started)
	}
	return nil
}

// windows runs the image tower over some windows, in batches, and hands each to use.
func (r *Runner) windows(ctx context.Context, img image.Image, plan Plan, some []int, use func(i int, w Window) error) error {
	canvas, side := plan.Resize(img), plan.Window
	want := r.outputs()
	for part := range slices.Chunk(some, batch) {
		if err := ctx.Err(); err != nil {
			return err
		}
		cuts := make([]*image.RGBA, len(part))
		for at, i := range part {
			cuts[at] = image.NewRGBA(image.Rect(0, 0, side, side))
			draw.Draw(cuts[at], cuts[at].Rect, canvas, plan.Place(i).Min, draw.Src)
		}
		out, err := r.Model.EncodePictures(ctx, cuts, want...)
		if err != nil {
			return err
		}
		for at, i := range part {
			w, err := r.window(out, at, len(part))
			if err != nil {
				return err
			}
			if err := use(i, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// outputs are what the methods need of the tower.
func (r *Runner) outputs() []clip.Output {
	if r.Earlier != nil {
		return []clip.Output{clip.Blocks}
	}
	want := []clip.Output{clip.Attention, clip.Tokens, clip.Values}
	for _, s := range r.Methods {
		if s.Method == SelfSelf {
			return append(want, clip.Queries, clip.Keys)
		}
	}
	return want
}

// window is the i-th of n in a batch.
func (r *Runner) window(out map[clip.Output]graph.Tensor, i, n int) (Window, error) {
	part := func(o clip.Output) []float32 {
		data := out[o].Floats
		return data[i*len(data)/n : (i+1)*len(data)/n]
	}
	if r.Earlier != nil {
		return r.Earlier.Window(r.Methods[0].Pool, part(clip.Blocks))
	}
	return Window{part(clip.Tokens), part(clip.Attention), part(clip.Values), part(clip.Queries), part(clip.Keys)}, nil
}
