package atlas

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/decompose"
)

// sorted are the Extremes images of largest (sign 1) or smallest scalar of a pair, ties by image.
func sorted(all [][]float32, p int, sign float32) []Extreme {
	list := []Extreme{}
	for i, s := range all {
		list = append(list, Extreme{uint32(i), s[p]})
	}
	slices.SortStableFunc(list, func(a, b Extreme) int {
		switch {
		case sign*a.Scalar > sign*b.Scalar:
			return -1
		case sign*a.Scalar < sign*b.Scalar:
			return 1
		}
		return 0
	})
	return list[:min(Extremes, len(list))]
}

// TestFarthest compares with sorting all images, with many ties, from any value.
func TestFarthest(t *testing.T) {
	for _, N := range []int{1, 30, 70, 99, 100, 300} {
		acc, _ := NewAccumulator(small)
		var all [][]float32
		for i := range N {
			_, s, _ := item(i)
			s[0], s[1] = 3, float32(i%2)
			all = append(all, s)
			if err := acc.Add(uint32(i), s); err != nil {
				t.Fatal(err)
			}
		}
		s := acc.Stats()
		for p := range s.Mean {
			for _, from := range []float64{s.Mean[p], 0, -100, 1e6, float64(all[0][p])} {
				want := []Extreme{}
				for i, v := range all {
					want = append(want, Extreme{uint32(i), v[p]})
				}
				slices.SortStableFunc(want, func(a, b Extreme) int {
					return cmp.Compare(math.Abs(float64(b.Scalar)-from), math.Abs(float64(a.Scalar)-from))
				})
				for _, k := range []int{1, 11, 50, 80} {
					if diff := gocmp.Diff(want[:min(k, N, Extremes)], s.Farthest(p, k, from)); diff != "" {
						t.Fatalf("%d images, pair %d, %d from %g: %s", N, p, k, from, diff)
					}
				}
			}
		}
	}
}

// little has room for short seeds.
var little = weights(1, 2, 1, 7)

func encoded(t testing.TB, w decompose.Weights, images int) []byte {
	t.Helper()
	a, err := NewAccumulator(w)
	if err != nil {
		t.Fatal(err)
	}
	for i := range images {
		_, s, _ := item(i)
		if err := a.Add(uint32(i), s[:w.Heads*w.Channels]); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := a.encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestState: an accumulator that was written and read goes on as if nothing had happened.
func TestState(t *testing.T) {
	for _, n := range []int{0, 1, block - 1, block, 2*block + 9} {
		one, _ := NewAccumulator(small)
		two, _ := NewAccumulator(small)
		if err := two.decode(bytes.NewReader(encoded(t, small, n))); err != nil {
			t.Fatal(err)
		}
		for i := range n + 50 {
			_, s, _ := item(i)
			if err := one.Add(uint32(i), s); err != nil {
				t.Fatal(err)
			}
			if i >= n {
				if err := two.Add(uint32(i), s); err != nil {
					t.Fatal(err)
				}
			}
		}
		if diff := gocmp.Diff(one.Stats(), two.Stats()); diff != "" {
			t.Fatalf("after %d images: %s", n, diff)
		}
	}
}

func TestStateRefuses(t *testing.T) {
	good := encoded(t, little, 60)
	for name, data := range map[string][]byte{
		"empty": nil, "cut off": good[:len(good)-1], "half": good[:len(good)/2], "longer": append(bytes.Clone(good), 0),
		"changed": append(append(bytes.Clone(good[:100]), good[100]^1), good[101:]...),
	} {
		a, _ := NewAccumulator(little)
		if err := a.decode(bytes.NewReader(data)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v, want ErrFormat", name, err)
		}
	}
	a, _ := NewAccumulator(small)
	if err := a.decode(bytes.NewReader(good)); !errors.Is(err, ErrMismatch) {
		t.Errorf("another shape: got %v, want ErrMismatch", err)
	}
}

// FuzzState gives arbitrary accumulators with a right checksum: those that are taken must be of use.
func FuzzState(f *testing.F) {
	for _, n := range []int{0, 1, 40, 60} {
		data := encoded(f, little, n)
		f.Add(data[:len(data)-4])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = binary.LittleEndian.AppendUint32(bytes.Clone(data), crc32.Checksum(data, castagnoli))
		a, err := NewAccumulator(little)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.decode(bytes.NewReader(data)); err != nil {
			return
		}
		var again bytes.Buffer
		if err := a.encode(&again); err != nil || !bytes.Equal(again.Bytes(), data) {
			t.Errorf("read and written it differs: %v", err)
		}
		if err := a.Add(7, []float32{1, 2}); err != nil {
			t.Error(err)
		}
		a.Stats().PairSigns(50)
	})
}

// FuzzStateHeader reads arbitrary bytes up to the accumulator.
func FuzzStateHeader(f *testing.F) {
	a, _ := NewAccumulator(little)
	var b bytes.Buffer
	h := stateHeader{Model: manifest("x").Model, Skipped: []Skipped{{"a", "b"}}, Rows: mark{12, 34}}
	if err := writeState(&b, h, a); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(stateMagic + "\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := readStateHeader(bytes.NewReader(data)); err != nil && !errors.Is(err, ErrFormat) {
			t.Error(err)
		}
	})
}

// FuzzRows reads arbitrary rows of images.
func FuzzRows(f *testing.F) {
	image, s, _ := item(2)
	image.Top = []Use{{3, s[3]}, {5, s[5]}}
	f.Add(appendRow(nil, image))
	image.Time = image.Time.AddDate(-9000, 0, 0)
	f.Add(appendRow(appendRow(nil, image), Image{Embedding: image.Embedding}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var again []byte
		for image, err := range readRows(bytes.NewReader(data), 2, 36, 5) {
			if err != nil {
				if !errors.Is(err, ErrFormat) {
					t.Error(err)
				}
				return
			}
			again = appendRow(again, image)
		}
		rest := 0
		for range readRows(bytes.NewReader(again), 2, 36, 5) {
			rest++
		}
		if rest != 2 {
			t.Errorf("%d rows when read again", rest)
		}
	})
}

// FuzzManifest reads arbitrary atlas.json.
func FuzzManifest(f *testing.F) {
	var files []File
	for _, name := range []string{pairsFile, neuronsFile, imagesFile, topFile, neuronCovFile, headCovFile, headMeanFile, gramFile} {
		files = append(files, File{name, 1, "ab"})
	}
	m := manifest("x")
	m.Format, m.Images, m.Datasets[0].Images, m.Files = Format, 5, 5, files
	data, err := json.Marshal(m)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := parseManifest(data); err != nil {
		f.Fatal(err)
	}
	good := string(data)
	f.Add(data)
	f.Add([]byte(strings.Replace(good, `"channels":12`, `"channels":9000000000000000000`, 1)))
	f.Add([]byte(`{"format":1}`))
	m.Files = append(m.Files, File{labelsFile, 1, "ab"})
	m.Labels = &Labels{Format: LabelFormat, Terms: 2, Pairs: 1, Rows: 2}
	m.Labels.Fingerprint = m.Labels.fingerprint(m)
	if data, err = json.Marshal(m); err != nil {
		f.Fatal(err)
	}
	if _, err := parseManifest(data); err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Error(err)
			}
			return
		}
		if c := m.Model.Config; m.Format != Format || m.Images < 1 || c.Channels%c.Heads != 0 || c.Heads*c.Channels < 1 {
			t.Errorf("taken: %+v", m)
		}
	})
}

// TestBytes holds the size budget: what a scan keeps in memory whatever the dataset.
func TestBytes(t *testing.T) {
	const megabyte = 1e6
	for _, c := range []struct {
		name            string
		heads, channels int
		most            float64
	}{{"RN50", 32, 2048, 150}, {"RN50x16", 48, 3072, 400}, {"RN50x64", 64, 4096, 700}} {
		t.Run(c.name, func(t *testing.T) {
			got := float64(accumulatorBytes(c.heads, c.channels)) / megabyte
			t.Logf("%.0f MB", got)
			if got > c.most {
				t.Errorf("%.0f MB, at most %.0f", got, c.most)
			}
		})
	}
	a, err := NewAccumulator(small)
	if err != nil {
		t.Fatal(err)
	}
	if want := accumulatorBytes(small.Heads, small.Channels); a.Bytes() != want {
		t.Errorf("an accumulator holds %d bytes, the formula says %d", a.Bytes(), want)
	}
	if n := testing.AllocsPerRun(3, func() {
		if _, err := NewAccumulator(small); err != nil {
			t.Fatal(err)
		}
	}); n > 30 {
		t.Errorf("%v allocations: some for each pair?", n)
	}
}

// accumulatorBytes is what [Accumulator.Bytes] must give for a shape.
func accumulatorBytes(M, C int) int {
	d := C / M
	moments := 8 * (M*C + C*M*(M+1)/2 + M*d + M*d*(d+1)/2)
	extremes := 2 * M * C * (8*Extremes + 1 + 4)
	return moments + extremes + 4*block*M*C
}

func Example() {
	s := &Stats{Heads: 1, Channels: 1, Count: 3, Mean: []float64{2}, Largest: [][]Extreme{{{2, 5}, {1, 1}, {0, 0}}}, Smallest: [][]Extreme{{{0, 0}, {1, 1}, {2, 5}}}}
	fmt.Println(s.Farthest(0, 2, s.Mean[0]), s.PairSigns(3))
	// Output: [{2 5} {0 0}] [-1]
}
