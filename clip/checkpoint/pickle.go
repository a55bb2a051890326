package checkpoint

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/facet-clip/facet/internal/foreign"
)

// A pickle is a program for a stack machine. This one knows the instructions that build plain data, as
// PyTorch's C++ and Python writers use them (protocols 2 to 4), and nothing that could call out.
//
// Values on the stack: nil, bool, int64, float64, string, []byte, tuple, *list, *dict, *object, global, storage, *rawTensor
// and *inert.

const (
	maxPickleOps    = 1 << 21 // instructions of one pickle, and so values, memo entries and stack depth
	maxPickleString = 1 << 20 // bytes of one string
)

type (
	tuple []any
	list  struct{ items []any }
	dict  struct{ keys, values []any } // in the file's order
	// object is an instance of a TorchScript class: attributes and no behaviour.
	object struct{ attributes *dict }
	global struct{ module, name string }
	// inert stands for a value that no tensor needs, such as a device, a date or a NumPy scalar: what would have made it, and the items
	// that were set in it, as in a dict.
	inert struct {
		of    global
		items dict
	}
)

// asDict gives the items of a dict, or of an object of a class that is used like one.
func asDict(v any) (*dict, bool) {
	switch d := v.(type) {
	case *dict:
		return d, true
	case *inert:
		return &d.items, len(d.items.keys) > 0
	}
	return nil, false
}

// kind names the type of a value in a message.
func kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case int64, float64:
		return "a number"
	case string, []byte:
		return "a string"
	case tuple:
		return "a tuple"
	case *list:
		return "a list"
	case *dict:
		return "a dict"
	case *object:
		return "a module"
	case global:
		return "a global"
	case storage:
		return "a storage"
	case *rawTensor:
		return "a tensor"
	case *inert:
		return "an object of " + foreign.Quote(v.of.String())
	}
	return "something else"
}

func (g global) String() string { return g.module + "." + g.name }

func (d *dict) set(key, value any) {
	d.keys, d.values = append(d.keys, key), append(d.values, value)
}

type machine struct {
	in    []byte
	at    int
	stack []any
	marks []int // stack heights
	memo  map[uint32]any
}

// parsePickle returns the value that a pickle describes.
func parsePickle(in []byte) (any, error) {
	m := &machine{in: in, memo: map[uint32]any{}}
	for range maxPickleOps {
		start := m.at
		op, err := m.byte()
		if err != nil {
			return nil, err
		}
		if op == '.' {
			return m.pop()
		}
		run := instructions[op]
		if run == nil {
			return nil, fmt.Errorf("%w: data.pkl, byte %d: unknown instruction 0x%02x", ErrUnsafe, start, op)
		}
		if err := run(m); err != nil {
			return nil, fmt.Errorf("data.pkl, byte %d: %w", start, err)
		}
	}
	return nil, fmt.Errorf("%w: data.pkl has more than %d instructions", ErrCorrupt, maxPickleOps)
}

// instructions by opcode, named as in Python's pickletools. A nil is refused.
var instructions = [256]func(*machine) error{
	0x80: (*machine).proto,
	0x95: func(m *machine) error { _, err := m.bytes(8); return err }, // FRAME: a hint for streams

	'N':  func(m *machine) error { return m.push(nil) },
	0x88: func(m *machine) error { return m.push(true) },
	0x89: func(m *machine) error { return m.push(false) },
	'K':  func(m *machine) error { return m.pushInt(1) },  // BININT1
	'M':  func(m *machine) error { return m.pushInt(2) },  // BININT2
	'J':  func(m *machine) error { return m.pushInt(-4) }, // BININT, signed
	0x8a: func(m *machine) error { return m.long(1) },     // LONG1
	0x8b: func(m *machine) error { return m.long(4) },     // LONG4
	'G':  (*machine).binfloat,

	'X':  func(m *machine) error { return m.pushString(4) }, // BINUNICODE
	0x8c: func(m *machine) error { return m.pushString(1) }, // SHORT_BINUNICODE
	'T':  func(m *machine) error { return m.pushString(4) }, // BINSTRING, Python 2's
	'U':  func(m *machine) error { return m.pushString(1) }, // SHORT_BINSTRING
	'B':  func(m *machine) error { return m.pushBytes(4) },  // BINBYTES
	'C':  func(m *machine) error { return m.pushBytes(1) },  // SHORT_BINBYTES
	0x8d: func(m *machine) error { return m.pushString(8) }, // BINUNICODE8
	0x8e: func(m *machine) error { return m.pushBytes(8) },  // BINBYTES8
	0x96: func(m *machine) error { return m.pushBytes(8) },  // BYTEARRAY8

	'(':  func(m *machine) error { m.marks = append(m.marks, len(m.stack)); return nil },
	')':  func(m *machine) error { return m.push(tuple{}) },
	't':  func(m *machine) error { items, err := m.popMark(); return m.pushIf(tuple(items), err) },
	0x85: func(m *machine) error { items, err := m.popN(1); return m.pushIf(tuple(items), err) },
	0x86: func(m *machine) error { items, err := m.popN(2); return m.pushIf(tuple(items), err) },
	0x87: func(m *machine) error { items, err := m.popN(3); return m.pushIf(tuple(items), err) },
	']':  func(m *machine) error { return m.push(&list{}) },
	'a':  func(m *machine) error { items, err := m.popN(1); return m.appends(items, err) },
	'e':  func(m *machine) error { items, err := m.popMark(); return m.appends(items, err) },
	'}':  func(m *machine) error { return m.push(&dict{}) },
	's':  func(m *machine) error { items, err := m.popN(2); return m.setItems(items, err) },
	'u':  func(m *machine) error { items, err := m.popMark(); return m.setItems(items, err) },
	0x8f: func(m *machine) error { return m.push(&list{}) },                                               // EMPTY_SET
	0x90: func(m *machine) error { items, err := m.popMark(); return m.appends(items, err) },              // ADDITEMS
	0x91: func(m *machine) error { items, err := m.popMark(); return m.pushIf(&list{items: items}, err) }, // FROZENSET

	'0': func(m *machine) error { _, err := m.pop(); return err },
	'1': func(m *machine) error { _, err := m.popMark(); return err },
	'2': func(m *machine) error { v, err := m.top(); return m.pushIf(v, err) },

	'q':  func(m *machine) error { return m.put(1) }, // BINPUT
	'r':  func(m *machine) error { return m.put(4) }, // LONG_BINPUT
	0x94: func(m *machine) error { return m.put(0) }, // MEMOIZE
	'h':  func(m *machine) error { return m.fetch(1) },
	'j':  func(m *machine) error { return m.fetch(4) },

	'c':  (*machine).global,
	0x93: (*machine).stackGlobal,
	'R':  (*machine).reduce,
	0x81: func(m *machine) error { return m.newObject(2) },
	0x92: func(m *machine) error { return m.newObject(3) }, // NEWOBJ_EX: with keywords
	'b':  (*machine).build,
	'Q':  (*machine).persistent,
}

func (m *machine) bytes(n int) ([]byte, error) {
	if n > len(m.in)-m.at {
		return nil, fmt.Errorf("%w: data.pkl ends in the middle of an instruction", ErrCorrupt)
	}
	b := m.in[m.at : m.at+n]
	m.at += n
	return b, nil
}

func (m *machine) byte() (byte, error) {
	b, err := m.bytes(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// uint reads a little-endian number of 1, 2 or 4 bytes.
func (m *machine) uint(size int) (uint32, error) {
	b, err := m.bytes(size)
	if err != nil {
		return 0, err
	}
	var wide [4]byte
	copy(wide[:], b)
	return binary.LittleEndian.Uint32(wide[:]), nil
}

// length is a number of 1, 4 or 8 bytes.
func (m *machine) length(size int) (uint64, error) {
	if size < 8 {
		n, err := m.uint(size)
		return uint64(n), err
	}
	b, err := m.bytes(8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

func (m *machine) line() (string, error) {
	n := bytes.IndexByte(m.in[m.at:], '\n')
	if n < 0 || n > maxPickleString {
		return "", fmt.Errorf("%w: a name without end", ErrCorrupt)
	}
	b, err := m.bytes(n + 1)
	return string(b[:n]), err
}

func (m *machine) push(v any) error {
	m.stack = append(m.stack, v)
	return nil
}

func (m *machine) pushIf(v any, err error) error {
	if err != nil {
		return err
	}
	return m.push(v)
}

// floor is the height below which nothing may be popped.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

// popN takes the n topmost values off the stack, into memory of their own.
func (m *machine) popN(n int) ([]any, error) {
	if len(m.stack)-m.floor() < n {
		return nil, fmt.Errorf("%w: the stack is empty", ErrCorrupt)
	}
	cut := len(m.stack) - n
	items := append(make([]any, 0, n), m.stack[cut:]...)
	clear(m.stack[cut:])
	m.stack = m.stack[:cut]
	return items, nil
}

func (m *machine) pop() (any, error) {
	items, err := m.popN(1)
	if err != nil {
		return nil, err
	}
	return items[0], nil
}

func (m *machine) top() (any, error) {
	if len(m.stack) == m.floor() {
		return nil, fmt.Errorf("%w: the stack is empty", ErrCorrupt)
	}
	return m.stack[len(m.stack)-1], nil
}

// popMark takes everything above the last mark, and the mark.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, fmt.Errorf("%w: no mark on the stack", ErrCorrupt)
	}
	items, err := m.popN(len(m.stack) - m.floor())
	m.marks = m.marks[:len(m.marks)-1]
	return items, err
}

func (m *machine) proto() error {
	v, err := m.byte()
	if err == nil && (v < 2 || v > 5) {
		err = fmt.Errorf("%w: expected pickle protocol 2 to 5, found %d", ErrUnsupported, v)
	}
	return err
}

func (m *machine) pushInt(size int) error {
	n, err := m.uint(max(size, -size))
	if size < 0 {
		return m.pushIf(int64(int32(n)), err)
	}
	return m.pushIf(int64(n), err)
}

// long reads a two's complement number with a length of the given size. Beyond 8 bytes it is the state of a random generator or the like.
func (m *machine) long(size int) error {
	b, err := m.counted(size)
	if err != nil {
		return err
	}
	n := len(b)
	if n > 8 {
		return m.push(&inert{of: global{"builtins", "int"}})
	}
	var v uint64
	for i, x := range b {
		v |= uint64(x) << (8 * i)
	}
	unused := 64 - 8*uint(n)
	return m.push(int64(v<<unused) >> unused)
}

func (m *machine) binfloat() error {
	b, err := m.bytes(8)
	if err != nil {
		return err
	}
	return m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
}

// counted reads a length of the given size and as many bytes.
func (m *machine) counted(size int) ([]byte, error) {
	n, err := m.length(size)
	if err != nil {
		return nil, err
	}
	if n > maxPickleString {
		return nil, fmt.Errorf("%w: a string of %d bytes, expected at most %d", ErrCorrupt, n, maxPickleString)
	}
	return m.bytes(int(n))
}

func (m *machine) pushString(size int) error {
	b, err := m.counted(size)
	if err != nil {
		return err
	}
	if !utf8.Valid(b) {
		return fmt.Errorf("%w: a string that is not UTF-8", ErrCorrupt)
	}
	return m.push(string(b))
}

func (m *machine) pushBytes(size int) error {
	b, err := m.counted(size)
	return m.pushIf(b, err)
}

func (m *machine) appends(items []any, err error) error {
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	switch l := v.(type) {
	case *list:
		l.items = append(l.items, items...)
		return nil
	case *inert: // a class that is used like a list
		return nil
	}
	return fmt.Errorf("%w: expected a list to append to, found %s", ErrCorrupt, kind(v))
}

func (m *machine) setItems(items []any, err error) error {
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	d, ok := asDict(v)
	if object, empty := v.(*inert); empty {
		d, ok = &object.items, true
	}
	if !ok || len(items)%2 != 0 {
		return fmt.Errorf("%w: expected a dict and pairs to set, found %s and %d values", ErrCorrupt, kind(v), len(items))
	}
	for i := 0; i < len(items); i += 2 {
		d.set(items[i], items[i+1])
	}
	return nil
}

// put remembers the topmost value; size 0 stands for the next free number.
func (m *machine) put(size int) error {
	id, err := uint32(len(m.memo)), error(nil)
	if size > 0 {
		id, err = m.uint(size)
	}
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	m.memo[id] = v
	return nil
}

func (m *machine) fetch(size int) error {
	id, err := m.uint(size)
	if err != nil {
		return err
	}
	v, ok := m.memo[id]
	if !ok {
		return fmt.Errorf("%w: nothing was remembered as number %d", ErrCorrupt, id)
	}
	return m.push(v)
}
