package edit_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/edit"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/scenes"
)

// source is a model to edit, and pictures for it.
type source struct {
	name       string
	checkpoint func() (*checkpoint.Checkpoint, error)
	pixels     graph.Tensor
}

// sources are the golden models with their pictures, and the demo model with scenes.
func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	if !testing.Short() {
		out = append(out, source{"demo", demo.Checkpoint, scenePixels(t)})
	}
	for _, set := range golden.Sets {
		t.Run("pictures of "+set, func(t *testing.T) {
			path := filepath.Join(golden.Dir(t, set), "model.safetensors")
			images := golden.Open(t, set).Array("images") // [I,S,S,3]
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
			out = append(out, source{set, func() (*checkpoint.Checkpoint, error) { return checkpoint.Open(path) }, graph.Floats(data, I, 3, S, S)})
		})
	}
	return out
}

func scenePixels(t *testing.T) graph.Tensor {
	t.Helper()
	ck, err := demo.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	defer ck.Close()
	c, err := clip.InferConfig(ck)
	if err != nil {
		t.Fatal(err)
	}
	var pixels []float32
	for i := range uint64(6) {
		spec, err := scenes.Sample(scenes.DefaultWorld(), 1, i)
		if err != nil {
			t.Fatal(err)
		}
		s, err := scenes.Render(spec, c.Image)
		if err != nil {
			t.Fatal(err)
		}
		pixels = append(pixels, preprocess.Normalise(s.Image)...)
	}
	return graph.Floats(pixels, 6, 3, c.Image, c.Image)
}

// engines are those at hand: the portable one always, ONNX Runtime where it is installed.
func engines(t *testing.T) []engine.Engine {
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

// encoded is a model with what it makes of pictures.
type encoded struct {
	*clip.Model
	weights             decompose.Weights
	ov                  *decompose.OV
	embeddings, scalars []float32 // [N,D], [N,M,C]
}

func encode(t *testing.T, ck *checkpoint.Checkpoint, e engine.Engine, pixels graph.Tensor) encoded {
	t.Helper()
	m, err := clip.New(ck, e, clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	out, err := m.EncodeImages(context.Background(), pixels, clip.Embedding, clip.Scalars)
	if err != nil {
		t.Fatal(err)
	}
	x := encoded{Model: m, embeddings: out[clip.Embedding].Floats, scalars: out[clip.Scalars].Floats}
	if x.weights, err = m.PoolWeights(); err != nil {
		t.Fatal(err)
	}
	if x.ov, err = decompose.New(x.weights); err != nil {
		t.Fatal(err)
	}
	return x
}

func (x encoded) pictures() int { return len(x.embeddings) / x.Config.Embed }

func (x encoded) embedding(i int) []float32 { return x.embeddings[i*x.Config.Embed:][:x.Config.Embed] }

func (x encoded) of(i int) decompose.Scalars {
	n := x.Config.Heads * x.Config.Channels
	return decompose.Scalars{OV: x.ov, S: x.scalars[i*n : (i+1)*n]}
}

// mean is that of the scalars [M,C].
func (x encoded) mean() []float64 {
	mean := make([]float64, x.Config.Heads*x.Config.Channels)
	for i, v := range x.scalars {
		mean[i%len(mean)] += float64(v) / float64(x.pictures())
	}
	return mean
}

// kinds are every kind of edit, drawn at random.
var kinds = map[string]func(t *testing.T, r *rand.Rand, x encoded, e *edit.Edit){
	"pairs": func(t *testing.T, r *rand.Rand, x encoded, e *edit.Edit) {
		var pairs []decompose.Pair
		for range 1 + r.IntN(len(x.scalars)/x.pictures()/4) {
			pairs = append(pairs, decompose.Pair{Head: r.IntN(x.Config.Heads), Neuron: r.IntN(x.Config.Channels)})
		}
		must(t, e.Scale(pairs, 3*r.Float64(), x.mean()))
	},
	"ablation": func(t *testing.T, r *rand.Rand, x encoded, e *edit.Edit) {
		must(t, e.Scale([]decompose.Pair{{Head: r.IntN(x.Config.Heads), Neuron: r.IntN(x.Config.Channels)}}, 0, x.mean()))
	},
	"head": func(t *testing.T, r *rand.Rand, x encoded, e *edit.Edit) {
		head := r.IntN(x.Config.Heads)
		var pairs []decompose.Pair
		for n := range x.Config.Channels {
			pairs = append(pairs, decompose.Pair{Head: head, Neuron: n})
		}
		must(t, e.Scale(pairs, 0, x.mean()))
	},
	"texts": func(t *testing.T, r *rand.Rand, x encoded, e *edit.Edit) {
		texts := make([]float32, 3*x.Config.Embed)
		for i := range texts {
			texts[i] = float32(r.NormFloat64())
		}
		eraser, err := edit.Project(texts, nil, x.Config.Embed)
		must(t, err)
		must(t, e.Erase(eraser))
	},
	"label": func(t *testing.T, r *rand.Rand, x encoded, e *edit.Edit) {
		labels := make([]int, x.pictures())
		for i := range labels {
			labels[i] = i % 2
		}
		m, err := edit.NewMoments(x.embeddings, x.Config.Embed, labels, 2)
		must(t, err)
		eraser, err := edit.LEACE(m, edit.DefaultRidge)
		must(t, err)
		must(t, e.Erase(eraser))
	},
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestEncodedAgain: a model with edited weights, written and read, gives pictures the embeddings that were predicted from the scalars of the model before.
func TestEncodedAgain(t *testing.T) {
	for _, s := range sources(t) {
		for _, by := range engines(t) {
			t.Run(s.name+"/"+by.Name(), func(t *testing.T) {
				ck, err := s.checkpoint()
				must(t, err)
				before := encode(t, ck, by, s.pixels)
				for name, draw := range kinds {
					r := rand.New(rand.NewPCG(uint64(len(name)), 1))
					e := edit.New(before.Config.Heads, before.Config.Channels, before.Config.Embed)
					draw(t, r, before, e)
					before.compare(t, name, e, by, s.pixels)
				}
				r := rand.New(rand.NewPCG(7, 1))
				e := edit.New(before.Config.Heads, before.Config.Channels, before.Config.Embed)
				for _, name := range []string{"pairs", "label", "head", "texts", "pairs", "ablation"} {
					kinds[name](t, r, before, e)
				}
				before.compare(t, "all of them", e, by, s.pixels)
			})
		}
	}
}

// compare encodes the pictures again with the edited model.
func (x encoded) compare(t *testing.T, name string, e *edit.Edit, by engine.Engine, pixels graph.Tensor) {
	t.Helper()
	w, err := e.Weights(x.weights)
	must(t, err)
	path := filepath.Join(t.TempDir(), "edited.safetensors")
	must(t, x.Export(path, clip.Export{DType: checkpoint.Float32, Replace: clip.PoolTensors(w)}, nil))
	ck, err := checkpoint.Open(path)
	must(t, err)
	after := encode(t, ck, by, pixels)
	worst := 0.0
	for i := range x.pictures() {
		worst = max(worst, edit.Residual(after.embedding(i), e.Embedding(x.of(i), x.embedding(i))))
	}
	if !(worst <= 5e-6) {
		t.Errorf("%s: encoded again, an embedding is %g from the prediction", name, worst)
	} else {
		t.Logf("%s: at most %.2g from the prediction", name, worst)
	}
}
