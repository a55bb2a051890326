package pickle

import "strings"

// Array is an array of NumPy, as its pickle describes it. Nothing is checked but the kinds of values.
type Array struct {
	Shape   []int64
	Type    string // of the numbers, as NumPy's dtype is made: u1, i8, f4, …
	Fortran bool   // column-major
	Data    []byte
}

// ArrayOf gives the array that an object stands for.
func ArrayOf(v any) (a Array, ok bool) {
	o, isObject := v.(*Object)
	if !isObject || o.Of.Name != "_reconstruct" || !strings.HasPrefix(o.Of.Module, "numpy.") {
		return a, false
	}
	state, _ := o.State.(Tuple) // version, shape, dtype, Fortran, content
	if len(state) != 5 {
		return a, false
	}
	shape, _ := state[1].(Tuple)
	for _, n := range shape {
		size, isNumber := n.(int64)
		if !isNumber {
			return a, false
		}
		a.Shape = append(a.Shape, size)
	}
	dtype, _ := state[2].(*Object)
	if dtype == nil || len(dtype.Args) == 0 {
		return a, false
	}
	var okType, okFortran, okData bool
	a.Type, okType = Text(dtype.Args[0])
	a.Fortran, okFortran = state[3].(bool)
	a.Data, okData = BytesOf(state[4])
	return a, okType && okFortran && okData && len(shape) > 0
}

// Text is a string, whether Python took it for text or for bytes.
func Text(v any) (string, bool) {
	switch s := v.(type) {
	case string:
		return s, true
	case []byte:
		return string(s), true
	}
	return "", false
}

// BytesOf are bytes: as they are, as a string of Python 2, or as Python 3 writes them for Python 2, which is a call of _codecs.encode with Latin-1.
func BytesOf(v any) ([]byte, bool) {
	switch b := v.(type) {
	case []byte:
		return b, true
	case string:
		return []byte(b), true
	case *Object:
		if b.Of != (Global{Module: "_codecs", Name: "encode"}) || len(b.Args) != 2 || b.Args[1] != any("latin1") {
			return nil, false
		}
		text, ok := b.Args[0].(string)
		out := make([]byte, 0, len(text))
		for _, r := range text {
			if r > 255 {
				return nil, false
			}
			out = append(out, byte(r))
		}
		return out, ok
	}
	return nil, false
}
