package segment

import (
	"fmt"
	"slices"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// Earlier lets methods look at what earlier blocks of the trunk's last stage put out, pooled with the pool's own weights: the tokens of one block,
// and the attention and values of the same block or another. With J blocks, the paper's code calls J−1−Neurons conv_map_idx and J−1−Heads
// sim_map_idx.
type Earlier struct {
	Neurons int // the tokens, and so z, are of the block so many before the last
	Heads   int // attention and values, and so r, are of the block so many before the last
	Query   decompose.Query
}

// Check says what keeps it from being used with a model whose last stage has so many blocks, and with some methods.
func (e Earlier) Check(blocks int, methods []Method) error {
	for _, back := range []int{e.Neurons, e.Heads} {
		if back < 0 || back >= blocks {
			return fmt.Errorf("%d blocks before the last: expected 0 to %d, as the last stage has %d", back, blocks-1, blocks)
		}
	}
	if slices.Contains(methods, SelfSelf) {
		return fmt.Errorf("%s looks at the last block alone", SelfSelf)
	}
	return nil
}

// Window is what methods see of a window whose blocks put out z [J,C,K], the last of them last. It has no queries and no keys.
func (e Earlier) Window(p *Pool, z []float32) (Window, error) {
	C, N := p.Channels, p.tokens()
	each := C * (N - 1)
	if len(z) == 0 || len(z)%each != 0 || max(e.Neurons, e.Heads) >= len(z)/each {
		return Window{}, fmt.Errorf("%w: blocks: expected %d or more of %d numbers, found %d numbers", ErrWindow, max(e.Neurons, e.Heads)+1, each, len(z))
	}
	block := func(back int) []float32 { return decompose.WithClass(z[len(z)-(back+1)*each:][:each], p.positions, C) }
	x := block(e.Heads)
	w := Window{Tokens: x, Attention: e.Query.Attend(x), Values: slices.Repeat(p.weights.ValueBias, N)}
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(x, N, C), numeric.Matrix(p.weights.Value, C, C), 1, numeric.Matrix(w.Values, N, C))
	if e.Neurons != e.Heads {
		w.Tokens = block(e.Neurons)
	}
	return w, nil
}
