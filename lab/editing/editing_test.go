package editing_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/edit"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/editing"
	"github.com/facet-clip/facet/lab/labtest"
)

// scenesOf scans the scenes of [labtest.Scenes] with a lab's model.
func scenesOf(t *testing.T, l *lab.Lab, keep bool) string {
	t.Helper()
	source, err := dataset.Open(labtest.Scenes, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "scenes.atlas")
	if _, err := l.Scan(t.Context(), lab.Scan{Source: source, Folder: dir, KeepScalars: keep}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// recordAt reads edit.json.
func recordAt(t *testing.T, path string) (r answer.EditRecord) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestExportEdit: an edited model is what its record says, in every layout; edited again, the chain makes it from its first source; and every undo gives
// the bytes before.
func TestExportEdit(t *testing.T) {
	l := labtest.Open(t, lab.Config{})
	first := filepath.Join(t.TempDir(), "first.safetensors")
	a, err := editing.Of(l).ExportEdit(t.Context(), editing.ExportEdit{
		Edit:   editing.Edit{Means: labtest.ScenesAtlas(), Pairs: []decompose.Pair{{Head: 6, Neuron: 94}}, Heads: []int{3}, EraseTexts: []string{"snow", "sky"}, Side: editing.SideBoth},
		Output: first,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Pairs) != 769 || a.Layout != "safetensors" || a.Erasures[0].Rank != 2 {
		t.Errorf("%d pairs, %s, %+v", len(a.Pairs), a.Layout, a.Erasures)
	}
	for _, r := range a.Residuals {
		if most := map[string]float64{"stored": 1e-3, "float32": 1e-6, "float16": 2e-3}[r.As]; !(r.Largest < most) || r.Embeddings != 13 {
			t.Errorf("%+v", r)
		}
	}
	edited := labtest.Open(t, lab.Config{Model: first})
	again := filepath.Join(t.TempDir(), "again")
	if _, err := editing.Of(edited).ExportEdit(t.Context(), editing.ExportEdit{
		Edit: editing.Edit{Means: scenesOf(t, edited, false), Pairs: []decompose.Pair{{Head: 6, Neuron: 94}, {Head: 1, Neuron: 2}}, Scale: 1.5}, Output: again, DType: "float32",
	}); err != nil {
		t.Fatal(err)
	}
	sameByRecord(t, l, recordAt(t, filepath.Join(again, "edit.json")), filepath.Join(again, "open_clip_model.safetensors"))
	undone(t, again, first)
	back := filepath.Join(t.TempDir(), "back.safetensors")
	if r, err := (lab.Config{Cache: t.TempDir()}).Undo(t.Context(), lab.Undo{Edited: first, Output: back}); err != nil || r.Steps != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	ck, err := demo.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	want, err := ck.Contents()
	if got, e := os.ReadFile(back); err != nil || e != nil || !bytes.Equal(got, want) {
		t.Errorf("undone, the demo model is another: %v, %v", err, e)
	}
}

// undone fails unless undoing an edit gives the bytes of its source.
func undone(t *testing.T, of, source string) {
	t.Helper()
	back := filepath.Join(t.TempDir(), "back.safetensors")
	r, err := lab.Config{Cache: t.TempDir()}.Undo(t.Context(), lab.Undo{Edited: of, Output: back})
	if err != nil {
		t.Fatal(err)
	}
	want, err1 := os.ReadFile(source)
	got, err2 := os.ReadFile(back)
	if err1 != nil || err2 != nil || !bytes.Equal(want, got) || r.Steps != 1 {
		t.Errorf("undone, %s is another file: %v, %v, %+v", source, err1, err2, r)
	}
	if err := os.Remove(source); err != nil {
		t.Fatal(err)
	}
	if _, err := (lab.Config{Cache: t.TempDir()}).Undo(t.Context(), lab.Undo{Edited: of, Output: back}); !errors.Is(err, lab.ErrMakerGone) {
		t.Errorf("without the source: %v", err)
	}
	if err := os.WriteFile(source, want, 0o600); err != nil {
		t.Fatal(err)
	}
}

// sameByRecord fails unless the steps of a record, one after the other on the first source, give the weights of a file, to the rounding of the file between.
func sameByRecord(t *testing.T, source *lab.Lab, r answer.EditRecord, file string) {
	t.Helper()
	if len(r.Steps) != 2 || r.Steps[0].Source.Name != lab.DemoName || r.Steps[1].Source.Path == "" {
		t.Fatalf("the chain is %+v", r.Steps)
	}
	c := source.Model().Config
	whole := edit.New(c.Heads, c.Channels, c.Embed)
	for _, s := range r.Steps {
		e, err := editing.EditOf(s, c.Heads, c.Channels, c.Embed)
		if err != nil {
			t.Fatal(err)
		}
		if err := whole.Then(e); err != nil {
			t.Fatal(err)
		}
	}
	w, err := source.Model().PoolWeights()
	if err != nil {
		t.Fatal(err)
	}
	if w, err = whole.Weights(w); err != nil {
		t.Fatal(err)
	}
	l := labtest.Open(t, lab.Config{Model: file})
	got, err := l.Model().PoolWeights()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range clip.PoolTensors(w) {
		if r := edit.Residual(clip.PoolTensors(got)[name], want); !(r < 5e-4) {
			t.Errorf("%s is %g from what the record makes", name, r)
		}
	}
	texts, err := l.EncodeTexts(t.Context(), []string{"snow", "a castle"}, false) // the vocabulary is the demo's, by the record
	if err != nil {
		t.Fatal(err)
	}
	before, err := source.EncodeTexts(t.Context(), []string{"snow", "a castle"}, false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if r := edit.Residual(texts[i*c.Embed:(i+1)*c.Embed], whole.Text(before[i*c.Embed:(i+1)*c.Embed])); !(r < 1e-3) {
			t.Errorf("text %d is %g from the prediction", i, r)
		}
	}
}

// TestPriceEdit: what is predicted is what the written model does, picture by picture, and a control of random pairs is not the edit.
func TestPriceEdit(t *testing.T) {
	l := labtest.Open(t, lab.Config{})
	heads := editing.Edit{Means: labtest.ScenesAtlas(), Heads: []int{2, 8, 10, 6}}
	price, err := editing.Of(l).PriceEdit(t.Context(), editing.PriceEdit{Edit: heads, Score: labtest.ScenesAtlas()})
	if err != nil {
		t.Fatal(err)
	}
	if price.Images != 13 || price.Before.Of != 13 || !(price.Cosine < 0.99) || price.Control == nil || price.Control.Number != 5 {
		t.Errorf("%+v", price)
	}
	out := filepath.Join(t.TempDir(), "edited.safetensors")
	if _, err := editing.Of(l).ExportEdit(t.Context(), editing.ExportEdit{Edit: heads, Output: out, DType: "float32"}); err != nil {
		t.Fatal(err)
	}
	edited := labtest.Open(t, lab.Config{Model: out})
	after, err := editing.Of(edited).PriceEdit(t.Context(), editing.PriceEdit{ // an edit that changes nothing
		Edit: editing.Edit{Means: scenesOf(t, edited, true), Pairs: []decompose.Pair{{}}, Scale: 1}, Score: scenesOf(t, edited, true), NoControl: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if after.Before != price.After || after.After != price.After || !(math.Abs(after.Cosine-1) < 1e-6) {
		t.Errorf("the written model is right in %+v, predicted %+v", after.Before, price.After)
	}
	for _, c := range price.Classes {
		for _, d := range after.Classes {
			if c.Class == d.Class && c.Images > 0 && !(math.Abs(float64(c.LogitAfter-d.LogitBefore)) < 0.01) {
				t.Errorf("%s: predicted logit %g, the written model's %g", c.Class, c.LogitAfter, d.LogitBefore)
			}
		}
	}
	half, err := editing.Of(l).PriceEdit(t.Context(), editing.PriceEdit{Edit: editing.Edit{Means: labtest.ScenesAtlas(), EraseTexts: []string{"red", "blue"}, Keep: []string{"sedan"}}, Limit: 5})
	if err != nil {
		t.Fatal(err)
	}
	if half.Images != 5 || half.Control != nil || len(half.Pairs) != 0 || half.Erasures[0].Rank != 2 {
		t.Errorf("%+v", half)
	}
}

// TestPlanEdit: pairs are found by a text's direction, and those that carry a text to keep are left out.
func TestPlanEdit(t *testing.T) {
	l := labtest.Open(t, lab.Config{})
	p, err := editing.Of(l).PlanEdit(t.Context(), editing.Edit{Means: labtest.ScenesAtlas(), Remove: []string{"castle"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Pairs) == 0 || len(p.Kept) != 0 || !strings.Contains(p.Rule, "4 standard deviations") {
		t.Fatalf("%+v", p)
	}
	for i, e := range p.Pairs {
		if e.Why != editing.ByDirection || e.Text != "castle" || !(e.Cosine > 0.2) || i > 0 && e.Strength > p.Pairs[i-1].Strength {
			t.Errorf("pair %d: %+v", i, e)
		}
	}
	all, err := editing.Of(l).PlanEdit(t.Context(), editing.Edit{Means: labtest.ScenesAtlas(), Remove: []string{"castle"}, Sigma: 2})
	if err != nil {
		t.Fatal(err)
	}
	less, err := editing.Of(l).PlanEdit(t.Context(), editing.Edit{Means: labtest.ScenesAtlas(), Remove: []string{"castle"}, Sigma: 2, Keep: []string{"house", "lighthouse"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Pairs) <= len(p.Pairs) || len(less.Kept) == 0 || len(less.Kept)+len(less.Pairs) != len(all.Pairs) {
		t.Errorf("%d pairs, %d with a lower bar, of which %d carry a house", len(p.Pairs), len(all.Pairs), len(less.Kept))
	}
}

func TestEditMistakes(t *testing.T) {
	l := labtest.Open(t, lab.Config{})
	at := labtest.ScenesAtlas()
	out := filepath.Join(t.TempDir(), "a.safetensors")
	for name, q := range map[string]editing.ExportEdit{
		"no means":     {Edit: editing.Edit{Heads: []int{1}}, Output: out},
		"nothing":      {Edit: editing.Edit{Means: at}, Output: out},
		"head":         {Edit: editing.Edit{Means: at, Heads: []int{12}}, Output: out},
		"pair":         {Edit: editing.Edit{Means: at, Pairs: []decompose.Pair{{Neuron: 768}}}, Output: out},
		"by label":     {Edit: editing.Edit{Means: at, Remove: []string{"snow"}, By: "label"}, Output: out},
		"about":        {Edit: editing.Edit{Means: at, Remove: []string{"snow"}, By: "name"}, Output: out},
		"side":         {Edit: editing.Edit{Means: at, EraseTexts: []string{"snow"}, Side: "left"}, Output: out},
		"column":       {Edit: editing.Edit{Means: at, EraseLabel: "colour"}, Output: out},
		"empty column": {Edit: editing.Edit{Means: at, EraseLabel: "group"}, Output: out},
		"kept":         {Edit: editing.Edit{Means: at, EraseTexts: []string{"snow"}, Keep: []string{"snow"}}, Output: out},
		"keep label":   {Edit: editing.Edit{Means: at, EraseLabel: "label", Keep: []string{"snow"}}, Output: out},
		"scale":        {Edit: editing.Edit{Means: at, Heads: []int{1}, Scale: math.NaN()}, Output: out},
		"no output":    {Edit: editing.Edit{Means: at, Heads: []int{1}}},
		"ending":       {Edit: editing.Edit{Means: at, Heads: []int{1}}, Output: "a.onnx"},
		"type":         {Edit: editing.Edit{Means: at, Heads: []int{1}}, Output: out, DType: "int8"},
		"timm folder":  {Edit: editing.Edit{Means: at, Heads: []int{1}}, Output: filepath.Join(t.TempDir(), "folder"), Timm: true},
	} {
		if _, err := editing.Of(l).ExportEdit(t.Context(), q); !errors.Is(err, lab.ErrQuestion) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if files, _ := os.ReadDir(filepath.Dir(out)); len(files) > 0 {
		t.Errorf("a mistake left %v", files)
	}
	if _, err := (lab.Config{}).Undo(t.Context(), lab.Undo{Edited: tiny, Output: out}); !errors.Is(err, lab.ErrNoRecord) {
		t.Errorf("undoing what was not edited: %v", err)
	}
	for _, text := range []string{"", "[]", `[{"neuron": 1}]`, `[{"neuron": 1, "head": 2, "x": 3}]`, `{"neuron": 1, "head": 2}`} {
		if _, err := editing.ReadPairs("pairs.json", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "pairs.json") {
			t.Errorf("pairs %s: %v", text, err)
		}
	}
	if pairs, err := editing.ReadPairs("pairs.json", strings.NewReader(`[{"neuron": 5, "head": 2}]`)); err != nil || len(pairs) != 1 || pairs[0] != (decompose.Pair{Head: 2, Neuron: 5}) {
		t.Errorf("%v, %v", pairs, err)
	}
}
