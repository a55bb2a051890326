package experiment

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// ReferenceSink finds register neurons as the published code does. It differs from [Sink] in three ways:
//
//   - A neuron is zeroed in the trunk's output z of every token, before positions are added, and so in the query too. Sink zeroes x in the last token
//     alone and keeps the query.
//   - Attention is the arithmetic mean over heads of the class query's attention to the last token.
//   - By contribution, the last token's attention is set to zero and the rest is not scaled up: the mean over images of | ‖c'‖ − ‖c‖ | of each pair's
//     contribution c, which holds an even share of the biases.
//
// The published code runs the model once for every neuron. Here the logits of all zeroed neurons follow from those of the picture: with
// k_i = W_K^h x_i, logit_i = (q − z_0 W_Q[:,n])·(k_i − z_i W_K[:,n])/√d.
type ReferenceSink struct {
	query     decompose.Query
	weights   decompose.Weights
	positions []float32 // p [K+1,C]
	self      []float64 // W_Q^h[:,n]·W_K^h[:,n]/√d [M,C]
	asks      [][]float32
	uu        []float64 // ‖u‖² [M,C]
	uv        []float64 // ⟨u, W_O^h b_V^h⟩ [M,C]
	ub        []float64 // ⟨u, b_O⟩ [M,C]
	images    int
	signed    []float64 // Σ over images of how much of the sink's attention goes with a neuron [C]
	size      []float64 // the same without its sign [C]
	pairs     []float64 // Σ over images of | ‖c'‖ − ‖c‖ | [M,C]
}

// NewReferenceSink is for tokens with these positions p [K+1,C].
func NewReferenceSink(query decompose.Query, weights decompose.Weights, positions []float32) (*ReferenceSink, error) {
	ov, err := decompose.New(weights)
	if err != nil {
		return nil, err
	}
	M, C := query.Heads, query.Channels
	if len(positions) == 0 || len(positions)%C != 0 || weights.Heads != M || weights.Channels != C {
		return nil, fmt.Errorf("positions: %d numbers do not fit tokens of width %d", len(positions), C)
	}
	r := &ReferenceSink{query: query, weights: weights, positions: positions, signed: make([]float64, C), size: make([]float64, C)}
	r.self, r.pairs = make([]float64, M*C), make([]float64, M*C)
	r.uu, r.uv, r.ub = make([]float64, M*C), make([]float64, M*C), make([]float64, M*C)
	for i, l := range ov.Norms() {
		r.uu[i] = float64(l) * float64(l)
	}
	d := C / M
	for h := range M {
		value, output := r.backwards(h, r.headBias(h)), r.backwards(h, numeric.Float64(weights.OutputBias))
		for k := h * d; k < (h+1)*d; k++ {
			for n := range C {
				v := float64(weights.Value[k*C+n])
				r.uv[h*C+n] += value[k-h*d] * v
				r.ub[h*C+n] += output[k-h*d] * v
				r.self[h*C+n] += float64(query.Query[k*C+n]) * float64(query.Key[k*C+n]) / math.Sqrt(float64(d))
			}
		}
		asks := numeric.Matrix(make([]float32, C*d), C, d) // W_Q^hᵀ, transposed once: gonum is many times slower with a transposed left factor
		for k := range d {
			for n := range C {
				asks.Data[n*d+k] = query.Query[(h*d+k)*C+n]
			}
		}
		r.asks = append(r.asks, asks.Data)
	}
	return r, nil
}

// headBias is W_O^h b_V^h [D].
func (r *ReferenceSink) headBias(h int) []float64 {
	w, d := r.weights, r.weights.Channels/r.weights.Heads
	out := make([]float64, w.Embed)
	for o := range out {
		out[o] = numeric.Dot(w.Output[o*w.Channels+h*d:][:d], w.ValueBias[h*d:][:d])
	}
	return out
}

// backwards is W_O^hᵀ t [d].
func (r *ReferenceSink) backwards(h int, t []float64) []float64 {
	w, d := r.weights, r.weights.Channels/r.weights.Heads
	out := make([]float64, d)
	for o, v := range t {
		for k, x := range w.Output[o*w.Channels+h*d:][:d] {
			out[k] += v * float64(x)
		}
	}
	return out
}

// trunk is z [K+1,C] of tokens x.
func (r *ReferenceSink) trunk(x []float32) ([]float32, error) {
	if len(x) != len(r.positions) {
		return nil, fmt.Errorf("tokens and positions do not fit each other: %d and %d numbers", len(x), len(r.positions))
	}
	z := make([]float32, len(x))
	for i, v := range x {
		z[i] = v - r.positions[i]
	}
	return z, nil
}

// Add takes an image's tokens x [K+1,C].
func (r *ReferenceSink) Add(x []float32) error {
	z, err := r.trunk(x)
	if err != nil {
		return err
	}
	M, C := r.query.Heads, r.query.Channels
	drops := make([][]float64, M) // of each head [C]
	numeric.Parallel(M, func(h int) {
		logits, last := r.attention(h, x)
		drops[h] = r.drops(h, x, z, logits, last)
		r.contribute(h, x, logits, last)
	})
	for n := range C {
		sum := 0.0
		for _, d := range drops {
			sum += d[n] / float64(M)
		}
		r.signed[n] += sum
		r.size[n] += math.Abs(sum)
	}
	r.images++
	return nil
}

// attention are the logits of a head [K+1] up to a number that all share, and the attention of the last token.
func (r *ReferenceSink) attention(h int, x []float32) (logits []float64, last float64) {
	C := r.query.Channels
	u := r.query.Absorbed(h, x[:C])
	for at := 0; at < len(x); at += C {
		sum := 0.0
		for n, v := range u {
			sum += v * float64(x[at+n])
		}
		logits = append(logits, sum)
	}
	return logits, share(logits)
}

// share is the last one's part of the softmax.
func share(logits []float64) float64 {
	return math.Exp(logits[len(logits)-1] - logSumExp(logits))
}

// drops are by how much the last token's attention falls in a head without each neuron [C].
func (r *ReferenceSink) drops(h int, x, z []float32, logits []float64, last float64) []float64 {
	C := r.query.Channels
	N, d := len(x)/C, C/r.query.Heads
	root := math.Sqrt(float64(d))
	keys := numeric.Matrix(make([]float32, N*d), N, d) // W_K^h x_i
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(x, N, C), numeric.Matrix(r.query.Key[h*d*C:(h+1)*d*C], d, C), 0, keys)
	by := numeric.Matrix(make([]float32, C*N), C, N) // W_Q^h[:,n]·k_i
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(r.asks[h], C, d), keys, 0, by)
	u := r.query.Absorbed(h, x[:C])
	out, without := make([]float64, C), make([]float64, N)
	for n := range C {
		z0 := float64(z[n])
		for i := range N {
			zi := float64(z[i*C+n])
			without[i] = logits[i] - zi*u[n] - z0*float64(by.Data[n*N+i])/root + z0*zi*r.self[h*C+n]
		}
		out[n] = last - share(without)
	}
	return out
}

// contribute adds how much the lengths of a head's contributions change when the last token's attention is zero.
func (r *ReferenceSink) contribute(h int, x []float32, logits []float64, last float64) {
	w := r.weights
	C, N := w.Channels, len(x)/w.Channels
	all := logSumExp(logits)
	v := r.headBias(h)
	var vv, vb, bb float64
	for o, x := range v {
		b := float64(w.OutputBias[o])
		vv, vb, bb = vv+x*x, vb+x*b, bb+b*b
	}
	γ := 1 / float64(C*w.Heads)
	length := func(i int, s, β float64) float64 {
		return math.Sqrt(max(s*s*r.uu[i]+β*β*vv+γ*γ*bb+2*s*β*r.uv[i]+2*s*γ*r.ub[i]+2*β*γ*vb, 0))
	}
	scalars := make([]float64, C)
	for i, l := range logits {
		a := math.Exp(l - all)
		for n, v := range x[i*C : (i+1)*C] {
			scalars[n] += a * float64(v)
		}
	}
	for n, s := range scalars {
		p := h*C + n
		zeroed := s - last*float64(x[(N-1)*C+n])
		r.pairs[p] += math.Abs(length(p, zeroed, (1-last)/float64(C)) - length(p, s, 1/float64(C)))
	}
}

// Neurons are, for each neuron, the mean over images of how much of the last token's attention goes without it, and the mean of that without its
// sign. The published search ranks by the second, its ablation by the first.
func (r *ReferenceSink) Neurons() (signed, size []float64) { return r.mean(r.signed), r.mean(r.size) }

// Pairs are, for each pair [M,C], the mean over images of how much the length of its contribution changes without the last token's attention.
func (r *ReferenceSink) Pairs() []float64 { return r.mean(r.pairs) }

// Report sums up: the neurons of largest size and the pairs of largest change, at most top of each, and the neurons of largest signed change, at
// most zeroed of them, which the published ablation sets to zero.
func (r *ReferenceSink) Report(top, zeroed int) *answer.PublishedSink {
	signed, size := r.Neurons()
	pairs := r.Pairs()
	a := &answer.PublishedSink{Neurons: []answer.PublishedRegister{}, Pairs: []answer.PublishedPair{}}
	for _, n := range numeric.Largest(size, top) {
		a.Neurons = append(a.Neurons, answer.PublishedRegister{Neuron: n, Size: size[n], Signed: signed[n]})
	}
	a.Zeroed = numeric.Largest(signed, zeroed)
	for _, p := range numeric.Largest(pairs, top) {
		a.Pairs = append(a.Pairs, answer.PublishedPair{Neuron: p % r.query.Channels, Head: p / r.query.Channels, Change: pairs[p]})
	}
	return a
}

func (r *ReferenceSink) mean(sums []float64) []float64 {
	out := make([]float64, len(sums))
	for i, v := range sums {
		out[i] = v / float64(max(r.images, 1))
	}
	return out
}

// ZeroSink is the embedding [D] of tokens x when the last one's attention is set to zero and the rest is not scaled up.
func (r *ReferenceSink) ZeroSink(x []float32) ([]float32, error) {
	if _, err := r.trunk(x); err != nil {
		return nil, err
	}
	return r.embed(x, true), nil
}

// ZeroNeurons is the embedding [D] of tokens x when some neurons are zeroed in the trunk's output of all tokens.
func (r *ReferenceSink) ZeroNeurons(x []float32, neurons []int) ([]float32, error) {
	if _, err := r.trunk(x); err != nil {
		return nil, err
	}
	y := append([]float32(nil), x...)
	for at := 0; at < len(y); at += r.query.Channels {
		for _, n := range neurons {
			y[at+n] = r.positions[at+n]
		}
	}
	return r.embed(y, false), nil
}

// embed is the pool's output for tokens x.
func (r *ReferenceSink) embed(x []float32, zeroSink bool) []float32 {
	w := r.weights
	C := w.Channels
	d := C / w.Heads
	y := make([]float32, C) // Σ_i a_i^h v_i^h, head by head
	numeric.Parallel(w.Heads, func(h int) {
		logits, _ := r.attention(h, x)
		all := logSumExp(logits)
		sum, mass := make([]float64, C), 0.0
		for i, l := range logits {
			if zeroSink && i == len(logits)-1 {
				continue
			}
			a := math.Exp(l - all)
			mass += a
			for n, v := range x[i*C : (i+1)*C] {
				sum[n] += a * float64(v)
			}
		}
		s := numeric.Float32(sum)
		for k := h * d; k < (h+1)*d; k++ {
			y[k] = float32(numeric.Dot(w.Value[k*C:(k+1)*C], s) + mass*float64(w.ValueBias[k]))
		}
	})
	e := make([]float32, w.Embed)
	for o := range e {
		e[o] = float32(numeric.Dot(w.Output[o*C:(o+1)*C], y) + float64(w.OutputBias[o]))
	}
	return e
}
