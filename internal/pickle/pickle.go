// Package pickle reads Python's pickles and executes nothing. A pickle is a program for a stack machine. This one knows the instructions that build
// plain data, as PyTorch and NumPy write them (protocols 2 to 5), and nothing that could call out. What a call would have made is an [Object], or
// what the reader's own [Rules] make of it. Every size that a pickle claims is checked against its bytes before memory is asked for.
package pickle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/facet-clip/facet/internal/foreign"
)

// MaxOps is the most instructions of one pickle, and so values, memo entries and stack depth.
const MaxOps = 1 << 21

// maxLine is the most bytes of a name.
const maxLine = 1 << 20

// Values are nil, bool, int64, float64, string, []byte, Tuple, *List, *Dict, Global, *Object, and what [Rules] make.
type (
	// Tuple is a tuple.
	Tuple []any
	// List is a list or a set.
	List struct{ Items []any }
	// Dict is a dict, in the file's order.
	Dict struct{ Keys, Values []any }
	// Global is the name of a function or a class.
	Global struct{ Module, Name string }
	// Object stands for what a call would have made: what would have made it and of which arguments, the state that it was given, and the items
	// that were set in it, as in a dict.
	Object struct {
		Of    Global
		Args  Tuple
		State any
		Items Dict
	}
)

// Rules are what a reader of pickles expects of them.
type Rules struct {
	Name                         string // of the pickle, in errors
	Corrupt, Unsupported, Unsafe error  // what errors wrap
	MaxString                    int    // the most bytes of one string
	Bytes                        bool   // strings that are not UTF-8 are []byte; else they are errors

	Reduce     func(what any, args Tuple) (v any, known bool, err error) // a call; nil, or not known: an [Object]
	New        func(class Global) (v any, known bool)                    // an instance of a class; likewise
	Build      func(target, state any) (known bool, err error)           // attributes for a value that is no Object; likewise an error
	Persistent func(id any) (any, error)                                 // something outside the pickle; nil: an error
	Kind       func(v any) string                                        // names a value of the rules' own; nil: something else
}

// AsDict gives the items of a dict, or of an object of a class that is used like one.
func AsDict(v any) (*Dict, bool) {
	switch d := v.(type) {
	case *Dict:
		return d, true
	case *Object:
		return &d.Items, len(d.Items.Keys) > 0
	}
	return nil, false
}

// Kind names the type of a value in a message; "something else" for what the rules made.
func Kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case int64, float64:
		return "a number"
	case string, []byte:
		return "a string"
	case Tuple:
		return "a tuple"
	case *List:
		return "a list"
	case *Dict:
		return "a dict"
	case Global:
		return "a global"
	case *Object:
		return "an object of " + foreign.Quote(v.Of.String())
	}
	return "something else"
}

func (m *machine) kind(v any) string {
	if m.rules.Kind != nil {
		return m.rules.Kind(v)
	}
	return Kind(v)
}

func (g Global) String() string { return g.Module + "." + g.Name }

// Set adds an item.
func (d *Dict) Set(key, value any) {
	d.Keys, d.Values = append(d.Keys, key), append(d.Values, value)
}

type machine struct {
	rules Rules
	in    []byte
	at    int
	stack []any
	marks []int // stack heights
	memo  map[uint32]any
}

// Read returns the value that a pickle describes.
func Read(in []byte, rules Rules) (any, error) {
	m := &machine{rules: rules, in: in, memo: map[uint32]any{}}
	for range MaxOps {
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
			return nil, fmt.Errorf("%w: %s, byte %d: unknown instruction 0x%02x", rules.Unsafe, rules.Name, start, op)
		}
		if err := run(m); err != nil {
			return nil, fmt.Errorf("%s, byte %d: %w", rules.Name, start, err)
		}
	}
	return nil, fmt.Errorf("%w: %s has more than %d instructions", rules.Corrupt, rules.Name, MaxOps)
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
	')':  func(m *machine) error { return m.push(Tuple{}) },
	't':  func(m *machine) error { items, err := m.popMark(); return m.pushIf(Tuple(items), err) },
	0x85: func(m *machine) error { items, err := m.popN(1); return m.pushIf(Tuple(items), err) },
	0x86: func(m *machine) error { items, err := m.popN(2); return m.pushIf(Tuple(items), err) },
	0x87: func(m *machine) error { items, err := m.popN(3); return m.pushIf(Tuple(items), err) },
	']':  func(m *machine) error { return m.push(&List{}) },
	'a':  func(m *machine) error { items, err := m.popN(1); return m.appends(items, err) },
	'e':  func(m *machine) error { items, err := m.popMark(); return m.appends(items, err) },
	'}':  func(m *machine) error { return m.push(&Dict{}) },
	's':  func(m *machine) error { items, err := m.popN(2); return m.setItems(items, err) },
	'u':  func(m *machine) error { items, err := m.popMark(); return m.setItems(items, err) },
	0x8f: func(m *machine) error { return m.push(&List{}) },                                               // EMPTY_SET
	0x90: func(m *machine) error { items, err := m.popMark(); return m.appends(items, err) },              // ADDITEMS
	0x91: func(m *machine) error { items, err := m.popMark(); return m.pushIf(&List{Items: items}, err) }, // FROZENSET

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
		return nil, fmt.Errorf("%w: data.pkl ends in the middle of an instruction", m.rules.Corrupt)
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
	if n < 0 || n > maxLine {
		return "", fmt.Errorf("%w: a name without end", m.rules.Corrupt)
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
		return nil, fmt.Errorf("%w: the stack is empty", m.rules.Corrupt)
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
		return nil, fmt.Errorf("%w: the stack is empty", m.rules.Corrupt)
	}
	return m.stack[len(m.stack)-1], nil
}

// popMark takes everything above the last mark, and the mark.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, fmt.Errorf("%w: no mark on the stack", m.rules.Corrupt)
	}
	items, err := m.popN(len(m.stack) - m.floor())
	m.marks = m.marks[:len(m.marks)-1]
	return items, err
}

func (m *machine) proto() error {
	v, err := m.byte()
	if err == nil && (v < 2 || v > 5) {
		err = fmt.Errorf("%w: expected pickle protocol 2 to 5, found %d", m.rules.Unsupported, v)
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
		return m.push(&Object{Of: Global{"builtins", "int"}})
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
	if n > uint64(m.rules.MaxString) {
		return nil, fmt.Errorf("%w: a string of %d bytes, expected at most %d", m.rules.Corrupt, n, m.rules.MaxString)
	}
	return m.bytes(int(n))
}

func (m *machine) pushString(size int) error {
	b, err := m.counted(size)
	if err != nil {
		return err
	}
	if !utf8.Valid(b) && m.rules.Bytes {
		return m.push(b)
	}
	if !utf8.Valid(b) {
		return fmt.Errorf("%w: a string that is not UTF-8", m.rules.Corrupt)
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
	case *List:
		l.Items = append(l.Items, items...)
		return nil
	case *Object: // a class that is used like a list
		return nil
	}
	return fmt.Errorf("%w: expected a list to append to, found %s", m.rules.Corrupt, m.kind(v))
}

func (m *machine) setItems(items []any, err error) error {
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	d, ok := AsDict(v)
	if object, empty := v.(*Object); empty {
		d, ok = &object.Items, true
	}
	if !ok || len(items)%2 != 0 {
		return fmt.Errorf("%w: expected a dict and pairs to set, found %s and %d values", m.rules.Corrupt, m.kind(v), len(items))
	}
	for i := 0; i < len(items); i += 2 {
		d.Set(items[i], items[i+1])
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
		return fmt.Errorf("%w: nothing was remembered as number %d", m.rules.Corrupt, id)
	}
	return m.push(v)
}

// dangerous are the modules that an attack calls. Nothing of a pickle is ever called, so this list keeps nobody safe: it tells people what
// they were sent. A name "" stands for the whole module.
var dangerous = map[string][]string{
	"os": {""}, "posix": {""}, "nt": {""}, "subprocess": {""}, "sys": {""}, "socket": {""}, "shutil": {""}, "runpy": {""}, "ctypes": {""},
	"pty": {""}, "code": {""}, "codeop": {""}, "commands": {""}, "webbrowser": {""}, "pip": {""}, "marshal": {""}, "bdb": {""}, "pdb": {""},
	"timeit": {""}, "pickle": {""}, "_pickle": {""}, "cloudpickle": {""}, "importlib": {"import_module", "__import__", "reload"},
	"builtins": unsafeBuiltins, "__builtin__": unsafeBuiltins,
}

var unsafeBuiltins = []string{"eval", "exec", "execfile", "compile", "open", "input", "__import__", "breakpoint", "globals", "apply", "file"}

// isDangerous looks at the module, the packages that it is in, and the first part of a dotted name.
func (g Global) isDangerous() bool {
	first, _, _ := strings.Cut(g.Name, ".")
	top, _, _ := strings.Cut(g.Module, ".")
	names := dangerous[top]
	_, inName := dangerous[first]
	return slices.Contains(names, "") || slices.Contains(names, first) || strings.Contains(g.Name, ".") && inName
}

func (m *machine) global() error {
	module, err := m.line()
	if err != nil {
		return err
	}
	name, err := m.line()
	if err != nil {
		return err
	}
	return m.pushGlobal(Global{module, name})
}

func (m *machine) stackGlobal() error {
	items, err := m.popN(2)
	if err != nil {
		return err
	}
	module, ok1 := items[0].(string)
	name, ok2 := items[1].(string)
	if !ok1 || !ok2 {
		return fmt.Errorf("%w: expected two strings to name a global", m.rules.Corrupt)
	}
	return m.pushGlobal(Global{module, name})
}

// pushGlobal puts a name on the stack. One that only an attack needs ends the reading.
func (m *machine) pushGlobal(g Global) error {
	if g.isDangerous() {
		return fmt.Errorf("%w: the pickle asks for %s, which plain data never need", m.rules.Unsafe, foreign.Quote(g.String()))
	}
	return m.push(g)
}

// reduce stands in for a call: global, arguments → value.
func (m *machine) reduce() error {
	items, err := m.popN(2)
	if err != nil {
		return err
	}
	args, ok := items[1].(Tuple)
	if !ok {
		return fmt.Errorf("%w: expected arguments, found %s", m.rules.Corrupt, m.kind(items[1]))
	}
	v, err := m.reduced(items[0], args)
	if err != nil {
		return fmt.Errorf("%s: %w", m.kind(items[0]), err)
	}
	return m.push(v)
}

// reduced is the value of a call that is not made.
func (m *machine) reduced(what any, args Tuple) (any, error) {
	if m.rules.Reduce != nil {
		if v, known, err := m.rules.Reduce(what, args); known || err != nil {
			return v, err
		}
	}
	switch called := what.(type) {
	case Global:
		return &Object{Of: called, Args: args}, nil
	case *Object:
		return &Object{Of: called.Of}, nil
	}
	return nil, fmt.Errorf("%w: expected a global to call", m.rules.Corrupt)
}

// newObject makes an instance of a class. It takes so many values.
func (m *machine) newObject(values int) error {
	items, err := m.popN(values)
	if err != nil {
		return err
	}
	g, ok := items[0].(Global)
	if !ok {
		return fmt.Errorf("%w: expected a class to make an object of, found %s", m.rules.Corrupt, m.kind(items[0]))
	}
	if m.rules.New != nil {
		if v, known := m.rules.New(g); known {
			return m.push(v)
		}
	}
	return m.push(&Object{Of: g})
}

// build gives an object its attributes. A dict's own (OrderedDict's _metadata) are of no interest.
func (m *machine) build() error {
	state, err := m.pop()
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	switch target := v.(type) {
	case *Dict:
		return nil
	case *Object:
		target.State = state
		return nil
	}
	if m.rules.Build != nil {
		if known, err := m.rules.Build(v, state); known || err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: expected an object to give attributes to, found %s", m.rules.Corrupt, m.kind(v))
}

// persistent stands for something outside the pickle.
func (m *machine) persistent() error {
	id, err := m.pop()
	if err != nil {
		return err
	}
	if m.rules.Persistent == nil {
		return fmt.Errorf("%w: something outside the pickle", m.rules.Unsupported)
	}
	return m.pushIf(m.rules.Persistent(id))
}
