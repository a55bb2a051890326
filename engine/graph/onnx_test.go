package graph

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
)

// fields is a decoded message: the contents of each field in order, numbers as varints.
type fields map[protowire.Number][][]byte

func decode(t *testing.T, b []byte) fields {
	t.Helper()
	f := fields{}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		size := protowire.ConsumeFieldValue(number, kind, b)
		if size < 0 {
			t.Fatal(protowire.ParseError(size))
		}
		content := b[:size]
		if kind == protowire.BytesType {
			content, _ = protowire.ConsumeBytes(content)
		}
		f[number] = append(f[number], content)
		b = b[size:]
	}
	return f
}

func (f fields) text(number protowire.Number) string {
	if len(f[number]) == 0 {
		return ""
	}
	return string(f[number][0])
}

func (f fields) number(number protowire.Number) int64 {
	v, _ := protowire.ConsumeVarint(f[number][0])
	return int64(v)
}

// readable is an ONNX model as lines: inputs, initializers, nodes, outputs.
func readable(t *testing.T, g *Graph) []string {
	t.Helper()
	data, err := g.ONNX()
	if err != nil {
		t.Fatal(err)
	}
	model := decode(t, data)
	if model.number(1) != 9 || decode(t, model[8][0]).number(2) != 20 {
		t.Errorf("IR version %d, opset %d", model.number(1), decode(t, model[8][0]).number(2))
	}
	body := decode(t, model[7][0])
	lines := []string{}
	for _, v := range body[11] {
		lines = append(lines, "in "+valueLine(t, v))
	}
	for _, v := range body[5] {
		lines = append(lines, tensorLine(t, v))
	}
	for _, v := range body[1] {
		node := decode(t, v)
		line := fmt.Sprintf("%s = %s(%s)", node.text(2), node.text(4), join(node[1]))
		for _, a := range node[5] {
			line += attributeText(t, a)
		}
		lines = append(lines, line)
	}
	for _, v := range body[12] {
		lines = append(lines, "out "+valueLine(t, v))
	}
	return lines
}

func join(parts [][]byte) string {
	var list []string
	for _, p := range parts {
		list = append(list, string(p))
	}
	return strings.Join(list, ", ")
}

func varints(parts [][]byte) []int64 {
	var list []int64
	for _, p := range parts {
		v, _ := protowire.ConsumeVarint(p)
		list = append(list, int64(v))
	}
	return list
}

func valueLine(t *testing.T, b []byte) string {
	v := decode(t, b)
	tensor := decode(t, decode(t, v[2][0])[1][0])
	line := fmt.Sprint(v.text(1), " ", map[int64]string{1: "float", 7: "int64"}[tensor.number(1)])
	for _, d := range decode(t, tensor[2][0])[1] {
		if dim := decode(t, d); len(dim[2]) > 0 {
			line += " " + dim.text(2)
		} else {
			line += fmt.Sprint(" ", dim.number(1))
		}
	}
	return line
}

func tensorLine(t *testing.T, b []byte) string {
	v := decode(t, b)
	raw := v[9][0]
	line := fmt.Sprint(v.text(8), " ", varints(v[1]), " =")
	for len(raw) > 0 {
		if v.number(2) == 7 {
			line += fmt.Sprint(" ", int64(binary.LittleEndian.Uint64(raw)))
			raw = raw[8:]
		} else {
			line += fmt.Sprint(" ", math.Float32frombits(binary.LittleEndian.Uint32(raw)))
			raw = raw[4:]
		}
	}
	return line
}

func attributeText(t *testing.T, b []byte) string {
	a := decode(t, b)
	switch a.number(20) {
	case 1:
		return fmt.Sprintf(" %s=%g", a.text(1), math.Float32frombits(binary.LittleEndian.Uint32(a[2][0])))
	case 2:
		return fmt.Sprintf(" %s=%d", a.text(1), a.number(3))
	case 7:
		return fmt.Sprintf(" %s=%v", a.text(1), varints(a[8]))
	}
	t.Errorf("attribute %s has kind %d", a.text(1), a.number(20))
	return ""
}

func TestONNX(t *testing.T) {
	tests := []struct {
		name  string
		build func(g *Graph)
		want  []string
	}{
		{"image operations", func(g *Graph) {
			x := g.Input("x", Float32, Batch, 1, 5, 5)
			w, b := g.Constant("w", []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}, 1, 1, 3, 3), g.Constant("b", []float32{.5}, 1)
			g.Output("y", g.AvgPool(g.Conv(x, w, b, 2, 1), 2))
		}, []string{
			"in x float batch 1 5 5",
			"w [1 1 3 3] = 1 2 3 4 5 6 7 8 9",
			"b [1] = 0.5",
			"Conv = Conv(x, w, b) kernel_shape=[3 3] strides=[2 2] pads=[1 1 1 1]",
			"y = AveragePool(Conv) kernel_shape=[2 2] strides=[2 2]",
			"out y float batch 1 1 1",
		}},
		{"text operations", func(g *Graph) {
			ids := g.Input("ids", Int64, Batch, Length)
			x := g.Gather(g.Constant("table", []float32{1, 2}, 1, 2), ids, 0)
			x = g.LayerNorm(x, g.Constant("scale", []float32{1, 1}, 2), g.Constant("shift", []float32{0, 0}, 2), 0.25)
			g.Output("y", g.ReduceMean(g.Softmax(g.QuickGELU(g.GELU(x))), 1))
		}, []string{
			"in ids int64 batch length",
			"1.702 [] = 1.702",
			"[1] [1] = 1",
			"table [1 2] = 1 2",
			"scale [2] = 1 1",
			"shift [2] = 0 0",
			"Gather = Gather(table, ids) axis=0",
			"LayerNorm = LayerNormalization(Gather, scale, shift) axis=-1 epsilon=0.25",
			"GELU = Gelu(LayerNorm)",
			"QuickGELU.scaled = Mul(GELU, 1.702)",
			"QuickGELU.gate = Sigmoid(QuickGELU.scaled)",
			"QuickGELU = Mul(GELU, QuickGELU.gate)",
			"Softmax = Softmax(QuickGELU) axis=-1",
			"y = ReduceMean(Softmax, [1]) keepdims=1",
			"out y float batch 1 2",
		}},
		{"transposed products", func(g *Graph) {
			x := g.Input("x", Float32, Batch, 3, 1)
			y := g.MatMul(x, g.Constant("w", []float32{1, 2}, 2, 1), true)
			g.Output("y", g.MatMul(y, y, true))
		}, []string{
			"in x float batch 3 1",
			"w [2 1] = 1 2",
			"w.transposed = Transpose(w) perm=[1 0]",
			"MatMul = MatMul(x, w.transposed)",
			"MatMul.transposed = Transpose(MatMul) perm=[0 2 1]",
			"y = MatMul(MatMul, MatMul.transposed)",
			"out y float batch 3 3",
		}},
		{"sizes that ONNX infers", func(g *Graph) {
			x := g.Input("x", Float32, Batch, Length, 6)
			g.Output("same", g.Reshape(x, Batch, Length, 3, 2))
		}, []string{
			"in x float batch length 6",
			"[0 0 3 2] [4] = 0 0 3 2",
			"same = Reshape(x, [0 0 3 2])",
			"out same float batch length 3 2",
		}},
		{"sizes that must be computed", func(g *Graph) {
			g.Output("y", g.Reshape(g.Input("x", Float32, Batch, Length, 2), Length, Batch, 2))
		}, []string{
			"in x float batch length 2",
			"[-1] [1] = -1",
			"[2] [1] = 2",
			"batch = Shape(x) start=0 end=1",
			"y.shape = Concat([-1], batch, [2]) axis=0",
			"y = Reshape(x, y.shape)",
			"out y float length batch 2",
		}},
		{"names that clash", func(g *Graph) {
			x := g.Input("Relu", Float32, Batch, 1)
			y := g.Relu(g.Add(x, g.Constant("y", []float32{1}, 1)))
			g.Relu(y) // serves no output
			g.Output("y", y)
			g.Output("Add", y)
		}, []string{
			"in Relu float batch 1",
			"y' [1] = 1",
			"Add' = Add(Relu, y')",
			"y = Relu(Add')",
			"Add = Identity(y)",
			"out y float batch 1",
			"out Add float batch 1",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := New(test.name)
			test.build(g)
			if diff := cmp.Diff(test.want, readable(t, g)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Every name is defined once and before its use, as ONNX demands.
func TestONNXNames(t *testing.T) {
	g := New("names")
	x := g.Input("x", Float32, Batch, Length, 4)
	w := g.Constant("w", make([]float32, 16), 4, 4)
	for range 3 {
		x = g.Reshape(g.QuickGELU(g.MatMul(g.Reshape(x, Length, Batch, 4), w, true)), Batch, Length, 4)
	}
	g.Output("y", x)
	var defined []string
	define := func(name string) {
		if slices.Contains(defined, name) {
			t.Errorf("%s is defined twice", name)
		}
		defined = append(defined, name)
	}
	data, err := g.ONNX()
	if err != nil {
		t.Fatal(err)
	}
	body := decode(t, decode(t, data)[7][0])
	for _, v := range body[11] {
		define(decode(t, v).text(1))
	}
	for _, v := range body[5] {
		define(decode(t, v).text(8))
	}
	for _, v := range body[1] {
		node := decode(t, v)
		for _, in := range node[1] {
			if !slices.Contains(defined, string(in)) {
				t.Errorf("%s is used before it is defined", in)
			}
		}
		define(node.text(2))
	}
}

func TestONNXErrors(t *testing.T) {
	tests := []struct {
		name  string
		build func(g *Graph)
		want  string
	}{
		{"building error", func(g *Graph) {
			g.Output("y", g.Relu(g.Add(g.Input("x", Float32, 2), g.Constant("w", []float32{1}, 1))))
		}, "suffix"},
		{"no outputs", func(g *Graph) { g.Relu(g.Input("x", Float32, 2)) }, "no outputs"},
		{"output named as an input", func(g *Graph) { g.Output("x", g.Relu(g.Input("x", Float32, 2))) }, "name of an input"},
		{"too large", func(g *Graph) {
			x := g.Input("x", Float32, Batch, 2048)
			data := make([]float32, 2048*2048) // 16 MB, counted 128 times
			for range 128 {
				x = g.MatMul(x, g.Constant("w", data, 2048, 2048), false)
			}
			g.Output("y", x)
		}, "limit of 2147483647"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := New(test.name)
			test.build(g)
			if _, err := g.ONNX(); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.name) {
				t.Errorf("expected an error with %q, got %v", test.want, err)
			}
		})
	}
}

// TestONNXWithout: large weights are named in the model and handed out as they are; their numbers are not in its bytes.
func TestONNXWithout(t *testing.T) {
	g := New("g")
	x := g.Input("x", Float32, Batch, 64)
	large, small := make([]float32, 64*64), make([]float32, 64)
	g.Output("y", g.Linear(x, g.Constant("large", large, 64, 64), g.Constant("small", small, 64)))
	whole, err := g.ONNX()
	if err != nil {
		t.Fatal(err)
	}
	model, weights, err := g.ONNXWithout()
	if err != nil {
		t.Fatal(err)
	}
	if len(weights) != 1 || weights[0].Name != "large" || &weights[0].Data[0] != &large[0] {
		t.Errorf("handed out: %v", weights)
	}
	if least := 4 * len(large); len(whole)-len(model) < least-100 || !bytes.Contains(model, []byte("large")) {
		t.Errorf("%d bytes without the weight, %d with it", len(model), len(whole))
	}
}
