package graph

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// The version of ONNX that is written: opset 20 is the first with Gelu, and IR 9 came with it.
const (
	onnxIR    = 9
	onnxOpset = 20
)

// maxONNX is the largest message that protobuf's readers take.
const maxONNX = math.MaxInt32

// ONNX is the graph as a serialised ONNX model with its weights, in operations of the default domain alone.
// Inputs and outputs keep their names; the free sizes are the dimension parameters "batch" and
// "length". A building error, a graph without outputs, an output with an input's name, and a model
// beyond protobuf's 2 GB are errors.
func (g *Graph) ONNX() ([]byte, error) {
	model, _, err := g.onnx(math.MaxInt)
	return model, err
}

// Weight is a weight that a model names and does not hold.
type Weight struct {
	Name  string
	Shape []int64
	Data  []float32
}

// externalSize is the number of elements from which on a weight is left out of a model: small ones are read while the graph is optimised.
const externalSize = 1024

// ONNXWithout is the graph as [Graph.ONNX] writes it without its large weights, and those weights, not copied. The model says of each that its
// data are elsewhere; who runs it hands them in by name.
func (g *Graph) ONNXWithout() ([]byte, []Weight, error) { return g.onnx(externalSize) }

// onnx leaves weights of at least external elements out.
func (g *Graph) onnx(external int) ([]byte, []Weight, error) {
	if g.err != nil {
		return nil, nil, g.err
	}
	if len(g.outputs) == 0 {
		return nil, nil, fmt.Errorf("graph %s: there are no outputs", g.Name)
	}
	x, err := newExporter(g, external)
	if err != nil {
		return nil, nil, fmt.Errorf("graph %s: %w", g.Name, err)
	}
	for _, n := range g.Nodes() {
		if err := x.node(n); err != nil {
			return nil, nil, fmt.Errorf("graph %s: %s: %w", g.Name, n.Output.Name, err)
		}
	}
	for _, o := range g.outputs {
		if from := x.names[o.Value]; from != o.Name { // a value's further names
			x.add("Identity", []string{from}, o.Name)
		}
	}
	model, err := x.model()
	return model, x.external, err
}

// model puts the parts together in one buffer of the right size, so that the weights are copied once.
func (x *exporter) model() ([]byte, error) {
	g := x.graph
	small := x.nodes.text(2, g.Name)
	small = append(small, x.initializers...)
	for _, in := range g.inputs {
		small = small.bytes(11, valueInfo(in.Name, in))
	}
	for _, o := range g.outputs {
		small = small.bytes(12, valueInfo(o.Name, o.Value))
	}
	size := len(small)
	for _, w := range x.weights {
		size += 1 + protowire.SizeBytes(len(w.head)+4*len(w.data))
	}
	head := message(nil).number(1, onnxIR).text(2, "facet")
	head = head.bytes(8, message(nil).text(1, "").number(2, onnxOpset)) // "" is the default domain
	head = protowire.AppendTag(head, 7, protowire.BytesType)
	head = protowire.AppendVarint(head, uint64(size))
	if total := len(head) + size; total > maxONNX {
		return nil, fmt.Errorf("graph %s: as an ONNX model it has %d bytes, over the format's limit of %d", g.Name, total, maxONNX)
	}
	out := make(message, 0, len(head)+size)
	out = append(append(out, head...), small...)
	for _, w := range x.weights {
		out = protowire.AppendTag(out, 5, protowire.BytesType)
		out = protowire.AppendVarint(out, uint64(len(w.head)+4*len(w.data)))
		out = appendFloats(append(out, w.head...), w.data)
	}
	return out, nil
}

// exporter gathers the parts of a GraphProto.
type exporter struct {
	graph        *Graph
	names        map[*Value]string
	taken        map[string]bool
	nodes        message
	initializers message           // the small ones: shapes, axes, factors
	shared       map[string]string // names of the small initializers, by what they hold
	weights      []weight
	external     []Weight // left out
}

// weight is a TensorProto: everything up to the length of its raw data, and the data.
type weight struct {
	head message
	data []float32
}

// newExporter names every value. Inputs and outputs keep the names they were given, all others avoid those.
func newExporter(g *Graph, external int) (*exporter, error) {
	x := &exporter{graph: g, names: map[*Value]string{}, taken: map[string]bool{}, shared: map[string]string{}}
	for _, in := range g.inputs {
		x.names[in], x.taken[in.Name] = in.Name, true
	}
	for _, o := range g.outputs {
		if x.taken[o.Name] {
			return nil, fmt.Errorf("output %s has the name of an input", o.Name)
		}
		x.taken[o.Name] = true
		if _, named := x.names[o.Value]; !named {
			x.names[o.Value] = o.Name
		}
	}
	for _, c := range g.Constants() {
		x.names[c] = x.fresh(c.Name)
		if len(c.Floats) < external {
			x.weights = append(x.weights, newWeight(x.names[c], c))
			continue
		}
		x.initializers = x.initializers.bytes(5, elsewhere(x.names[c], c))
		x.external = append(x.external, Weight{x.names[c], sizes(c.Shape), c.Floats})
	}
	for _, n := range g.Nodes() {
		if _, named := x.names[n.Output]; !named {
			x.names[n.Output] = x.fresh(n.Output.Name)
		}
	}
	return x, nil
}

// fresh gives a name that nothing else has, close to the wished one.
func (x *exporter) fresh(name string) string {
	for x.taken[name] {
		name += "'"
	}
	x.taken[name] = true
	return name
}

// elsewhere is a TensorProto without data. Its location is no file's: only a weight that is handed in makes the model whole.
func elsewhere(name string, c *Value) message {
	head := message(nil)
	for _, d := range c.Shape {
		head = head.number(1, int64(d))
	}
	head = head.number(2, onnxFloat).text(8, name)
	head = head.bytes(13, message(nil).text(1, "location").text(2, "handed in by name"))
	return head.number(14, onnxExternal)
}

func sizes(shape []Dim) []int64 {
	out := make([]int64, len(shape))
	for i, d := range shape {
		out[i] = int64(d)
	}
	return out
}

func newWeight(name string, c *Value) weight {
	head := message(nil)
	for _, d := range c.Shape {
		head = head.number(1, int64(d))
	}
	head = head.number(2, onnxFloat).text(8, name)
	head = protowire.AppendTag(head, 9, protowire.BytesType)
	return weight{protowire.AppendVarint(head, uint64(4*len(c.Floats))), c.Floats}
}

// appendFloats appends data in little-endian order, ONNX's, in one move where the machine has the same.
func appendFloats(out message, data []float32) message {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return append(out, unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), 4*len(data))...)
	}
	for _, v := range data {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

// message is a protobuf message under construction. The field numbers are those of onnx.proto, which ONNX
// has promised never to change.
type message []byte

func (m message) number(field protowire.Number, v int64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), uint64(v))
}

func (m message) text(field protowire.Number, s string) message {
	return protowire.AppendString(protowire.AppendTag(m, field, protowire.BytesType), s)
}

func (m message) bytes(field protowire.Number, b []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), b)
}

// The element types of a TensorProto.
const (
	onnxFloat = 1
	onnxInt64 = 7
)

// onnxExternal is the place of a TensorProto's data outside of the model.
const onnxExternal = 1

// valueInfo is a ValueInfoProto: a name with the type and the shape of its value.
func valueInfo(name string, v *Value) message {
	shape := message(nil)
	for _, d := range v.Shape {
		if d.Free() {
			shape = shape.bytes(1, message(nil).text(2, d.String()))
		} else {
			shape = shape.bytes(1, message(nil).number(1, int64(d)))
		}
	}
	element := int64(onnxFloat)
	if v.DType == Int64 {
		element = onnxInt64
	}
	tensor := message(nil).number(1, element).bytes(2, shape)
	return message(nil).text(1, name).bytes(2, message(nil).bytes(1, tensor))
}

// attribute is an AttributeProto; it ends with the kind of its value.
type attribute message

func intAttribute(name string, v int) attribute {
	return attribute(message(nil).text(1, name).number(3, int64(v)).number(20, 2))
}

func floatAttribute(name string, v float32) attribute {
	m := protowire.AppendTag(message(nil).text(1, name), 2, protowire.Fixed32Type)
	return attribute(message(protowire.AppendFixed32(m, math.Float32bits(v))).number(20, 1))
}

func intsAttribute(name string, values ...int) attribute {
	m := message(nil).text(1, name)
	for _, v := range values {
		m = m.number(8, int64(v))
	}
	return attribute(m.number(20, 7))
}

// add writes a NodeProto.
func (x *exporter) add(op string, inputs []string, output string, attributes ...attribute) {
	m := message(nil)
	for _, in := range inputs {
		m = m.text(1, in)
	}
	m = m.text(2, output).text(3, output).text(4, op)
	for _, a := range attributes {
		m = m.bytes(5, a)
	}
	x.nodes = x.nodes.bytes(1, m)
}
