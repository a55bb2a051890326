package decompose

import (
	"errors"
	"fmt"
	"math"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Component is a principal component of the contributions of a unit.
type Component struct {
	// Direction [D] has unit norm. The sign of a principal component means nothing; here the entry of largest size is positive.
	Direction []float32
	Variance  float64 // of the contributions along it, over all images
}

// flat is the part of the first component's variance under which a component is rounding.
const flat = 1e-12

// NeuronComponents are the first r principal components of a neuron's contributions Σ_h s[h,n]·u[h,n] over all images, largest
// variance first; fewer when the contributions span fewer dimensions. They follow from the Gram matrix of u[:,n] and the
// covariance of s[:,n], both [M,M] (docs/design.md, 14).
func (s *Stats) NeuronComponents(ov *OV, n, r int) ([]Component, error) {
	if ov.Heads != s.Heads || ov.Channels != s.Channels || ov.Embed != s.Embed {
		return nil, s.mismatch(ov.Heads, ov.Channels, ov.Embed)
	}
	if n < 0 || n >= s.Channels || r < 1 {
		return nil, fmt.Errorf("%d components of neuron %d: expected at least 1, of neurons 0 to %d", r, n, s.Channels-1)
	}
	u := mat.NewDense(s.Heads, s.Embed, nil)
	for h := range s.Heads {
		for o, v := range ov.Direction(Pair{Head: h, Neuron: n}) {
			u.Set(h, o, float64(v))
		}
	}
	return components(u, s.NeuronCovariance(n), r)
}

// HeadComponents are the first r principal components of a head's contributions Σ_n s[h,n]·u[h,n] = W_O^h (W_V^h s_h) over all images,
// largest variance first; fewer when the contributions span fewer dimensions. They follow from W_O^h and the covariance of W_V^h s_h [d,d].
func (s *Stats) HeadComponents(w Weights, h, r int) ([]Component, error) {
	if w.Heads != s.Heads || w.Channels != s.Channels || w.Embed != s.Embed || len(w.Output) != w.Embed*w.Channels {
		return nil, s.mismatch(w.Heads, w.Channels, w.Embed)
	}
	if h < 0 || h >= s.Heads || r < 1 {
		return nil, fmt.Errorf("%d components of head %d: expected at least 1, of heads 0 to %d", r, h, s.Heads-1)
	}
	d := s.Width()
	u := mat.NewDense(d, s.Embed, nil) // W_O^hᵀ
	for o := range s.Embed {
		for k, v := range w.Output[o*s.Channels+h*d:][:d] {
			u.Set(k, o, float64(v))
		}
	}
	return components(u, s.HeadCovariance(h), r)
}

func (s *Stats) mismatch(heads, channels, embed int) error {
	return fmt.Errorf("%w: %d heads, %d neurons, embedding %d; the model has %d, %d, %d", ErrMismatch,
		s.Heads, s.Channels, s.Embed, heads, channels, embed)
}

var errEigen = errors.New("principal components: the eigenvalues did not converge")

// components are the principal components of Uᵀx, U [m,D], for x of covariance Σ = L Lᵀ [m,m]: with the eigenvectors v of Lᵀ U Uᵀ L they
// are Uᵀ L v.
func components(u *mat.Dense, Σ *mat.SymDense, r int) ([]Component, error) {
	var e mat.EigenSym
	if !e.Factorize(Σ, true) {
		return nil, errEigen
	}
	m, D := u.Dims()
	var L, X mat.Dense
	e.VectorsTo(&L)
	for c, λ := range e.Values(nil) {
		for i := range m {
			L.Set(i, c, L.At(i, c)*math.Sqrt(max(λ, 0)))
		}
	}
	X.Mul(L.T(), u) // [m,D]
	var G mat.SymDense
	G.SymOuterK(1, &X)
	if !e.Factorize(&G, true) {
		return nil, errEigen
	}
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	values := e.Values(nil) // rising
	var out []Component
	for c := m - 1; c >= max(0, m-r, m-D) && values[c] > flat*values[m-1]; c-- {
		v := mat.NewVecDense(D, nil)
		v.MulVec(X.T(), vectors.ColView(c))
		out = append(out, Component{unit(v.RawVector().Data), values[c]})
	}
	return out, nil
}

// unit is x at length 1 with its largest entry positive.
func unit(x []float64) []float32 {
	norm, largest := floats.Norm(x, 2), 0
	for i, v := range x {
		if math.Abs(v) > math.Abs(x[largest]) {
			largest = i
		}
	}
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v / math.Copysign(norm, x[largest]))
	}
	return out
}

// NeuronGram is ⟨u[h,n],u[g,n]⟩ for each neuron, packed [C, M(M+1)/2], without forming any direction:
// W_V^h[:,n]ᵀ (W_O^hᵀ W_O^g) W_V^g[:,n].
func (ov *OV) NeuronGram() []float32 {
	M, C, d, value := ov.Heads, ov.Channels, ov.Width, ov.weights.Value
	inner, product := numeric.Matrix(make([]float32, d*d), d, d), numeric.Matrix(make([]float32, d*C), d, C)
	out, sums := make([]float32, C*Packed(M)), make([]float64, C)
	k := 0 // entry (h,g) of a packed matrix
	for h := range M {
		for g := h; g < M; g++ {
			blas32.Gemm(blas.Trans, blas.NoTrans, 1, ov.output(h), ov.output(g), 0, inner)
			blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, inner, ov.value(g), 0, product)
			clear(sums)
			for i := range d {
				row := value[(h*d+i)*C:][:C]
				for n, v := range product.Data[i*C : (i+1)*C] {
					sums[n] += float64(v) * float64(row[n])
				}
			}
			for n, v := range sums {
				out[n*Packed(M)+k] = float32(v)
			}
			k++
		}
	}
	return out
}

// NeuronSums are the norm of a neuron's mean contribution ‖Σ_h s̄·u‖ and the total variance of its contributions, given the packed Gram
// matrix of its directions.
func (s *Stats) NeuronSums(n int, gram []float32) (meanNorm, variance float64) {
	k := 0
	for h := range s.Heads {
		for g := h; g < s.Heads; g++ {
			v := float64(gram[k])
			if h != g {
				v *= 2
			}
			meanNorm += v * s.Mean[h*s.Channels+n] * s.Mean[g*s.Channels+n]
			variance += v * s.NeuronCov[n*Packed(s.Heads)+k] / float64(max(s.Count, 1))
			k++
		}
	}
	return math.Sqrt(max(meanNorm, 0)), max(variance, 0)
}
