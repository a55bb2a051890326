package graph

import (
	"fmt"
	"slices"
)

// Tensor is the data of one input or output of a run, row-major. Of Floats and Ints the one that DType names is set.
type Tensor struct {
	DType  DType
	Shape  []int
	Floats []float32
	Ints   []int64
}

// Floats wraps float32 data of the given shape without a copy.
func Floats(data []float32, shape ...int) Tensor {
	return Tensor{DType: Float32, Shape: shape, Floats: data}
}

// Ints wraps int64 data of the given shape without a copy.
func Ints(data []int64, shape ...int) Tensor {
	return Tensor{DType: Int64, Shape: shape, Ints: data}
}

// Binding holds the free sizes of one run.
type Binding struct{ Batch, Length int }

// Bind reads the free sizes off the inputs of a run and checks that every input is there, of its
// type, its shape and its number of elements, and that every index is within what it indexes. The
// error names the input.
func (g *Graph) Bind(inputs map[string]Tensor) (Binding, error) {
	var b Binding
	for _, in := range g.inputs {
		t, ok := inputs[in.Name]
		if !ok {
			return b, fmt.Errorf("graph %s: input %s is missing", g.Name, in.Name)
		}
		if err := b.bind(in, t); err != nil {
			return b, fmt.Errorf("graph %s: %w", g.Name, err)
		}
	}
	for _, index := range g.indices {
		size := b.Size(index.size)
		for _, id := range inputs[index.input].Ints {
			// ONNX would count a negative index from the end.
			if id < 0 || id >= int64(size) {
				return b, fmt.Errorf("graph %s: input %s: index %d is outside of 0 to %d", g.Name, index.input, id, size-1)
			}
		}
	}
	return b, nil
}

func (b *Binding) bind(in *Value, t Tensor) error {
	elements := len(t.Floats)
	if t.DType == Int64 {
		elements = len(t.Ints)
	}
	if t.DType != in.DType || len(t.Shape) != len(in.Shape) || !fills(t.Shape, elements) {
		return fmt.Errorf("input %s: expected %v, found %v with %d elements", in.Name, in.Shape, t.Shape, elements)
	}
	for i, d := range in.Shape {
		var free *int
		switch d {
		case Batch:
			free = &b.Batch
		case Length:
			free = &b.Length
		}
		if free != nil && *free == 0 {
			*free = t.Shape[i]
		}
		if t.Shape[i] < 1 || t.Shape[i] != b.Size(d) {
			return fmt.Errorf("input %s: expected %v, found %v", in.Name, in.Shape, t.Shape)
		}
	}
	return nil
}

// fills tells whether n elements, at least one, have the shape; it divides because a product could overflow.
func fills(shape []int, n int) bool {
	for _, s := range shape {
		if s < 1 || n%s != 0 {
			return false
		}
		n /= s
	}
	return n == 1
}

// Size is the size that d has in this run.
func (b Binding) Size(d Dim) int {
	switch d {
	case Batch:
		return b.Batch
	case Length:
		return b.Length
	}
	return int(d)
}

// Shape is the shape of v in this run.
func (b Binding) Shape(v *Value) []int {
	shape := make([]int, len(v.Shape))
	for i, d := range v.Shape {
		shape[i] = b.Size(d)
	}
	return shape
}

// Clone copies the data.
func (t Tensor) Clone() Tensor {
	t.Shape, t.Floats, t.Ints = slices.Clone(t.Shape), slices.Clone(t.Floats), slices.Clone(t.Ints)
	return t
}
