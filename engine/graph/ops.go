package graph

import "slices"

// Conv is a convolution with a bias: x [B,I,H,W], w [O,I,k,k], b [O] → [B,O,H',W'], with zero padding.
func (g *Graph) Conv(x, w, b *Value, stride, pad int) *Value {
	if !g.rank("Conv", x, 4) || !g.rank("Conv", w, 4) || !g.rank("Conv", b, 1) {
		return g.add(OpConv, []Dim{Batch, 1, 1, 1}, Attributes{}, x, w, b)
	}
	k := w.Shape[2]
	if x.Shape[1] != w.Shape[1] || w.Shape[0] != b.Shape[0] || w.Shape[3] != k || stride < 1 || pad < 0 ||
		min(x.Shape[2], x.Shape[3])+2*Dim(pad) < k {
		g.fail("Conv: x %v, w %v and b %v do not fit", x.Shape, w.Shape, b.Shape)
		return g.add(OpConv, []Dim{Batch, 1, 1, 1}, Attributes{}, x, w, b)
	}
	side := func(n Dim) Dim { return (n+2*Dim(pad)-k)/Dim(stride) + 1 }
	return g.add(OpConv, []Dim{x.Shape[0], w.Shape[0], side(x.Shape[2]), side(x.Shape[3])},
		Attributes{Stride: stride, Pad: pad}, x, w, b)
}

// Relu is max(x, 0), of x's shape.
func (g *Graph) Relu(x *Value) *Value { return g.add(OpRelu, x.Shape, Attributes{}, x) }

// QuickGELU is x·σ(1.702·x), of x's shape: the activation of OpenAI's text towers.
func (g *Graph) QuickGELU(x *Value) *Value { return g.add(OpQuickGELU, x.Shape, Attributes{}, x) }

// GELU is x·Φ(x), the exact one (with erf), of x's shape.
func (g *Graph) GELU(x *Value) *Value { return g.add(OpGELU, x.Shape, Attributes{}, x) }

// AvgPool is the mean over windows of k×k with stride k: x [B,C,H,W] → [B,C,H/k,W/k]; a rest is dropped.
func (g *Graph) AvgPool(x *Value, k int) *Value {
	if !g.rank("AvgPool", x, 4) || k < 1 {
		return x
	}
	s := x.Shape
	if min(s[2], s[3]) < Dim(k) {
		g.fail("AvgPool: a window of %d does not fit into %v", k, s)
	}
	return g.add(OpAvgPool, []Dim{s[0], s[1], s[2] / Dim(k), s[3] / Dim(k)}, Attributes{Kernel: k}, x)
}

// Add is a + b, where b has the last axes of a: b's shape is a suffix of a's. The result has a's shape.
func (g *Graph) Add(a, b *Value) *Value {
	n := len(a.Shape) - len(b.Shape)
	if n < 0 || !slices.Equal(a.Shape[n:], b.Shape) {
		g.fail("Add: %v is not a suffix of %v", b.Shape, a.Shape)
	}
	return g.add(OpAdd, a.Shape, Attributes{}, a, b)
}

// MatMul is the matrix product over the last two axes: a […,m,k], b […,k,n] → […,m,n]. Leading axes are
// the same, or b has none. With transB, b comes as […,n,k].
func (g *Graph) MatMul(a, b *Value, transB bool) *Value {
	ra, rb := len(a.Shape), len(b.Shape)
	if ra < 2 || rb < 2 || (rb > 2 && !slices.Equal(a.Shape[:ra-2], b.Shape[:rb-2])) {
		g.fail("MatMul: leading axes of %v and %v do not fit", a.Shape, b.Shape)
		return a
	}
	k, n := b.Shape[rb-2], b.Shape[rb-1]
	if transB {
		k, n = n, k
	}
	if a.Shape[ra-1] != k {
		g.fail("MatMul: %v and %v (transposed: %t) do not fit", a.Shape, b.Shape, transB)
	}
	shape := append(slices.Clone(a.Shape[:ra-1]), n)
	return g.add(OpMatMul, shape, Attributes{TransB: transB}, a, b)
}

// Linear is x Wᵀ + b as PyTorch stores it: x […,in], w [out,in], b [out] → […,out].
func (g *Graph) Linear(x, w, b *Value) *Value { return g.Add(g.MatMul(x, w, true), b) }

// Reshape gives x another shape with the same numbers in the same order.
func (g *Graph) Reshape(x *Value, shape ...Dim) *Value {
	if !slices.Equal(volume(x.Shape), volume(shape)) {
		g.fail("Reshape: %v does not become %v", x.Shape, shape)
	}
	return g.add(OpReshape, shape, Attributes{}, x)
}

// Transpose permutes the axes: result axis i is x's axis perm[i].
func (g *Graph) Transpose(x *Value, perm ...int) *Value {
	sorted := slices.Sorted(slices.Values(perm))
	for i := range sorted {
		if sorted[i] != i || len(perm) != len(x.Shape) {
			g.fail("Transpose: %v is no permutation of the axes of %v", perm, x.Shape)
			return x
		}
	}
	shape := make([]Dim, len(perm))
	for i, p := range perm {
		shape[i] = x.Shape[p]
	}
	return g.add(OpTranspose, shape, Attributes{Perm: perm}, x)
}

// Softmax is the softmax over the last axis.
func (g *Graph) Softmax(x *Value) *Value { return g.add(OpSoftmax, x.Shape, Attributes{}, x) }

// ReduceMean is the mean over one axis, which is kept with size 1.
func (g *Graph) ReduceMean(x *Value, axis int) *Value {
	if !g.axis("ReduceMean", x, axis) {
		return x
	}
	shape := slices.Clone(x.Shape)
	shape[axis] = 1
	return g.add(OpReduceMean, shape, Attributes{Axis: axis}, x)
}

// Concat joins values along an axis of fixed sizes.
func (g *Graph) Concat(axis int, values ...*Value) *Value {
	shape := slices.Clone(values[0].Shape)
	for _, v := range values {
		if !g.axis("Concat", v, axis) || v.Shape[axis].Free() {
			g.fail("Concat: axis %d of %v is free", axis, v.Shape)
			return values[0]
		}
	}
	for _, v := range values[1:] {
		shape[axis] += v.Shape[axis]
		same := slices.Clone(v.Shape)
		same[axis] = values[0].Shape[axis]
		if !slices.Equal(same, values[0].Shape) {
			g.fail("Concat: %v and %v differ outside axis %d", values[0].Shape, v.Shape, axis)
		}
	}
	return g.add(OpConcat, shape, Attributes{Axis: axis}, values...)
}

// Gather takes entries of x along an axis by index: the axis is replaced by the axes of ids (int64).
func (g *Graph) Gather(x, ids *Value, axis int) *Value {
	if !g.axis("Gather", x, axis) {
		return x
	}
	if ids.DType != Int64 {
		g.fail("Gather: indices %s must be int64", ids.Name)
	}
	g.indices = append(g.indices, index{ids.Name, x.Shape[axis]})
	return g.add(OpGather, slices.Concat(x.Shape[:axis], ids.Shape, x.Shape[axis+1:]), Attributes{Axis: axis}, x, ids)
}

// LayerNorm normalises the last axis: (x − mean)/√(variance + ε)·scale + shift; scale and shift [n].
func (g *Graph) LayerNorm(x, scale, shift *Value, epsilon float32) *Value {
	last := x.Shape[len(x.Shape)-1:]
	if !slices.Equal(scale.Shape, last) || !slices.Equal(shift.Shape, last) {
		g.fail("LayerNorm: scale %v and shift %v do not fit %v", scale.Shape, shift.Shape, x.Shape)
	}
	return g.add(OpLayerNorm, x.Shape, Attributes{Epsilon: epsilon}, x, scale, shift)
}

func (g *Graph) rank(op string, v *Value, n int) bool {
	if len(v.Shape) != n {
		g.fail("%s: %s has shape %v, %d axes are needed", op, v.Name, v.Shape, n)
		return false
	}
	return true
}

func (g *Graph) axis(op string, v *Value, axis int) bool {
	if axis < 0 || axis >= len(v.Shape) {
		g.fail("%s: %v has no axis %d", op, v.Shape, axis)
		return false
	}
	return true
}

// volume is the number of elements as [fixed, batches, lengths], free sizes counted by their power.
func volume(shape []Dim) []int {
	fixed, batches, lengths := 1, 0, 0
	for _, d := range shape {
		switch d {
		case Batch:
			batches++
		case Length:
			lengths++
		default:
			fixed *= int(d)
		}
	}
	return []int{fixed, batches, lengths}
}
