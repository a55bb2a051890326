package decompose

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// rn50x16 is an attention pool of RN50x16's shapes with random weights.
func rn50x16(b *testing.B) *OV {
	b.Helper()
	const M, C, D = 48, 3072, 768
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		return x
	}
	ov, err := New(Weights{M, C, D, random(C * C), random(C), random(D * C), random(D)})
	if err != nil {
		b.Fatal(err)
	}
	return ov
}

// BenchmarkText is one text against all 147,456 pairs of RN50x16.
func BenchmarkText(b *testing.B) {
	ov := rn50x16(b)
	t := ov.weights.OutputBias
	for b.Loop() {
		ov.Text(t)
	}
}

// BenchmarkTextStored is the peer: a product with all directions, stored (453 MB).
func BenchmarkTextStored(b *testing.B) {
	ov := rn50x16(b)
	t := ov.weights.OutputBias
	var u []float32
	for _, head := range ov.Directions() {
		u = append(u, head...)
	}
	out := make([]float32, ov.Heads*ov.Channels)
	for b.Loop() {
		numeric.Parallel(ov.Heads, func(h int) {
			n := ov.Channels * ov.Embed
			blas32.Gemv(blas.NoTrans, 1, numeric.Matrix(u[h*n:(h+1)*n], ov.Channels, ov.Embed), numeric.Vector(t), 0, numeric.Vector(out[h*ov.Channels:(h+1)*ov.Channels]))
		})
	}
}

// BenchmarkDirections is every direction of RN50x16 from the weights.
func BenchmarkDirections(b *testing.B) {
	ov := rn50x16(b)
	for b.Loop() {
		for range ov.Directions() {
		}
	}
}

// BenchmarkNorms is ‖u‖ of every pair of RN50x16.
func BenchmarkNorms(b *testing.B) {
	ov := rn50x16(b)
	for b.Loop() {
		ov.Norms()
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
				a.largest.merge(p, largest)
				a.smallest.merge(p, smallest)
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
