package checkpoint

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/facet-clip/facet/half"
)

// Data is a tensor to be written: float32 numbers, row-major, of the given shape, stored as DType; or bytes that are stored as they are.
type Data struct {
	Name   string
	DType  DType // Float16, BFloat16, Float32 or Float64; of bytes any
	Shape  []int
	Floats []float32
	Bytes  []byte // little-endian and row-major, such as [Checkpoint.Stored] gives; nil: Floats are stored
}

// check is an error unless the numbers fill the shape and can be stored.
func (t Data) check() error {
	n, fits := product(t.Shape...)
	switch {
	case !fits || t.DType.Size() == 0:
	case t.Bytes != nil && n*t.DType.Size() == len(t.Bytes):
		return nil
	case t.Bytes == nil && n == len(t.Floats) && t.DType.IsFloat():
		return nil
	}
	return fmt.Errorf("write tensor %s: %d numbers, or %d bytes, of %s with shape %v cannot be stored", t.Name, len(t.Floats), len(t.Bytes), t.DType, t.Shape)
}

// IsFloat tells a type of floating-point numbers.
func (d DType) IsFloat() bool { return d == Float16 || d == BFloat16 || d == Float32 || d == Float64 }

// size is how many bytes are stored.
func (t Data) size() int {
	if t.Bytes != nil {
		return len(t.Bytes)
	}
	return len(t.Floats) * t.DType.Size()
}

// safetensorsKinds are the names of number types in the format.
var safetensorsKinds = func() map[DType]string {
	kinds := map[DType]string{}
	for name, d := range safetensorsTypes {
		kinds[d] = name
	}
	return kinds
}()

// WriteSafetensors writes tensors as a safetensors file in the given order. It is an error when numbers do not fill a shape, or when
// floats are to be stored as integers.
func WriteSafetensors(w io.Writer, tensors []Data) error {
	type entry struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	header := map[string]any{"__metadata__": map[string]string{"format": "pt"}}
	at := 0
	for _, t := range tensors {
		if err := t.check(); err != nil {
			return err
		}
		header[t.Name] = entry{safetensorsKinds[t.DType], append([]int{}, t.Shape...), [2]int{at, at + t.size()}}
		at += t.size()
	}
	head, err := json.Marshal(header)
	if err != nil {
		return err
	}
	for len(head)%8 != 0 {
		head = append(head, ' ')
	}
	out := bufio.NewWriterSize(w, 1<<16)
	out.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(head))))
	out.Write(head)
	for _, t := range tensors {
		writeNumbers(out, t)
	}
	return out.Flush() // which keeps the first error
}

func writeNumbers(out *bufio.Writer, t Data) {
	if t.Bytes != nil {
		out.Write(t.Bytes)
		return
	}
	var b [8]byte
	le := binary.LittleEndian
	for _, v := range t.Floats {
		switch t.DType {
		case Float16:
			le.PutUint16(b[:], half.FromFloat(v))
		case BFloat16:
			le.PutUint16(b[:], brain(v))
		case Float64:
			le.PutUint64(b[:], math.Float64bits(float64(v)))
		default:
			le.PutUint32(b[:], math.Float32bits(v))
		}
		out.Write(b[:t.DType.Size()])
	}
}

// brain is a number as bfloat16, rounded to the nearest, ties to even. A NaN stays one.
func brain(v float32) uint16 {
	bits := math.Float32bits(v)
	if v != v {
		return uint16(bits>>16) | 1<<6
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

// Round gives numbers as they read after they were stored as a type.
func Round(x []float32, d DType) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		switch d {
		case Float16:
			v = half.ToFloat(half.FromFloat(v))
		case BFloat16:
			v = math.Float32frombits(uint32(brain(v)) << 16)
		}
		out[i] = v
	}
	return out
}
