// Package graph is a small typed graph of tensor operations.
//
// The image and text towers of a CLIP-ResNet are written once, as a Graph, and every
// engine runs that same graph: ONNX Runtime through the bytes of [Graph.ONNX], the portable
// engine by walking [Graph.Nodes]. A builder method checks the shapes of its arguments; the
// first mistake is kept and reported by [Graph.Err], so that a tower reads like its paper
// and not like its error handling.
//
// # Terms
//
//   - A [Value] is an edge: an input, a constant (a weight) or the result of a node.
//   - A [Dim] is a size known when the graph is built, or one of the free sizes [Batch]
//     and [Length], which each run binds anew.
//   - Data is row-major float32; token ids and positions are int64.
package graph

import (
	"fmt"
	"slices"
)

// DType is the element type of a value.
type DType uint8

// The element types.
const (
	Float32 DType = iota + 1
	Int64
)

// Dim is a size, or a free size when negative.
type Dim int

// The free sizes: bound by the inputs of a run.
const (
	Batch  Dim = -1 // images or texts in a run
	Length Dim = -2 // tokens in a run
)

// Free tells whether d is bound by a run and not by the graph.
func (d Dim) Free() bool { return d < 0 }

// String gives the size, or the name of a free size.
func (d Dim) String() string {
	switch d {
	case Batch:
		return "batch"
	case Length:
		return "length"
	}
	return fmt.Sprint(int(d))
}

// Op names an operation.
type Op uint8

// The operations. Shapes are those of the arguments and the result of the builder method
// of the same name.
const (
	OpConv Op = iota + 1
	OpRelu
	OpAvgPool
	OpAdd
	OpMatMul
	OpReshape
	OpTranspose
	OpSoftmax
	OpReduceMean
	OpConcat
	OpGather
	OpLayerNorm
	OpQuickGELU
	OpGELU
)

var opNames = [...]string{"", "Conv", "Relu", "AvgPool", "Add", "MatMul", "Reshape", "Transpose", "Softmax",
	"ReduceMean", "Concat", "Gather", "LayerNorm", "QuickGELU", "GELU"}

// String gives the name of the operation.
func (o Op) String() string {
	if int(o) < len(opNames) {
		return opNames[o]
	}
	return fmt.Sprintf("Op(%d)", uint8(o))
}

// Value is an edge of a graph. Values are made by the methods of a Graph alone.
type Value struct {
	Name  string
	DType DType
	Shape []Dim
	// Floats and Ints hold the data of a constant, row-major; both are nil otherwise. They are
	// shared with the caller who made the constant, not copied.
	Floats []float32
	Ints   []int64
	// Node made this value; nil for inputs and constants.
	Node *Node
}

// Constant tells whether the value is a weight of the graph.
func (v *Value) Constant() bool { return v.Floats != nil || v.Ints != nil }

// Attributes are the settings of a node; each operation reads those it names.
type Attributes struct {
	Stride, Pad int     // Conv
	Kernel      int     // AvgPool: size and stride of the window
	Axis        int     // Concat, Gather, ReduceMean
	Perm        []int   // Transpose
	TransB      bool    // MatMul: the second argument comes transposed in its last two axes
	Epsilon     float32 // LayerNorm
}

// Node is one operation.
type Node struct {
	Op     Op
	Inputs []*Value
	Output *Value
	Attributes
}

// Graph is a list of operations in an order in which they can run.
type Graph struct {
	Name    string
	inputs  []*Value
	outputs []Output
	indices []index
	nodes   []*Node
	names   map[string]int
	err     error
}

// index is an input whose numbers stand for places on an axis of the given size.
type index struct {
	input string
	size  Dim
}

// Output is a result that a run returns, by name.
type Output struct {
	Name  string
	Value *Value
}

// New starts an empty graph.
func New(name string) *Graph { return &Graph{Name: name, names: map[string]int{}} }

// Err is the first mistake made while building, or nil.
func (g *Graph) Err() error { return g.err }

// Inputs are the values that a run must be given, in the order of their making.
func (g *Graph) Inputs() []*Value { return slices.Clone(g.inputs) }

// Outputs are the results of a run, in the order in which they were named.
func (g *Graph) Outputs() []Output { return slices.Clone(g.outputs) }

// Nodes are the operations that some output needs, each after those it needs itself.
func (g *Graph) Nodes() []*Node {
	needed := map[*Node]bool{}
	for _, o := range g.outputs {
		needed[o.Value.Node] = true
	}
	for _, n := range slices.Backward(g.nodes) {
		if !needed[n] {
			continue
		}
		for _, in := range n.Inputs {
			needed[in.Node] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(g.nodes), func(n *Node) bool { return !needed[n] })
}

// Constants are the weights that [Graph.Nodes] read, each once, in order of first use.
func (g *Graph) Constants() []*Value {
	var constants []*Value
	seen := map[*Value]bool{}
	for _, n := range g.Nodes() {
		for _, in := range n.Inputs {
			if in.Constant() && !seen[in] {
				seen[in] = true
				constants = append(constants, in)
			}
		}
	}
	return constants
}

// Output names v as a result of the graph. Naming intermediate values costs a copy of them, no more.
func (g *Graph) Output(name string, v *Value) {
	if v.Node == nil {
		g.fail("output %s is not the result of an operation", name)
		return
	}
	if slices.ContainsFunc(g.outputs, func(o Output) bool { return o.Name == name }) {
		g.fail("output %s is named twice", name)
		return
	}
	g.outputs = append(g.outputs, Output{Name: name, Value: v})
}

// Signature has the graph's name, inputs and outputs without operations and weights: all that is needed to bind inputs and to
// shape results, for an engine that keeps the weights in a form of its own.
func (g *Graph) Signature() *Graph {
	s := &Graph{Name: g.Name, inputs: g.inputs, indices: g.indices}
	for _, o := range g.outputs {
		s.outputs = append(s.outputs, Output{o.Name, &Value{Name: o.Value.Name, DType: o.Value.DType, Shape: o.Value.Shape}})
	}
	return s
}

// Input declares a value that each run brings.
func (g *Graph) Input(name string, t DType, shape ...Dim) *Value {
	v := &Value{Name: g.unique(name), DType: t, Shape: shape}
	g.inputs = append(g.inputs, v)
	return v
}

// Constant brings a weight: row-major data of the given shape, not copied.
func (g *Graph) Constant(name string, data []float32, shape ...int) *Value {
	v := &Value{Name: g.unique(name), DType: Float32, Shape: dims(shape), Floats: data}
	if count(shape) != len(data) || len(data) == 0 {
		g.fail("constant %s: %d numbers do not fill the shape %v", name, len(data), shape)
	}
	return v
}

// fail keeps the first mistake.
func (g *Graph) fail(format string, args ...any) {
	if g.err == nil {
		g.err = fmt.Errorf("graph %s: "+format, append([]any{g.Name}, args...)...)
	}
}

// unique gives name, or name with a number behind it when it is taken.
func (g *Graph) unique(name string) string {
	g.names[name]++
	if n := g.names[name]; n > 1 {
		return g.unique(fmt.Sprintf("%s_%d", name, n))
	}
	return name
}

// add appends a node whose result has the given shape.
func (g *Graph) add(op Op, shape []Dim, a Attributes, inputs ...*Value) *Value {
	n := &Node{Op: op, Inputs: inputs, Attributes: a}
	n.Output = &Value{Name: g.unique(op.String()), DType: Float32, Shape: shape, Node: n}
	g.nodes = append(g.nodes, n)
	return n.Output
}

func dims(shape []int) []Dim {
	out := make([]Dim, len(shape))
	for i, s := range shape {
		out[i] = Dim(s)
	}
	return out
}

func count(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}
