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
