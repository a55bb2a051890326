package lab_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/lab"
)

// TestEmbed: rows are of their inputs in order, and the same where they are taken one batch after another.
func TestEmbed(t *testing.T) {
	l := open(t, lab.Config{})
	many := lab.Input{Sources: []string{scene, "scenes:default?n=9&seed=3"}}
	for name, q := range map[string]lab.Embed{"pictures": {Input: many}, "texts": {Texts: []string{"a castle", "", "a cat"}}} {
		whole, err := l.Embed(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var inputs []string
		var rows []float32
		q.Each = func(names []string, r []float32) error {
			inputs, rows = append(inputs, names...), append(rows, r...)
			return nil
		}
		parts, err := l.Embed(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var flat []float32
		for _, row := range whole.Embeddings {
			flat = append(flat, row...)
		}
		if !cmp.Equal(flat, rows) || !cmp.Equal(whole.Inputs, inputs) || !cmp.Equal(whole.Inputs, parts.Inputs) || parts.Embeddings != nil {
			t.Errorf("%s: %d and %d numbers, inputs %q and %q", name, len(flat), len(rows), whole.Inputs, inputs)
		}
		if len(whole.Inputs) != len(whole.Embeddings) || whole.Model.SHA256 == "" || parts.Model.SHA256 != whole.Model.SHA256 {
			t.Errorf("%s: %d inputs, %d rows, %+v", name, len(whole.Inputs), len(whole.Embeddings), whole.Model)
		}
	}
	enough := errors.New("enough")
	if _, err := l.Embed(t.Context(), lab.Embed{Input: many, Each: func([]string, []float32) error { return enough }}); !errors.Is(err, enough) {
		t.Errorf("an error of Each: %v", err)
	}
}

// TestClassify: the labels of a picture come most likely first, with their probability among all.
func TestClassify(t *testing.T) {
	l := open(t, lab.Config{})
	labels := strings.Fields("sedan castle guitar cat snow butterfly oak")
	q := lab.Classify{Input: lab.Input{Sources: []string{scene}}, Labels: labels, Top: len(labels)}
	all, err := l.Classify(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, c := range all.Images[0].Classes {
		sum += c.Probability
	}
	if math.Abs(sum-1) > 1e-9 || len(all.Images) != 1 || !cmp.Equal(all.Templates, concept.DefaultTemplates()) {
		t.Errorf("probabilities sum to %g, %d pictures, templates %q", sum, len(all.Images), all.Templates)
	}
	var told []answer.ClassifiedImage
	q.Top, q.Each = 0, func(c answer.ClassifiedImage) error { told = append(told, c); return nil }
	few, err := l.Classify(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if len(few.Images) != 0 || len(told) != 1 || !cmp.Equal(told[0].Classes, all.Images[0].Classes[:5]) {
		t.Errorf("told %+v, answered %+v, expected the first five of %+v", told, few.Images, all.Images)
	}
}

// TestInputMistakes: what is to be embedded or classified is one thing, and labels differ.
func TestInputMistakes(t *testing.T) {
	l := open(t, lab.Config{})
	pictures, labels := lab.Input{Sources: []string{scene}}, []string{"a", "b"}
	both := lab.Input{Sources: []string{scene}, Pixels: "p.npy"}
	for _, q := range []lab.Embed{{}, {Input: both}, {Input: pictures, Texts: labels}, {Input: lab.Input{Pixels: "p.npy"}, Texts: labels}} {
		if _, err := l.Embed(t.Context(), q); !errors.Is(err, lab.ErrQuestion) || strings.Contains(err.Error(), "--") {
			t.Errorf("%+v: %v", q, err)
		}
	}
	for _, q := range []lab.Classify{
		{}, {Input: pictures}, {Labels: labels}, {Input: both, Labels: labels}, {Input: pictures, Labels: []string{"a", "b", "a"}},
		{Input: pictures, Labels: labels, Top: -1},
	} {
		if _, err := l.Classify(t.Context(), q); !errors.Is(err, lab.ErrQuestion) || strings.Contains(err.Error(), "--") {
			t.Errorf("%+v: %v", q, err)
		}
	}
}
