package decompose

import (
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
