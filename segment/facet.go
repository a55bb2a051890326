package segment

import (
	"math"

	"github.com/facet-clip/facet/internal/numeric"

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
	n, err := newPairs(p, c, o, selection{texts: c.Centred, weighed: true})
	return ours{n, surgery{newCosine(p, c.Texts), false}}, err
}

func (n ours) logits(w Window) []float32 {
	K := n.H * n.W
	z := n.filled(w)
	unitRows(z, n.Channels)
	own, fit := n.logitSums(tiled(z, n.Channels), n.cosines(w)), n.fit.weigh(n.whole(w))
	for i := range own {
		own[i] *= n.root() * fit[i/K]
	}
	out := make([]float32, n.queries*K)
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(own, n.queries, K), numeric.Matrix(n.alike(z), K, K), 0, numeric.Matrix(out, n.queries, K))
	return out
}

// root is √C, by which logits of unit tokens are as large as those of tokens whose neurons have a mean square of 1: then a protocol's scale suits them.
func (n ours) root() float32 { return float32(math.Sqrt(float64(n.Channels))) }

// unitRows makes the rows of z [K,C] unit; those of no length stay.
func unitRows(z []float32, C int) {
	numeric.Parallel(len(z)/C, func(i int) {
		row := z[i*C : (i+1)*C]
		if l := numeric.Dot(row, row); l > 0 {
			blas32.Scal(float32(1/math.Sqrt(l)), numeric.Vector(row))
		}
	})
}

// alike is κ [K,K]: the cubed cosines of tokens with tokens of unit rows z [K,C], which are not negative, rows summing to 1. A token of
// no length is like itself alone.
func (n ours) alike(z []float32) []float32 {
	K := n.H * n.W
	like := make([]float32, K*K)
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(z, K, n.Channels), numeric.Matrix(z, K, n.Channels), 0, numeric.Matrix(like, K, K))
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
