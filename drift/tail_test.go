package drift

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/facet-clip/facet/concept"
)

// TestBeyondByChance: with a sample of three, one of one new image is beyond the largest in one order of four; and the chances of all counts are one.
func TestBeyondByChance(t *testing.T) {
	if p := beyondByChance(3, 1, 1, 1); math.Abs(p-0.25) > 1e-12 {
		t.Errorf("one of one beyond the largest of three: %g, expected 0.25", p)
	}
	if p := beyondByChance(2048, 200, 10, 0); math.Abs(p-1) > 1e-9 {
		t.Errorf("none or more beyond: %g, expected 1", p)
	}
	if a, b := beyondByChance(2048, 200, 10, 5), beyondByChance(2048, 200, 10, 7); a < 2e-3 || a > 1e-2 || b > a/5 || b < 1e-5 { // Poisson of mean 0.98: 0.0034 and 7e-5
		t.Errorf("5 and 7 of 200: %g and %g", a, b)
	}
}

// TestTail: a few images that go along a text are told by its name; not when the same images are more like a quality, when all words move as far, or
// when there are no more of them than chance puts there.
func TestTail(t *testing.T) {
	w := newWorld(t)
	reference := NewSummary(w.pairs(), w.ov.Embed, 0, 1000)
	w.fill(t, reference, "before", 1000, nil, 0, 0)
	p := NewProfile(reference, w.ov.Norms(), nil)
	along := concept.Unit(w.ov.Direction(w.ov.Pair(p.Strong[0])))
	quality := func(direction []float32) []Quality {
		q := NewQuality("grey frames", "", w.ov.Embed)
		q.Add(make([]float32, w.ov.Embed), direction)
		return []Quality{q}
	}
	away := w.across(t, p.Strong[0], 40)
	near := make([]float32, w.ov.Embed)
	for i := range near {
		near[i] = along[i] + away.Atoms[i]/2
	}
	text := Concept{Text: "snow", Direction: concept.Unit(near)} // the images go along what is more like the quality
	for _, c := range []struct {
		name    string
		rare    int
		quality []float32
		rival   string
		is      bool
	}{
		{"six of 200", 6, away.Atoms[w.ov.Embed : 2*w.ov.Embed], "", true},
		{"six of 200 that are a quality's", 6, along, "grey frames", false},
		{"none", 0, away.Atoms[w.ov.Embed : 2*w.ov.Embed], "", false},
	} {
		images := &Summary{}
		sample := make([]Image, 0, 200)
		fresh := NewSummary(w.pairs(), w.ov.Embed, 0, 200)
		w.fill(t, fresh, "after", 200, p.Strong, 0, 0)
		for k, image := range fresh.Sample() {
			image.ID = fmt.Sprint(k)
			if k < c.rare {
				for i := range image.Embedding {
					image.Embedding[i] += 10_000 * along[i]
				}
			}
			sample = append(sample, image)
		}
		images.Restore(sample)
		p.Qualities = quality(c.quality)
		v, err := NewVocabulary(context.Background(), p, w.ov, away)
		if err != nil {
			t.Fatal(err)
		}
		tail := v.Tail(text, images)
		if tail == nil || tail.Is(1) != c.is || c.rare > 0 && (tail.Rival != c.rival || tail.Beyond < c.rare) || tail.Images != 200 {
			t.Errorf("%s: %+v", c.name, tail)
		}
	}
	p.Qualities = nil
	v, err := NewVocabulary(context.Background(), p, w.ov, away)
	if err != nil {
		t.Fatal(err)
	}
	if tail := v.Tail(text, reference); tail != nil || tail.Is(1) {
		t.Errorf("without qualities: %+v", tail)
	}
}
