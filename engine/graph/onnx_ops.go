package graph

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"
)

// node writes one operation, by several of ONNX's where it has no such one.
func (x *exporter) node(n *Node) error {
	in := make([]string, len(n.Inputs))
	for i, v := range n.Inputs {
		in[i] = x.names[v]
	}
	out := x.names[n.Output]
	switch n.Op {
	case OpRelu, OpAdd:
		x.add(n.Op.String(), in, out)
	case OpGELU:
		x.add("Gelu", in, out)
	case OpConcat, OpGather:
		x.add(n.Op.String(), in, out, intAttribute("axis", n.Axis))
	case OpTranspose:
		x.add("Transpose", in, out, intsAttribute("perm", n.Perm...))
	case OpSoftmax:
		x.add("Softmax", in, out, intAttribute("axis", -1))
	case OpLayerNorm:
		x.add("LayerNormalization", in, out, intAttribute("axis", -1), floatAttribute("epsilon", n.Epsilon))
	case OpReduceMean:
		x.add("ReduceMean", append(in, x.integerList(int64(n.Axis))), out, intAttribute("keepdims", 1))
	case OpConv:
		k := int(n.Inputs[1].Shape[2])
		x.add("Conv", in, out, intsAttribute("kernel_shape", k, k), intsAttribute("strides", n.Stride, n.Stride),
			intsAttribute("pads", n.Pad, n.Pad, n.Pad, n.Pad))
	case OpAvgPool:
		x.add("AveragePool", in, out, intsAttribute("kernel_shape", n.Kernel, n.Kernel),
			intsAttribute("strides", n.Kernel, n.Kernel))
	case OpQuickGELU:
		x.quickGELU(in[0], out)
	case OpMatMul:
		x.matMul(n, in, out)
	case OpReshape:
		return x.reshape(n, in[0], out)
	default:
		return fmt.Errorf("%v has no form in ONNX", n.Op)
	}
	return nil
}

func (x *exporter) quickGELU(in, out string) {
	scaled, gate := x.fresh(out+".scaled"), x.fresh(out+".gate")
	x.add("Mul", []string{in, x.scalar(1.702)}, scaled)
	x.add("Sigmoid", []string{scaled}, gate)
	x.add("Mul", []string{in, gate}, out)
}

// matMul transposes the second argument by a node of its own. When that argument is a weight, ONNX Runtime
// carries the node out once, when the session is made.
func (x *exporter) matMul(n *Node, in []string, out string) {
	if n.TransB {
		rank := len(n.Inputs[1].Shape)
		perm := numeric.Indices(rank)
		perm[rank-2], perm[rank-1] = rank-1, rank-2
		transposed := x.fresh(in[1] + ".transposed")
		x.add("Transpose", in[1:], transposed, intsAttribute("perm", perm...))
		in[1] = transposed
	}
	x.add("MatMul", in, out)
}

// reshape says the new shape in ONNX's way: 0 is the size that the argument has at the same place, and one size
// may be −1, whatever is left. Where more than one is left, the shape is computed from those of the inputs.
func (x *exporter) reshape(n *Node, in, out string) error {
	from, to := n.Inputs[0].Shape, n.Output.Shape
	sizes, open := make([]int64, len(to)), []int{}
	for i, d := range to {
		switch {
		case !d.Free():
			sizes[i] = int64(d)
		case i < len(from) && from[i] == d:
			sizes[i] = 0
		default:
			sizes[i] = -1
			open = append(open, i)
		}
	}
	if len(open) <= 1 {
		x.add("Reshape", []string{in, x.integerList(sizes...)}, out)
		return nil
	}
	parts := make([]string, len(to))
	for i := range to {
		parts[i] = x.integerList(sizes[i])
	}
	for _, i := range open[1:] {
		size, err := x.freeSize(to[i])
		if err != nil {
			return err
		}
		parts[i] = size
	}
	shape := x.fresh(out + ".shape")
	x.add("Concat", parts, shape, intAttribute("axis", 0))
	x.add("Reshape", []string{in, shape}, out)
	return nil
}

// freeSize names a list of one number, the free size d in this run, read off an input that has it.
func (x *exporter) freeSize(d Dim) (string, error) {
	for _, in := range x.graph.inputs {
		if axis := slices.Index(in.Shape, d); axis >= 0 {
			name := x.fresh(d.String())
			x.add("Shape", []string{in.Name}, name, intAttribute("start", axis), intAttribute("end", axis+1))
			return name, nil
		}
	}
	return "", fmt.Errorf("no input has the free size %v", d)
}

// integerList names a constant list of integers; equal lists are written once.
func (x *exporter) integerList(values ...int64) string {
	key := fmt.Sprint(values)
	if name, ok := x.shared[key]; ok {
		return name
	}
	name := x.fresh(key)
	x.shared[key] = name
	m := message(nil).number(1, int64(len(values))).number(2, onnxInt64).text(8, name)
	raw := message(nil)
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	x.initializers = x.initializers.bytes(5, m.bytes(9, raw))
	return name
}

// scalar names a constant number, without axes.
func (x *exporter) scalar(v float32) string {
	key := fmt.Sprint(v)
	if name, ok := x.shared[key]; ok {
		return name
	}
	name := x.fresh(key)
	x.shared[key] = name
	raw := binary.LittleEndian.AppendUint32(nil, math.Float32bits(v))
	x.initializers = x.initializers.bytes(5, message(nil).number(2, onnxFloat).text(8, name).bytes(9, raw))
	return name
}
