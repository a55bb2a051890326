package checkpoint

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/half"
)

// want is what PyTorch reads in a file of testdata; make.py wrote it.
type want struct {
	Format  Format                `json:"format"`
	Naming  Naming                `json:"naming"`
	Tensors map[string]wantTensor `json:"tensors"`
}

type wantTensor struct {
	Source string   `json:"source"`
	DType  DType    `json:"dtype"`
	Shape  []int    `json:"shape"`
	Bits   []uint32 `json:"bits"` // of the numbers as float32
}

func expectations(t *testing.T) map[string]want {
	t.Helper()
	b, err := os.ReadFile("testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]want
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("expected.json: %d files", len(all))
	}
	return all
}

func open(t *testing.T, path string) *Checkpoint {
	t.Helper()
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// read describes and decodes everything in a checkpoint.
func read(t *testing.T, c *Checkpoint) want {
	t.Helper()
	got := want{Format: c.Format(), Naming: c.Naming(), Tensors: map[string]wantTensor{}}
	for _, name := range c.Names() {
		x, ok := c.Tensor(name)
		if !ok || x.Name != name {
			t.Fatalf("tensor %s is listed as %q, %v", name, x.Name, ok)
		}
		f, err := c.Float32(name, x.Shape...)
		if err != nil {
			t.Fatal(err)
		}
		bits := make([]uint32, len(f))
		for i, v := range f {
			bits[i] = math.Float32bits(v)
		}
		got.Tensors[name] = wantTensor{x.Source, x.DType, x.Shape, bits}
	}
	return got
}

func TestOpenReadsWhatPyTorchWrote(t *testing.T) {
	for file, expected := range expectations(t) {
		t.Run(file, func(t *testing.T) {
			c := open(t, filepath.Join("testdata", file))
			if diff := cmp.Diff(expected, read(t, c)); diff != "" {
				t.Errorf("-PyTorch +facet\n%s", diff)
			}
			if !slices.IsSorted(c.Names()) {
				t.Error("names are not sorted")
			}
		})
	}
}

func TestContentDecidesNotTheName(t *testing.T) {
	b, err := os.ReadFile("testdata/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.pt")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := open(t, path).Format(); got != FormatSafetensors {
		t.Errorf("format %s", got)
	}
}

func TestMissingAndMisshaped(t *testing.T) {
	const path = "testdata/timm.pt"
	c := open(t, path)
	tests := []struct {
		name  string
		shape []int
		kind  error
		text  string
	}{
		{"visual.conv2.weight", []int{2, 3}, ErrNoTensor, path + ": tensor visual.conv2.weight: expected [2,3], found no tensor of that name"},
		{"visual.conv1.weight", []int{3, 2}, ErrShape, path + ": tensor visual.conv1.weight (stem.conv1.conv.weight in the file): expected [3,2], found [2,3]"},
		{"visual.conv1.weight", nil, ErrShape, path + ": tensor visual.conv1.weight (stem.conv1.conv.weight in the file): expected [], found [2,3]"},
	}
	for _, tt := range tests {
		_, err := c.Float32(tt.name, tt.shape...)
		var te *TensorError
		if !errors.As(err, &te) || !errors.Is(err, tt.kind) || err.Error() != tt.text {
			t.Errorf("%s %v: %v", tt.name, tt.shape, err)
		}
	}
	if _, ok := c.Tensor("visual.conv2.weight"); ok {
		t.Error("a missing tensor is described")
	}
}

func TestValuesAreTheCallersOwn(t *testing.T) {
	c := open(t, "testdata/state.pt")
	const name = "token_embedding.weight"
	c.Names()[0] = "changed"
	if c.Names()[0] == "changed" {
		t.Error("names alias the checkpoint's")
	}
	x, _ := c.Tensor(name)
	shape := slices.Clone(x.Shape)
	x.Shape[0] = 99
	f, err := c.Float32(name, shape...)
	if err != nil {
		t.Fatalf("the shape aliases the checkpoint's: %v", err)
	}
	before := f[0]
	f[0]++
	if again, _ := c.Float32(name, shape...); again[0] != before {
		t.Error("numbers alias the file")
	}
}

func TestClosed(t *testing.T) {
	c, err := Open("testdata/state.pt")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Float32("logit_scale"); !errors.Is(err, ErrClosed) {
		t.Errorf("Float32 after Close: %v", err)
	}
	if _, err := c.SHA256(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("SHA256 after Close: %v", err)
	}
}

func TestSHA256(t *testing.T) {
	const path = "testdata/jit.pt"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	c := open(t, path)
	got, err := c.SHA256(context.Background())
	if err != nil || got != hex.EncodeToString(sum[:]) {
		t.Errorf("%s, %v", got, err)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.SHA256(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestConcurrentReadsAndClose(t *testing.T) {
	expected := expectations(t)["views.pt"]
	c, err := Open("testdata/views.pt")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for name, x := range expected.Tensors {
				f, err := c.Float32(name, x.Shape...)
				if errors.Is(err, ErrClosed) {
					return
				}
				if err != nil || len(f) != len(x.Bits) {
					t.Errorf("%s: %d numbers, %v", name, len(f), err)
				}
			}
		})
	}
	wg.Go(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
}

// A tensor long enough to be decoded in parts, contiguous and strided, against a plain loop.
func TestLongTensors(t *testing.T) {
	const n = 1<<20 + 3
	storage := make([]byte, 2*n)
	state := uint32(1)
	for i := range storage {
		state = state*1664525 + 1013904223
		storage[i] = byte(state >> 24)
	}
	at := func(i int) float32 { return half.ToFloat(uint16(storage[2*i]) | uint16(storage[2*i+1])<<8) }
	for _, step := range []int{1, 2} {
		v := &view{Tensor: Tensor{DType: Float16, Shape: []int{n / step}}, storage: storage, strides: []int{step}}
		for i, got := range v.float32s() {
			if w := at(i * step); math.Float32bits(got) != math.Float32bits(w) {
				t.Fatalf("step %d, element %d: expected %g, found %g", step, i, w, got)
			}
		}
	}
}

func TestDTypeSize(t *testing.T) {
	got := map[DType]int{}
	for _, d := range []DType{Float16, BFloat16, Float32, Float64, Int64, Int32, Int16, Int8, Uint8, Bool, "other"} {
		got[d] = d.Size()
	}
	expected := map[DType]int{Float16: 2, BFloat16: 2, Float32: 4, Float64: 8, Int64: 8, Int32: 4, Int16: 2, Int8: 1, Uint8: 1, Bool: 1, "other": 0}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkFloat32 decodes 16 MB of float16, a large layer of RN50.
func BenchmarkFloat32(b *testing.B) {
	const n = 8 << 20
	v := &view{Tensor: Tensor{DType: Float16, Shape: []int{n}}, storage: make([]byte, 2*n), strides: []int{1}}
	b.SetBytes(2 * n)
	for b.Loop() {
		v.float32s()
	}
}
