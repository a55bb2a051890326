package comparing_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/edit"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/comparing"
	"github.com/facet-clip/facet/lab/labtest"
)

const tiny = "../../testdata/tiny/model.safetensors"

func TestMain(m *testing.M) { labtest.Main(m) }

// planted writes the demo model with some pairs scaled about their means over the scenes of the test's atlas, and gives the pairs, in order.
func planted(t *testing.T, l *lab.Lab, n int, dtype checkpoint.DType) (path string, pairs []decompose.Pair) {
	t.Helper()
	w, err := l.Model().PoolWeights()
	if err != nil {
		t.Fatal(err)
	}
	at, err := atlas.Open(labtest.ScenesAtlas())
	if err != nil {
		t.Fatal(err)
	}
	e := edit.New(w.Heads, w.Channels, w.Embed)
	r := rand.New(rand.NewPCG(20, 6))
	for len(pairs) < n {
		p := decompose.Pair{Head: r.IntN(w.Heads), Neuron: r.IntN(w.Channels)}
		if at.Norms[p.Head*w.Channels+p.Neuron] < 0.1 || slices.Contains(pairs, p) { // a direction of no length says nothing
			continue
		}
		if err := e.Scale([]decompose.Pair{p}, []float64{0, 0.5, 0.9, 2}[len(pairs)%4], at.Stats.Mean); err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, p)
	}
	edited, err := e.Weights(w)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "edited.safetensors")
	if err := l.Model().Export(path, clip.Export{DType: dtype, Replace: clip.PoolTensors(edited)}, nil); err != nil {
		t.Fatal(err)
	}
	return path, pairs
}

// found are the pairs that turned.
func found(w *answer.WeightChange) (pairs []decompose.Pair) {
	for _, p := range w.Top {
		pairs = append(pairs, decompose.Pair{Head: p.Head, Neuron: p.Neuron})
	}
	return pairs
}

// recovered is how many of the planted pairs are among the found ones, and what share of the found ones is planted.
func recovered(planted, found []decompose.Pair) (recall, precision float64) {
	right := 0
	for _, p := range found {
		if slices.Contains(planted, p) {
			right++
		}
	}
	return float64(right) / float64(len(planted)), float64(right) / float64(max(len(found), 1))
}

// TestCompareCheckpoints: a planted edit is found from the weights, in single and in half precision, and nothing in a model against itself.
func TestCompareCheckpoints(t *testing.T) {
	a := labtest.Open(t, lab.Config{})
	for _, dtype := range []checkpoint.DType{checkpoint.Float32, checkpoint.Float16} {
		path, pairs := planted(t, a, 40, dtype)
		b := labtest.Open(t, lab.Config{Model: path})
		r, err := comparing.Models(t.Context(), a, b, comparing.Question{Top: 1000})
		if err != nil {
			t.Fatal(err)
		}
		recall, precision := recovered(pairs, found(r.Weights))
		if recall < 0.95 || precision < 0.95 || r.Weights.Turned != len(r.Weights.Top) || r.Weights.Tensors < 2 || r.Difference != nil || len(r.Weights.Top[0].More) == 0 {
			t.Errorf("%v: recall %g, precision %g, %d turned, %d tensors differ", dtype, recall, precision, r.Weights.Turned, r.Weights.Tensors)
		}
	}
	same, err := comparing.Models(t.Context(), a, labtest.Open(t, lab.Config{}), comparing.Question{})
	if err != nil || same.Weights.Turned != 0 || same.Weights.Tensors != 0 || same.Weights.Constant != 0 || len(same.Weights.Top) != 0 {
		t.Errorf("a model against itself: %+v, %v", same.Weights, err)
	}
}

// TestCompareAtlases: the difference of the embeddings is what the planted pairs say otherwise, and the constant; classes and their pairs add up; a model
// against itself shows nothing.
func TestCompareAtlases(t *testing.T) {
	if testing.Short() {
		t.Skip("it scans with an edited model")
	}
	a := labtest.Open(t, lab.Config{})
	path, pairs := planted(t, a, 40, checkpoint.Float32)
	b := labtest.Open(t, lab.Config{Model: path})
	source, err := dataset.Open(labtest.Scenes, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	after := filepath.Join(t.TempDir(), "after.atlas")
	if _, err := b.Scan(t.Context(), lab.Scan{Source: source, Folder: after, KeepScalars: true}); err != nil {
		t.Fatal(err)
	}
	r, err := comparing.Models(t.Context(), a, b, comparing.Question{AtlasA: labtest.ScenesAtlas(), AtlasB: after, Top: 60, Match: true, Candidates: 100})
	if err != nil {
		t.Fatal(err)
	}
	d := r.Difference
	if sum := d.Fires + d.Says + d.Both + d.Constant + d.Residual; !(math.Abs(sum-1) < 1e-9) || !(math.Abs(d.Residual) < 0.02) || !(math.Abs(d.Fires) < 0.02) || !(math.Abs(d.Average) < 0.02) || d.Images != 13 {
		t.Errorf("%+v sums to %g", []float64{d.Fires, d.Says, d.Both, d.Constant, d.Residual, d.Average}, sum)
	}
	share := 0.0
	for _, p := range d.Pairs[:len(pairs)] {
		if share += p.Says; !slices.Contains(pairs, decompose.Pair{Head: p.Head, Neuron: p.Neuron}) {
			t.Errorf("(%d,%d) makes a difference of %g, and was not edited", p.Neuron, p.Head, p.Share)
		}
	}
	words := 0.0
	for _, g := range d.Words {
		words += g.Share
	}
	if !(math.Abs(share-d.Says) < 1e-3) || !(math.Abs(words+d.Residual-1) < 1e-6) {
		t.Errorf("planted pairs say %g of %g; words sum to %g", share, d.Says, words)
	}
	if len(r.Classes) < 2 || r.Classes[0].Images < 1 {
		t.Errorf("classes %+v", r.Classes)
	}
	if m := r.Matching; m == nil || m.Candidates != [2]int{100, 100} || m.Partners < 80 || m.Matches[0].A.Neuron != m.Matches[0].B.Neuron {
		t.Errorf("%+v", m)
	}
	null, err := comparing.Models(t.Context(), a, a, comparing.Question{AtlasA: labtest.ScenesAtlas(), AtlasB: labtest.ScenesAtlas()})
	if err != nil {
		t.Fatal(err)
	}
	if d := null.Difference; d.Length != 0 || d.Fires != 0 || len(d.Pairs) != 0 || len(d.Words) != 0 || null.Doing.Changed != 0 || !(d.Cosine > 0.999999) || null.Classes[0].Margin != 0 {
		t.Errorf("a model against itself: %+v, %+v", d, null.Doing)
	}
}

// TestCompareArchitectures: of other architectures the weights are not compared, and two atlases of the same images are matched: a model that has learnt
// nothing has few partners for the demo model.
func TestCompareArchitectures(t *testing.T) {
	a := labtest.Open(t, lab.Config{})
	other := labtest.Open(t, lab.Config{Model: tiny})
	if _, err := comparing.Models(t.Context(), a, other, comparing.Question{}); !errors.Is(err, decompose.ErrMismatch) {
		t.Errorf("two architectures by their weights: %v", err)
	}
	if testing.Short() {
		return
	}
	source, err := dataset.Open(labtest.Scenes, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "tiny.atlas")
	if _, err := other.Scan(t.Context(), lab.Scan{Source: source, Folder: dir, KeepScalars: true}); err != nil {
		t.Fatal(err)
	}
	r, err := comparing.Models(t.Context(), a, other, comparing.Question{AtlasA: labtest.ScenesAtlas(), AtlasB: dir, Candidates: 200, Top: 5})
	if err != nil {
		t.Fatal(err)
	}
	if r.Weights != nil || r.Difference != nil || r.Matching == nil || r.Matching.Candidates[0] != 200 || len(r.Matching.AloneA) != 5 || r.Matching.AloneB == nil {
		t.Errorf("%+v", r)
	}
}

// TestCompareMistakes: atlases of other images are an error that names them, and mistakes are mistakes.
func TestCompareMistakes(t *testing.T) {
	a := labtest.Open(t, lab.Config{})
	for _, q := range []comparing.Question{{AtlasA: labtest.ScenesAtlas()}, {Level: 1}, {Top: -1}, {Candidates: 5000}, {Match: true}, {Classes: []string{"one"}}} {
		if _, err := comparing.Models(t.Context(), a, a, q); !errors.Is(err, lab.ErrQuestion) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	source, err := dataset.Open("scenes:single?n=3&seed=4", dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "other.atlas")
	if _, err := a.Scan(t.Context(), lab.Scan{Source: source, Folder: dir, KeepScalars: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := comparing.Models(t.Context(), a, a, comparing.Question{AtlasA: labtest.ScenesAtlas(), AtlasB: dir}); err == nil || errors.Is(err, lab.ErrQuestion) {
		t.Errorf("atlases of other images: %v", err)
	}
}
