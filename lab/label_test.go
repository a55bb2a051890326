package lab_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/labtest"
)

// atlasCopy is an atlas of a test's own, without labels.
func atlasCopy(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "own.atlas")
	if err := os.CopyFS(dir, os.DirFS(labtest.ScenesAtlas())); err != nil {
		t.Fatal(err)
	}
	return dir
}

// wordsOf is a file with a text a line.
func wordsOf(t *testing.T, texts ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "words.txt")
	if err := os.WriteFile(path, []byte(strings.Join(texts, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLabel: an atlas keeps the labels of its most used pairs, which are read when they are asked for again; other questions go by them.
func TestLabel(t *testing.T) {
	l, at := open(t, lab.Config{}), atlasCopy(t)
	q := lab.Label{Atlas: at, Units: "top:20", Terms: 4, Top: -1}
	labels, err := l.Label(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(at, "labels.parquet")); err != nil {
		t.Error(err)
	}
	again, err := l.Label(t.Context(), q)
	if diff := cmp.Diff(labels, again); err != nil || diff != "" {
		t.Errorf("read again: %v %s", err, diff)
	}
	if _, err := l.Label(t.Context(), lab.Label{Atlas: at, Units: "89,5"}); err != nil { // of one pair, which the atlas does not keep
		t.Fatal(err)
	}
	used, err := l.Pairs(t.Context(), lab.Pairs{Atlas: at, Top: 30})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range used.Pairs {
		if i >= 20 {
			if p.Says != nil || p.Fires != nil {
				t.Errorf("pair %d, which has no label, is called %+v", i, p.Names)
			}
			continue
		}
		label := labels.Pairs[i]
		if p.Neuron != label.Neuron || p.Head != label.Head || !cmp.Equal(*p.Says, label.Name) || !cmp.Equal(*p.Fires, label.Fires.Name) {
			t.Errorf("pair %d, which is used so much, is %+v, its label is %+v", i, p, label)
		}
	}
}

// TestLabelsAreSeen: an atlas that a lab holds open is read again when it was labelled, and again when it was labelled anew.
func TestLabelsAreSeen(t *testing.T) {
	l, dir := open(t, lab.Config{}), atlasCopy(t)
	shown := func() *answer.Pairs {
		t.Helper()
		a, err := l.Pairs(t.Context(), lab.Pairs{Atlas: dir, Top: 5})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, p := range shown().Pairs {
		if p.Says != nil || p.Fires != nil {
			t.Errorf("without labels: %+v", p)
		}
	}
	for _, bank := range []string{wordsOf(t, "sedan", "castle", "snow", "butterfly"), wordsOf(t, "guitar", "snail", "forest", "night")} {
		labels, err := l.Label(t.Context(), lab.Label{Atlas: dir, Bank: bank, Units: "top:200", Top: -1})
		if err != nil {
			t.Fatal(err)
		}
		if labels.Labelled != 200 || len(labels.Pairs) != 200 || labels.FiresNamed == nil {
			t.Fatalf("%d labelled, %d given", labels.Labelled, len(labels.Pairs))
		}
		want := map[decompose.Pair]answer.LabelledPair{}
		for _, p := range labels.Pairs {
			want[decompose.Pair{Head: p.Head, Neuron: p.Neuron}] = p
		}
		for _, p := range shown().Pairs {
			w, ok := want[decompose.Pair{Head: p.Head, Neuron: p.Neuron}]
			if !ok || p.Says == nil || p.Fires == nil || !cmp.Equal(*p.Says, w.Name) || !cmp.Equal(*p.Fires, w.Fires.Name) {
				t.Errorf("by %s: pairs shows %+v, labelled %+v", bank, p, w)
			}
		}
	}
}

// TestLabelZeroValue: without an atlas the demo model's longest pairs are named in 64 of its world's words, and none is given.
func TestLabelZeroValue(t *testing.T) {
	a, err := open(t, lab.Config{}).Label(t.Context(), lab.Label{})
	if err != nil {
		t.Fatal(err)
	}
	if a.Labelled != 922 || len(a.Pairs) != 0 || a.Terms != 64 || a.Method != "omp" || a.DictionaryNorm != "rows" || a.FiresNamed != nil || a.Bank != "" {
		t.Errorf("%+v", a)
	}
}

// TestLabelFile: labels that go to a file leave the atlas as it is, and no journal.
func TestLabelFile(t *testing.T) {
	l, dir := open(t, lab.Config{}), atlasCopy(t)
	before, err := os.ReadFile(filepath.Join(dir, "atlas.json"))
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "labels.jsonl")
	a, err := l.Label(t.Context(), lab.Label{Atlas: dir, Bank: words(t), Units: "top:7", Output: out, Top: -1})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var rows []answer.LabelledPair
	for d := json.NewDecoder(strings.NewReader(string(data))); d.More(); {
		var p answer.LabelledPair
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, p)
	}
	if len(rows) != 7 || rows[0].Neuron != a.Pairs[0].Neuron || rows[6].Fires == nil || len(rows[6].Terms) != len(a.Pairs[6].Terms) {
		t.Errorf("the file has %d pairs: %+v", len(rows), rows)
	}
	if after, err := os.ReadFile(filepath.Join(dir, "atlas.json")); err != nil || string(after) != string(before) {
		t.Errorf("the atlas changed: %v", err)
	}
	if left, err := filepath.Glob(out + ".*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestLabelMistakes: each mistake in a question of labels or of a bank is an ErrQuestion that says what is wrong, and no flag.
func TestLabelMistakes(t *testing.T) {
	demo, anyone := open(t, lab.Config{}), open(t, lab.Config{Model: tiny})
	label := func(q lab.Label) func(context.Context) error {
		return func(ctx context.Context) error { _, err := demo.Label(ctx, q); return err }
	}
	texts := func(q lab.TextBank) func(context.Context) error {
		return func(ctx context.Context) error { _, err := demo.TextBank(ctx, q); return err }
	}
	evaluate := func(l *lab.Lab, q lab.EvaluateLabels) func(context.Context) error {
		return func(ctx context.Context) error { _, err := l.EvaluateLabels(ctx, q); return err }
	}
	for say, ask := range map[string]func(context.Context) error{
		"method":                 label(lab.Label{Method: "pca"}),
		"dictionary-norm":        label(lab.Label{Scale: "columns"}),
		"output":                 label(lab.Label{Output: "labels.xls"}),
		"terms":                  label(lab.Label{Terms: -1}),
		"memory":                 label(lab.Label{Memory: -1}),
		"units top:0%":           label(lab.Label{Units: "top:0%"}),
		"a neuron from 0 to 767": label(lab.Label{Units: "7,100"}),
		"file":                   texts(lab.TextBank{Folder: "bank"}),
		"folder of the bank":     texts(lab.TextBank{File: "words.txt"}),
		"100 to":                 evaluate(demo, lab.EvaluateLabels{Scenes: 99}),
		"1 to 100":               evaluate(demo, lab.EvaluateLabels{Seeds: 101}),
		"only the demo model":    evaluate(anyone, lab.EvaluateLabels{}),
	} {
		err := ask(t.Context())
		if !errors.Is(err, lab.ErrQuestion) || !strings.Contains(err.Error(), say) || strings.Contains(err.Error(), "--") {
			t.Errorf("expected a mistake that says %q, found: %v", say, err)
		}
	}
}

// TestTextBank: a bank's folder answers as the file that it was made of, and is not made again.
func TestTextBank(t *testing.T) {
	encoded := 0
	l := open(t, lab.Config{Progress: func(step string, done, total int) {
		if step == "texts" {
			encoded = max(encoded, done)
		}
	}})
	q := lab.TextBank{File: words(t), Folder: filepath.Join(t.TempDir(), "bank")}
	made, err := l.TextBank(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if made.Texts != 5 || made.Folder != q.Folder || made.Fingerprint == "" || made.Templates != nil {
		t.Errorf("%+v", made)
	}
	if encoded != 5 {
		t.Errorf("progress told of %d texts, expected 5", encoded)
	}
	encoded = 0
	if again, err := l.TextBank(t.Context(), q); err != nil || again.Fingerprint != made.Fingerprint || encoded != 0 {
		t.Errorf("again: %+v, %v; %d texts are encoded again", again, err, encoded)
	}
	of := func(bank string) *answer.Nearest {
		t.Helper()
		near, err := l.Nearest(t.Context(), lab.Nearest{Pair: decompose.Pair{Neuron: 89, Head: 3}, Bank: bank})
		if err != nil {
			t.Fatal(err)
		}
		return near
	}
	if folder, file := of(q.Folder).Texts, of(q.File).Texts; !cmp.Equal(folder, file) {
		t.Errorf("nearest by the folder %+v, by the file %+v", folder, file)
	}
}

// TestKeptNames: what explanations name by a bank is kept for the next one, and labels of all pairs are kept for all.
func TestKeptNames(t *testing.T) {
	cache, list := t.TempDir(), words(t)
	labelled := 0
	l := open(t, lab.Config{Cache: cache, Progress: func(step string, _, _ int) {
		if step == "labels" {
			labelled++
		}
	}})
	explain := func(text string) *answer.Explanation {
		t.Helper()
		labelled = 0
		e, err := l.Explain(t.Context(), lab.Explain{Picture: scene, Text: text, Bank: list})
		if err != nil {
			t.Fatal(err)
		}
		return e.Answer
	}
	one := explain("a shirt")
	if labelled == 0 {
		t.Fatal("the first explanation names nothing")
	}
	if two := explain("a shirt"); labelled != 0 || cmp.Diff(one, two) != "" {
		t.Errorf("the second explanation names pairs again: %d, or is another", labelled)
	}
	if explain("a castle"); labelled == 0 {
		t.Error("another text has the same strongest pairs: the test shows nothing")
	}
	if _, err := l.Label(t.Context(), lab.Label{Bank: list, Units: "all", Terms: concept.MostShown}); err != nil {
		t.Fatal(err)
	}
	if again := explain("a shirt"); labelled != 0 || cmp.Diff(one, again) != "" {
		t.Errorf("after labels of all pairs: named %d, or it is another", labelled)
	}
	if explain("a windmill"); labelled != 0 {
		t.Error("after labels of all pairs, a new text has pairs named")
	}
}
