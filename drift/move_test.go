package drift

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestMovesOfOneDrift: drifts of a known angle between them are the same where it is nought, by ten images as by many, and not where it is not.
func TestMovesOfOneDrift(t *testing.T) {
	const embed, runs = 16, 400
	random := rand.New(rand.NewPCG(7, 8))
	images := func(n int, length, angle float64) *Summary {
		s := NewSummary(1, embed, 0, 0)
		for k := range n {
			e := make([]float32, embed)
			for i := range e {
				e[i] = float32(random.NormFloat64())
			}
			e[0] += float32(length * math.Cos(angle))
			e[1] += float32(length * math.Sin(angle))
			if err := s.Add(Image{Path: fmt.Sprint(k), Embedding: e}, []float32{0}, nil); err != nil {
				t.Fatal(err)
			}
		}
		return s
	}
	p := &Profile{Summary: *images(2000, 0, 0)}
	for _, c := range []struct {
		images                 int
		length, angle          float64
		cosine, off            float64 // mean over runs
		leastSame, largestSame int     // of the runs
	}{
		{10, 5, 0, 1, 0.01, runs * 95 / 100, runs},
		{200, 1, 0, 1, 0.02, runs * 95 / 100, runs},
		{200, 1, math.Pi / 3, 0.5, 0.05, 0, runs / 100},
		{10, 5, math.Pi / 3, 0.5, 0.02, 0, runs / 100},
		{10, 5, math.Pi / 2, 0, 0.02, 0, 0},
		{10, 0, 0, 0, 0.1, 0, runs * 2 / 100}, // no drift has no direction
	} {
		sum, same := 0.0, 0
		for range runs {
			a, okA := p.NewMove(images(c.images, c.length, 0))
			b, okB := p.NewMove(images(c.images, c.length, c.angle))
			if !okA || !okB || p.Check(a) != nil {
				t.Fatal("no move")
			}
			if sum += p.Cosine(a, b); p.Same(a, b) {
				same++
			}
		}
		if mean := sum / runs; math.Abs(mean-c.cosine) > c.off || same < c.leastSame || same > c.largestSame {
			t.Errorf("%d images, length %g, angle %.2f: cosine %.3f, the same in %d of %d; expected %.3f ± %g, %d to %d",
				c.images, c.length, c.angle, mean, same, runs, c.cosine, c.off, c.leastSame, c.largestSame)
		}
	}
	if _, ok := p.NewMove(images(1, 5, 0)); ok {
		t.Error("one image has a move")
	}
	if p.Check(Move{Shift: make([]byte, 4*embed-4)}) == nil || p.Check(Move{Shift: make([]byte, 4*embed), Noise: math.NaN()}) == nil {
		t.Error("a move of another width, or without a noise, is taken")
	}
}
