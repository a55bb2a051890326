package checkpoint

import (
	"encoding/binary"
	"iter"
	"math"
	"math/bits"
	"runtime"
	"sync"

	"github.com/facet-clip/facet/half"
)

// DType is the type of a tensor's numbers in the file.
type DType string

// The number types that are read, all little-endian.
const (
	Float16  DType = "float16"
	BFloat16 DType = "bfloat16"
	Float32  DType = "float32"
	Float64  DType = "float64"
	Int64    DType = "int64"
	Int32    DType = "int32"
	Int16    DType = "int16"
	Int8     DType = "int8"
	Uint8    DType = "uint8"
	Bool     DType = "bool"
)

// Size returns the bytes of one number, 0 for an unknown type.
func (d DType) Size() int {
	switch d {
	case Float64, Int64:
		return 8
	case Float32, Int32:
		return 4
	case Float16, BFloat16, Int16:
		return 2
	case Int8, Uint8, Bool:
		return 1
	}
	return 0
}

// Tensor describes a tensor.
type Tensor struct {
	Name   string // canonical
	Source string // in the file
	DType  DType
	Shape  []int // empty for a scalar
}

// Elements returns how many numbers the tensor has.
func (t Tensor) Elements() int {
	n := 1
	for _, s := range t.Shape {
		n *= s
	}
	return n
}

// view is a tensor's place in the file. The element at index i lies at offset + Σ i_k·strides_k.
type view struct {
	Tensor
	storage []byte // a whole number of elements; nil after Close
	offset  int    // in elements
	strides []int  // in elements, never negative
}

// product returns the product of sizes that are not negative, or false when it exceeds an int.
func product(sizes ...int) (int, bool) {
	p, zero := uint64(1), false
	for _, s := range sizes {
		if s == 0 {
			zero = true
			continue
		}
		hi, lo := bits.Mul64(p, uint64(s))
		if hi != 0 || lo > math.MaxInt {
			return 0, false
		}
		p = lo
	}
	if zero {
		return 0, true
	}
	return int(p), true
}

// rowMajor returns the strides of a contiguous tensor.
func rowMajor(shape []int) []int {
	strides, n := make([]int, len(shape)), 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = n
		n *= max(shape[i], 1)
	}
	return strides
}

// merged drops axes of size 1 and joins neighbours that lie one behind the other, so that a contiguous
// tensor has one axis of stride 1 left.
func (v *view) merged() (shape, strides []int) {
	for i, n := range v.Shape {
		if n == 1 {
			continue
		}
		if last := len(shape) - 1; last >= 0 && strides[last] == n*v.strides[i] {
			shape[last] *= n
			strides[last] = v.strides[i]
			continue
		}
		shape, strides = append(shape, n), append(strides, v.strides[i])
	}
	if len(shape) == 0 {
		return []int{1}, []int{1}
	}
	return shape, strides
}

// float32s decodes the tensor, row-major.
func (v *view) float32s() []float32 {
	dst := make([]float32, v.Elements())
	if len(dst) == 0 {
		return dst
	}
	shape, strides := v.merged()
	last := len(shape) - 1
	run, step := shape[last], strides[last]*v.DType.Size()
	out := 0
	for at := range v.runs(shape, strides) {
		v.decode(dst[out:out+run], at*v.DType.Size(), step)
		out += run
	}
	return dst
}

// runs are the places in storage, in numbers, at which a run along the last axis begins, row-major. No axis is empty.
func (v *view) runs(shape, strides []int) iter.Seq[int] {
	return func(yield func(int) bool) {
		last := len(shape) - 1
		index := make([]int, last) // of the outer axes
		at := v.offset
		for yield(at) {
			k := last - 1
			for ; k >= 0; k-- {
				index[k]++
				at += strides[k]
				if index[k] < shape[k] {
					break
				}
				at -= index[k] * strides[k]
				index[k] = 0
			}
			if k < 0 {
				return
			}
		}
	}
}

// decode reads len(dst) numbers that lie step bytes apart, from byte first on; long runs on all cores.
func (v *view) decode(dst []float32, first, step int) {
	const chunk = 1 << 18
	if len(dst) <= chunk || runtime.GOMAXPROCS(0) == 1 {
		decode(v.DType, dst, v.storage[first:], step)
		return
	}
	part := max(chunk, (len(dst)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for lo := 0; lo < len(dst); lo += part {
		hi := min(lo+part, len(dst))
		wg.Go(func() { decode(v.DType, dst[lo:hi], v.storage[first+lo*step:], step) })
	}
	wg.Wait()
}

func decode(d DType, dst []float32, src []byte, step int) {
	le := binary.LittleEndian
	switch d {
	case Float16:
		table := halves()
		for i := range dst {
			dst[i] = table[le.Uint16(src[i*step:])]
		}
	case BFloat16:
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(le.Uint16(src[i*step:])) << 16)
		}
	case Float32:
		for i := range dst {
			dst[i] = math.Float32frombits(le.Uint32(src[i*step:]))
		}
	case Float64:
		for i := range dst {
			dst[i] = float32(math.Float64frombits(le.Uint64(src[i*step:])))
		}
	default:
		decodeInts(d, dst, src, step)
	}
}

func decodeInts(d DType, dst []float32, src []byte, step int) {
	le := binary.LittleEndian
	for i := range dst {
		at := src[i*step:]
		switch d {
		case Int64:
			dst[i] = float32(int64(le.Uint64(at)))
		case Int32:
			dst[i] = float32(int32(le.Uint32(at)))
		case Int16:
			dst[i] = float32(int16(le.Uint16(at)))
		case Int8:
			dst[i] = float32(int8(at[0]))
		case Uint8:
			dst[i] = float32(at[0])
		case Bool:
			dst[i] = float32(min(at[0], 1))
		}
	}
}

// halves is every float16 as float32, by its bits: a look-up costs the same for subnormals, of which
// trained weights have many.
var halves = sync.OnceValue(func() *[1 << 16]float32 {
	table := new([1 << 16]float32)
	for b := range table {
		table[b] = half.ToFloat(uint16(b))
	}
	return table
})
