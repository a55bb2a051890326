package mat_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/dataset/mat"
)

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSciPys reads every kind of variable that testdata/make.py writes.
func TestSciPys(t *testing.T) {
	for _, name := range []string{"plain.mat", "packed.mat"} {
		all, err := mat.Read(name, bytes.NewReader(readFile(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		get := func(v string) *mat.Array {
			t.Helper()
			a, err := mat.Variable(all, v)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		for _, kind := range strings.Fields("int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64") {
			if a := get(kind); !cmp.Equal(a.Numbers, []float64{1, 3, 2, 100}) || !cmp.Equal(a.Dims, []int{2, 2}) {
				t.Errorf("%s: %s: %v of %v", name, kind, a.Numbers, a.Dims)
			}
		}
		cube := get("cube")
		for v, want := range map[string][]float64{"negative": {-300}, "fraction": {0.5, -1e300}, "flag": {1, 0}, "complex": {1}, "empty": {}} {
			if a := get(v); !slices.Equal(a.Numbers, want) {
				t.Errorf("%s: %s: %v", name, v, a.Numbers)
			}
		}
		if !cmp.Equal(cube.Dims, []int{2, 3, 4}) || len(cube.Numbers) != 24 || cube.Numbers[1] != 12 || cube.Numbers[2] != 4 {
			t.Errorf("%s: cube %v of %v", name, cube.Numbers, cube.Dims)
		}
		if text, ok := get("text").Chars(); !ok || text != "a longer text" {
			t.Errorf("%s: text %q", name, text)
		}
		cells := get("cells").Cells
		if len(cells) != 4 || cells[0].Text != "a" || !cmp.Equal(cells[1].Numbers, []float64{0, 1, 2}) || cells[2].Len() != 0 || cells[3].Text != "ü€" {
			t.Errorf("%s: cells %+v", name, cells)
		}
		structs, outer := get("structs"), get("outer")
		for _, s := range []*mat.Array{structs, outer.Field(0, "inner")} {
			id, ok := s.Field(1, "id").Number()
			text, ok2 := s.Field(0, "name").Chars()
			if s.Len() != 2 || !ok || id != 2 || !ok2 || text != "one" {
				t.Errorf("%s: structures %+v", name, s)
			}
		}
		if x, ok := outer.Field(0, "x").Number(); !ok || x != 7 {
			t.Errorf("%s: x is %g", name, x)
		}
		if _, ok := outer.Field(0, "y").Number(); ok || outer.Field(1, "x") != nil {
			t.Errorf("%s: a field that is not there", name)
		}
		if _, err := mat.Variable(all, "nothing"); !errors.Is(err, mat.ErrFormat) || !strings.Contains(err.Error(), "int8") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// file is a file of one element, of either byte order.
func file(order binary.AppendByteOrder, kind uint32, content []byte) []byte {
	head := make([]byte, 124)
	copy(head, "MATLAB 5.0 MAT-file")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		head = append(head, 1, 0, 'M', 'I')
	} else {
		head = append(head, 0, 1, 'I', 'M')
	}
	head = order.AppendUint32(head, kind)
	head = order.AppendUint32(head, uint32(len(content)))
	return append(head, content...)
}

// array is an array of bytes with sizes of its own.
func array(order binary.AppendByteOrder, class uint32, dims []int32, rest ...byte) []byte {
	var b []byte
	for _, v := range []uint32{6, 8, class, 0, 5, uint32(4 * len(dims))} {
		b = order.AppendUint32(b, v)
	}
	for _, d := range dims {
		b = order.AppendUint32(b, uint32(d))
	}
	b = append(b, make([]byte, (8-len(b)%8)%8)...)
	b = order.AppendUint32(b, 1<<16|1) // a name of one letter
	b = append(b, 'x', 0, 0, 0)
	return append(b, rest...)
}

func TestBigEndian(t *testing.T) {
	content := array(binary.BigEndian, 6, []int32{1, 1}, 0, 0, 0, 3, 0, 0, 0, 2, 0xff, 0x38, 0, 0, 0, 0, 0, 0)
	all, err := mat.Read("big", bytes.NewReader(file(binary.BigEndian, 14, content)))
	if err != nil || len(all) != 1 || all[0].Name != "x" || !cmp.Equal(all[0].Numbers, []float64{-200}) {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestDamaged(t *testing.T) {
	order := binary.LittleEndian
	var bomb bytes.Buffer
	z := zlib.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 65 {
		if _, err := z.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	deep := array(order, 6, []int32{0, 0}, 9, 0, 0, 0, 0, 0, 0, 0)
	for range 20 {
		inner := order.AppendUint32(order.AppendUint32(nil, 14), uint32(len(deep)))
		deep = array(order, 1, []int32{1, 1}, append(inner, deep...)...)
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"empty": {nil, mat.ErrFormat}, "HDF5": {append([]byte("MATLAB 7.3 MAT-file"), make([]byte, 200)...), mat.ErrUnsupported},
		"no MATLAB file": {make([]byte, 200), mat.ErrFormat}, "bomb": {file(order, 15, bomb.Bytes()), mat.ErrFormat}, "no zlib": {file(order, 15, make([]byte, 20)), mat.ErrFormat},
		"deep": {file(order, 14, deep), mat.ErrFormat}, "large": {file(order, 14, array(order, 6, []int32{1 << 30, 1 << 30}, make([]byte, 8)...)), mat.ErrFormat},
		"many cells":      {file(order, 14, array(order, 1, []int32{1 << 20, 1}, make([]byte, 64)...)), mat.ErrFormat},
		"negative":        {file(order, 14, array(order, 6, []int32{-1, 1}, make([]byte, 8)...)), mat.ErrFormat},
		"too few numbers": {file(order, 14, array(order, 6, []int32{5, 1}, 2, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0)), mat.ErrFormat},
	} {
		if _, err := mat.Read("x.mat", bytes.NewReader(c.data)); !errors.Is(err, c.want) || !strings.HasPrefix(err.Error(), "x.mat: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	whole := readFile(t, "plain.mat")
	for cut := 128; cut < len(whole); cut += 13 {
		if all, err := mat.Read("x.mat", bytes.NewReader(whole[:cut])); err == nil && len(all) > 19 {
			t.Errorf("cut at %d of %d: %d variables", cut, len(whole), len(all))
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"plain.mat", "packed.mat"} {
		f.Add(readFile(f, name))
	}
	f.Add(file(binary.BigEndian, 14, array(binary.BigEndian, 6, []int32{1, 1}, 0, 0, 0, 3, 0, 0, 0, 2, 0xff, 0x38, 0, 0, 0, 0, 0, 0)))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := mat.Read("x", bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, a := range all {
			if len(a.Numbers) > 0 && len(a.Numbers) != a.Len() || len(a.Cells) > 0 && len(a.Cells) != a.Len() {
				t.Fatalf("%s of %v: %d numbers, %d cells", a.Class, a.Dims, len(a.Numbers), len(a.Cells))
			}
		}
	})
}
