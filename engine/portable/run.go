package portable

import (
	"context"
	"fmt"
	"slices"

	"github.com/facet-clip/facet/engine/graph"
)

// run is one walk over the nodes.
type run struct {
	plan
	binding graph.Binding
	floats  map[*graph.Value][]float32 // by owner
	ints    map[*graph.Value][]int64
	arena   *arena
}

// Run walks the nodes in order; ctx is looked at before each.
func (s *session) Run(ctx context.Context, inputs map[string]graph.Tensor) (map[string]graph.Tensor, error) {
	binding, err := s.graph.Bind(inputs)
	if err != nil {
		return nil, err
	}
	a, ok := s.arenas.Get().(*arena)
	if !ok {
		a = &arena{}
	}
	defer s.arenas.Put(a)
	r := run{s.plan, binding, map[*graph.Value][]float32{}, map[*graph.Value][]int64{}, a}
	for _, in := range s.graph.Inputs() {
		r.floats[in], r.ints[in] = inputs[in.Name].Floats, inputs[in.Name].Ints
	}
	for i, n := range r.nodes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.node(i, n); err != nil {
			return nil, fmt.Errorf("graph %s: %s: %w", s.graph.Name, n.Output.Name, err)
		}
	}
	results := map[string]graph.Tensor{}
	for _, o := range s.graph.Outputs() {
		results[o.Name] = graph.Floats(slices.Clone(r.data(o.Value)), binding.Shape(o.Value)...)
	}
	for _, o := range s.graph.Outputs() {
		r.release(o.Value)
	}
	return results, nil
}

// node runs one operation and gives back the memory that nobody reads any more.
func (r *run) node(i int, n *graph.Node) error {
	if n.Op == graph.OpReshape {
		return nil
	}
	var out []float32
	first := n.Inputs[0]
	reuse := inPlace(n.Op) && r.dies(first, i)
	if reuse {
		out = r.data(first)
	} else {
		out = r.arena.take(volume(r.binding.Shape(n.Output)))
	}
	err := r.kernel(n, out)
	for _, in := range n.Inputs {
		if r.dies(in, i) && !(reuse && r.ownerOf(in) == r.ownerOf(first)) {
			r.release(in)
		}
	}
	if reuse {
		delete(r.floats, r.ownerOf(first))
	}
	r.floats[n.Output] = out
	return err
}

// data is the memory of a value.
func (r *run) data(v *graph.Value) []float32 {
	if v.Constant() {
		return v.Floats
	}
	return r.floats[r.ownerOf(v)]
}

// release gives the memory of a value back to the arena, once.
func (r *run) release(v *graph.Value) {
	o := r.ownerOf(v)
	if data, ok := r.floats[o]; ok && o.Node != nil {
		r.arena.give(data)
		delete(r.floats, o)
	}
}

// kernel computes one operation into out.
func (r *run) kernel(n *graph.Node, out []float32) error {
	x, shape := r.data(n.Inputs[0]), r.binding.Shape(n.Inputs[0])
	argument := func(i int) []float32 { return r.data(n.Inputs[i]) }
	switch n.Op {
	case graph.OpConv:
		newConvolution(n, shape, r.binding.Shape(n.Output)).run(out, x, argument(1), argument(2), r.arena)
	case graph.OpMatMul:
		matMul(out, x, argument(1), shape, r.binding.Shape(n.Inputs[1]), n.TransB)
	case graph.OpAvgPool:
		avgPool(out, x, shape, n.Kernel)
	case graph.OpRelu:
		relu(out, x)
	case graph.OpQuickGELU:
		quickGELU(out, x)
	case graph.OpGELU:
		gelu(out, x)
	case graph.OpAdd:
		add(out, x, argument(1))
	case graph.OpSoftmax:
		softmax(out, x, shape[len(shape)-1])
	case graph.OpLayerNorm:
		layerNorm(out, x, argument(1), argument(2), float64(n.Epsilon))
	case graph.OpReduceMean:
		reduceMean(out, x, shape, n.Axis)
	case graph.OpTranspose:
		transpose(out, x, shape, n.Perm)
	case graph.OpConcat:
		r.concat(n, out)
	case graph.OpGather:
		return gather(out, x, r.ints[n.Inputs[1]], shape, n.Axis)
	default:
		return fmt.Errorf("operation %v is unknown to the portable engine", n.Op)
	}
	return nil
}

// arena keeps memory for reuse within a run and between runs.
type arena struct{ free [][]float32 }

// take gives n floats of any content: the smallest free piece that holds them and is not more than twice as large, or a new one.
func (a *arena) take(n int) []float32 {
	best := -1
	for i, f := range a.free {
		if cap(f) >= n && cap(f) <= 2*n && (best < 0 || cap(f) < cap(a.free[best])) {
			best = i
		}
	}
	if best < 0 {
		return make([]float32, n)
	}
	f := a.free[best][:n]
	a.free = slices.Delete(a.free, best, best+1)
	return f
}

// give takes memory back.
func (a *arena) give(data []float32) { a.free = append(a.free, data) }

func volume(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
