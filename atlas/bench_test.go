package atlas

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/facet-clip/facet/decompose"
)

// weights are random maps of an attention pool.
func weights(heads, channels, embed int, seed uint64) decompose.Weights {
	r := rand.New(rand.NewPCG(seed, 0))
	fill := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64()) / 16
		}
		return x
	}
	return decompose.Weights{
		Heads: heads, Channels: channels, Embed: embed,
		Value: fill(channels * channels), ValueBias: fill(channels), Output: fill(embed * channels), OutputBias: fill(embed),
	}
}

// BenchmarkAdd is the cost of an image at the size of RN50 (M 32, C 2048, d 64). "first" fills the lists of extremes, in which most of the
// first images have a place.
func BenchmarkAdd(b *testing.B) {
	const M, C = 32, 2048
	w := weights(M, C, 1024, 1)
	r := rand.New(rand.NewPCG(2, 0))
	images := make([][]float32, 256)
	for i := range images {
		images[i] = make([]float32, M*C)
		for p := range images[i] {
			images[i][p] = float32(r.NormFloat64())
		}
	}
	for _, before := range []int{0, 20_000} {
		b.Run(fmt.Sprintf("after=%d", before), func(b *testing.B) {
			a, err := NewAccumulator(w)
			if err != nil {
				b.Fatal(err)
			}
			var largest, smallest []Extreme // as after so many images
			for i := range min(before, Extremes) {
				largest = append(largest, Extreme{uint32(i), 3.3 - float32(i)/100})
				smallest = append(smallest, Extreme{uint32(i), -3.3 + float32(i)/100})
			}
			for p := range M * C {
				a.largest.merge(p, largest, 0)
				a.smallest.merge(p, smallest, 0)
			}
			b.ResetTimer()
			for i := range b.N {
				if err := a.Add(uint32(before+i), images[i%len(images)]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(a.Bytes())/1e6, "MB")
		})
	}
}
