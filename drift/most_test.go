package drift

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestCarriers: of images of which a few have a pair that moved, those are most changed, though others are as like the word; and what images add to the
// shift by the pairs of a change sums to what the change is.
func TestCarriers(t *testing.T) {
	w := newWorld(t)
	reference := NewSummary(w.pairs(), w.ov.Embed, 0, 200)
	w.fill(t, reference, "before", 400, nil, 0, 0)
	p := NewProfile(reference, w.ov.Norms(), nil)
	moved := p.Strong[0]
	images := NewSummary(w.pairs(), w.ov.Embed, 0, 400)
	w.fill(t, images, "same", 200, p.Strong, moved, 0)
	w.fill(t, images, "other", 30, p.Strong, moved, 6)
	c, err := Compare(context.Background(), p, images, w.ov, w.words(t, moved, p.Strong[1]), Options{Level: 0.01})
	if err != nil {
		t.Fatal(err)
	}
	if c.Rest != nil {
		c.Changes = append(c.Changes, *c.Rest)
	}
	if len(c.Changes) == 0 || len(c.Changes[0].Carry) != examples {
		t.Fatalf("%d changed; changes: %+v", c.Changed, c.Changes)
	}
	for _, path := range c.Changes[0].Carry {
		if !strings.HasPrefix(path, "other") {
			t.Errorf("most changed: %s, expected those that did", path)
		}
	}
}

// TestDetectable: a shift of that size is found in four of five comparisons, by the least p-value that a single pair must reach.
func TestDetectable(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 9))
	const runs, level = 2000, 0.05
	for _, c := range []struct{ n, N, tests int }{{30, 400, 100}, {200, 1000, 922}, {12, 12, 1}} {
		size, found := Detectable(c.n, c.N, c.tests, level), 0
		for range runs {
			a, b := NewMoments(1), NewMoments(1)
			for range c.n {
				a.Add([]float32{float32(random.NormFloat64() + size)})
			}
			for range c.N {
				b.Add([]float32{float32(random.NormFloat64())})
			}
			if _, p := Welch(c.n, a.Mean[0], a.Variance(0), c.N, b.Mean[0], b.Variance(0)); p <= level/float64(c.tests) {
				found++
			}
		}
		if share := float64(found) / runs; math.Abs(share-0.8) > 0.06 {
			t.Errorf("%+v: a shift of %.3f is found in %.3f of comparisons, expected 0.8", c, size, share)
		}
	}
	if !math.IsInf(Detectable(1, 10, 1, level), 1) {
		t.Error("one image shows nothing")
	}
}
