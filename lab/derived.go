package lab

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/numeric"
)

const (
	keptTexts      = 1024      // embeddings of single texts that a lab remembers
	keptLooks      = 64        // pictures of an open atlas whose tokens are remembered: 60 MB of RN50
	keptComponents = 128       // heads of an open atlas, by a bank
	keptEmbeddings = 256 << 20 // bytes of embeddings that an open atlas keeps
)

// derive says how what follows from the weights alone is computed: once, when it is first needed.
func (l *Lab) derive() {
	l.single.most = keptTexts
	l.fits.most, l.fits.dropped = keptFits, func(s *sharedFit) {
		if err := s.drop(); err != nil {
			l.log.Warn("a dictionary could not be closed", "reason", err)
		}
	}
	of := func(compute func(*decompose.OV) []float32) func() ([]float32, error) {
		return sync.OnceValues(func() ([]float32, error) {
			ov, err := l.ov()
			if err != nil {
				return nil, err
			}
			return compute(ov), nil
		})
	}
	l.norms = of((*decompose.OV).Norms)
	l.neuronDirections = of(func(ov *decompose.OV) []float32 { return concept.NeuronDirections(ov.Directions()) })
	l.headDirections = of(func(ov *decompose.OV) []float32 { return concept.HeadDirections(ov.Directions(), ov.Embed) })
}

// Warm computes what questions about atlases and by banks need again and again, so that the first of them does not wait for it. The empty bank is the
// default. What it has computed is kept, also when it fails or ctx ends.
func (l *Lab) Warm(ctx context.Context, atlases, banks []string) error {
	ov, err := l.ov()
	if err != nil {
		return err
	}
	for _, compute := range []func() ([]float32, error){l.norms, l.neuronDirections, l.headDirections} {
		if _, err := compute(); err != nil {
			return err
		}
	}
	for _, dir := range atlases {
		use, err := l.openAtlas(ctx, dir)
		if err != nil {
			return err
		}
		for _, sort := range []string{SortNorm, SortMean, SortPoly} {
			if _, err := use.order(ctx, ov, sort); err != nil {
				return err
			}
		}
		if _, err := use.names(); err != nil {
			return err
		}
	}
	for _, path := range banks {
		if err := l.warmBank(ctx, ov, path); err != nil {
			return err
		}
	}
	if len(banks) == 0 {
		return nil
	}
	for _, dir := range atlases { // by the bank that names directions where a question names none
		for head := range min(ov.Heads, keptComponents) {
			if _, err := l.HeadDetail(ctx, HeadDetail{Atlas: dir, Head: head, Bank: banks[0]}); err != nil {
				return err
			}
		}
	}
	return nil
}

// warmBank lists for each pair the texts of a bank that may be nearest.
func (l *Lab) warmBank(ctx context.Context, ov *decompose.OV, path string) error {
	if path = l.bankOr(path); path == "" {
		_, err := l.world(ctx)
		return err
	}
	b, err := l.heldBank(ctx, path, false)
	if err != nil || b.short.Load() != nil {
		return err
	}
	centred, err := b.centred()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	step := l.Step(ctx, "words of heads", ov.Heads)
	defer step.Done()
	short, err := concept.NewShortlist(ctx, centred, ov, func(int) { step.Add(1) })
	if err != nil {
		return err
	}
	b.short.Store(short)
	return nil
}

// wordBank is a centred bank that names pairs, with a list of what may name each of them where there is one.
type wordBank struct {
	*concept.Bank
	short *concept.Shortlist
}

// ofPair are the k texts nearest to by·u [D], the direction of a pair as somebody has scaled it.
func (w *wordBank) ofPair(ov *decompose.OV, p decompose.Pair, by float64, direction []float32, k int) []concept.Match {
	if w.short != nil {
		if found, ok := w.short.Nearest(ov.Index(p), by, direction, k); ok {
			return found
		}
	}
	return w.Nearest(direction, k)
}

// order are the pairs of an atlas in one of the orders of [Pairs], computed once.
func (u *use) order(ctx context.Context, ov *decompose.OV, sort string) ([]int32, error) {
	return u.orders.get(ctx, sort, func(ctx context.Context) ([]int32, error) {
		keys := make([]float64, len(u.strength))
		switch sort {
		case SortPoly:
			all, err := u.spreads(ctx, ov)
			if err != nil {
				return nil, err
			}
			copy(keys, all)
		case SortMean:
			for p := range keys {
				keys[p] = -math.Abs(u.stats.Mean[p]) * float64(u.atlas.Norms[p])
			}
		default:
			for p := range keys {
				keys[p] = -u.stats.Score(p, u.atlas.Norms[p])
			}
		}
		order := make([]int32, len(keys))
		for p := range order {
			order[p] = int32(p)
		}
		slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(keys[a], keys[b]) })
		return order, nil
	})
}

// keepsEmbeddings tells whether the embeddings of an atlas are few enough to be kept.
func (u *use) keepsEmbeddings() bool {
	return u.atlas.Manifest.Images*u.atlas.Manifest.Model.Config.Embed*4 <= keptEmbeddings
}

// spreads are the polysemanticities of all pairs [M,C], computed once.
func (u *use) spreads(ctx context.Context, ov *decompose.OV) ([]float64, error) {
	return u.scores.get(ctx, SortPoly, func(context.Context) ([]float64, error) {
		d := experiment.Data{OV: ov, Norms: u.atlas.Norms}
		var err error
		if d.Embeddings, err = u.images(); err != nil {
			return nil, err
		}
		out := make([]float64, len(u.strength))
		numeric.Parallel(ov.Heads, func(h int) {
			for p := h * ov.Channels; p < (h+1)*ov.Channels; p++ {
				out[p] = d.PairPolysemanticity(u.stats, p, meaningImages)
			}
		})
		return out, nil
	})
}

// spreadsOf are the polysemanticities of some pairs.
func (u *use) spreadsOf(ctx context.Context, ov *decompose.OV, pairs []int32) (out []float64, err error) {
	if !u.keepsEmbeddings() {
		all, err := u.spreads(ctx, ov)
		if err != nil {
			return nil, err
		}
		for _, p := range pairs {
			out = append(out, all[p])
		}
		return out, nil
	}
	d := experiment.Data{OV: ov, Norms: u.atlas.Norms}
	if d.Embeddings, err = u.images(); err != nil {
		return nil, err
	}
	for _, p := range pairs {
		out = append(out, d.PairPolysemanticity(u.stats, int(p), meaningImages))
	}
	return out, nil
}

// LookIn is image i of the atlas in a folder as the model sees it, with what the image tower says of it. It is remembered, and must not be changed.
func (l *Lab) LookIn(ctx context.Context, dir string, i int) (*Explained, error) {
	u, err := l.openAtlas(ctx, dir)
	if err != nil {
		return nil, err
	}
	return u.looks.get(ctx, i, func(ctx context.Context) (*Explained, error) {
		seen, err := l.AtlasSeen(ctx, dir, i)
		if err != nil {
			return nil, err
		}
		return l.look(ctx, Explain{Image: seen, Picture: dir}, u)
	})
}
