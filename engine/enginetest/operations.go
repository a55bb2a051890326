package enginetest

import (
	"testing"

	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
)

const (
	batch  = graph.Batch
	length = graph.Length
)

// operations are graphs of one operation, or of few that belong together. Sizes are odd and unlike one
// another, so that mixed-up axes show, and some are large enough for blocked kernels.
var operations = []struct {
	name  string
	build func(b *builder) *graph.Value
}{
	{"conv 1x1", func(b *builder) *graph.Value {
		return b.Conv(b.input(batch, 5, 4, 7), b.weight(6, 5, 1, 1), b.weight(6), 1, 0)
	}},
	{"conv 3x3", func(b *builder) *graph.Value {
		return b.Conv(b.input(batch, 3, 5, 8), b.weight(4, 3, 3, 3), b.weight(4), 1, 1)
	}},
	{"conv stride 2", func(b *builder) *graph.Value {
		return b.Conv(b.input(batch, 3, 9, 12), b.weight(4, 3, 3, 3), b.weight(4), 2, 1)
	}},
	{"conv without padding", func(b *builder) *graph.Value {
		return b.Conv(b.input(batch, 2, 6, 5), b.weight(3, 2, 3, 3), b.weight(3), 1, 0)
	}},
	{"conv of whole image", func(b *builder) *graph.Value {
		return b.Conv(b.input(batch, 2, 3, 3), b.weight(3, 2, 3, 3), b.weight(3), 3, 0)
	}},
	{"conv many channels", func(b *builder) *graph.Value {
		x := b.Relu(b.Conv(b.input(batch, 16, 6, 7), b.weight(24, 16, 1, 1), b.weight(24), 1, 0))
		return b.Conv(x, b.weight(17, 24, 3, 3), b.weight(17), 1, 1)
	}},
	{"residual block", func(b *builder) *graph.Value {
		x := b.input(batch, 16, 8, 8)
		y := b.Relu(b.Conv(x, b.weight(16, 16, 3, 3), b.weight(16), 1, 1))
		y = b.Conv(b.AvgPool(y, 2), b.weight(24, 16, 1, 1), b.weight(24), 1, 0)
		return b.Relu(b.Add(y, b.Conv(b.AvgPool(x, 2), b.weight(24, 16, 1, 1), b.weight(24), 1, 0)))
	}},
	{"fixed batch", func(b *builder) *graph.Value {
		return b.Conv(b.input(1, 3, 5, 5), b.weight(4, 3, 3, 3), b.weight(4), 1, 1)
	}},
	{"relu", func(b *builder) *graph.Value { return b.Relu(b.input(batch, 3, 5)) }},
	{"average pool", func(b *builder) *graph.Value { return b.AvgPool(b.input(batch, 3, 6, 4), 2) }},
	{"average pool with a rest", func(b *builder) *graph.Value { return b.AvgPool(b.input(batch, 3, 8, 11), 3) }},
	{"add same shape", func(b *builder) *graph.Value {
		return b.Add(b.input(batch, length, 5), b.input(batch, length, 5))
	}},
	{"add itself", func(b *builder) *graph.Value { x := b.input(batch, 5); return b.Add(x, x) }},
	{"add bias", func(b *builder) *graph.Value { return b.Add(b.input(batch, length, 5), b.weight(5)) }},
	{"add positions", func(b *builder) *graph.Value { return b.Add(b.input(batch, 4, 5), b.weight(4, 5)) }},
	{"add free suffix", func(b *builder) *graph.Value {
		return b.Add(b.input(batch, 3, length, length), b.input(length, length))
	}},
	{"add to a weight", func(b *builder) *graph.Value { return b.Add(b.weight(3, 5), b.input(5)) }},
	{"matmul by a weight", func(b *builder) *graph.Value { return b.MatMul(b.input(batch, 7), b.weight(7, 5), false) }},
	{"matmul by a transposed weight", func(b *builder) *graph.Value {
		return b.MatMul(b.input(batch, length, 7), b.weight(5, 7), true)
	}},
	{"matmul of a weight", func(b *builder) *graph.Value { return b.MatMul(b.weight(4, 7), b.input(7, batch), false) }},
	{"matmul batched", func(b *builder) *graph.Value {
		return b.MatMul(b.input(batch, 3, 4, 7), b.input(batch, 3, 7, 5), false)
	}},
	{"matmul batched, transposed", func(b *builder) *graph.Value {
		return b.MatMul(b.input(batch, 3, length, 7), b.input(batch, 3, length, 7), true)
	}},
	{"matmul by batched weights", func(b *builder) *graph.Value {
		// One matrix for each head: [M,B,d] · [M,d,n].
		return b.MatMul(b.input(3, batch, 7), b.weight(3, 7, 5), false)
	}},
	{"matmul by batched transposed weights", func(b *builder) *graph.Value {
		return b.MatMul(b.input(3, batch, 7), b.weight(3, 5, 7), true)
	}},
	{"matmul without leading axes, transposed", func(b *builder) *graph.Value {
		return b.MatMul(b.input(batch, 2, 3, 7), b.input(length, 7), true)
	}},
	{"matmul large", func(b *builder) *graph.Value { return b.MatMul(b.input(67, 129), b.weight(129, 35), false) }},
	{"weight used both ways", func(b *builder) *graph.Value {
		w := b.weight(6, 6)
		return b.MatMul(b.MatMul(b.input(batch, 6), w, true), w, false)
	}},
	{"linear", func(b *builder) *graph.Value { return b.Linear(b.input(batch, 4, 7), b.weight(5, 7), b.weight(5)) }},
	{"reshape fixed", func(b *builder) *graph.Value { return b.Reshape(b.input(batch, 3, 4, 5), batch, 3, 20) }},
	{"reshape swaps free sizes", func(b *builder) *graph.Value {
		return b.Reshape(b.input(batch, length, 6), 2, length, batch, 3)
	}},
	{"transpose", func(b *builder) *graph.Value { return b.Transpose(b.input(batch, length, 3, 5), 0, 2, 1, 3) }},
	{"transpose cyclic", func(b *builder) *graph.Value { return b.Transpose(b.input(batch, 4, 5), 2, 0, 1) }},
	{"softmax", func(b *builder) *graph.Value { return b.Softmax(b.input(batch, 3, length)) }},
	{"mean over the first axis", func(b *builder) *graph.Value { return b.ReduceMean(b.input(batch, 3, 5), 0) }},
	{"mean over a free axis", func(b *builder) *graph.Value { return b.ReduceMean(b.input(batch, length, 5), 1) }},
	{"mean over the last axis", func(b *builder) *graph.Value { return b.ReduceMean(b.input(batch, 3, 5), 2) }},
	{"concat", func(b *builder) *graph.Value {
		return b.Concat(1, b.input(batch, 1, 5), b.input(batch, 4, 5), b.input(batch, 2, 5))
	}},
	{"concat last axis, with itself", func(b *builder) *graph.Value {
		x := b.input(batch, length, 2)
		return b.Concat(2, x, x)
	}},
	{"gather a table", func(b *builder) *graph.Value {
		return b.Gather(b.weight(11, 5), b.Input("ids", graph.Int64, batch, length), 0)
	}},
	{"gather rows", func(b *builder) *graph.Value {
		return b.Gather(b.input(length, 5), b.Input("ids", graph.Int64, batch), 0)
	}},
	{"gather along the middle", func(b *builder) *graph.Value {
		return b.Gather(b.input(batch, 4, 5), b.Input("ids", graph.Int64, 3), 1)
	}},
	{"gather along the last", func(b *builder) *graph.Value {
		return b.Gather(b.input(batch, 4, 5), b.Input("ids", graph.Int64, length), 2)
	}},
	{"layer norm", func(b *builder) *graph.Value {
		return b.LayerNorm(b.input(batch, length, 9), b.weight(9), b.weight(9), 1e-5)
	}},
	{"layer norm, large epsilon", func(b *builder) *graph.Value {
		return b.LayerNorm(b.input(batch, 9), b.weight(9), b.weight(9), 0.5)
	}},
	{"quick gelu", func(b *builder) *graph.Value { return b.QuickGELU(b.input(batch, 3, 5)) }},
	{"gelu", func(b *builder) *graph.Value { return b.GELU(b.input(batch, 3, 5)) }},
	{"absorbed attention", absorbedAttention},
	{"text block", textBlock},
}

// absorbedAttention has the operations of the image tower's pool: M = 3 heads of width 4 over 6 tokens.
func absorbedAttention(b *builder) *graph.Value {
	z := b.Transpose(b.Reshape(b.input(batch, 12, 2, 3), batch, 12, 6), 0, 2, 1) // [B,K,C]
	x := b.Add(b.Concat(1, b.ReduceMean(z, 1), z), b.weight(7, 12))              // [B,K+1,C]
	first := b.Reshape(b.ReduceMean(x, 1), batch, 12)                            // [B,C]
	q := b.Linear(first, b.weight(12, 12), b.weight(12))                         // [B,C]
	q = b.Transpose(b.Reshape(q, batch, 3, 4), 1, 0, 2)                          // [M,B,d]
	u := b.Transpose(b.MatMul(q, b.weight(3, 4, 12), false), 1, 0, 2)            // [B,M,C]
	a := b.Softmax(b.MatMul(u, x, true))                                         // [B,M,K+1]
	return b.MatMul(a, x, false)                                                 // [B,M,C]
}

// textBlock has the operations of the text tower: 2 heads of width 4, a mask, and both activations.
func textBlock(b *builder) *graph.Value {
	x := b.Gather(b.weight(13, 8), b.Input("ids", graph.Int64, length), 0)
	heads := func(x *graph.Value) *graph.Value {
		return b.Transpose(b.Reshape(b.Linear(x, b.weight(8, 8), b.weight(8)), length, 2, 4), 1, 0, 2)
	}
	y := b.LayerNorm(x, b.weight(8), b.weight(8), 1e-5)
	mask := b.Input("mask", graph.Float32, length, length)
	a := b.Softmax(b.Add(b.MatMul(heads(y), heads(y), true), mask))
	y = b.Reshape(b.Transpose(b.MatMul(a, heads(y), false), 1, 0, 2), length, 8)
	x = b.Add(x, b.Linear(y, b.weight(8, 8), b.weight(8)))
	y = b.QuickGELU(b.Linear(b.LayerNorm(x, b.weight(8), b.weight(8), 1e-5), b.weight(16, 8), b.weight(16)))
	x = b.Add(x, b.Linear(b.GELU(y), b.weight(8, 16), b.weight(8)))
	return b.Gather(x, b.Input("ends", graph.Int64, batch), 0)
}

// known are results computed by hand, or to ten digits elsewhere, that the reference itself must meet.
var known = []struct {
	name  string
	x     []float32
	shape []int
	build func(b *builder, x *graph.Value) *graph.Value
	want  array
}{
	{"gelu", []float32{-3, -1, 0, 1, 10}, []int{5},
		func(b *builder, x *graph.Value) *graph.Value { return b.GELU(x) },
		array{[]int{5}, []float64{-0.004049694, -0.1586552539, 0, 0.8413447461, 10}}},
	{"quick gelu", []float32{-100, -1, 0, 1, 100}, []int{5},
		func(b *builder, x *graph.Value) *graph.Value { return b.QuickGELU(x) },
		array{[]int{5}, []float64{0, -0.1542041876, 0, 0.8457958124, 100}}},
	{"softmax does not overflow", []float32{1000, 1000, -1000, -1000, 0, 0.6931471806}, []int{3, 2},
		func(b *builder, x *graph.Value) *graph.Value { return b.Softmax(x) },
		array{[]int{3, 2}, []float64{.5, .5, .5, .5, 1. / 3, 2. / 3}}},
	{"layer norm far from zero", []float32{1001, 1002, 1003, 1004}, []int{1, 4},
		func(b *builder, x *graph.Value) *graph.Value {
			scale := b.Constant("scale", []float32{1, 1, 1, 2}, 4)
			return b.LayerNorm(x, scale, b.Constant("shift", []float32{0, 0, 0, 10}, 4), 0)
		},
		array{[]int{1, 4}, []float64{-1.341640786, -0.4472135955, 0.4472135955, 12.683281573}}},
	{"conv pads with zeros", []float32{1, 2, 3, 4}, []int{1, 1, 2, 2},
		func(b *builder, x *graph.Value) *graph.Value {
			w := b.Constant("w", []float32{1, 0, 0, 0, 10, 0, 0, 0, 100}, 1, 1, 3, 3)
			return b.Conv(x, w, b.Constant("b", []float32{.5}, 1), 1, 1)
		},
		array{[]int{1, 1, 2, 2}, []float64{410.5, 20.5, 30.5, 41.5}}},
	{"matmul", []float32{1, 2, 3, 4, 5, 6}, []int{2, 3},
		func(b *builder, x *graph.Value) *graph.Value {
			return b.MatMul(x, b.Constant("w", []float32{1, 0, 1, 0, 1, 10}, 2, 3), true)
		},
		array{[]int{2, 2}, []float64{4, 32, 10, 65}}},
	{"average pool drops a rest", []float32{1, 2, 9, 3, 6, 9, 9, 9, 9}, []int{1, 1, 3, 3},
		func(b *builder, x *graph.Value) *graph.Value { return b.AvgPool(x, 2) },
		array{[]int{1, 1, 1, 1}, []float64{3}}},
	{"transpose", []float32{0, 1, 2, 3, 4, 5}, []int{1, 2, 3},
		func(b *builder, x *graph.Value) *graph.Value { return b.Transpose(x, 2, 0, 1) },
		array{[]int{3, 1, 2}, []float64{0, 3, 1, 4, 2, 5}}},
}

func testKnownValues(t *testing.T, e engine.Engine) {
	for _, k := range known {
		t.Run(k.name, func(t *testing.T) {
			b := newBuilder(k.name)
			shape := make([]graph.Dim, len(k.shape))
			for i, s := range k.shape {
				shape[i] = graph.Dim(s)
			}
			b.Output("result", k.build(b, b.input(shape...)))
			inputs := map[string]graph.Tensor{"x": graph.Floats(k.x, k.shape...)}
			got, err := compile(t, e, b.Graph).Run(t.Context(), inputs)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]array{"result": k.want}
			compare(t, "by hand", got, want)
			// The reference must stand the same test, for it is the truth of all others.
			naive := reference(b.Graph, graph.Binding{}, inputs)["result"]
			rounded := graph.Tensor{DType: graph.Float32, Shape: naive.shape}
			for _, v := range naive.data {
				rounded.Floats = append(rounded.Floats, float32(v))
			}
			compare(t, "the reference", map[string]graph.Tensor{"result": rounded}, want)
		})
	}
}
