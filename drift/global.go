package drift

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// Fréchet is the Fréchet distance between two Gaussians, ‖μ₁−μ₂‖² + tr(Σ₁ + Σ₂ − 2(Σ₁^½ Σ₂ Σ₁^½)^½) (Dowson and Landau, 1982; FID
// of Heusel et al., 2017, over CLIP embeddings). Two vectors at least on each side.
//
// No matrix root is taken. Σ₁Σ₂ has the eigenvalues of FᵀΣ₂F for every F with FFᵀ = Σ₁, so the trace of the root is the sum of their
// roots. F is the pivoted Cholesky factor of the side with fewer vectors: of n of them, F has n − 1 columns at most.
func Fréchet(a, b *Gaussian) (float64, error) {
	if a.Count < 2 || b.Count < 2 {
		return 0, fmt.Errorf("fréchet distance: %d and %d images, expected two at least of each", a.Count, b.Count)
	}
	distance := 0.0
	for i := range a.Mean {
		δ := a.Mean[i] - b.Mean[i]
		distance += δ * δ
	}
	if b.Count < a.Count {
		a, b = b, a
	}
	A, B := a.covariance(), b.covariance()
	cross, err := rootTrace(A, B, a.Count-1)
	if err != nil {
		return 0, err
	}
	return math.Max(0, distance+mat.Trace(A)+mat.Trace(B)-2*cross), nil
}

func (g *Gaussian) covariance() *mat.SymDense {
	D := len(g.Mean)
	c := mat.NewSymDense(D, nil)
	for i := range D {
		for j := i; j < D; j++ {
			c.SetSym(i, j, g.M2[i*D+j]/float64(g.Count-1))
		}
	}
	return c
}

// rootTrace is tr((A^½ B A^½)^½) of two positive semidefinite matrices [D,D], the first of a known rank at most. Eigenvalues below
// zero are rounding.
func rootTrace(A, B *mat.SymDense, rank int) (float64, error) {
	var cholesky mat.PivotedCholesky
	cholesky.Factorize(A, -1) // PᵀAP = UᵀU; not ok stands for a rank below D, which is no fault
	if rank = min(rank, cholesky.Rank()); rank == 0 {
		return 0, nil
	}
	D := A.SymmetricDim()
	var upper mat.TriDense
	cholesky.UTo(&upper)
	U := mat.DenseCopyOf(&upper).Slice(0, rank, 0, D) // [rank,D]
	var half, inner mat.Dense
	half.Mul(U, permuted(B, cholesky.ColumnPivots(nil)))
	inner.Mul(&half, U.T())
	var e mat.EigenSym
	if !e.Factorize(symmetric(&inner), false) {
		return 0, errors.New("fréchet distance: the covariance's eigenvalues did not converge")
	}
	trace := 0.0
	for _, v := range e.Values(nil) {
		trace += math.Sqrt(math.Max(0, v))
	}
	return trace, nil
}

// permuted is a matrix with its rows and columns in another order.
func permuted(s *mat.SymDense, order []int) *mat.SymDense {
	p := mat.NewSymDense(len(order), nil)
	for i, from := range order {
		for j := i; j < len(order); j++ {
			p.SetSym(i, j, s.At(from, order[j]))
		}
	}
	return p
}

// symmetric is the symmetric part of a matrix that is symmetric but for rounding.
func symmetric(m *mat.Dense) *mat.SymDense {
	n, _ := m.Dims()
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, (m.At(i, j)+m.At(j, i))/2)
		}
	}
	return s
}

// Energy is the energy test that two samples of vectors x [n,D] and y [m,D] have one distribution (Székely and Rizzo, 2004): the squared
// energy distance 2E‖X−Y‖ − E‖X−X′‖ − E‖Y−Y′‖ and its permutation p-value (1 + #{permuted ≥ seen})/(1 + permutations). Every permutation
// deals all n + m vectors anew: a null that resamples one side only is too narrow and cries wolf.
func Energy(x, y []float32, embed, permutations int, seed uint64) (distance, p float64) {
	n, m := len(x)/embed, len(y)/embed
	if n == 0 || m == 0 {
		return 0, 1
	}
	d := distances(append(append([]float32{}, x...), y...), embed)
	signs := make([]float64, n+m) // 1/n for one side, −1/m for the other: −signsᵀ·d·signs is the distance
	for i := range signs {
		signs[i] = 1 / float64(n)
		if i >= n {
			signs[i] = -1 / float64(m)
		}
	}
	distance = d.form(signs)
	random := rand.New(rand.NewPCG(seed, 0x656e65726779))
	reached := 1
	for range permutations {
		random.Shuffle(len(signs), func(i, j int) { signs[i], signs[j] = signs[j], signs[i] })
		if d.form(signs) >= distance-1e-12*math.Abs(distance) {
			reached++
		}
	}
	return distance, float64(reached) / float64(permutations+1)
}

// distanceMatrix holds ‖v_i − v_j‖, upper triangle.
type distanceMatrix blas64.Symmetric

// form is −zᵀ·d·z.
func (d distanceMatrix) form(z []float64) float64 {
	x := blas64.Vector{N: d.N, Inc: 1, Data: z}
	y := blas64.Vector{N: d.N, Inc: 1, Data: make([]float64, d.N)}
	blas64.Symv(-1, blas64.Symmetric(d), x, 0, y)
	return blas64.Dot(x, y)
}

func distances(v []float32, embed int) distanceMatrix {
	n := len(v) / embed
	d := make([]float64, n*n)
	for i := range n {
		a := v[i*embed : (i+1)*embed]
		for j := i + 1; j < n; j++ {
			sum := 0.0
			for k, b := range v[j*embed : (j+1)*embed] {
				δ := float64(a[k] - b)
				sum += δ * δ
			}
			d[i*n+j] = math.Sqrt(sum)
		}
	}
	return distanceMatrix{N: n, Stride: n, Uplo: blas.Upper, Data: d}
}
