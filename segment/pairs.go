package segment

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// DefaultPairs is k scaled to a model of M heads and C neurons: the share that 20,000 are of RN50x16's 48·3072 pairs.
func DefaultPairs(heads, channels int) int {
	return max(1, int(math.Round(20_000.0/(48*3072)*float64(heads*channels))))
}

// pairs are the selected pairs of every query, grouped by head, so that what a head says about a token is computed once a head:
//
//	logit_c(i) = Σ_h cos(r_i^h, t_c) · Σ_{n selected with h} w_n z_{i,n}, w = 1/k or by likeness
type pairs struct {
	*Pool
	queries int       // Q
	k       int       // pairs of each query
	heads   []float32 // W_O^hᵀ t_q [Q,C], heads one after the other
	bias    []float32 // ⟨b_O,t_q⟩/((K+1)·M) [Q]
	start   []int32   // [Q·M+1]: the neurons of query q and head h are neuron[start[q·M+h]:start[q·M+h+1]]
	neuron  []uint16
	weight  []float32 // of each, those of a query summing to 1
}

// selection is how the pairs of a text are chosen.
type selection struct {
	texts   []float32 // [Q,D]
	weighed bool      // each counts as max(⟨û,t⟩,0)²; otherwise all count alike
	size    bool      // by |⟨û,t⟩|
}

// newPairs selects pairs.
func newPairs(p *Pool, c *Classes, o Options, by selection) (*pairs, error) {
	M, C, D, Q := p.Heads, p.Channels, p.Embed, len(c.Queries)
	k := o.Pairs
	if k == 0 {
		k = DefaultPairs(M, C)
	}
	switch {
	case C > math.MaxUint16+1:
		return nil, fmt.Errorf("%d neurons: expected at most %d", C, math.MaxUint16+1)
	case k < 1 || k > M*C:
		return nil, fmt.Errorf("%d pairs for each text: expected 1 to %d", k, M*C)
	case Q > math.MaxInt32/max(k, M):
		return nil, fmt.Errorf("%d texts with %d pairs each are too many", Q, k)
	case o.Signs != nil && len(o.Signs) != M*C:
		return nil, fmt.Errorf("signs of pairs: expected %d, found %d", M*C, len(o.Signs))
	}
	n := &pairs{Pool: p, queries: Q, k: k, heads: project(by.texts, p.weights.Output, Q, D, C), bias: make([]float32, Q)}
	for q := range Q {
		n.bias[q] = float32(numeric.Dot(p.weights.OutputBias, c.row(by.texts, q)) / float64(p.tokens()*M))
	}
	n.start, n.neuron, n.weight = make([]int32, Q*M+1), make([]uint16, Q*k), make([]float32, Q*k)
	n.selectPairs(c, o, by)
	return n, nil
}

// selectPairs takes, for each query, the k pairs of largest ⟨û,t⟩; ties in order of index. Pairs of no length and those of registers come last.
func (n *pairs) selectPairs(c *Classes, o Options, by selection) {
	M, C, Q := n.Heads, n.Channels, n.queries
	lengths := n.Norms()
	if o.Sink != nil {
		for i := range lengths {
			if slices.Contains(o.Sink.Registers, i%C) {
				lengths[i] = 0
			}
		}
	}
	numeric.Parallel(Q, func(q int) {
		scores := n.Text(c.row(by.texts, q))
		for i, l := range lengths {
			if by.size {
				scores[i] = float32(math.Abs(float64(scores[i])))
			} else if o.Signs != nil && o.Signs[i] < 0 {
				scores[i] = -scores[i]
			}
			if scores[i] /= l; l == 0 {
				scores[i] = float32(math.Inf(-1))
			}
		}
		least, ties := kth(scores, n.k)
		at := q * n.k
		for i, v := range scores {
			if i%C == 0 {
				n.start[q*M+i/C] = int32(at)
			}
			if v > least || v == least && ties > 0 {
				if v == least {
					ties--
				}
				n.neuron[at] = uint16(i % C)
				if by.weighed {
					n.weight[at] = max(v, 0) * max(v, 0)
				}
				at++
			}
		}
		sumToOne(n.weight[q*n.k : (q+1)*n.k])
	})
	n.start[Q*M] = int32(Q * n.k)
}

// sumToOne divides by the sum, or makes all alike where that is zero.
func sumToOne(x []float32) {
	sum := 0.0
	for _, v := range x {
		sum += float64(v)
	}
	for i, v := range x {
		if x[i] = float32(float64(v) / sum); sum == 0 {
			x[i] = 1 / float32(len(x))
		}
	}
}

// kth is the k-th largest value, and how many equal to it are among the k largest.
func kth(values []float32, k int) (least float32, ties int) {
	x := append([]float32(nil), values...)
	for lo, hi, want := 0, len(x), k-1; ; {
		pivot := median(x[lo], x[(lo+hi)/2], x[hi-1])
		larger, equal := partition(x[lo:hi], pivot)
		switch {
		case want < lo+larger:
			hi = lo + larger
		case want >= lo+larger+equal:
			lo += larger + equal
		default:
			return pivot, k - lo - larger
		}
	}
}

// partition puts the values larger than the pivot first, then those equal to it, and counts both.
func partition(x []float32, pivot float32) (larger, equal int) {
	end := len(x)
	for i := 0; i < end; {
		switch v := x[i]; {
		case v > pivot:
			x[i], x[larger] = x[larger], v
			larger++
			i++
		case v == pivot:
			i++
		default:
			end--
			x[i], x[end] = x[end], v
		}
	}
	return larger, end - larger
}

func median(a, b, c float32) float32 { return max(min(a, b), min(max(a, b), c)) }

// cosines are cos(r_i^h, t_q) of every head [M] of [Q,K], the sink filled. Of r only its products with the texts and its length are computed:
// ⟨r,t⟩ = y·(W_O^hᵀ t) + β and ‖r‖² = yᵀ(W_O^hᵀ W_O^h)y + 2β'·y·(W_O^hᵀ b_O) + β'²‖b_O‖² with y = a_i^h v_i^h, β' = 1/((K+1)·M).
func (n *pairs) cosines(w Window) [][]float32 {
	K, Q, d := n.H*n.W, n.queries, n.Width
	out := make([][]float32, n.Heads)
	rooms := sync.Pool{New: func() any { return &room{make([]float32, K*d), make([]float32, K*d)} }}
	numeric.Parallel(n.Heads, func(h int) {
		r := rooms.Get().(*room)
		defer rooms.Put(r)
		y := r.y
		n.attended(w, h, y)
		n.fillSink(y)
		out[h] = make([]float32, Q*K)
		texts := blas32.General{Rows: Q, Cols: d, Stride: n.Channels, Data: n.heads[h*d:]}
		blas32.Gemm(blas.NoTrans, blas.Trans, 1, texts, numeric.Matrix(y, K, d), 0, numeric.Matrix(out[h], Q, K))
		inverse := n.inverseLengths(r, h)
		for q := range Q {
			row := out[h][q*K : (q+1)*K]
			for i, l := range inverse {
				row[i] = (row[i] + n.bias[q]) * l
			}
		}
	})
	return out
}

// room is what a head needs on the way: y [K,d] and its product with the head's Gram matrix [K,d]. Heads use it one after the other.
type room struct{ y, product []float32 }

// inverseLengths are 1/‖r_i^h‖ [K] of y; 0 where r is zero.
func (n *pairs) inverseLengths(r *room, h int) []float32 {
	K, d := n.H*n.W, n.Width
	y, product := r.y, r.product
	share := 1 / float64(n.tokens()*n.Heads)
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(y, K, d), numeric.Matrix(n.gram[h], d, d), 0, numeric.Matrix(product, K, d)) // symmetric; rows by rows is faster
	out := make([]float32, K)
	for i := range out {
		row := y[i*d : (i+1)*d]
		length := numeric.Dot(row, product[i*d:(i+1)*d]) + 2*share*numeric.Dot(row, n.back[h*d:(h+1)*d]) + share*share*n.bias2
		if length > 0 {
			out[i] = float32(1 / math.Sqrt(length))
		}
	}
	return out
}

// filled is z [K,C] with the sink replaced.
func (n *pairs) filled(w Window) []float32 {
	z := n.spatial(w)
	n.fillSink(z)
	return z
}

// selected are the neurons that query q takes through head h.
func (n *pairs) selected(q, h int) []uint16 {
	i := q*n.Heads + h
	return n.neuron[n.start[i]:n.start[i+1]]
}

// logitSums are Σ_h cos_h(i)·Σ_{n selected with h} w_n z_{i,n} [Q,K]; without cosines, of every head alike.
func (n *pairs) logitSums(z tiles, cos [][]float32) []float32 {
	K := n.H * n.W
	out := make([]float32, n.queries*K)
	numeric.Parallel(z.count()*n.queries, func(task int) { // tile after tile, each for all queries
		at, q := task/n.queries, task%n.queries
		row := out[q*K : (q+1)*K][at*tile : min((at+1)*tile, K)]
		var sum [tile]float32
		for h := range n.Heads {
			if cos == nil {
				n.sum(&sum, z.of(at), q, h)
				continue
			}
			clear(sum[:])
			n.sum(&sum, z.of(at), q, h)
			for i, c := range cos[h][q*K+at*tile:][:len(row)] {
				row[i] += c * sum[i]
			}
		}
		if cos == nil {
			copy(row, sum[:])
		}
	})
	return out
}

// sum adds w_n z_n over the query's neurons of a head to the sums of a tile.
func (n *pairs) sum(sum *[tile]float32, z []float32, q, h int) {
	from, to := n.start[q*n.Heads+h], n.start[q*n.Heads+h+1]
	sumRows(sum, z, n.neuron[from:to], n.weight[from:to])
}

type nap struct{ *pairs }

func (n nap) logits(w Window) []float32 {
	return n.logitSums(tiled(n.filled(w), n.Channels), n.cosines(w))
}

type headsAlone struct{ *pairs }

func (n headsAlone) logits(w Window) []float32 {
	K := n.H * n.W
	cos := n.cosines(w)
	out := make([]float32, n.queries*K)
	numeric.Parallel(n.queries, func(q int) {
		row := out[q*K : (q+1)*K]
		for h := range n.Heads {
			blas32.Axpy(float32(len(n.selected(q, h)))/float32(n.k), numeric.Vector(cos[h][q*K:(q+1)*K]), numeric.Vector(row))
		}
	})
	return out
}

type neuronsAlone struct{ *pairs }

func (n neuronsAlone) logits(w Window) []float32 {
	return n.logitSums(tiled(n.filled(w), n.Channels), nil)
}
