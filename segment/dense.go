package segment

import (
	"math"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// cosine compares what the output map makes of a vector y [C], W_O y + b_O, with texts.
type cosine struct {
	*Pool
	texts int       // Q
	back  []float32 // W_Oᵀ t_q [Q,C]
	bias  []float32 // ⟨b_O,t_q⟩ [Q]
}

func newCosine(p *Pool, texts []float32) cosine {
	D := p.Embed
	c := cosine{Pool: p, texts: len(texts) / D, back: project(texts, p.weights.Output, len(texts)/D, D, p.Channels)}
	for q := range c.texts {
		c.bias = append(c.bias, float32(numeric.Dot(p.weights.OutputBias, texts[q*D:(q+1)*D])))
	}
	return c
}

// cosines are cos(W_O y_i + b_O, t_q) [Q,T] of rows y [T,C].
func (c cosine) cosines(y []float32) []float32 {
	T := len(y) / c.Channels
	out := c.products(y)
	lengths := c.lengths(y)
	for q := range c.texts {
		for i, l := range lengths {
			if out[q*T+i] = (out[q*T+i] + c.bias[q]) / l; l == 0 {
				out[q*T+i] = 0
			}
		}
	}
	return out
}

// products are ⟨W_O y_i, t_q⟩ [Q,T].
func (c cosine) products(y []float32) []float32 {
	T := len(y) / c.Channels
	out := make([]float32, c.texts*T)
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(c.back, c.texts, c.Channels), numeric.Matrix(y, T, c.Channels), 0, numeric.Matrix(out, c.texts, T))
	return out
}

// lengths are ‖W_O y_i + b_O‖ [T].
func (c cosine) lengths(y []float32) []float32 {
	T, D := len(y)/c.Channels, c.Embed
	e := make([]float32, T*D)
	for i := range T {
		copy(e[i*D:], c.weights.OutputBias)
	}
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(y, T, c.Channels), numeric.Matrix(c.weights.Output, D, c.Channels), 1, numeric.Matrix(e, T, D))
	out := make([]float32, T)
	for i := range out {
		out[i] = float32(numeric.Norm(e[i*D : (i+1)*D]))
	}
	return out
}

// whole is y [C] of the class query, Σ_i a_i^h v_i^h by head: W_O y + b_O is the window's embedding.
func (p *Pool) whole(w Window) []float32 {
	C, N := p.Channels, p.tokens()
	sums := make([]float64, C)
	for i := range N {
		for n, v := range w.Values[i*C : (i+1)*C] {
			sums[n] += float64(w.Attention[n/p.Width*N+i]) * float64(v)
		}
	}
	y := make([]float32, C)
	for n, s := range sums {
		y[n] = float32(s)
	}
	return y
}

type maskCLIP struct {
	cosine
	positions bool // stay in the tokens
}

// logits: the values of z_i are those of x_i without the position's part, W_V z_i + b_V = v_i − W_V p_i.
func (m maskCLIP) logits(w Window) []float32 {
	if m.positions {
		return m.cosines(w.Values[m.Channels:])
	}
	y := make([]float32, m.H*m.W*m.Channels)
	for i := range y {
		y[i] = w.Values[m.Channels+i] - m.placed[m.Channels+i]
	}
	return m.cosines(y)
}

type selfSelf struct{ cosine }

func (s selfSelf) logits(w Window) []float32 {
	root := float32(math.Sqrt(float64(s.Width))) // queries come divided by it
	y := make([]float32, s.tokens()*s.Channels)
	numeric.Parallel(s.Heads, func(h int) {
		s.attend(y, w.Values, w.Queries, root, h)
		s.attend(y, w.Values, w.Keys, 1/root, h)
	})
	return s.cosines(y[s.Channels:])
}

type surgery struct {
	cosine
	published bool // texts are weighed by the class token that attends by values
}

func (s surgery) logits(w Window) []float32 {
	y := make([]float32, s.tokens()*s.Channels)
	numeric.Parallel(s.Heads, func(h int) { s.attend(y, w.Values, w.Values, float32(1/math.Sqrt(float64(s.Width))), h) })
	out := s.cosines(y[s.Channels:])
	class := y[:s.Channels]
	if !s.published {
		class = s.whole(w)
	}
	s.removeShared(out, s.weigh(class))
	return out
}

// weigh is how well each text fits what the output map makes of y [C], softmax of twice the cosines over its mean [Q].
func (s surgery) weigh(y []float32) []float32 {
	fit := s.cosines(y)
	sum := 0.0
	for _, f := range fit {
		sum += math.Exp(2 * float64(f))
	}
	for q, f := range fit {
		fit[q] = float32(math.Exp(2*float64(f)) / sum * float64(len(fit)))
	}
	return fit
}

// removeShared weighs the maps [Q,K] and takes their mean off each of them.
func (s surgery) removeShared(maps, weights []float32) {
	K := s.H * s.W
	for i := range K {
		mean := 0.0
		for q, weight := range weights {
			maps[q*K+i] *= weight
			mean += float64(maps[q*K+i]) / float64(len(weights))
		}
		for q := range weights {
			maps[q*K+i] -= float32(mean)
		}
	}
}

// attend adds softmax(scale·ffᵀ) v of head h to y, for features f and values v [K+1,C].
func (p *Pool) attend(y, v, f []float32, scale float32, h int) {
	N, d := p.tokens(), p.Width
	part := func(x []float32) blas32.General {
		return blas32.General{Rows: N, Cols: d, Stride: p.Channels, Data: x[h*d:]}
	}
	a := make([]float32, N*N)
	blas32.Gemm(blas.NoTrans, blas.Trans, scale, part(f), part(f), 0, numeric.Matrix(a, N, N))
	for i := range N {
		softmax(a[i*N : (i+1)*N])
	}
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, numeric.Matrix(a, N, N), part(v), 1, part(y))
}

// softmax works in place.
func softmax(x []float32) {
	largest, sum := x[0], 0.0
	for _, v := range x {
		largest = max(largest, v)
	}
	for i, v := range x {
		e := math.Exp(float64(v - largest))
		x[i] = float32(e)
		sum += e
	}
	for i := range x {
		x[i] = float32(float64(x[i]) / sum)
	}
}

type cam struct{ cosine }

// logits: token i has what it brings itself, a_i^h v_i^h; its share in the class token, which is the mean of the spatial ones, a_0^h W_V z_i/K; and an
// even share of what has no place: the class position's part and the biases.
func (m cam) logits(w Window) []float32 {
	C, K := m.Channels, m.H*m.W
	y, placeless := make([]float32, K*C), make([]float32, C)
	for n := range C {
		a := w.Attention[n/m.Width*(K+1):]
		bias := m.weights.ValueBias[n]
		placeless[n] = a[0] * (m.placed[n] + bias) / float32(K)
		for i := range K {
			v := w.Values[(i+1)*C+n]
			y[i*C+n] = a[i+1]*v + a[0]*(v-m.placed[(i+1)*C+n]-bias)/float32(K) + placeless[n]
		}
	}
	length := m.lengths(m.whole(w))[0]
	out := m.products(y)
	for i := range out {
		out[i] = (out[i] + m.bias[i/K]/float32(K)) / length
	}
	return out
}
