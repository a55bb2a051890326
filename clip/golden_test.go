package clip_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/npy"
)

// engines are those at hand: the portable one always, ONNX Runtime where it is installed.
func engines(t testing.TB) []engine.Engine {
	list := []engine.Engine{portable.New()}
	fast, err := ort.New(ort.Options{})
	if errors.Is(err, ort.ErrUnavailable) {
		t.Log("without ONNX Runtime:", err)
		return list
	}
	if err != nil {
		t.Fatal(err)
	}
	return append(list, fast)
}

func open(t testing.TB, path string, e engine.Engine) *clip.Model {
	t.Helper()
	ck, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := clip.New(ck, e, clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// goldenPixels are the golden pictures [I,S,S,3], normalised.
func goldenPixels(images npy.Array) graph.Tensor {
	I, S := images.Shape[0], images.Shape[1]
	data := make([]float32, I*3*S*S)
	for i := range I {
		for p := range S * S {
			for c := range 3 {
				v := float64(images.Data[(i*S*S+p)*3+c])
				data[(i*3+c)*S*S+p] = float32((v/255 - preprocess.Mean[c]) / preprocess.Deviation[c])
			}
		}
	}
	return graph.Floats(data, I, 3, S, S)
}

var all = []clip.Output{clip.Embedding, clip.Attention, clip.Tokens, clip.Scalars}

// TestGolden compares both towers with PyTorch's, on each engine.
func TestGolden(t *testing.T) {
	for _, set := range golden.Sets {
		for _, e := range engines(t) {
			t.Run(set+"/"+e.Name(), func(t *testing.T) {
				a := golden.Open(t, set)
				m := open(t, filepath.Join(golden.Dir(t, set), "model.safetensors"), e)
				out, err := m.EncodeImages(context.Background(), goldenPixels(a.Array("images")), all...)
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range all {
					want := a.Array(string(o))
					golden.Compare(t, string(o), out[o].Floats[:len(want.Data)], want.Data, 1e-5, 1e-5)
				}
				goldenTexts(t, m, a)
			})
		}
	}
}

// goldenTexts feeds the golden token ids, padded to 77 with zeros there, as far as their end.
func goldenTexts(t *testing.T, m *clip.Model, a golden.Arrays) {
	tokens := a.Array("prompt_tokens")
	sequences := make([][]int64, tokens.Shape[0])
	for i := range sequences {
		for _, id := range tokens.Data[i*tokens.Shape[1] : (i+1)*tokens.Shape[1]] {
			sequences[i] = append(sequences[i], int64(id))
			if int(id) == m.Config.Text.Vocabulary-1 {
				break
			}
		}
	}
	out, err := m.EncodeTexts(context.Background(), sequences, nil)
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "prompt_embedding", out.Floats, a.Array("prompt_embedding").Data, 1e-5, 1e-5)
}
