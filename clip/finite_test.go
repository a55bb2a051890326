package clip_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/randomclip"
)

// spoilt is a very small model of random weights with one number of one tensor replaced.
func spoilt(t *testing.T, tensor string, value float32) *clip.Model {
	t.Helper()
	text := clip.TextConfig{Width: 32, Layers: 1, Heads: 1, Vocabulary: 16, Context: 8}
	data, err := randomclip.Checkpoint(clip.Config{Image: 32, Width: 8, Blocks: [4]int{1, 1, 1, 1}, Channels: 256, Heads: 4, Embed: 32, Text: text}, 1)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := checkpoint.OpenBytes("random", data)
	if err != nil {
		t.Fatal(err)
	}
	var tensors []checkpoint.Data
	for _, name := range whole.Names() {
		of, _ := whole.Tensor(name)
		numbers, err := whole.Float32(name, of.Shape...)
		if err != nil {
			t.Fatal(err)
		}
		if name == tensor {
			for i := range numbers {
				if i == len(numbers)/2 || value > 1e30 { // of large ones, all
					numbers[i] = value
				}
			}
		}
		tensors = append(tensors, checkpoint.Data{Name: name, DType: checkpoint.Float32, Shape: of.Shape, Floats: numbers})
	}
	var b bytes.Buffer
	if err := checkpoint.WriteSafetensors(&b, tensors); err != nil {
		t.Fatal(err)
	}
	ck, err := checkpoint.OpenBytes("spoilt", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	m, err := clip.New(ck, portable.New(), clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func TestWeightsThatAreNotFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, tt := range []struct {
		tensor string
		value  float32
		text   bool
		kind   error
		word   string
	}{
		{"visual.layer1.0.conv1.weight", nan, false, checkpoint.ErrNotFinite, "visual.layer1.0.conv1.weight: expected finite numbers, found NaN"},
		{"visual.attnpool.c_proj.bias", -inf, false, checkpoint.ErrNotFinite, "-Inf at place"},
		{"visual.bn2.running_var", -0.5, false, checkpoint.ErrNotFinite, "visual.bn2.running_var: expected variances, found -0.5"},
		{"visual.conv1.weight", 3e38, false, clip.ErrNotFinite, "picture 1 of a batch of 2"},
		{"token_embedding.weight", nan, true, checkpoint.ErrNotFinite, "token_embedding.weight"},
		{"ln_final.weight", 3e38, true, clip.ErrNotFinite, "text 1 of a batch of 1"},
	} {
		t.Run(tt.tensor, func(t *testing.T) {
			m := spoilt(t, tt.tensor, tt.value)
			var err error
			if tt.text {
				_, err = m.EncodeTexts(t.Context(), [][]int64{{1, 2, int64(m.Config.Text.Vocabulary / 2)}}, nil)
			} else {
				pixels := make([]float32, 2*3*32*32)
				for i := range pixels {
					pixels[i] = float32(i%7) - 3
				}
				_, err = m.EncodeImages(t.Context(), graph.Floats(pixels, 2, 3, 32, 32), clip.Embedding, clip.Scalars)
			}
			if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.word) || !strings.Contains(err.Error(), "spoilt") {
				t.Errorf("expected %q with %q, found: %v", tt.kind, tt.word, err)
			}
		})
	}
	for _, v := range []float32{nan, inf, 1000} {
		if τ, err := spoilt(t, "logit_scale", v).LogitScale(); !errors.Is(err, checkpoint.ErrNotFinite) {
			t.Errorf("logit_scale %g: %g, %v", v, τ, err)
		}
	}
	if _, err := spoilt(t, "visual.attnpool.v_proj.weight", nan).Decomposition(); !errors.Is(err, checkpoint.ErrNotFinite) {
		t.Errorf("decomposition: %v", err)
	}
}
