package experiment

import (
	"math"
	"testing"
)

// TestPolysemanticityGolden compares with testdata/polysemanticity.py: scores over more images than an atlas keeps, and the purest pairs.
func TestPolysemanticityGolden(t *testing.T) {
	s := gather(t, "tiny")
	var want struct {
		Pairs         []float64 // of the first two heads, 60 images
		Lower, Higher int
		Median        []float64
	}
	truths(t, "polysemanticity.json", &want)
	got, err := s.Data.Polysemanticity(t.Context(), s.stats, s.images(), Pair, 60)
	if err != nil {
		t.Fatal(err)
	}
	far := 0
	for p, w := range want.Pairs {
		if math.Abs(got[p]-w) > 1e-4*w {
			far++ // images of all but equal length, of which another is the sixtieth
		}
	}
	if far > len(want.Pairs)/200 {
		t.Errorf("%d of %d scores are others", far, len(want.Pairs))
	}
	c, err := s.Data.Purest(t.Context(), s.stats, s.images(), func(n int) int { return n / 4 })
	if err != nil {
		t.Fatal(err)
	}
	if c.Lower != want.Lower || c.Higher != want.Higher || math.Abs(c.Median-want.Median[0]) > 1e-3 {
		t.Errorf("%+v, expected %d lower, %d higher, median %g", c, want.Lower, want.Higher, want.Median[0])
	}
	// what an atlas keeps is enough for ten images, and gives the same
	kept, err := s.Data.Polysemanticity(t.Context(), s.stats, s.images(), Pair, 10)
	if err != nil {
		t.Fatal(err)
	}
	anew := make([]float64, len(kept))
	if err := s.Data.pairScatters(t.Context(), s.stats.Mean, s.images(), 10, anew); err != nil {
		t.Fatal(err)
	}
	for p, v := range kept {
		if math.Abs(v-anew[p]) > 1e-9 {
			t.Errorf("pair %d: %g from the scalars, %g from the extremes", p, anew[p], v)
		}
	}
}
