package cli

import (
	"context"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/decompose"
)

// use is what pairs did in a dataset.
type use struct {
	atlas    *atlas.Atlas // nil for scenes that were looked at just now
	stats    *decompose.Stats
	images   func() ([]float32, error) // embeddings [N,D]
	strength []float32                 // mean of the 50 largest centred contribution norms [M,C]
	signs    []int8                    // of the principal directions [M,C]
	names    *names                    // that the atlas keeps, where they are wanted
}

// openUse opens the model, and what an atlas says of its pairs; no atlas, nil.
func (a *app) openUse(ctx context.Context, dir string) (*model, *use, error) {
	if dir == "" {
		m, err := a.open(ctx)
		return m, nil, err
	}
	m, at, err := a.openAtlas(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	return m, useOf(at), nil
}

func useOf(at *atlas.Atlas) *use {
	u := newUse(at.Stats, at.Norms, at.Embeddings)
	u.atlas = at
	return u
}

func newUse(s *decompose.Stats, norms []float32, images func() ([]float32, error)) *use {
	u := &use{stats: s, images: images, signs: s.PairSigns(decompose.Extremes), strength: make([]float32, len(norms))}
	for p, norm := range norms {
		u.strength[p] = float32(s.Score(p, norm))
	}
	return u
}
