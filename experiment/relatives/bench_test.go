package relatives

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

// BenchmarkTextSpan is ten texts of 30,000 for a head of RN50x16's shape.
func BenchmarkTextSpan(b *testing.B) {
	const M, C, D, T, d = 48, 3072, 768, 30_000, 64
	r := rand.New(rand.NewPCG(1, 2))
	w := decompose.Weights{Heads: M, Channels: C, Embed: D, Output: make([]float32, D*C)}
	for i := range w.Output {
		w.Output[i] = float32(r.NormFloat64())
	}
	s := &decompose.Stats{Heads: M, Channels: C, Embed: D, Count: 1000, HeadCov: make([]float64, M*decompose.Packed(d))}
	k := 0
	for i := range d {
		for j := i; j < d; j++ {
			if s.HeadCov[k] = r.NormFloat64(); i == j {
				s.HeadCov[k] = 1000 * float64(1+i)
			}
			k++
		}
	}
	names, rows := make([]string, T), make([]float32, T*D)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	for i := range rows {
		rows[i] = float32(r.NormFloat64())
	}
	bank, err := concept.NewBank(names, rows, D)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := TextSpan(w, s, 0, bank, 10); err != nil {
			b.Fatal(err)
		}
	}
}
