package segment_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/segment"
)

// scene is a golden model with its first six pictures seen and the four golden classes.
type scene struct {
	golden.Arrays
	model   *clip.Model
	pool    *segment.Pool
	windows []segment.Window
	classes *segment.Classes
}

const seen = 6

// load uses the portable engine.
func load(t testing.TB, set string) scene { return loadOn(t, set, portable.New()) }

func loadOn(t testing.TB, set string, e engine.Engine) scene {
	t.Helper()
	s := scene{Arrays: golden.Open(t, set), model: open(t, filepath.Join(golden.Dir(t, set), "model.safetensors"), e)}
	weights, err := s.model.PoolWeights()
	if err != nil {
		t.Fatal(err)
	}
	g := s.model.Config.Grid()
	positions, err := s.model.Positions(g, g)
	if err != nil {
		t.Fatal(err)
	}
	if s.pool, err = segment.NewPool(weights, positions, g, g); err != nil {
		t.Fatal(err)
	}
	s.windows = s.look(t)
	D := s.model.Config.Embed
	names := []string{"car", "tree", "grass", "sky"}
	if s.classes, err = segment.NewClasses(names, []int{0, 1, 2, 3}, names, s.Array("word_embedding").Data[:4*D], D); err != nil {
		t.Fatal(err)
	}
	return s
}

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

var outputs = []clip.Output{clip.Embedding, clip.Attention, clip.Tokens, clip.Values, clip.Queries, clip.Keys}

func (s scene) look(t testing.TB) (windows []segment.Window) {
	images := s.Array("images")
	S := images.Shape[1]
	data := make([]float32, seen*3*S*S)
	for i := range data {
		picture, channel, at := i/(3*S*S), i/(S*S)%3, i%(S*S)
		v := float64(images.Data[(picture*S*S+at)*3+channel])
		data[i] = float32((v/255 - preprocess.Mean[channel]) / preprocess.Deviation[channel])
	}
	out, err := s.model.EncodeImages(t.Context(), graph.Floats(data, seen, 3, S, S), outputs...)
	if err != nil {
		t.Fatal(err)
	}
	for i := range seen {
		part := func(o clip.Output) []float32 {
			n := len(out[o].Floats) / seen
			return out[o].Floats[i*n : (i+1)*n]
		}
		windows = append(windows, segment.Window{
			Tokens: part(clip.Tokens), Attention: part(clip.Attention), Values: part(clip.Values), Queries: part(clip.Queries), Keys: part(clip.Keys),
		})
	}
	return windows
}

// signs are those of the golden principal directions against u.
func (s scene) signs() []int8 {
	pc, u := s.Array("pair_pc").Data, s.Array("directions").Data
	D := s.model.Config.Embed
	signs := make([]int8, len(pc)/D)
	for p := range signs {
		sum := float32(0)
		for i := p * D; i < (p+1)*D; i++ {
			sum += pc[i] * u[i]
		}
		signs[p] = 1
		if sum < 0 {
			signs[p] = -1
		}
	}
	return signs
}

// logits are the maps of the golden pictures, [6,4,K].
func (s scene) logits(t testing.TB, m segment.Method, o segment.Options) (maps []float32) {
	t.Helper()
	seg, err := segment.New(s.pool, s.classes, m, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range s.windows {
		l, err := seg.Logits(w)
		if err != nil {
			t.Fatal(err)
		}
		maps = append(maps, l...)
	}
	return maps
}

// TestGolden compares methods with PyTorch's arrays, which were computed by brute force.
func TestGolden(t *testing.T) {
	for _, set := range golden.Sets {
		for _, e := range engines(t) {
			t.Run(set+"/"+e.Name(), func(t *testing.T) {
				s := loadOn(t, set, e)
				golden.Compare(t, "class_text", s.classes.Centred, s.Array("class_text").Data, 1e-5, 1e-5)
				o := segment.Options{Pairs: 200, Signs: s.signs()}
				golden.Compare(t, "nap", s.logits(t, segment.NAP, o), s.Array("seg_logits").Data, 1e-5, 1e-6)
				golden.Compare(t, "maskclip", s.logits(t, segment.MaskCLIP, o), s.Array("maskclip_logits").Data, 1e-5, 1e-6)
				golden.Compare(t, "selfself", s.logits(t, segment.SelfSelf, o), s.Array("selfself_logits").Data, 1e-5, 1e-6)
				s.comparePairs(t, o)
			})
		}
	}
}

// comparePairs finds the pairs of seg_pairs and no others, by what the selection alone decides.
func (s scene) comparePairs(t *testing.T, o segment.Options) {
	t.Helper()
	seg, err := segment.New(s.pool, s.classes, segment.NAP, o)
	if err != nil {
		t.Fatal(err)
	}
	want := s.Array("seg_pairs").Data
	for q := range s.classes.Queries {
		var golden []int
		for _, p := range want[q*o.Pairs : (q+1)*o.Pairs] {
			golden = append(golden, int(p))
		}
		slices.Sort(golden)
		var got []int
		for _, p := range seg.Pairs(q) {
			got = append(got, s.pool.Index(p))
		}
		if !slices.Equal(got, golden) {
			t.Errorf("query %d: pairs differ from PyTorch's", q)
		}
	}
}
