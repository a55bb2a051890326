package npy

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRoundTrip(t *testing.T) {
	for _, want := range []Array{
		{Shape: []int{2, 3}, Data: []float32{0, -1, 2.5, float32(math.Inf(1)), 1e-40, 3}},
		{Shape: []int{5}, Data: []float32{1, 2, 3, 4, 5}},
		{Shape: []int{0, 4}, Data: []float32{}},
		{Shape: nil, Data: []float32{7}},
	} {
		var b bytes.Buffer
		if err := Write(&b, want.Data, want.Shape...); err != nil {
			t.Fatal(err)
		}
		if header := b.Len() - 4*len(want.Data); header%64 != 0 {
			t.Errorf("header of %v takes %d bytes, not a multiple of 64", want.Shape, header)
		}
		got, err := Parse(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// numpyFile is what numpy 1.24 writes for numpy.save(f, numpy.arange(3, dtype=…)), with another descr.
func numpyFile(descr, shape, data string) string {
	header := "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }"
	for len(header)%64 != 53 {
		header += " "
	}
	header += "\n"
	return "\x93NUMPY\x01\x00" + string([]byte{byte(len(header)), byte(len(header) >> 8)}) + header + data
}

func TestReadTypes(t *testing.T) {
	for descr, data := range map[string]string{
		"<f8": "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x00\x40",
		"<f2": "\x00\x00\x00\x3c\x00\x40",
		"<i4": "\x00\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00",
		"<i8": "\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00",
		"|u1": "\x00\x01\x02",
	} {
		got, err := Parse([]byte(numpyFile(descr, "(3,)", data)))
		if err != nil {
			t.Errorf("%s: %v", descr, err)
			continue
		}
		if diff := cmp.Diff([]float32{0, 1, 2}, got.Data); diff != "" {
			t.Errorf("%s: %s", descr, diff)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	good := numpyFile("<f4", "(2,)", "\x00\x00\x00\x00\x00\x00\x80\x3f")
	for name, data := range map[string]string{
		"empty":       "",
		"other magic": "PK\x03\x04 and so on",
		"cut header":  good[:30],
		"cut data":    good[:len(good)-1],
		"longer":      good + "x",
		"version 9":   "\x93NUMPY\x09" + good[7:],
		"complex":     numpyFile("<c8", "(1,)", "12345678"),
		"big-endian":  numpyFile(">f4", "(1,)", "1234"),
		"negative":    numpyFile("<f4", "(-1,)", ""),
		"huge":        numpyFile("<f4", "(99999999999, 99999999999)", ""),
		"bomb":        numpyFile("<f4", "(99999999999,)", "1234"),
	} {
		if _, err := Parse([]byte(data)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v, want ErrFormat", name, err)
		}
	}
}

func TestFloat64(t *testing.T) {
	want := []float64{0, -1, math.Pi, 1e300, 5, 6}
	var b bytes.Buffer
	if err := WriteFloat64(&b, want, 2, 3); err != nil {
		t.Fatal(err)
	}
	h, err := ReadHeader(bytes.NewReader(b.Bytes()))
	if diff := cmp.Diff(Header{"<f8", []int{2, 3}, int64(b.Len() - 8*len(want))}, h); err != nil || diff != "" {
		t.Errorf("header: %v %s", err, diff)
	}
	got, err := ReadFloat64(bytes.NewReader(b.Bytes()), 2, 3)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for name, refused := range map[string]struct {
		data  []byte
		shape []int
	}{
		"other shape": {b.Bytes(), []int{3, 2}},
		"cut":         {b.Bytes()[:b.Len()-1], []int{2, 3}},
		"longer":      {append(bytes.Clone(b.Bytes()), 0), []int{2, 3}},
		"float32":     {[]byte(numpyFile("<f4", "(1,)", "1234")), []int{1}},
		"bomb":        {[]byte(numpyFile("<f8", "(99999999999,)", "12345678")), []int{99999999999}},
		"empty":       {nil, []int{1}},
	} {
		if _, err := ReadFloat64(bytes.NewReader(refused.data), refused.shape...); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v, want ErrFormat", name, err)
		}
	}
	if err := WriteFloat64(&b, want, 7); err == nil {
		t.Error("6 numbers in a shape of 7: no error")
	}
}

func TestInt64(t *testing.T) {
	want := []int64{0, -1, 1 << 62, -1 << 63, 5, 6}
	var b bytes.Buffer
	if err := WriteInt64(&b, want, 3, 2); err != nil {
		t.Fatal(err)
	}
	got, err := ReadInt64(bytes.NewReader(b.Bytes()), 3, 2)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := ReadFloat64(bytes.NewReader(b.Bytes()), 3, 2); !errors.Is(err, ErrFormat) {
		t.Errorf("int64 read as float64: %v", err)
	}
	if err := WriteInt64(&b, want, 7); err == nil {
		t.Error("6 numbers in a shape of 7: no error")
	}
}

func TestHalfHeader(t *testing.T) {
	var b bytes.Buffer
	if err := WriteHalfHeader(&b, 1, 2); err != nil {
		t.Fatal(err)
	}
	b.WriteString("\x00\x3c\x00\xc0")
	got, err := Parse(b.Bytes())
	if diff := cmp.Diff(Array{Shape: []int{1, 2}, Data: []float32{1, -2}}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(numpyFile("<f4", "(2,)", "12345678")))
	f.Add([]byte(numpyFile("<f2", "(1, 2)", "1234")))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Parse(data)
		if err != nil {
			return
		}
		if n, _ := product(a.Shape); n != len(a.Data) {
			t.Errorf("shape %v holds %d numbers", a.Shape, len(a.Data))
		}
	})
}
