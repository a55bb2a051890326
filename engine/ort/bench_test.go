//go:build cgo

package ort

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/facet-clip/facet/engine/graph"
)

// trunk builds a graph with the operations and the cost of the image tower of RN50: at width 64, 11.6 GFLOP an image and 31 million
// weights, 8 million of them in two products with transposed weights.
type trunk struct {
	*graph.Graph
	random *rand.Rand
}

func newTrunk(width int) *graph.Graph {
	b := trunk{graph.New("trunk"), rand.New(rand.NewPCG(3, 4))}
	x := b.Input("image", graph.Float32, graph.Batch, 3, 224, 224)
	x = b.Relu(b.conv(x, 3, width/2, 3, 2))
	x = b.Relu(b.conv(x, width/2, width/2, 3, 1))
	x = b.AvgPool(b.Relu(b.conv(x, width/2, width, 3, 1)), 2)
	channels := width
	for layer, blocks := range []int{3, 4, 6, 3} {
		for block := range blocks {
			x = b.block(x, channels, width<<layer, layer > 0 && block == 0)
			channels = 4 * width << layer
		}
	}
	k := graph.Dim(49)
	z := b.Transpose(b.Reshape(x, graph.Batch, graph.Dim(channels), k), 0, 2, 1)
	for range 2 {
		w := b.Constant("w", b.normal(channels*channels, channels), channels, channels)
		z = b.Relu(b.MatMul(z, w, true))
	}
	b.Output("tokens", z)
	return b.Graph
}

func (b trunk) block(x *graph.Value, in, width int, halves bool) *graph.Value {
	y := b.Relu(b.conv(b.Relu(b.conv(x, in, width, 1, 1)), width, width, 3, 1))
	if halves {
		x, y = b.AvgPool(x, 2), b.AvgPool(y, 2)
	}
	if y = b.conv(y, width, 4*width, 1, 1); in != 4*width {
		x = b.conv(x, in, 4*width, 1, 1)
	}
	return b.Relu(b.Add(y, x))
}

func (b trunk) conv(x *graph.Value, in, out, k, stride int) *graph.Value {
	w := b.Constant("kernel", b.normal(in*out*k*k, in*k*k), out, in, k, k)
	return b.Conv(x, w, b.Constant("bias", make([]float32, out), out), stride, k/2)
}

func (b trunk) normal(n, fan int) []float32 {
	data := make([]float32, n)
	for i := range data {
		data[i] = float32(b.random.NormFloat64() / math.Sqrt(float64(fan)))
	}
	return data
}

func BenchmarkTrunk(b *testing.B) {
	g := newTrunk(64)
	for _, threads := range []int{1, 2} {
		e, err := New(Options{Threads: threads})
		if err != nil {
			b.Skip(err)
		}
		s, err := e.Compile(g)
		if err != nil {
			b.Fatal(err)
		}
		for _, batch := range []int{1, 8} {
			b.Run(fmt.Sprintf("threads=%d/batch=%d", threads, batch), func(b *testing.B) {
				in := map[string]graph.Tensor{"image": graph.Floats(make([]float32, batch*3*224*224), batch, 3, 224, 224)}
				for b.Loop() {
					if _, err := s.Run(b.Context(), in); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "images/s")
			})
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	g := newTrunk(64)
	e, err := New(Options{})
	if err != nil {
		b.Skip(err)
	}
	for b.Loop() {
		s, err := e.Compile(g)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
