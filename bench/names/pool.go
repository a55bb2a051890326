package main

import (
	"context"
	"encoding/gob"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/quality"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/scenes"
)

const (
	referencePool = 3000
	streamPool    = 500
	variedPool    = 150
	batch         = 16
)

// pools are encoded pictures: of the reference, and of the stream under each change.
type pools struct {
	Pairs     *drift.Moments
	Strong    []int
	Reference []drift.Image
	Streams   [][]drift.Image
	Varied    [][]drift.Quality // by picture of the reference
	Names     []string
}

func (b *bench) load(ctx context.Context, seed uint64, cache string) (*pools, error) {
	p := new(pools)
	if f, err := os.Open(cache); err == nil {
		defer f.Close()
		return p, gob.NewDecoder(f).Decode(p)
	}
	if err := b.encodeAll(ctx, p, seed); err != nil || cache == "" {
		return p, err
	}
	f, err := os.Create(cache)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return p, gob.NewEncoder(f).Encode(p)
}

func (b *bench) encodeAll(ctx context.Context, p *pools, seed uint64) error {
	s := drift.NewSummary(b.ov.Heads*b.ov.Channels, b.ov.Embed, 0, referencePool)
	err := b.draw(ctx, change{}, 1000*seed, referencePool, func(i drift.Image, scalars []float32) error { return s.Add(i, scalars, nil) })
	if err != nil {
		return err
	}
	made := drift.NewProfile(s, b.ov.Norms(), nil)
	p.Pairs, p.Strong, p.Reference = made.Pairs, made.Strong, made.Sample()
	for k, c := range changes() {
		p.Names = append(p.Names, c.name)
		var stream []drift.Image
		err := b.draw(ctx, c, 1000*seed+1+uint64(k), streamPool, func(i drift.Image, scalars []float32) error {
			for _, s := range p.Strong {
				i.Scalars = append(i.Scalars, scalars[s])
			}
			i.Embedding = slices.Clone(i.Embedding)
			stream = append(stream, i)
			return nil
		})
		if err != nil {
			return err
		}
		p.Streams = append(p.Streams, stream)
		fmt.Fprintln(os.Stderr, c.name)
	}
	for k := range variedPool {
		img, err := scene(change{}, 1000*seed, k)
		if err != nil {
			return err
		}
		q := quality.Unmeasured(b.ov.Embed)
		if err := quality.Measure(ctx, img, b.embed, q); err != nil {
			return err
		}
		p.Varied = append(p.Varied, q)
	}
	return nil
}

func scene(c change, seed uint64, k int) (*image.RGBA, error) {
	w := snowless()
	if c.world != nil {
		c.world(&w)
	}
	spec, err := scenes.Sample(w, seed, uint64(k))
	if err != nil {
		return nil, err
	}
	if c.scene != nil {
		c.scene(&spec)
	}
	s, err := scenes.Render(spec, 192)
	if err != nil {
		return nil, err
	}
	if c.spoil == nil {
		return s.Image, nil
	}
	return c.spoil(s.Image, rand.New(rand.NewPCG(seed, uint64(k)))), nil
}

// draw encodes n pictures of the world under a change.
func (b *bench) draw(ctx context.Context, c change, seed uint64, n int, add func(drift.Image, []float32) error) error {
	D, pairs := b.ov.Embed, b.ov.Heads*b.ov.Channels
	for from := 0; from < n; from += batch {
		var pictures []*image.RGBA
		for k := from; k < min(from+batch, n); k++ {
			img, err := scene(c, seed, k)
			if err != nil {
				return err
			}
			pictures = append(pictures, img)
		}
		out, err := b.encode(ctx, pictures, clip.Embedding, clip.Scalars)
		if err != nil {
			return err
		}
		for k := range pictures {
			i := drift.Image{Path: fmt.Sprint(seed, "#", from+k), Embedding: out[clip.Embedding].Floats[k*D:][:D]}
			if err := add(i, out[clip.Scalars].Floats[k*pairs:][:pairs]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) embed(ctx context.Context, pictures []*image.RGBA) ([]float32, error) {
	out, err := b.encode(ctx, pictures, clip.Embedding)
	return out[clip.Embedding].Floats, err
}

func (b *bench) encode(ctx context.Context, pictures []*image.RGBA, want ...clip.Output) (map[clip.Output]graph.Tensor, error) {
	size := b.model.Config.Image
	pixels := make([]float32, 0, len(pictures)*3*size*size)
	for _, p := range pictures {
		pixels = append(pixels, preprocess.Normalise(p)...)
	}
	return b.model.EncodeImages(ctx, graph.Floats(pixels, len(pictures), 3, size, size), want...)
}
