// Package mat reads MATLAB's files of level 5 (.mat, as save -v6 and -v7 write them and SciPy's savemat): numbers, texts, cells and structures.
//
// The format is described in MathWorks' "MAT-File Format". A file is a header of 128 bytes and elements: a type, a number of bytes, and so many
// bytes, filled up to eight. An array is an element of elements: flags, sizes, a name, and its content. Compressed arrays are zlib streams of one.
//
// Every size that a file claims is checked against the bytes that are there before memory is asked for, and what a file may hold in all is bounded.
package mat

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

var (
	// ErrFormat is returned when a file is no MAT-file of level 5, or damaged.
	ErrFormat = errors.New("not a usable MATLAB file")
	// ErrUnsupported is returned for a MAT-file of another level.
	ErrUnsupported = errors.New("a MATLAB file of a kind that is not read")
)

const (
	headerBytes = 128
	maxBytes    = 64 << 20 // of a file, and of all that its compressed arrays hold
	maxDepth    = 16       // of cells and structures within each other
	maxRank     = 8
	maxValues   = 1 << 22 // arrays and numbers, those in cells and fields included
	maxFields   = 1 << 10
)

// Class is what an array holds.
type Class byte

// The classes of arrays, as the format numbers them. Arrays of other classes are passed over: they have a class and no content.
const (
	Cell   Class = 1
	Struct Class = 2
	Char   Class = 4
	Double Class = 6
	Uint64 Class = 15
)

func (c Class) String() string {
	switch {
	case c == Cell:
		return "cells"
	case c == Struct:
		return "structures"
	case c == Char:
		return "text"
	case c.numeric():
		return "numbers"
	}
	return fmt.Sprintf("an array of class %d", byte(c))
}

func (c Class) numeric() bool { return c >= Double && c <= Uint64 }

// Array is an array of a file. Its content is in column-major order, as MATLAB's.
type Array struct {
	Name    string // of a variable; empty in cells and fields
	Class   Class
	Dims    []int
	Numbers []float64  // of numeric arrays; of complex numbers the real parts
	Text    string     // of a text: all its characters
	Cells   []*Array   // of cells
	Fields  []string   // the names of structures' fields
	Values  [][]*Array // of each structure, its fields
}

// Len is the number of elements.
func (a *Array) Len() int {
	n := 1
	for _, d := range a.Dims {
		n *= d
	}
	return n
}

// Field gives one field of structure i; nil where there is no such field.
func (a *Array) Field(i int, name string) *Array {
	for f, have := range a.Fields {
		if have == name && i < len(a.Values) {
			return a.Values[i][f]
		}
	}
	return nil
}

// Number is the one number of an array. It is not ok for anything else.
func (a *Array) Number() (v float64, ok bool) {
	if a == nil || len(a.Numbers) != 1 {
		return 0, false
	}
	return a.Numbers[0], true
}

// Chars is the text of an array of text. It is not ok for anything else.
func (a *Array) Chars() (text string, ok bool) {
	if a == nil || a.Class != Char {
		return "", false
	}
	return a.Text, true
}

// Read gives the variables of a file in their order. Errors name it.
func Read(name string, r io.Reader) ([]*Array, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	all, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return all, nil
}

// Variable is the variable of a name.
func Variable(all []*Array, name string) (*Array, error) {
	var names []string
	for _, a := range all {
		if a.Name == name {
			return a, nil
		}
		names = append(names, fmt.Sprintf("%.40q", a.Name))
	}
	return nil, fmt.Errorf("%w: no variable %s, found %s", ErrFormat, name, strings.Join(names[:min(len(names), 8)], ", "))
}

func parse(data []byte) ([]*Array, error) {
	switch {
	case len(data) > maxBytes:
		return nil, fmt.Errorf("%w: more than %d bytes", ErrFormat, maxBytes)
	case bytes.HasPrefix(data, []byte("\x89HDF")), bytes.HasPrefix(data, []byte("MATLAB 7.3")):
		return nil, fmt.Errorf("%w: version 7.3, which is HDF5; save it with -v7", ErrUnsupported)
	case len(data) < headerBytes:
		return nil, fmt.Errorf("%w: %d bytes, expected a header of %d", ErrFormat, len(data), headerBytes)
	}
	p := &parser{order: binary.LittleEndian}
	switch string(data[126:128]) {
	case "IM":
	case "MI":
		p.order = binary.BigEndian
	default:
		return nil, fmt.Errorf("%w: expected IM or MI at byte 126; files of level 4 are not read", ErrFormat)
	}
	var all []*Array
	for rest := data[headerBytes:]; len(rest) > 0; {
		e, after, err := p.element(rest)
		if err != nil {
			return nil, fmt.Errorf("byte %d: %w", len(data)-len(rest), err)
		}
		a, err := p.variable(e)
		if err != nil {
			return nil, fmt.Errorf("the variable at byte %d: %w", len(data)-len(rest), err)
		}
		if a != nil {
			all = append(all, a)
		}
		rest = after
	}
	return all, nil
}

// The types of elements that are not numbers.
const (
	miMatrix     = 14
	miCompressed = 15
	miUTF8       = 16
	miUTF16      = 17
	miUTF32      = 18
)

// sizes are the bytes of a value, by the type of an element.
var sizes = map[uint32]int{1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, miUTF8: 1, miUTF16: 2, miUTF32: 4}

type element struct {
	kind uint32
	data []byte
}

type parser struct {
	order    binary.ByteOrder
	inflated int // bytes
	values   int
}

// element takes the first element off data. Compressed ones are not filled up.
func (p *parser) element(data []byte) (e element, rest []byte, err error) {
	if len(data) < 8 {
		return e, nil, fmt.Errorf("%w: %d bytes, expected an element of 8 or more", ErrFormat, len(data))
	}
	first := p.order.Uint32(data)
	if small := first >> 16; small != 0 { // type and size share four bytes, the content has the other four
		if small > 4 {
			return e, nil, fmt.Errorf("%w: a small element of %d bytes", ErrFormat, small)
		}
		return element{first & 0xffff, data[4 : 4+small]}, data[8:], nil
	}
	size := uint64(p.order.Uint32(data[4:]))
	if data = data[8:]; size > uint64(len(data)) {
		return e, nil, fmt.Errorf("%w: an element of %d bytes where %d are left", ErrFormat, size, len(data))
	}
	e = element{first, data[:size]}
	filled := size
	if first != miCompressed {
		filled = min((size+7)&^7, uint64(len(data)))
	}
	return e, data[filled:], nil
}

// variable is the array of an element; nil for elements of other kinds.
func (p *parser) variable(e element) (*Array, error) {
	if e.kind == miCompressed {
		data, err := p.inflate(e.data)
		if err != nil {
			return nil, err
		}
		if e, _, err = p.element(data); err != nil {
			return nil, err
		}
	}
	if e.kind != miMatrix {
		return nil, nil
	}
	return p.array(e.data, 0)
}

func (p *parser) inflate(data []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	defer r.Close()
	out, err := io.ReadAll(io.LimitReader(r, int64(maxBytes-p.inflated)+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if p.inflated += len(out); p.inflated > maxBytes {
		return nil, fmt.Errorf("%w: more than %d bytes when unpacked", ErrFormat, maxBytes)
	}
	return out, nil
}

// array reads flags, sizes, name and content.
func (p *parser) array(data []byte, depth int) (*Array, error) {
	if len(data) == 0 { // MATLAB writes an empty array so
		return &Array{Class: Double, Dims: []int{0, 0}}, nil
	}
	if p.values++; p.values > maxValues || depth > maxDepth {
		return nil, fmt.Errorf("%w: more than %d arrays, or %d within each other", ErrFormat, maxValues, maxDepth)
	}
	flags, data, err := p.element(data)
	if err != nil {
		return nil, err
	}
	if flags.kind != 6 || len(flags.data) != 8 {
		return nil, fmt.Errorf("%w: expected the flags of an array", ErrFormat)
	}
	a := &Array{Class: Class(p.order.Uint32(flags.data) & 0xff)}
	dims, data, err := p.element(data)
	if err != nil {
		return nil, err
	}
	if a.Class == 17 || a.Class == 0 { // an opaque object has no sizes
		return a, nil
	}
	if a.Dims, err = p.dims(dims); err != nil {
		return nil, err
	}
	name, data, err := p.element(data)
	if err != nil {
		return nil, err
	}
	a.Name = string(name.data)
	switch {
	case a.Class.numeric():
		err = p.numbers(a, data)
	case a.Class == Char:
		err = p.text(a, data)
	case a.Class == Cell:
		a.Cells, _, err = p.arrays(data, a.Len(), depth)
	case a.Class == Struct:
		err = p.structs(a, data, depth)
	}
	return a, err
}

// dims are sizes whose product is bounded.
func (p *parser) dims(e element) ([]int, error) {
	if e.kind != 5 || len(e.data)%4 != 0 || len(e.data) < 8 || len(e.data) > 4*maxRank {
		return nil, fmt.Errorf("%w: expected the sizes of an array", ErrFormat)
	}
	var dims []int
	n := 1
	for at := 0; at < len(e.data); at += 4 {
		d := int(int32(p.order.Uint32(e.data[at:])))
		if d < 0 || d > 0 && n > maxBytes/d {
			return nil, fmt.Errorf("%w: an array of %v × %d", ErrFormat, dims, d)
		}
		dims, n = append(dims, d), n*d
	}
	return dims, nil
}

func (p *parser) numbers(a *Array, data []byte) error {
	e, _, err := p.element(data)
	if err != nil {
		return err
	}
	size := sizes[e.kind]
	if size == 0 || len(e.data) != a.Len()*size {
		return fmt.Errorf("%w: %q has %d bytes of type %d, expected %d numbers", ErrFormat, a.Name, len(e.data), e.kind, a.Len())
	}
	if p.values += a.Len(); p.values > maxValues {
		return fmt.Errorf("%w: more than %d numbers", ErrFormat, maxValues)
	}
	a.Numbers = make([]float64, a.Len())
	for i := range a.Numbers {
		a.Numbers[i] = p.number(e.kind, e.data[i*size:])
	}
	return nil
}

// number is a value of an element's type.
func (p *parser) number(kind uint32, b []byte) float64 {
	switch kind {
	case 1:
		return float64(int8(b[0]))
	case 2, miUTF8:
		return float64(b[0])
	case 3:
		return float64(int16(p.order.Uint16(b)))
	case 4, miUTF16:
		return float64(p.order.Uint16(b))
	case 5:
		return float64(int32(p.order.Uint32(b)))
	case 6, miUTF32:
		return float64(p.order.Uint32(b))
	case 7:
		return float64(math.Float32frombits(p.order.Uint32(b)))
	case 9:
		return math.Float64frombits(p.order.Uint64(b))
	case 12:
		return float64(int64(p.order.Uint64(b)))
	}
	return float64(p.order.Uint64(b))
}

// text reads characters: UTF-8 as it is, or a number each.
func (p *parser) text(a *Array, data []byte) error {
	if a.Len() == 0 {
		return nil
	}
	e, _, err := p.element(data)
	if err != nil {
		return err
	}
	size := sizes[e.kind]
	if size == 0 || len(e.data)%size != 0 {
		return fmt.Errorf("%w: a text of %d bytes of type %d", ErrFormat, len(e.data), e.kind)
	}
	if e.kind == miUTF8 {
		a.Text = strings.ToValidUTF8(string(e.data), "\ufffd")
		return nil
	}
	var text strings.Builder
	for at := 0; at < len(e.data); at += size {
		text.WriteRune(rune(p.number(e.kind, e.data[at:])))
	}
	a.Text = text.String()
	return nil
}

// arrays are n arrays one after the other.
func (p *parser) arrays(data []byte, n, depth int) (list []*Array, rest []byte, err error) {
	if n > len(data)/8 { // each has 8 bytes or more
		return nil, nil, fmt.Errorf("%w: %d arrays in %d bytes", ErrFormat, n, len(data))
	}
	for range n {
		var e element
		if e, data, err = p.element(data); err != nil {
			return nil, nil, err
		}
		if e.kind != miMatrix {
			return nil, nil, fmt.Errorf("%w: an element of type %d where an array is expected", ErrFormat, e.kind)
		}
		a, err := p.array(e.data, depth+1)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, a)
	}
	return list, data, nil
}

// structs reads the length of a field's name, the names, and the fields of one structure after the other.
func (p *parser) structs(a *Array, data []byte, depth int) error {
	length, data, err := p.element(data)
	if err != nil {
		return err
	}
	names, data, err := p.element(data)
	if err != nil {
		return err
	}
	if length.kind != 5 || len(length.data) != 4 {
		return fmt.Errorf("%w: expected the length of the fields' names", ErrFormat)
	}
	each := int(int32(p.order.Uint32(length.data)))
	if each < 1 || len(names.data)%each != 0 || len(names.data)/each > maxFields {
		return fmt.Errorf("%w: names of fields of %d bytes in %d", ErrFormat, each, len(names.data))
	}
	for at := 0; at < len(names.data); at += each {
		name, _, _ := bytes.Cut(names.data[at:at+each], []byte{0})
		a.Fields = append(a.Fields, string(name))
	}
	if len(a.Fields) == 0 {
		return nil // structures without fields have no content
	}
	for range a.Len() {
		var values []*Array
		if values, data, err = p.arrays(data, len(a.Fields), depth); err != nil {
			return err
		}
		a.Values = append(a.Values, values)
	}
	return nil
}
