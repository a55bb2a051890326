package clip

import (
	"math"

	"github.com/facet-clip/facet/engine/graph"
)

// trie holds token sequences with every common beginning once. The text tower is causal, so what it computes for a token depends on the
// tokens before it alone: sequences that begin alike share all of that. Node k of N is a token behind its parent, a node before it.
type trie struct {
	ids, positions []int64 // [N]
	parents        []int   // [N], −1 without one
	ends           []int64 // by sequence [B]: the node of its last token
	last           []int64 // the sequence added last
	path           []int   // its nodes
}

// shared is how many tokens at the beginning of a sequence the trie has already, if sequences come in order: of those added, the last
// has most in common with the next.
func (t *trie) shared(sequence []int64) int {
	n := 0
	for n < min(len(sequence), len(t.last)) && sequence[n] == t.last[n] {
		n++
	}
	return n
}

// add takes a sequence in, not before any that was added in slices.Compare's order.
func (t *trie) add(sequence []int64) {
	n := t.shared(sequence)
	t.last, t.path = sequence, t.path[:n]
	for depth := n; depth < len(sequence); depth++ {
		parent := -1
		if depth > 0 {
			parent = t.path[depth-1]
		}
		t.path = append(t.path, len(t.ids))
		t.ids = append(t.ids, sequence[depth])
		t.positions = append(t.positions, int64(depth))
		t.parents = append(t.parents, parent)
	}
	t.ends = append(t.ends, int64(t.path[len(t.path)-1]))
}

// mask is [N,N]: 0 where the row's node sees the column's, which is itself or comes before it in a sequence, −∞ elsewhere.
func (t *trie) mask() []float32 {
	N := len(t.ids)
	mask := make([]float32, N*N)
	for i := range mask {
		mask[i] = float32(math.Inf(-1))
	}
	for k, parent := range t.parents {
		row := mask[k*N : (k+1)*N]
		if parent >= 0 {
			copy(row, mask[parent*N:(parent+1)*N])
		}
		row[k] = 0
	}
	return mask
}

// inputs are the trie as the text tower takes it, with the embeddings of its tokens [N,W].
func (t *trie) inputs(tokens []float32) map[string]graph.Tensor {
	N := len(t.ids)
	return map[string]graph.Tensor{
		"tokens":    graph.Floats(tokens, N, len(tokens)/N),
		"positions": graph.Ints(t.positions, N),
		"mask":      graph.Floats(t.mask(), N, N),
		"ends":      graph.Ints(t.ends, len(t.ends)),
	}
}
