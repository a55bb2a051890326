package segment

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// ours is [Facet]: pairs weighed by how much they mean the text, tokens averaged with tokens like themselves, texts weighed by how well they fit
// the window.
type ours struct {
	*pairs
	fit surgery // of texts that are not centred
}

func newOurs(p *Pool, c *Classes, o Options) (ours, error) {
	n, err := newPairs(p, c, o, true)
	return ours{n, surgery{newCosine(p, c.Texts)}}, err
}

func (n ours) logits(w Window) []float32 {
	K := n.H * n.W
	z := n.filled(w)
	unitColumns(z, K)
	like, cos, fit := n.alike(z), n.cosines(w), n.fit.weigh(w)
	own := make([]float32, n.queries*K)
	parallel(n.queries, func(q int) {
		row, sum := own[q*K:(q+1)*K], make([]float32, K)
		for h := range n.Heads {
			clear(sum)
			n.sum(sum, z, q, h)
			for i, c := range cos[h][q*K : (q+1)*K] {
				row[i] += fit[q] * c * sum[i]
			}
		}
	})
	out := make([]float32, n.queries*K)
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, matrix(own, n.queries, K), matrix(like, K, K), 0, matrix(out, n.queries, K))
	return out
}

// unitColumns makes the columns of z [C,K] unit; those of no length stay.
func unitColumns(z []float32, K int) {
	lengths := make([]float64, K)
	for at := 0; at < len(z); at += K {
		for i, v := range z[at : at+K] {
			lengths[i] += float64(v) * float64(v)
		}
	}
	inverse := make([]float32, K)
	for i, l := range lengths {
		if l > 0 {
			inverse[i] = float32(1 / math.Sqrt(l))
		}
	}
	for at := 0; at < len(z); at += K {
		for i, v := range inverse {
			z[at+i] *= v
		}
	}
}

// alike is κ [K,K]: the cubed cosines of tokens with tokens of unit columns z [C,K], which are not negative, rows summing to 1. A token of
// no length is like itself alone.
func (n ours) alike(z []float32) []float32 {
	K := n.H * n.W
	zt := make([]float32, len(z)) // [K,C]: products along rows are the fast ones
	for at := 0; at < len(z); at += K {
		for i, v := range z[at : at+K] {
			zt[i*n.Channels+at/K] = v
		}
	}
	like := make([]float32, K*K)
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, matrix(zt, K, n.Channels), matrix(zt, K, n.Channels), 0, matrix(like, K, K))
	for i := range K {
		row, sum := like[i*K:(i+1)*K], float32(0)
		row[i] = 1
		for j, c := range row {
			row[j] = c * c * c
			sum += row[j]
		}
		for j := range row {
			row[j] /= sum
		}
	}
	return like
}
