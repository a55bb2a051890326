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
func Fréchet(a, b *Gaussian) (float64, error) {
	if a.Count < 2 || b.Count < 2 {
		return 0, fmt.Errorf("fréchet distance: %d and %d images, expected two at least of each", a.Count, b.Count)
	}
	distance := 0.0
	for i := range a.Mean {
		δ := a.Mean[i] - b.Mean[i]
		distance += δ * δ
	}
	A, B := a.covariance(), b.covariance()
	root, _, err := squareRoot(A)
	if err != nil {
		return 0, err
	}
	var half, inner mat.Dense
	half.Mul(root, B)
	inner.Mul(&half, root)
	_, trace, err := squareRoot(symmetric(&inner))
	if err != nil {
		return 0, err
	}
	return math.Max(0, distance+mat.Trace(A)+mat.Trace(B)-2*trace), nil
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

// squareRoot is the root of a positive semidefinite matrix and the root's trace; eigenvalues below zero are rounding.
func squareRoot(s *mat.SymDense) (root *mat.Dense, trace float64, err error) {
	var e mat.EigenSym
	if !e.Factorize(s, true) {
		return nil, 0, errors.New("fréchet distance: the covariance's eigenvalues did not converge")
	}
	values := e.Values(nil)
	for i, v := range values {
		values[i] = math.Sqrt(math.Max(0, v))
		trace += values[i]
	}
	var vectors, scaled mat.Dense
	e.VectorsTo(&vectors)
	scaled.Mul(&vectors, mat.NewDiagDense(len(values), values))
	root = new(mat.Dense)
	root.Mul(&scaled, vectors.T())
	return root, trace, nil
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
