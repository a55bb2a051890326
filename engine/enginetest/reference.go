package enginetest

import (
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/engine/graph"
)

// array is row-major data in float64.
type array struct {
	shape []int
	data  []float64
}

// at is the element at an index; leading axes that the array lacks are skipped.
func (a array) at(index ...int) float64 {
	index = index[len(index)-len(a.shape):]
	offset := 0
	for axis, i := range index {
		offset = offset*a.shape[axis] + i
	}
	return a.data[offset]
}

// generate makes an array element by element.
func generate(shape []int, element func(index []int) float64) array {
	a := array{shape: shape, data: make([]float64, product(shape))}
	index := make([]int, len(shape))
	for i := range a.data {
		for axis, rest := len(shape)-1, i; axis >= 0; axis-- {
			index[axis], rest = rest%shape[axis], rest/shape[axis]
		}
		a.data[i] = element(index)
	}
	return a
}

func fromFloats(shape []int, data []float32) array {
	a := array{shape: shape, data: make([]float64, len(data))}
	for i, v := range data {
		a.data[i] = float64(v)
	}
	return a
}

func fromInts(shape []int, data []int64) array {
	a := array{shape: shape, data: make([]float64, len(data))}
	for i, v := range data {
		a.data[i] = float64(v)
	}
	return a
}

// reference computes every output of g by the definition of each operation.
func reference(g *graph.Graph, free graph.Binding, inputs map[string]graph.Tensor) map[string]array {
	values := map[*graph.Value]array{}
	for _, v := range g.Inputs() {
		if t := inputs[v.Name]; t.DType == graph.Int64 {
			values[v] = fromInts(t.Shape, t.Ints)
		} else {
			values[v] = fromFloats(t.Shape, t.Floats)
		}
	}
	for _, v := range g.Constants() {
		values[v] = fromFloats(free.Shape(v), v.Floats)
	}
	for _, n := range g.Nodes() {
		arguments := make([]array, len(n.Inputs))
		for i, in := range n.Inputs {
			arguments[i] = values[in]
		}
		values[n.Output] = operate(n, free.Shape(n.Output), arguments)
	}
	outputs := map[string]array{}
	for _, o := range g.Outputs() {
		outputs[o.Name] = values[o.Value]
	}
	return outputs
}

// operate computes one node; shape is that of its result.
func operate(n *graph.Node, shape []int, in []array) array {
	x := in[0]
	switch n.Op {
	case graph.OpConv:
		return conv(shape, x, in[1], in[2], n.Stride, n.Pad)
	case graph.OpAvgPool:
		return avgPool(shape, x, n.Kernel)
	case graph.OpMatMul:
		return matMul(shape, x, in[1], n.TransB)
	case graph.OpSoftmax:
		return softmax(x)
	case graph.OpLayerNorm:
		return layerNorm(x, in[1], in[2], float64(n.Epsilon))
	case graph.OpConcat:
		return concat(shape, in, n.Axis)
	case graph.OpReshape:
		return array{shape: shape, data: x.data}
	case graph.OpAdd:
		return generate(shape, func(i []int) float64 { return x.at(i...) + in[1].at(i...) })
	case graph.OpRelu:
		return generate(shape, func(i []int) float64 { return math.Max(x.at(i...), 0) })
	case graph.OpQuickGELU:
		return generate(shape, func(i []int) float64 { return x.at(i...) / (1 + math.Exp(-1.702*x.at(i...))) })
	case graph.OpGELU:
		return generate(shape, func(i []int) float64 { return x.at(i...) * math.Erfc(-x.at(i...)/math.Sqrt2) / 2 })
	case graph.OpTranspose:
		return transpose(shape, x, n.Perm)
	case graph.OpReduceMean:
		return reduceMean(shape, x, n.Axis)
	case graph.OpGather:
		return gather(shape, x, in[1], n.Axis)
	}
	panic(fmt.Sprintf("the contract test does not know the operation %v", n.Op))
}

func conv(shape []int, x, w, b array, stride, pad int) array {
	return generate(shape, func(i []int) float64 {
		sum := b.at(i[1])
		for c := range w.shape[1] {
			for ky := range w.shape[2] {
				for kx := range w.shape[3] {
					row, column := i[2]*stride+ky-pad, i[3]*stride+kx-pad
					if row < 0 || column < 0 || row >= x.shape[2] || column >= x.shape[3] {
						continue
					}
					sum += w.at(i[1], c, ky, kx) * x.at(i[0], c, row, column)
				}
			}
		}
		return sum
	})
}

func avgPool(shape []int, x array, k int) array {
	return generate(shape, func(i []int) float64 {
		sum := 0.0
		for ky := range k {
			for kx := range k {
				sum += x.at(i[0], i[1], i[2]*k+ky, i[3]*k+kx)
			}
		}
		return sum / float64(k*k)
	})
}

func matMul(shape []int, a, b array, transB bool) array {
	inner := a.shape[len(a.shape)-1]
	last := len(shape) - 1
	return generate(shape, func(i []int) float64 {
		left, right := slices.Clone(i), slices.Clone(i)
		sum := 0.0
		for k := range inner {
			left[last] = k
			right[last-1], right[last] = k, i[last]
			if transB {
				right[last-1], right[last] = i[last], k
			}
			sum += a.at(left...) * b.at(right...)
		}
		return sum
	})
}

// rows applies f to each row of the last axis.
func rows(x array, f func(in, out []float64)) array {
	width := x.shape[len(x.shape)-1]
	out := array{shape: x.shape, data: make([]float64, len(x.data))}
	for start := 0; start < len(x.data); start += width {
		f(x.data[start:start+width], out.data[start:start+width])
	}
	return out
}

func softmax(x array) array {
	return rows(x, func(in, out []float64) {
		largest, sum := slices.Max(in), 0.0
		for i, v := range in {
			out[i] = math.Exp(v - largest)
			sum += out[i]
		}
		for i := range out {
			out[i] /= sum
		}
	})
}

func layerNorm(x, scale, shift array, epsilon float64) array {
	return rows(x, func(in, out []float64) {
		mean, variance := 0.0, 0.0
		for _, v := range in {
			mean += v / float64(len(in))
		}
		for _, v := range in {
			variance += (v - mean) * (v - mean) / float64(len(in))
		}
		for i, v := range in {
			out[i] = (v-mean)/math.Sqrt(variance+epsilon)*scale.data[i] + shift.data[i]
		}
	})
}

func concat(shape []int, in []array, axis int) array {
	return generate(shape, func(i []int) float64 {
		index := slices.Clone(i)
		for _, x := range in {
			if index[axis] < x.shape[axis] {
				return x.at(index...)
			}
			index[axis] -= x.shape[axis]
		}
		return math.NaN()
	})
}

func transpose(shape []int, x array, perm []int) array {
	return generate(shape, func(i []int) float64 {
		source := make([]int, len(i))
		for axis, p := range perm {
			source[p] = i[axis]
		}
		return x.at(source...)
	})
}

func reduceMean(shape []int, x array, axis int) array {
	return generate(shape, func(i []int) float64 {
		index, sum := slices.Clone(i), 0.0
		for k := range x.shape[axis] {
			index[axis] = k
			sum += x.at(index...)
		}
		return sum / float64(x.shape[axis])
	})
}

func gather(shape []int, x, ids array, axis int) array {
	rank := len(ids.shape)
	return generate(shape, func(i []int) float64 {
		id := int(ids.at(i[axis : axis+rank]...))
		return x.at(slices.Concat(i[:axis], []int{id}, i[axis+rank:])...)
	})
}
