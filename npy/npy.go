// Package npy reads and writes arrays in NumPy's .npy format, versions 1 to 3.
//
// facet writes float32, float64, int64, float16 and uint8, row-major. It reads float32, float64, float16, int32, int64, uint8 and bool, little-endian
// and row-major, and refuses the rest by name.
package npy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/half"
)

// ErrFormat is returned when the data is not an .npy file that facet reads.
var ErrFormat = errors.New("not a readable .npy array")

const (
	magic     = "\x93NUMPY"
	maxHeader = 1 << 16
	maxAxes   = 32
)

// Array is a row-major array.
type Array struct {
	Shape []int
	Data  []float32
}

// Write writes data as float32 of the given shape. It is an error when the numbers do not fill the shape.
func Write(w io.Writer, data []float32, shape ...int) error {
	n := 1
	for _, s := range shape {
		n *= s
	}
	if n != len(data) {
		return fmt.Errorf("npy: %d numbers do not fill the shape %v", len(data), shape)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	writeHeader(out, "<f4", shape)
	var b [4]byte
	for _, v := range data {
		binary.LittleEndian.PutUint32(b[:], math.Float32bits(v))
		out.Write(b[:])
	}
	return out.Flush() // bufio keeps the first error
}

// WriteFloat64 is [Write] for float64.
func WriteFloat64(w io.Writer, data []float64, shape ...int) error {
	return write8(w, "<f8", data, math.Float64bits, shape)
}

// WriteInt64 is [Write] for int64.
func WriteInt64(w io.Writer, data []int64, shape ...int) error {
	return write8(w, "<i8", data, func(v int64) uint64 { return uint64(v) }, shape)
}

// write8 writes numbers of 8 bytes.
func write8[T any](w io.Writer, kind string, data []T, bits func(T) uint64, shape []int) error {
	n := 1
	for _, s := range shape {
		n *= s
	}
	if n != len(data) {
		return fmt.Errorf("npy: %d numbers do not fill the shape %v", len(data), shape)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	writeHeader(out, kind, shape)
	var b [8]byte
	for _, v := range data {
		binary.LittleEndian.PutUint64(b[:], bits(v))
		out.Write(b[:])
	}
	return out.Flush()
}

// WriteHalfHeader begins an array of float16 of the given shape; its numbers, row-major and little-endian, are the caller's to write after it.
func WriteHalfHeader(w io.Writer, shape ...int) error {
	out := bufio.NewWriter(w)
	writeHeader(out, "<f2", shape)
	return out.Flush()
}

// WriteBytesHeader begins an array of uint8 of the given shape; its numbers, row-major, are the caller's to write after it.
func WriteBytesHeader(w io.Writer, shape ...int) error {
	out := bufio.NewWriter(w)
	writeHeader(out, "|u1", shape)
	return out.Flush()
}

func writeHeader(out *bufio.Writer, kind string, shape []int) {
	sizes := make([]string, len(shape))
	for i, s := range shape {
		sizes[i] = strconv.Itoa(s) + ","
	}
	header := "{'descr': '" + kind + "', 'fortran_order': False, 'shape': (" + strings.Join(sizes, " ") + "), }"
	const before = len(magic) + 4
	header += strings.Repeat(" ", 63-(before+len(header))%64) + "\n"
	out.WriteString(magic + "\x01\x00")
	binary.Write(out, binary.LittleEndian, uint16(len(header)))
	out.WriteString(header)
}

var (
	descrKey = regexp.MustCompile(`'descr'\s*:\s*'([^']*)'`)
	orderKey = regexp.MustCompile(`'fortran_order'\s*:\s*(True|False)`)
	shapeKey = regexp.MustCompile(`'shape'\s*:\s*\(([^()]*)\)`)
)

// Read reads an array and turns its numbers into float32. Memory grows with the data that arrives, never with
// what a header claims. Errors wrap [ErrFormat].
func Read(r io.Reader) (Array, error) {
	in := bufio.NewReader(r)
	h, err := ReadHeader(in)
	if err != nil {
		return Array{}, err
	}
	n, ok := product(h.Shape)
	if !ok {
		return Array{}, fmt.Errorf("%w: a shape of %v has too many elements", ErrFormat, h.Shape)
	}
	data, err := readNumbers(in, h.Kind, n)
	if err != nil {
		return Array{}, fmt.Errorf("%w: shape %v: %w", ErrFormat, h.Shape, err)
	}
	return Array{Shape: h.Shape, Data: data}, nil
}

// ReadFloat64 reads a float64 array of the given shape and no other. Memory grows with the data that arrives. Errors wrap [ErrFormat].
func ReadFloat64(r io.Reader, shape ...int) ([]float64, error) {
	return read8(r, "<f8", math.Float64frombits, shape)
}

// ReadInt64 is [ReadFloat64] for int64.
func ReadInt64(r io.Reader, shape ...int) ([]int64, error) {
	return read8(r, "<i8", func(b uint64) int64 { return int64(b) }, shape)
}

// read8 reads numbers of 8 bytes.
func read8[T any](r io.Reader, kind string, number func(uint64) T, shape []int) ([]T, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	h, err := ReadHeader(in)
	if err != nil {
		return nil, err
	}
	if h.Kind != kind || !slices.Equal(h.Shape, shape) {
		return nil, fmt.Errorf("%w: numbers of type %s in shape %v, expected %s in %v", ErrFormat, h.Kind, h.Shape, kind, shape)
	}
	n, ok := product(shape)
	if !ok {
		return nil, fmt.Errorf("%w: a shape of %v has too many elements", ErrFormat, shape)
	}
	data := make([]T, 0, min(n, 1<<16))
	var b [8]byte
	for len(data) < n {
		if _, err := io.ReadFull(in, b[:]); err != nil {
			return nil, fmt.Errorf("%w: shape %v: cut off after %d of %d numbers", ErrFormat, shape, len(data), n)
		}
		data = append(data, number(binary.LittleEndian.Uint64(b[:])))
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: more bytes follow the last number", ErrFormat)
	}
	return data, nil
}

// Header is what comes before an array's numbers.
type Header struct {
	Kind  string // NumPy's descr, such as <f2
	Shape []int
	Bytes int64 // of the header: the numbers begin here
}

// ReadHeader reads a header and nothing after it. Errors wrap [ErrFormat].
func ReadHeader(r io.Reader) (Header, error) {
	text, size, err := readHeader(r)
	if err != nil {
		return Header{}, err
	}
	kind, shape, err := parseHeader(text)
	return Header{kind, shape, size}, err
}

func readHeader(in io.Reader) (text string, bytes int64, err error) {
	head := make([]byte, len(magic)+2)
	if _, err := io.ReadFull(in, head); err != nil || string(head[:len(magic)]) != magic {
		return "", 0, fmt.Errorf("%w: it does not begin with NumPy's magic string", ErrFormat)
	}
	var size uint32
	before := int64(len(head)) + 4
	switch major := head[len(magic)]; major {
	case 1:
		var short uint16
		if err := binary.Read(in, binary.LittleEndian, &short); err != nil {
			return "", 0, fmt.Errorf("%w: cut off in its header", ErrFormat)
		}
		size, before = uint32(short), before-2
	case 2, 3:
		if err := binary.Read(in, binary.LittleEndian, &size); err != nil {
			return "", 0, fmt.Errorf("%w: cut off in its header", ErrFormat)
		}
	default:
		return "", 0, fmt.Errorf("%w: format version %d, expected 1 to 3", ErrFormat, major)
	}
	if size > maxHeader {
		return "", 0, fmt.Errorf("%w: a header of %d bytes, expected at most %d", ErrFormat, size, maxHeader)
	}
	header := make([]byte, size)
	if _, err := io.ReadFull(in, header); err != nil {
		return "", 0, fmt.Errorf("%w: cut off in its header", ErrFormat)
	}
	return string(header), before + int64(size), nil
}

func parseHeader(header string) (kind string, shape []int, err error) {
	descr, order, sizes := descrKey.FindStringSubmatch(header), orderKey.FindStringSubmatch(header), shapeKey.FindStringSubmatch(header)
	if descr == nil || order == nil || sizes == nil {
		return "", nil, fmt.Errorf("%w: the header names no plain descr, fortran_order and shape", ErrFormat)
	}
	if order[1] == "True" {
		return "", nil, fmt.Errorf("%w: Fortran order; save it with numpy.ascontiguousarray", ErrFormat)
	}
	for s := range strings.SplitSeq(sizes[1], ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || len(shape) == maxAxes {
			return "", nil, fmt.Errorf("%w: shape (%s)", ErrFormat, sizes[1])
		}
		shape = append(shape, n)
	}
	return descr[1], shape, nil
}

// decoders turn one element into a number, by descr.
var decoders = map[string]struct {
	size   int
	decode func([]byte) float32
}{
	"<f4": {4, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }},
	"<f8": {8, func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }},
	"<f2": {2, func(b []byte) float32 { return half.ToFloat(binary.LittleEndian.Uint16(b)) }},
	"<i4": {4, func(b []byte) float32 { return float32(int32(binary.LittleEndian.Uint32(b))) }},
	"<i8": {8, func(b []byte) float32 { return float32(int64(binary.LittleEndian.Uint64(b))) }},
	"|u1": {1, func(b []byte) float32 { return float32(b[0]) }},
	"|b1": {1, func(b []byte) float32 { return float32(b[0]) }},
}

func readNumbers(in io.Reader, kind string, n int) ([]float32, error) {
	d, ok := decoders[kind]
	if !ok {
		return nil, fmt.Errorf("element type %q, expected <f4, <f8, <f2, <i4, <i8, |u1 or |b1", kind)
	}
	const chunk = 1 << 16
	data := make([]float32, 0, min(n, chunk))
	buf := make([]byte, min(n, chunk)*d.size)
	for len(data) < n {
		part := buf[:min(n-len(data), chunk)*d.size]
		if _, err := io.ReadFull(in, part); err != nil {
			return nil, fmt.Errorf("cut off after %d of %d numbers", len(data), n)
		}
		for i := 0; i < len(part); i += d.size {
			data = append(data, d.decode(part[i:]))
		}
	}
	if _, err := in.Read(buf[:min(len(buf), 1)]); n > 0 && !errors.Is(err, io.EOF) {
		return nil, errors.New("more bytes follow the last number")
	}
	return data, nil
}

// product multiplies the sizes; false when that leaves 48 bits.
func product(shape []int) (int, bool) {
	n := 1
	for _, s := range shape {
		if s > 0 && n > (1<<48)/s {
			return 0, false
		}
		n *= s
	}
	return n, true
}

// Parse reads an array from memory.
func Parse(data []byte) (Array, error) { return Read(bytes.NewReader(data)) }
