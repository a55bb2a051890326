// Package decompose is the mathematics of the neuron–attention decomposition: it splits the image
// embedding of a CLIP-ResNet exactly into contributions of single neurons n passing through single
// attention heads h, the pairs (Bu & Gandelsman, arXiv 2509.19943, §3; docs/design.md, formulas 3 and 4):
//
//	embedding = Σ_h Σ_n s[h,n]·u[h,n] + b
//
// # Terms
//
//   - M heads of width d, C neurons, D the joint embedding width, K spatial tokens and one class token.
//   - pair scalars s[h,n] = Σ_i a_i^h x_{i,n}: [M,C] for each image ([Scalars]).
//   - pair directions u[h,n] = W_O^h W_V^h[:,n] ∈ R^D: from the weights alone ([OV]).
//   - contribution of a pair: s[h,n]·u[h,n]; of a head, the sum over n; of a neuron, the sum over h.
//   - statistics of pairs over N pictures: moments, extremes, principal components, the sign of a direction (formulas 11 to 15). An
//     [Accumulator] gathers [Stats] picture by picture.
//
// The package knows no engine, no file and no picture. Data is float32, sums are float64.
package decompose

import (
	"fmt"
	"iter"
	"math"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// Pair is a neuron–head pair. People read it as (neuron,head); arrays are indexed [head, neuron].
type Pair struct{ Head, Neuron int }

// String is "(neuron,head)", the paper's way.
func (p Pair) String() string { return fmt.Sprintf("(%d,%d)", p.Neuron, p.Head) }

// OV is the map from pair scalars to the embedding, kept factored: all M·C directions are M products of
// rank d = C/M, W_O^h W_V^h, and are never stored unless asked for.
type OV struct {
	Heads, Channels, Width, Embed int // M, C, d, D
	weights                       Weights
	bias                          []float64 // b [D]
}

// New checks the shapes and computes the constant term.
func New(w Weights) (*OV, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	return &OV{Heads: w.Heads, Channels: w.Channels, Width: w.Channels / w.Heads, Embed: w.Embed, weights: w, bias: w.Constant()}, nil
}

// Bias is b = Σ_h W_O^h b_V^h + b_O [D]: what every embedding holds whatever the picture.
func (ov *OV) Bias() []float32 { return numeric.Float32(ov.bias) }

// Direction is u[h,n] = W_O^h W_V^h[:,n] [D].
func (ov *OV) Direction(p Pair) []float32 {
	return numeric.Float32(ov.direction(p))
}

func (ov *OV) direction(p Pair) []float64 {
	d, C := ov.Width, ov.Channels
	column := make([]float32, d) // W_V^h[:,n]
	for k := range d {
		column[k] = ov.weights.Value[(p.Head*d+k)*C+p.Neuron]
	}
	u := make([]float64, ov.Embed)
	for o := range u {
		u[o] = numeric.Dot(ov.weights.Output[o*C+p.Head*d:][:d], column)
	}
	return u
}

// NeuronDirection is Σ_h u[h,n] [D]: what a neuron says when every head passes it alike.
func (ov *OV) NeuronDirection(n int) []float32 {
	sum := make([]float64, ov.Embed)
	for h := range ov.Heads {
		for o, v := range ov.direction(Pair{Head: h, Neuron: n}) {
			sum[o] += v
		}
	}
	return numeric.Float32(sum)
}

// HeadDirections are the directions of every pair of a head, u[h,:] [C,D], with one matrix product.
func (ov *OV) HeadDirections(head int) []float32 {
	u := make([]float32, ov.Channels*ov.Embed)
	ov.headDirections(head, u)
	return u
}

// headDirections fills u [C,D]. W_V^h is transposed first: gonum is many times slower with a transposed left factor.
func (ov *OV) headDirections(head int, u []float32) {
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, transposed(ov.value(head)), ov.output(head), 0, numeric.Matrix(u, ov.Channels, ov.Embed))
}

// Shape is the numbers of heads M and of neurons C.
func (ov *OV) Shape() (heads, channels int) { return ov.Heads, ov.Channels }

// Factors are the directions of a head as mixtures, u[h,n] = Σ_k value[n,k]·output[k]: W_O^hᵀ [d,D] and W_V^hᵀ [C,d].
func (ov *OV) Factors(head int) (output, value []float32) {
	return transposed(ov.output(head)).Data, transposed(ov.value(head)).Data
}

// Directions gives the directions of every pair, head by head: u[h,:] [C,D]. Each is overwritten by the next, so that
// all of them take C·D·4 bytes (RN50x16: 9 MB) and not M times that.
func (ov *OV) Directions() iter.Seq2[int, []float32] {
	return func(yield func(int, []float32) bool) {
		u := make([]float32, ov.Channels*ov.Embed)
		for h := range ov.Heads {
			ov.headDirections(h, u)
			if !yield(h, u) {
				return
			}
		}
	}
}

// Norms are ‖u[h,n]‖ [M,C], from ‖u‖² = W_V^h[:,n]ᵀ (W_O^hᵀ W_O^h) W_V^h[:,n].
func (ov *OV) Norms() []float32 {
	d, C := ov.Width, ov.Channels
	norms := make([]float32, ov.Heads*C)
	gram, product := make([]float32, d*d), make([]float32, d*C)
	squares := make([]float64, C)
	for h := range ov.Heads {
		out, value := ov.output(h), ov.value(h)
		blas32.Gemm(blas.Trans, blas.NoTrans, 1, out, out, 0, numeric.Matrix(gram, d, d))
		blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, numeric.Matrix(gram, d, d), value, 0, numeric.Matrix(product, d, C))
		clear(squares)
		for k := range d {
			for n, g := range product[k*C : (k+1)*C] {
				squares[n] += float64(g) * float64(value.Data[k*C+n])
			}
		}
		for n, q := range squares {
			norms[h*C+n] = float32(math.Sqrt(max(q, 0)))
		}
	}
	return norms
}

// Text is ⟨t,u[h,n]⟩ for every pair [M,C], without any direction: (W_V^hᵀ (W_O^hᵀ t))_n. t [D].
func (ov *OV) Text(t []float32) []float32 {
	if len(t) != ov.Embed {
		panic(fmt.Sprintf("decompose: text of width %d against embeddings of width %d", len(t), ov.Embed))
	}
	C := ov.Channels
	back := make([]float32, C) // W_Oᵀ t, all heads at once [M,d]
	blas32.Gemv(blas.Trans, 1, numeric.Matrix(ov.weights.Output, ov.Embed, C), numeric.Vector(t), 0, numeric.Vector(back))
	out := make([]float32, ov.Heads*C)
	numeric.Parallel(ov.Heads, func(h int) {
		blas32.Gemv(blas.Trans, 1, ov.value(h), numeric.Vector(back[h*ov.Width:(h+1)*ov.Width]), 0, numeric.Vector(out[h*C:(h+1)*C]))
	})
	return out
}

// value is W_V^h [d,C].
func (ov *OV) value(h int) blas32.General {
	n := ov.Width * ov.Channels
	return numeric.Matrix(ov.weights.Value[h*n:(h+1)*n], ov.Width, ov.Channels)
}

// output is W_O^h [D,d].
func (ov *OV) output(h int) blas32.General {
	return blas32.General{Rows: ov.Embed, Cols: ov.Width, Stride: ov.Channels, Data: ov.weights.Output[h*ov.Width:]}
}

// transposed copies m [r,c] to [c,r].
func transposed(m blas32.General) blas32.General {
	t := numeric.Matrix(make([]float32, m.Rows*m.Cols), m.Cols, m.Rows)
	for r := range m.Rows {
		for c, v := range m.Data[r*m.Stride:][:m.Cols] {
			t.Data[c*m.Rows+r] = v
		}
	}
	return t
}
