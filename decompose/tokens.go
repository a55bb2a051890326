package decompose

import (
	"fmt"
	"math"

	"github.com/facet-clip/facet/internal/numeric"
)

// Tokens are the tokens of one image and what the class query makes of them: x [N,C] and a [M,N] with
// N = K+1, the class token first.
type Tokens struct {
	*OV
	X []float32 // [N,C]
	A []float32 // [M,N]
	N int
}

// Tokens binds tokens x [N,C] and attention a [M,N] of an image.
func (ov *OV) Tokens(x, a []float32) (Tokens, error) {
	n := len(a) / ov.Heads
	if n < 2 || len(a) != n*ov.Heads || len(x) != n*ov.Channels {
		return Tokens{}, fmt.Errorf("tokens: %d numbers and attention: %d numbers do not fit %d heads and %d neurons", len(x), len(a), ov.Heads, ov.Channels)
	}
	return Tokens{ov, x, a, n}, nil
}

// Map is the spatial map of a pair, m[h,n]_i = a_i^h x_{i,n} [N], which sums to s[h,n]. Entry 0 is the class
// token's part, which has no place in the picture; entries 1.. are the grid, row-major.
func (t Tokens) Map(p Pair) []float32 {
	m := make([]float32, t.N)
	for i := range m {
		m[i] = t.A[p.Head*t.N+i] * t.X[i*t.Channels+p.Neuron]
	}
	return m
}

// Scalars are s[h,n] = Σ_i a_i^h x_{i,n} [M,C], in float64: what the forward pass computes on its way.
func (t Tokens) Scalars() []float32 {
	C := t.Channels
	s := make([]float32, t.Heads*C)
	numeric.Parallel(t.Heads, func(h int) {
		sum := make([]float64, C)
		for i, a := range t.A[h*t.N : (h+1)*t.N] {
			for n, x := range t.X[i*C : (i+1)*C] {
				sum[n] += float64(a) * float64(x)
			}
		}
		copy(s[h*C:], numeric.Float32(sum))
	})
	return s
}

// Token is the contribution of token i through every head without the bias, Σ_h a_i^h W_O^h W_V^h x_i [D];
// over all tokens these sum to embedding − b.
func (t Tokens) Token(i int) []float32 {
	e := make([]float64, t.Embed)
	for h := range t.Heads {
		for o, v := range t.headToken(h, i) {
			e[o] += v
		}
	}
	return numeric.Float32(e)
}

// HeadToken is a_i^h W_O^h W_V^h x_i [D], the part of token i in head h without the bias.
func (t Tokens) HeadToken(h, i int) []float32 { return numeric.Float32(t.headToken(h, i)) }

func (t Tokens) headToken(h, i int) []float64 {
	d, C := t.Width, t.Channels
	x, value := t.X[i*C:(i+1)*C], t.value(h)
	v := make([]float32, d) // a_i^h W_V^h x_i
	for k := range d {
		v[k] = float32(float64(t.A[h*t.N+i]) * numeric.Dot(value.Data[k*C:(k+1)*C], x))
	}
	e := make([]float64, t.Embed)
	for o := range e {
		e[o] = numeric.Dot(t.weights.Output[o*C+h*d:][:d], v)
	}
	return e
}

// Lengths are those of what each token writes with its share of the biases, ‖Σ_h a_i^h W_O^h (W_V^h x_i + b_V^h) + b_O/N‖ [N] . What they
// write sums to the embedding.
func (t Tokens) Lengths() []float32 {
	d, C := t.Width, t.Channels
	lengths := make([]float32, t.N)
	numeric.Parallel(t.N, func(i int) {
		e := numeric.Float64(t.Token(i))
		for o := range e {
			e[o] += float64(t.weights.OutputBias[o]) / float64(t.N)
			for h := range t.Heads {
				e[o] += float64(t.A[h*t.N+i]) * numeric.Dot(t.weights.Output[o*C+h*d:][:d], t.weights.ValueBias[h*d:][:d])
			}
		}
		sum := 0.0
		for _, v := range e {
			sum += v * v
		}
		lengths[i] = float32(math.Sqrt(sum))
	})
	return lengths
}

// LogitMap spreads the logit of a unit text t [D] over the tokens [N]: τ·⟨Σ_h W_O^h W_V^h a_i^h x_i, t⟩/‖embedding‖ for token i (docs/design.md,
// formulas 8 and 10, summed over pairs). Entry 0 is the class token's; entries 1.. are the grid. With [Scalars.BiasLogit] they sum
// to the logit.
func (t Tokens) LogitMap(text, embedding []float32, τ float64) []float32 {
	sums, scale := t.sumMap(t.Text(text)), τ/numeric.Norm(embedding)
	parts := make([]float32, t.N)
	for i, sum := range sums {
		parts[i] = float32(scale * sum)
	}
	return parts
}

// SumMap is the sum of the maps of pairs, each multiplied by a factor [M,C]: Σ_h a_i^h Σ_n f[h,n] x_{i,n} for token i [N] (docs/design.md, formula 8).
// Entry 0 is the class token's part; entries 1.. are the grid.
func (t Tokens) SumMap(factors []float32) []float32 { return numeric.Float32(t.sumMap(factors)) }

func (t Tokens) sumMap(factors []float32) []float64 {
	C := t.Channels
	parts := make([]float64, t.N)
	numeric.Parallel(t.N, func(i int) {
		x := t.X[i*C : (i+1)*C]
		for h := range t.Heads {
			parts[i] += float64(t.A[h*t.N+i]) * numeric.Dot(factors[h*C:(h+1)*C], x)
		}
	})
	return parts
}
