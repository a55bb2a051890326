package clip_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/golden"
)

// TestExport: a model that is written in any layout gives the embeddings that it gave, pictures' and texts', bit for bit, and a tensor that is
// replaced is the one that was given.
func TestExport(t *testing.T) {
	source := filepath.Join(golden.Dir(t, "tiny"), "model.safetensors")
	a := golden.Open(t, "tiny")
	m := open(t, source, portable.New())
	pixels := goldenPixels(a.Array("images"))
	want, err := m.EncodeImages(context.Background(), pixels, clip.Embedding)
	if err != nil {
		t.Fatal(err)
	}
	bias := make([]float32, m.Config.Embed)
	for i := range bias {
		bias[i] = float32(i)
	}
	for name, x := range map[string]clip.Export{"a.safetensors": {}, "a.pt": {}, "folder": {}, "timm.safetensors": {Timm: true}, "timm.pt": {Timm: true}} {
		for _, replace := range []map[string][]float32{nil, {"visual.attnpool.c_proj.bias": bias}} {
			path := filepath.Join(t.TempDir(), name)
			x.Replace = replace
			if err := m.Export(path, x, nil); err != nil {
				t.Fatal(err)
			}
			layout, err := clip.LayoutOf(path)
			if err != nil {
				t.Fatal(err)
			}
			again := open(t, layout.Weights(path), portable.New())
			if again.Config.HasText() == x.Timm {
				t.Errorf("%s: a text tower: %v", name, again.Config.HasText())
			}
			if !x.Timm {
				goldenTexts(t, again, a)
			}
			got, err := again.EncodeImages(context.Background(), pixels, clip.Embedding)
			if err != nil {
				t.Fatal(err)
			}
			w, err := again.PoolWeights()
			if err != nil {
				t.Fatal(err)
			}
			same := slices.Equal(got[clip.Embedding].Floats, want[clip.Embedding].Floats)
			if same == (replace != nil) || slices.Equal(w.OutputBias, bias) == (replace == nil) {
				t.Errorf("%s with %d tensors replaced: embeddings are the same: %v", name, len(replace), same)
			}
		}
	}
}

// TestExportHalf: numbers are stored as the type that is asked for; what counts is not, and norms are not.
func TestExportHalf(t *testing.T) {
	m := open(t, filepath.Join(golden.Dir(t, "tiny"), "model.safetensors"), portable.New())
	path := filepath.Join(t.TempDir(), "half.safetensors")
	if err := m.Export(path, clip.Export{DType: checkpoint.Float16}, nil); err != nil {
		t.Fatal(err)
	}
	ck, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer ck.Close()
	for _, name := range ck.Names() {
		before, _ := m.Checkpoint().Tensor(name)
		after, _ := ck.Tensor(name)
		want := before.DType
		if norm := strings.Contains(name, "bn") || strings.Contains(name, "downsample.1.") || strings.Contains(name, "ln_"); want.IsFloat() && !norm {
			want = checkpoint.Float16
		}
		if after.DType != want {
			t.Errorf("%s: %s became %s", name, before.DType, after.DType)
		}
	}
	large := map[string][]float32{"visual.attnpool.c_proj.bias": slices.Repeat([]float32{1e6}, m.Config.Embed)}
	err = m.Export(path, clip.Export{DType: checkpoint.Float16, Replace: large}, nil)
	if !errors.Is(err, clip.ErrExport) || !strings.Contains(err.Error(), "float32") {
		t.Errorf("a number that is too large for float16: %v", err)
	}
}

// TestExportFolder: the folder's card says what the model is, and which activation it has.
func TestExportFolder(t *testing.T) {
	for _, act := range []clip.Activation{clip.QuickGELU, clip.GELU} {
		ck, err := checkpoint.Open(filepath.Join(golden.Dir(t, "tiny"), "model.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := clip.New(ck, portable.New(), act)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		dir := filepath.Join(t.TempDir(), "folder")
		more := func(dir string) error { return os.WriteFile(filepath.Join(dir, "more"), nil, 0o600) }
		if err := m.Export(dir, clip.Export{}, more); err != nil {
			t.Fatal(err)
		}
		card, err := registry.ReadCard(dir)
		if err != nil {
			t.Fatal(err)
		}
		want := registry.Card{QuickGELU: act == clip.QuickGELU, Image: m.Config.Image, Layers: m.Config.Blocks, Width: m.Config.Width, Embed: m.Config.Embed, Vocabulary: m.Config.Text.Vocabulary}
		if card != want {
			t.Errorf("the card says %+v, want %+v", card, want)
		}
		if _, err := os.Stat(filepath.Join(dir, "more")); err != nil {
			t.Error(err)
		}
		err = m.Export(filepath.Join(t.TempDir(), "a.pt"), clip.Export{}, nil)
		if (act == clip.GELU) != errors.Is(err, clip.ErrExport) {
			t.Errorf("a .pt of a tower with %s, which clip.load would run with QuickGELU: %v", act, err)
		}
	}
}

// TestExportSpares: the model's own file is never written.
func TestExportSpares(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(golden.Dir(t, "tiny"), "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	m := open(t, path, portable.New())
	link := filepath.Join(t.TempDir(), "link.safetensors")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{path, link} {
		if err := m.Export(out, clip.Export{}, nil); !errors.Is(err, clip.ErrExport) {
			t.Errorf("%s: %v", out, err)
		}
	}
	if err := m.Export(filepath.Join(t.TempDir(), "a.onnx"), clip.Export{}, nil); !errors.Is(err, clip.ErrExport) {
		t.Errorf("an ending that is not known: %v", err)
	}
	if err := m.Export(filepath.Join(t.TempDir(), "a"), clip.Export{Timm: true}, nil); !errors.Is(err, clip.ErrExport) {
		t.Errorf("a folder with timm's names: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !slices.Equal(after, data) {
		t.Errorf("the source changed: %v", err)
	}
}
