package atlas

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/decompose"
)

// little has room for short seeds.
var little = weights(1, 2, 1, 7)

func encoded(t testing.TB, w decompose.Weights, images int) []byte {
	t.Helper()
	a, err := decompose.NewAccumulator(w)
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
	if err := encodeState(&b, a.State()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestState: an accumulator that was written and read goes on as if nothing had happened.
func TestState(t *testing.T) {
	for _, n := range []int{0, 1, decompose.Block - 1, decompose.Block, 2*decompose.Block + 9} {
		one, _ := decompose.NewAccumulator(small)
		two, _ := decompose.NewAccumulator(small)
		if err := decodeState(bytes.NewReader(encoded(t, small, n)), two); err != nil {
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
		a, _ := decompose.NewAccumulator(little)
		if err := decodeState(bytes.NewReader(data), a); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v, want ErrFormat", name, err)
		}
	}
	a, _ := decompose.NewAccumulator(small)
	if err := decodeState(bytes.NewReader(good), a); !errors.Is(err, ErrMismatch) {
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
		a, err := decompose.NewAccumulator(little)
		if err != nil {
			t.Fatal(err)
		}
		if err := decodeState(bytes.NewReader(data), a); err != nil {
			return
		}
		var again bytes.Buffer
		if err := encodeState(&again, a.State()); err != nil || !bytes.Equal(again.Bytes(), data) {
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
	a, _ := decompose.NewAccumulator(little)
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
		files = append(files, File{name, 1, "ab", 7})
	}
	m := manifest("x")
	m.Format, m.Images, m.Datasets[0].Images, m.Files = scanFormat, 5, 5, files
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
	m.Files = append(m.Files, File{labelsFile, 1, "ab", 7})
	m.Labels = &Labels{Format: LabelFormat, Terms: 2, Pairs: 1, Rows: 2}
	m.Labels.Fingerprint = m.Labels.fingerprint(m)
	if data, err = json.Marshal(m); err != nil {
		f.Fatal(err)
	}
	if _, err := parseManifest(data); err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	m = manifest("x")
	m.Format, m.Images, m.Datasets[0].Images, m.Parts = Format, 5, 5, []Part{{1, 5, 0}}
	for _, name := range m.tableFiles() {
		m.Files = append(m.Files, File{name, 1, "ab", 7})
	}
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
		if c := m.Model.Config; m.Format > Format || m.Images < 1 || c.Channels%c.Heads != 0 || c.Heads*c.Channels < 1 {
			t.Errorf("taken: %+v", m)
		}
		images := 0
		for _, s := range m.sections() {
			if s.image != images || len(m.Datasets[s.dataset:][:s.Datasets]) == 0 && m.Format > scanFormat || len(m.Skipped[s.item:][:s.Skipped]) != s.Skipped {
				t.Errorf("taken: %+v", m)
			}
			images += s.Images
		}
		if images != m.Images {
			t.Errorf("taken: %+v", m)
		}
	})
}
