package clip_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/internal/randomclip"
)

// toy is an architecture as small as they come, of a shape that was never published.
var toy = clip.Config{
	Image: 64, Width: 4, Blocks: [4]int{2, 1, 1, 2}, Channels: 128, Heads: 2, Embed: 6,
	Text: clip.TextConfig{Width: 128, Layers: 1, Heads: 2, Vocabulary: 20, Context: 9},
}

// checkpointOf writes a random checkpoint of an architecture after letting change alter its tensors.
func checkpointOf(t *testing.T, c clip.Config, change func(name string, shape []int) (newName string, newShape []int)) *checkpoint.Checkpoint {
	t.Helper()
	var tensors []checkpoint.Data
	for _, s := range c.Tensors() {
		if change != nil {
			if s.Name, s.Shape = change(s.Name, s.Shape); s.Name == "" {
				continue
			}
		}
		tensors = append(tensors, checkpoint.Data{Name: s.Name, DType: checkpoint.Float32, Shape: s.Shape, Floats: randomclip.Tensor(s, 1)})
	}
	var b bytes.Buffer
	if err := checkpoint.WriteSafetensors(&b, tensors); err != nil {
		t.Fatal(err)
	}
	ck, err := checkpoint.OpenBytes("toy.safetensors", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ck.Close() })
	return ck
}

func TestInferConfig(t *testing.T) {
	imageOnly := toy
	imageOnly.Text = clip.TextConfig{}
	for name, want := range map[string]clip.Config{"both towers": toy, "image tower": imageOnly} {
		got, err := clip.InferConfig(checkpointOf(t, want, nil))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestInferConfigRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(string, []int) (string, []int)
		want   error
		says   []string
	}{
		"a tensor is missing": {func(n string, s []int) (string, []int) {
			if n == "visual.layer4.1.conv2.weight" {
				return "", nil
			}
			return n, s
		}, checkpoint.ErrNoTensor, []string{"visual.layer4.1.conv2.weight", "[32,32,3,3]"}},
		"a tensor is misshaped": {func(n string, s []int) (string, []int) {
			if n == "visual.attnpool.k_proj.bias" {
				return n, []int{64}
			}
			return n, s
		}, checkpoint.ErrShape, []string{"visual.attnpool.k_proj.bias", "[128]", "[64]"}},
		"no attention pool": {func(n string, s []int) (string, []int) {
			return strings.Replace(n, "attnpool", "pool", 1), s
		}, clip.ErrNotResNet, []string{"visual.attnpool.positional_embedding"}},
		"a vision transformer": {func(n string, s []int) (string, []int) {
			if n == "visual.bn1.bias" {
				return "visual.class_embedding", s
			}
			return n, s
		}, clip.ErrNotResNet, []string{"vision transformer"}},
		"a grid that is no square": {func(n string, s []int) (string, []int) {
			if n == "visual.attnpool.positional_embedding" {
				return n, []int{4, 128}
			}
			return n, s
		}, clip.ErrNotResNet, []string{"4 positions"}},
	} {
		_, err := clip.InferConfig(checkpointOf(t, toy, c.change))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
			continue
		}
		for _, s := range append(c.says, "toy.safetensors") {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%s: the error does not say %q: %v", name, s, err)
			}
		}
	}
}

// TestPublished: the published architectures are told by their shapes, and their sizes are those of the papers (millions of parameters).
func TestPublished(t *testing.T) {
	for _, c := range []struct {
		name   string
		config clip.Config
		image  int64 // of the image tower, as counted on OpenAI's RN50 by PyTorch
	}{
		{"RN50", clip.Config{Image: 224, Width: 64, Blocks: [4]int{3, 4, 6, 3}, Channels: 2048, Heads: 32, Embed: 1024}, 38_316_896},
		{"ModifiedResNet(width 4, blocks [2 1 1 2])", toy, 0},
	} {
		if got := c.config.Architecture(); got != c.name {
			t.Errorf("got %s, want %s", got, c.name)
		}
		if image, _ := c.config.Parameters(); c.image != 0 && image != c.image {
			t.Errorf("%s: %d parameters, want %d", c.name, image, c.image)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	ctx := context.Background()
	m, err := clip.New(checkpointOf(t, toy, nil), portable.New(), clip.GELU)
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range [][]int{{1, 3, 40, 64}, {1, 1, 64, 64}, {0, 3, 64, 64}, {3, 64, 64}, {1, 3, 0, 32}} {
		n := 1
		for _, s := range shape {
			n *= s
		}
		if _, err := m.EncodeImages(ctx, graph.Floats(make([]float32, n), shape...), clip.Embedding); err == nil {
			t.Errorf("pixels %v: no error", shape)
		}
	}
	for name, ids := range map[string][][]int64{"none": nil, "empty": {{}}, "too long": {make([]int64, 10)}, "out of range": {{20}}, "negative": {{-1}}} {
		if _, err := m.EncodeTexts(ctx, ids, nil); err == nil {
			t.Errorf("texts, %s: no error", name)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := m.EncodeTexts(cancelled, [][]int64{{1}}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := clip.New(checkpointOf(t, toy, nil), portable.New(), "relu"); err == nil {
		t.Error("activation relu: no error")
	}
}

// TestBatches: a picture alone, in a batch and in another order gives the same; so does a text among shorter and longer ones.
func TestBatches(t *testing.T) {
	ctx := context.Background()
	for _, e := range engines(t) {
		m, err := clip.New(checkpointOf(t, toy, nil), e, clip.QuickGELU)
		if err != nil {
			t.Fatal(err)
		}
		texts := [][]int64{{1, 2, 3, 4, 5, 6, 7, 8, 9}, {3}, {4, 5}, {3}}
		told := 0
		together, err := m.EncodeTexts(ctx, texts, func(n int) { told += n })
		if err != nil {
			t.Fatal(err)
		}
		if told != len(texts) || !slices.Equal(together.Floats[6:12], together.Floats[18:24]) {
			t.Errorf("%d of %d texts reported; equal ones: %v and %v", told, len(texts), together.Floats[6:12], together.Floats[18:24])
		}
		for i, text := range texts {
			alone, err := m.EncodeTexts(ctx, [][]int64{text}, nil)
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, e.Name()+" text", together.Floats[i*6:(i+1)*6], alone.Floats, 1e-5, 1e-6)
		}
		const h, w = 64, 96 // not native
		pixels := make([]float32, 2*3*h*w)
		for i := range pixels {
			pixels[i] = float32(i%97)/50 - 1
		}
		both, err := m.EncodeImages(ctx, graph.Floats(pixels, 2, 3, h, w), clip.Embedding, clip.Scalars)
		if err != nil {
			t.Fatal(err)
		}
		second, err := m.EncodeImages(ctx, graph.Floats(pixels[3*h*w:], 1, 3, h, w), clip.Embedding, clip.Scalars)
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, e.Name()+" picture", both[clip.Embedding].Floats[6:], second[clip.Embedding].Floats, 1e-5, 1e-6)
	}
}

// TestTorchScript: OpenAI's kind of archive holds the same numbers as the safetensors file of the same model.
func TestTorchScript(t *testing.T) {
	dir := golden.Dir(t, "tiny")
	archive, err := checkpoint.Open(filepath.Join(dir, "model.pt"))
	if err != nil {
		t.Skipf("the archive is not at hand: set FACET_GOLDEN (%v)", err)
	}
	defer archive.Close()
	plain, err := checkpoint.Open(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	want, err := clip.InferConfig(plain)
	if err != nil {
		t.Fatal(err)
	}
	got, err := clip.InferConfig(archive)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if archive.Naming() != checkpoint.NamingOpenAI || archive.Format() != checkpoint.FormatTorchScript {
		t.Errorf("%s, %s", archive.Naming(), archive.Format())
	}
	for _, s := range want.Tensors() {
		a, err := archive.Float32(s.Name, s.Shape...)
		if err != nil {
			t.Fatal(err)
		}
		b, err := plain.Float32(s.Name, s.Shape...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b, a); diff != "" {
			t.Errorf("%s differs", s.Name)
		}
	}
}
