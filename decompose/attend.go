package decompose

import (
	"github.com/facet-clip/facet/internal/numeric"
)

// Attend is the class query's attention to tokens x [N,C], the class token first: a_i^h [M,N] (docs/design.md, formula 5). The tokens need not be those of
// the last block: what an earlier block puts out can be pooled with the same weights.
func (q Query) Attend(x []float32) []float32 {
	C := q.Channels
	N := len(x) / C
	a := make([]float32, q.Heads*N)
	numeric.Parallel(q.Heads, func(h int) {
		u, logits := q.Absorbed(h, x[:C]), make([]float64, N)
		for i := range logits {
			for n, v := range x[i*C : (i+1)*C] {
				logits[i] += u[n] * float64(v)
			}
		}
		for i, v := range numeric.Softmax(logits) {
			a[h*N+i] = float32(v)
		}
	})
	return a
}

// Attentions are every token's attention to every token [M,N,N], given queries (W_Q x_i + b_Q)/√d and keys W_K x_i + b_K of all tokens, both [N,C]. Row 0 of a
// head is the class query's, the only one that makes the embedding.
func Attentions(heads, channels int, queries, keys []float32) []float32 {
	N, d := len(queries)/channels, channels/heads
	a := make([]float32, heads*N*N)
	numeric.Parallel(heads, func(h int) {
		logits := make([]float64, N)
		for i := range N {
			q := queries[i*channels+h*d:][:d]
			for j := range N {
				logits[j] = numeric.Dot(q, keys[j*channels+h*d:][:d])
			}
			for j, v := range numeric.Softmax(logits) {
				a[(h*N+i)*N+j] = float32(v)
			}
		}
	})
	return a
}

// NeuronTokens are a neuron's vectors at each place, Σ_h a_i^h x_{i,n}·u[h,n] [N,D]. They sum to what the neuron contributes.
func (t Tokens) NeuronTokens(n int) []float32 {
	out := make([]float64, t.N*t.Embed)
	for h := range t.Heads {
		p := Pair{Head: h, Neuron: n}
		u := t.Direction(p)
		for i, m := range t.Map(p) {
			for o, v := range u {
				out[i*t.Embed+o] += float64(m) * float64(v)
			}
		}
	}
	return numeric.Float32(out)
}

// WithClass puts the class token before the places of a block's output z [C,K] and adds positions p [K+1,C]: tokens x [K+1,C].
func WithClass(z, positions []float32, channels int) []float32 {
	K := len(z) / channels
	x := make([]float32, (K+1)*channels)
	for n := range channels {
		sum := 0.0
		for i, v := range z[n*K : (n+1)*K] {
			x[(i+1)*channels+n] = v + positions[(i+1)*channels+n]
			sum += float64(v)
		}
		x[n] = float32(sum/float64(K)) + positions[n]
	}
	return x
}
