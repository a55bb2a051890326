package portable

import "github.com/facet-clip/facet/engine/graph"

// plan says when the memory of a value is free again.
type plan struct {
	nodes []*graph.Node
	// owner is the value whose memory a reshaped value shows; itself for all others.
	owner map[*graph.Value]*graph.Value
	// last is the index of the last node that reads an owner's memory; outputs of the graph are never free.
	last map[*graph.Value]int
}

func newPlan(g *graph.Graph) plan {
	p := plan{nodes: g.Nodes(), owner: map[*graph.Value]*graph.Value{}, last: map[*graph.Value]int{}}
	for i, n := range p.nodes {
		for _, in := range n.Inputs {
			p.last[p.ownerOf(in)] = i
		}
		p.owner[n.Output] = n.Output
		if n.Op == graph.OpReshape {
			p.owner[n.Output] = p.ownerOf(n.Inputs[0])
		}
	}
	for _, o := range g.Outputs() {
		p.last[p.ownerOf(o.Value)] = len(p.nodes)
	}
	return p
}

// ownerOf is the value whose memory v shows; inputs and constants own theirs.
func (p plan) ownerOf(v *graph.Value) *graph.Value {
	if o, ok := p.owner[v]; ok {
		return o
	}
	return v
}

// dies tells whether node i is the last to read v's memory, and the memory is the run's own.
func (p plan) dies(v *graph.Value, i int) bool {
	o := p.ownerOf(v)
	return o.Node != nil && p.last[o] == i
}

// inPlace tells whether an operation may write its result over its first argument.
func inPlace(op graph.Op) bool {
	switch op {
	case graph.OpRelu, graph.OpAdd, graph.OpQuickGELU, graph.OpGELU, graph.OpSoftmax, graph.OpLayerNorm:
		return true
	}
	return false
}
