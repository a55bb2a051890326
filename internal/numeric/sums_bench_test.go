package numeric

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkAddMoments is what joining the moments of one neuron of RN50 takes, for an atlas of 60 images.
func BenchmarkAddMoments(b *testing.B) {
	const heads = 32
	r := rand.New(rand.NewPCG(1, 2))
	at := Moments{Quantities: heads, Product: heads, Stride: 1}
	mean, comoments := make([]float64, heads), make([]float64, heads*(heads+1)/2)
	for i := range mean {
		mean[i] = r.NormFloat64()
	}
	for i := range comoments {
		comoments[i] = 60 * r.NormFloat64()
	}
	s := NewSums(heads + len(comoments))
	for b.Loop() {
		if err := s.AddMoments(60, at, mean, comoments); err != nil {
			b.Fatal(err)
		}
	}
}
