package graph

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// The version of ONNX that is written: opset 20 is the first with Gelu; IR 9 goes with it.
const (
	irVersion = 9
	opset     = 20
)

// maxONNX is what a protobuf message holds at most.
const maxONNX = math.MaxInt32

// ONNX is the graph as an ONNX model, weights included. Free sizes are dimension parameters called "batch", "length" and "rows".
// A building error, a graph without outputs, a shape that ONNX cannot say and more than 2 GB are errors.
func (g *Graph) ONNX() ([]byte, error) {
	if g.err != nil {
		return nil, g.err
	}
	if len(g.outputs) == 0 {
		return nil, fmt.Errorf("graph %s has no outputs", g.Name)
	}
	size := 1 << 20
	for _, c := range g.Constants() {
		size += 4*len(c.Floats) + 256
	}
	if size > maxONNX {
		return nil, fmt.Errorf("graph %s: %d bytes of weights, more than the 2 GB that an ONNX file holds: use --engine portable", g.Name, size)
	}
	m := &onnxModel{shapes: map[string][]int64{}}
	graph, err := m.graph(g, size)
	if err != nil {
		return nil, fmt.Errorf("graph %s: %w", g.Name, err)
	}
	out := make(message, 0, len(graph)+256)
	out = out.integer(1, irVersion)
	out = out.text(2, "facet")
	out = out.bytes(7, graph)
	return out.bytes(8, message(nil).integer(2, opset)), nil // of the default domain
}

// message is a protobuf message under construction; the numbers are the field numbers of onnx.proto.
type message []byte

func (m message) integer(field protowire.Number, v int64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), uint64(v))
}

func (m message) text(field protowire.Number, s string) message {
	return protowire.AppendString(protowire.AppendTag(m, field, protowire.BytesType), s)
}

func (m message) bytes(field protowire.Number, b []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), b)
}

func (m message) float(field protowire.Number, v float32) message {
	return protowire.AppendFixed32(protowire.AppendTag(m, field, protowire.Fixed32Type), math.Float32bits(v))
}

// TensorProto's element types.
const (
	onnxFloat = 1
	onnxInt64 = 7
)

// onnxModel writes the nodes of a graph. Shapes of Reshape and axes of ReduceMean are constants in ONNX; each is written once.
type onnxModel struct {
	nodes  []message
	shapes map[string][]int64
}

// graph is a GraphProto.
func (m *onnxModel) graph(g *Graph, size int) (message, error) {
	out := make(message, 0, size)
	for _, n := range g.Nodes() {
		if err := m.node(n); err != nil {
			return nil, err
		}
	}
	for _, n := range m.nodes {
		out = out.bytes(1, n)
	}
	for _, o := range g.outputs {
		out = out.bytes(1, operator("Identity", []string{o.Value.Name}, "out:"+o.Name))
	}
	out = out.text(2, g.Name)
	for _, c := range g.Constants() {
		out = appendWeights(out, c)
	}
	for _, name := range slices.Sorted(maps.Keys(m.shapes)) {
		out = out.bytes(5, integerTensor(name, m.shapes[name]))
	}
	for _, in := range g.inputs {
		out = out.bytes(11, valueInfo(in.Name, in))
	}
	for _, o := range g.outputs {
		out = out.bytes(12, valueInfo("out:"+o.Name, o.Value))
	}
	return out, nil
}

// appendWeights writes a TensorProto with raw little-endian data as an initializer, without a second copy of it.
func appendWeights(out message, c *Value) message {
	head := message(nil)
	for _, d := range c.Shape {
		head = head.integer(1, int64(d))
	}
	head = head.integer(2, onnxFloat).text(8, c.Name)
	raw := 4 * len(c.Floats)
	head = protowire.AppendTag(head, 9, protowire.BytesType)
	head = protowire.AppendVarint(head, uint64(raw))
	out = protowire.AppendTag(out, 5, protowire.BytesType)
	out = protowire.AppendVarint(out, uint64(len(head)+raw))
	return appendFloats(append(out, head...), c.Floats)
}

// appendFloats writes little-endian floats.
func appendFloats(out message, data []float32) message {
	if nativeLittleEndian && len(data) > 0 {
		return append(out, unsafe.Slice((*byte)(unsafe.Pointer(&data[0])), 4*len(data))...)
	}
	for _, v := range data {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

var nativeLittleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

func integerTensor(name string, values []int64) message {
	m := message(nil).integer(1, int64(len(values))).integer(2, onnxInt64).text(8, name)
	raw := message(nil)
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return m.bytes(9, raw)
}

// valueInfo is a ValueInfoProto: a name with its type and shape.
func valueInfo(name string, v *Value) message {
	shape := message(nil)
	for _, d := range v.Shape {
		dim := message(nil)
		if d.Free() {
			dim = dim.text(2, d.String())
		} else {
			dim = dim.integer(1, int64(d))
		}
		shape = shape.bytes(1, dim)
	}
	kind := int64(onnxFloat)
	if v.DType == Int64 {
		kind = onnxInt64
	}
	tensor := message(nil).integer(1, kind).bytes(2, shape)
	return message(nil).text(1, name).bytes(2, message(nil).bytes(1, tensor))
}

// operator is a NodeProto.
func operator(op string, inputs []string, output string, attributes ...message) message {
	m := message(nil)
	for _, in := range inputs {
		m = m.text(1, in)
	}
	m = m.text(2, output).text(4, op)
	for _, a := range attributes {
		m = m.bytes(5, a)
	}
	return m
}

// AttributeProto's kinds.
const (
	kindFloat = 1
	kindInt   = 2
	kindInts  = 7
)

func integerAttribute(name string, v int) message {
	return message(nil).text(1, name).integer(3, int64(v)).integer(20, kindInt)
}

func floatAttribute(name string, v float32) message {
	return message(nil).text(1, name).float(2, v).integer(20, kindFloat)
}

func integersAttribute(name string, v ...int) message {
	m := message(nil).text(1, name)
	for _, i := range v {
		m = m.integer(8, int64(i))
	}
	return m.integer(20, kindInts)
}

// node writes one operation, by more than one of ONNX's where it must.
func (m *onnxModel) node(n *Node) error {
	in := make([]string, len(n.Inputs))
	for i, v := range n.Inputs {
		in[i] = v.Name
	}
	out := n.Output.Name
	add := func(op string, inputs []string, output string, attributes ...message) {
		m.nodes = append(m.nodes, operator(op, inputs, output, attributes...))
	}
	switch n.Op {
	case OpConv:
		k := int(n.Inputs[1].Shape[2])
		add("Conv", in, out, integersAttribute("kernel_shape", k, k), integersAttribute("strides", n.Stride, n.Stride),
			integersAttribute("pads", n.Pad, n.Pad, n.Pad, n.Pad))
	case OpRelu, OpAdd:
		add(n.Op.String(), in, out)
	case OpGELU:
		add("Gelu", in, out)
	case OpQuickGELU:
		add("Mul", []string{in[0], m.scalar(out+":1.702", 1.702)}, out+":scaled")
		add("Sigmoid", []string{out + ":scaled"}, out+":gate")
		add("Mul", []string{in[0], out + ":gate"}, out)
	case OpAvgPool:
		add("AveragePool", in, out, integersAttribute("kernel_shape", n.Kernel, n.Kernel), integersAttribute("strides", n.Kernel, n.Kernel))
	case OpMatMul:
		if n.TransB { // of a weight, ONNX Runtime does this once
			add("Transpose", in[1:], out+":transposed", integersAttribute("perm", swapLast(len(n.Inputs[1].Shape))...))
			in[1] = out + ":transposed"
		}
		add("MatMul", in, out)
	case OpReshape:
		shape, err := onnxShape(n.Inputs[0].Shape, n.Output.Shape)
		if err != nil {
			return err
		}
		add("Reshape", []string{in[0], m.integers(shape)}, out)
	case OpTranspose:
		add("Transpose", in, out, integersAttribute("perm", n.Perm...))
	case OpSoftmax:
		add("Softmax", in, out, integerAttribute("axis", -1))
	case OpReduceMean:
		add("ReduceMean", []string{in[0], m.integers([]int64{int64(n.Axis)})}, out, integerAttribute("keepdims", 1))
	case OpConcat, OpGather:
		add(n.Op.String(), in, out, integerAttribute("axis", n.Axis))
	case OpLayerNorm:
		add("LayerNormalization", in, out, integerAttribute("axis", -1), floatAttribute("epsilon", n.Epsilon))
	default:
		return fmt.Errorf("%v has no ONNX form", n.Op)
	}
	return nil
}

// scalar names a constant number, made by a Constant node.
func (m *onnxModel) scalar(name string, v float32) string {
	m.nodes = append(m.nodes, operator("Constant", nil, name, floatAttribute("value_float", v)))
	return name
}

// integers names a constant list.
func (m *onnxModel) integers(values []int64) string {
	name := fmt.Sprint("integers:", values)
	m.shapes[name] = values
	return name
}

func swapLast(rank int) []int {
	perm := make([]int, rank)
	for i := range perm {
		perm[i] = i
	}
	perm[rank-1], perm[rank-2] = rank-2, rank-1
	return perm
}

// onnxShape says a shape as Reshape takes it: 0 copies the size from the same place, and one size may be −1, what is left.
func onnxShape(from, to []Dim) ([]int64, error) {
	shape, open := make([]int64, len(to)), 0
	for i, d := range to {
		switch {
		case !d.Free():
			shape[i] = int64(d)
		case i < len(from) && from[i] == d:
			shape[i] = 0
		default:
			shape[i] = -1
			open++
		}
	}
	if open > 1 {
		return nil, fmt.Errorf("a reshape of %v to %v leaves %d sizes open, ONNX allows one", from, to, open)
	}
	return shape, nil
}
