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

// Data is a tensor to be written: float32 numbers, row-major, of the given shape, stored as DType.
type Data struct {
	Name   string
	DType  DType // Float16 or Float32
	Shape  []int
	Floats []float32
}

// WriteSafetensors writes tensors as a safetensors file in the given order. It is an error when numbers do not fill a shape, or when
// the type is neither Float16 nor Float32.
func WriteSafetensors(w io.Writer, tensors []Data) error {
	type entry struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	kinds := map[DType]string{Float16: "F16", Float32: "F32"}
	header := map[string]any{"__metadata__": map[string]string{"format": "pt"}}
	at := 0
	for _, t := range tensors {
		kind, ok := kinds[t.DType]
		if n, fits := product(t.Shape...); !ok || !fits || n != len(t.Floats) {
			return fmt.Errorf("write tensor %s: %d numbers of %s with shape %v cannot be stored", t.Name, len(t.Floats), t.DType, t.Shape)
		}
		size := len(t.Floats) * t.DType.Size()
		header[t.Name] = entry{kind, append([]int{}, t.Shape...), [2]int{at, at + size}}
		at += size
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
		writeFloats(out, t)
	}
	return out.Flush() // which keeps the first error
}

func writeFloats(out *bufio.Writer, t Data) {
	var b [4]byte
	for _, v := range t.Floats {
		if t.DType == Float16 {
			binary.LittleEndian.PutUint16(b[:], half.FromFloat(v))
			out.Write(b[:2])
		} else {
			binary.LittleEndian.PutUint32(b[:], math.Float32bits(v))
			out.Write(b[:])
		}
	}
}
