package main

import (
	"context"
	"fmt"
	"image"
	"math/rand/v2"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/quality"
	"github.com/facet-clip/facet/engine/graph"
)

// pool is a set of encoded images, in strata by what is true of them: "1" and "0", for noisy images the day; and by whether they show a
// convertible.
type pool struct {
	images  []drift.Image
	strata  map[string][]int
	scalars *atlas.Scalars
	varied  [][]drift.Quality // of some images, each by itself
}

func (b *bench) open(dir string) (*pool, error) {
	at, err := atlas.Open(dir)
	if err != nil {
		return nil, err
	}
	p := &pool{strata: map[string][]int{}}
	if p.scalars, err = at.Scalars(); err != nil {
		return nil, err
	}
	row := make([]float32, b.ov.Heads*b.ov.Channels)
	for image, err := range at.Images() {
		if err != nil {
			return nil, err
		}
		path, err := at.Picture(len(p.images), image.Path, nil)
		if err != nil {
			return nil, err
		}
		i := drift.Image{Path: path, Embedding: image.Embedding}
		if err := p.scalars.Row(len(p.images), row); err != nil {
			return nil, err
		}
		bound, err := b.ov.Scalars(row)
		if err != nil {
			return nil, err
		}
		for _, c := range b.concepts {
			i.Scores = append(i.Scores, c.Score(bound, i.Embedding))
		}
		stratum := image.Truth
		if stratum == "1" && len(image.Group) == len("2024-06-06") { // noise differs from day to day
			stratum = image.Group
		}
		style := "other"
		if image.Label == "convertible" {
			style = image.Label
		}
		for _, s := range []string{stratum, style} {
			p.strata[s] = append(p.strata[s], len(p.images))
		}
		p.images = append(p.images, i)
	}
	return p, nil
}

// draw takes n images with replacement, each from a stratum by chance.
func (p *pool) draw(random *rand.Rand, m mix, n int) []int {
	out, names := make([]int, n), m.names()
	for k := range out {
		at, name := random.Float64(), ""
		for _, name = range names { // the last one, should rounding leave something
			if at -= m[name]; at < 0 {
				break
			}
		}
		stratum := p.strata[name]
		out[k] = stratum[random.IntN(len(stratum))]
	}
	return out
}

// deal takes n images without replacement, in the shares of the mix.
func (p *pool) deal(random *rand.Rand, m mix, n int) ([]int, error) {
	var out []int
	for _, name := range m.names() {
		want := int(m[name]*float64(n) + 0.5)
		if want > len(p.strata[name]) {
			return nil, fmt.Errorf("%d images of stratum %s, expected %d", len(p.strata[name]), name, want)
		}
		for _, k := range random.Perm(len(p.strata[name]))[:want] {
			out = append(out, p.strata[name][k])
		}
	}
	random.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out, nil
}

// names are those of strata that are drawn from, in a fixed order.
func (m mix) names() []string {
	var out []string
	for _, name := range []string{"0", "1", "other", "convertible", "2024-06-06", "2024-06-07", "2024-06-08", "2024-06-09", "2024-06-10"} {
		if m[name] > 0 {
			out = append(out, name)
		}
	}
	return out
}

// summary takes up images of a pool by their indexes.
func (b *bench) summary(p *pool, indexes []int, keep []int, size int) (*drift.Summary, error) {
	s := drift.NewSummary(b.ov.Heads*b.ov.Channels, b.ov.Embed, len(b.concepts), size)
	row := make([]float32, b.ov.Heads*b.ov.Channels)
	for k, i := range indexes {
		if err := p.scalars.Row(i, row); err != nil {
			return nil, err
		}
		image := p.images[i]
		image.Path = fmt.Sprint(image.Path, "~", k) // an image may be drawn twice
		if err := s.Add(image, row, keep); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// profile is one of images drawn from a reference pool, with qualities measured on some of that pool.
func (b *bench) profile(p *pool, m mix, seed int) (*drift.Profile, error) {
	indexes, err := p.deal(source(seed, 1), m, reference)
	if err != nil {
		return nil, err
	}
	return b.profileOf(p, indexes, seed)
}

// profileOf is one of images of a pool by their indexes.
func (b *bench) profileOf(p *pool, indexes []int, seed int) (*drift.Profile, error) {
	random := source(seed, 7)
	s, err := b.summary(p, indexes, nil, sampleSize)
	if err != nil {
		return nil, err
	}
	out := drift.NewProfile(s, b.ov.Norms(), b.concepts)
	out.Qualities = quality.Unmeasured(b.ov.Embed)
	for _, k := range random.Perm(len(p.varied))[:len(p.varied)/2] {
		for i, q := range p.varied[k] {
			out.Qualities[i].Merge(q)
		}
	}
	return out, nil
}

// vary measures qualities on some images of a pool.
func (b *bench) vary(ctx context.Context, p *pool, m mix) error {
	if p.varied != nil {
		return nil
	}
	indexes, err := p.deal(source(0, 5), m, variedPictures)
	if err != nil {
		return err
	}
	decoder := dataset.NewDecoder(0)
	for _, i := range indexes {
		q := quality.Unmeasured(b.ov.Embed)
		err := decoder.Picture(ctx, p.images[i].Path, func(img *image.NRGBA) error {
			return quality.Measure(ctx, preprocess.Crop(img, b.model.Config.Image), b.encode, q)
		})
		if err != nil {
			return err
		}
		p.varied = append(p.varied, q)
	}
	return nil
}

func (b *bench) encode(ctx context.Context, pictures []*image.RGBA) ([]float32, error) {
	size := b.model.Config.Image
	pixels := make([]float32, 0, len(pictures)*3*size*size)
	for _, p := range pictures {
		pixels = append(pixels, preprocess.Normalise(p)...)
	}
	out, err := b.model.EncodeImages(ctx, graph.Floats(pixels, len(pictures), 3, size, size), clip.Embedding)
	return out[clip.Embedding].Floats, err
}

func (b *bench) monitor(p *drift.Profile) (*drift.Monitor, error) {
	var names []string
	for _, i := range p.Strong {
		names = append(names, b.ov.Pair(i).String())
	}
	return drift.NewMonitor(p, names)
}

// ranks are those of images of a pool.
func (b *bench) ranks(m *drift.Monitor, p *pool, indexes, strong []int) ([][]int, error) {
	out := make([][]int, len(indexes))
	row := make([]float32, b.ov.Heads*b.ov.Channels)
	for k, i := range indexes {
		if err := p.scalars.Row(i, row); err != nil {
			return nil, err
		}
		image := p.images[i]
		image.Scalars = make([]float32, len(strong))
		for j, pair := range strong {
			image.Scalars[j] = row[pair]
		}
		out[k] = m.Ranks(image)
	}
	return out, nil
}

func embeddings(p *pool, indexes []int) []float32 {
	var out []float32
	for _, i := range indexes {
		out = append(out, p.images[i].Embedding...)
	}
	return out
}
