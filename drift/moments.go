package drift

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// Moments are the means of n quantities and the sums of their squared deviations, over images that are not kept.
type Moments struct {
	Count int
	Mean  []float64 // [n]
	M2    []float64 // Σ (x − mean)² [n]
}

// NewMoments is the moments of no image.
func NewMoments(n int) *Moments { return &Moments{Mean: make([]float64, n), M2: make([]float64, n)} }

// Add takes up one image's quantities x [n] (Welford's update).
func (m *Moments) Add(x []float32) {
	m.Count++
	n := float64(m.Count)
	for i, v := range x {
		δ := float64(v) - m.Mean[i]
		m.Mean[i] += δ / n
		m.M2[i] += δ * (float64(v) - m.Mean[i])
	}
}

// Variance is the unbiased variance of quantity i; 0 for fewer than two images.
func (m *Moments) Variance(i int) float64 {
	if m.Count < 2 {
		return 0
	}
	return m.M2[i] / float64(m.Count-1)
}

// Gaussian is the mean and the covariance of vectors that are not kept.
type Gaussian struct {
	Count int
	Mean  []float64 // [D]
	M2    []float64 // Σ (x − mean)(x − mean)ᵀ [D,D], its upper triangle
}

// NewGaussian is the Gaussian of no vector of length embed.
func NewGaussian(embed int) *Gaussian {
	return &Gaussian{Mean: make([]float64, embed), M2: make([]float64, embed*embed)}
}

// Add takes up a vector x [D].
func (g *Gaussian) Add(x []float32) {
	old := float64(g.Count)
	g.Count++
	δ := make([]float64, len(x))
	for i, v := range x {
		δ[i] = float64(v) - g.Mean[i]
		g.Mean[i] += δ[i] / (old + 1)
	}
	g.update(old/(old+1), δ)
}

// update adds weight·δδᵀ.
func (g *Gaussian) update(weight float64, δ []float64) {
	D := len(δ)
	blas64.Syr(weight, blas64.Vector{N: D, Inc: 1, Data: δ}, blas64.Symmetric{N: D, Stride: D, Uplo: blas.Upper, Data: g.M2})
}

// Variance is the variance of ⟨x,t⟩ along a direction t [D]; 0 for fewer than two vectors.
func (g *Gaussian) Variance(t []float64) float64 {
	if g.Count < 2 {
		return 0
	}
	D := len(t)
	y := blas64.Vector{N: D, Inc: 1, Data: make([]float64, D)}
	x := blas64.Vector{N: D, Inc: 1, Data: t}
	blas64.Symv(1, blas64.Symmetric{N: D, Stride: D, Uplo: blas.Upper, Data: g.M2}, x, 0, y)
	return blas64.Dot(x, y) / float64(g.Count-1)
}

// Correlation is Pearson's, of numbers i and j of the vectors; NaN where one does not vary. Where one is 0 or 1 it is the point-biserial
// correlation.
func (g *Gaussian) Correlation(i, j int) float64 {
	D := len(g.Mean)
	i, j = min(i, j), max(i, j)
	return g.M2[i*D+j] / math.Sqrt(g.M2[i*D+i]*g.M2[j*D+j])
}
