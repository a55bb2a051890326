package checkpoint

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// everyType are tensors of every type that is written, with a scalar, an empty tensor and large dimensions.
func everyType() []Data {
	r := rand.New(rand.NewPCG(1, 1))
	floats := make([]float32, 300)
	for i := range floats {
		floats[i] = float32(r.NormFloat64())
	}
	return []Data{
		{Name: "visual.conv1.weight", DType: Float16, Shape: []int{3, 100}, Floats: floats},
		{Name: "b", DType: Float32, Shape: []int{10, 30}, Floats: floats},
		{Name: "c", DType: BFloat16, Shape: []int{300}, Floats: floats},
		{Name: "d", DType: Float64, Shape: []int{300}, Floats: floats},
		{Name: "n", DType: Int64, Bytes: binary.LittleEndian.AppendUint64(nil, 123)},
		{Name: "logit_scale", DType: Float32, Floats: []float32{4.6}},
		{Name: "none", DType: Float32, Shape: []int{0, 4}, Floats: []float32{}},
		{Name: "bytes", DType: Uint8, Shape: []int{2}, Bytes: []byte{1, 2}},
	}
}

// TestWriteTorch: what is written is read again as it was, to the type's rounding, and stored bytes are the same from either container.
func TestWriteTorch(t *testing.T) {
	var torch, safe bytes.Buffer
	if err := WriteTorch(&torch, everyType()); err != nil {
		t.Fatal(err)
	}
	if err := WriteSafetensors(&safe, everyType()); err != nil {
		t.Fatal(err)
	}
	a, err := OpenBytes("torch", torch.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenBytes("safetensors", safe.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if a.Format() != FormatTorch {
		t.Errorf("read as %s", a.Format())
	}
	for _, want := range everyType() {
		x, err := a.Stored(want.Name)
		if err != nil {
			t.Fatal(err)
		}
		y, err := b.Stored(want.Name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(x, y); diff != "" {
			t.Errorf("%s differs by container: %s", want.Name, diff)
		}
		if want.Floats == nil {
			if !bytes.Equal(x.Bytes, want.Bytes) {
				t.Errorf("%s: %v", want.Name, x.Bytes)
			}
			continue
		}
		got, err := a.Float32(want.Name, want.Shape...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Round(want.Floats, want.DType), got); diff != "" {
			t.Errorf("%s: %s", want.Name, diff)
		}
	}
}

// TestWriteTorchAligned: numbers begin where PyTorch has them begin.
func TestWriteTorchAligned(t *testing.T) {
	var b bytes.Buffer
	if err := WriteTorch(&b, everyType()); err != nil {
		t.Fatal(err)
	}
	a, err := readArchive(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range a.entries {
		e, err := a.extent(f)
		if err != nil || e.begin%torchAlign != 0 {
			t.Errorf("%s begins at %d: %v", name, e.begin, err)
		}
	}
}

func TestWriteTorchRefuses(t *testing.T) {
	for _, d := range []Data{
		{Name: "short", DType: Float32, Shape: []int{2}, Floats: []float32{1}},
		{Name: "integers", DType: Int64, Shape: []int{1}, Floats: []float32{1}},
		{Name: "bytes", DType: Int64, Shape: []int{1}, Bytes: make([]byte, 7)},
		{Name: "unknown", DType: "x", Shape: []int{1}, Bytes: []byte{1}},
	} {
		if err := WriteTorch(new(bytes.Buffer), []Data{d}); err == nil {
			t.Errorf("%s: no error", d.Name)
		}
	}
}

// TestStoredView: a view that does not lie row by row is stored row by row.
func TestStoredView(t *testing.T) {
	storage := make([]byte, 12)
	for i := range storage {
		storage[i] = byte(i)
	}
	v := view{Tensor: Tensor{DType: Int16, Shape: []int{2, 2}}, storage: storage, offset: 1, strides: []int{1, 3}}
	if got, want := v.bytes(), []byte{2, 3, 8, 9, 4, 5, 10, 11}; !bytes.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBrain(t *testing.T) {
	for v, want := range map[float32]uint16{1: 0x3f80, 1 + 1.0/256: 0x3f80, 1 + 3.0/256: 0x3f82, -2: 0xc000, float32(math.Inf(1)): 0x7f80} {
		if got := brain(v); got != want {
			t.Errorf("%g: 0x%x, want 0x%x", v, got, want)
		}
	}
	if b := brain(float32(math.NaN())); b&0x7f80 != 0x7f80 || b&0x7f == 0 {
		t.Errorf("NaN became 0x%x", b)
	}
}

// TestTimmNames: every name of an image tower goes to timm's and back.
func TestTimmNames(t *testing.T) {
	for canonical, want := range map[string]string{
		"visual.conv1.weight":                     "stem.conv1.conv.weight",
		"visual.bn3.running_var":                  "stem.conv3.bn.running_var",
		"visual.layer1.0.conv1.weight":            "stages.0.0.conv1_1x1.conv.weight",
		"visual.layer2.3.conv2.weight":            "stages.1.3.conv2_kxk.conv.weight",
		"visual.layer4.12.bn3.bias":               "stages.3.12.conv3_1x1.bn.bias",
		"visual.layer3.0.downsample.0.weight":     "stages.2.0.shortcut.conv.conv.weight",
		"visual.layer3.0.downsample.1.weight":     "stages.2.0.shortcut.conv.bn.weight",
		"visual.attnpool.positional_embedding":    "head.pos_embed",
		"visual.attnpool.v_proj.bias":             "head.v.bias",
		"visual.attnpool.c_proj.weight":           "head.proj.weight",
		"visual.layer1.0.bn1.num_batches_tracked": "stages.0.0.conv1_1x1.bn.num_batches_tracked",
	} {
		got, ok := TimmName(canonical)
		if !ok || got != want {
			t.Errorf("%s: %s, want %s", canonical, got, want)
		}
		if back := fromTimm(got, false); back != canonical {
			t.Errorf("%s came back as %s", canonical, back)
		}
	}
	for _, name := range []string{"logit_scale", "visual.proj", "visual.layer1.0.relu", "transformer.resblocks.0.ln_1.weight"} {
		if got, ok := TimmName(name); ok {
			t.Errorf("%s: %s", name, got)
		}
	}
}
