package lab_test

import (
	"errors"
	"math"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/labtest"
)

// TestWhy: on both engines, whatever names the pairs, the words sum to the first logit less the second, and classes are what they are without why.
func TestWhy(t *testing.T) {
	content := lab.Input{Contents: []lab.Content{{Name: "shirt", Data: encoded(t, picture(t, 0))}, {Name: "car", Data: encoded(t, picture(t, 1))}}}
	for _, engine := range []string{"portable", "ort"} {
		if _, err := ort.New(ort.Options{}); engine == "ort" && errors.Is(err, ort.ErrUnavailable) {
			t.Log("without ONNX Runtime:", err)
			continue
		}
		l := open(t, lab.Config{Engine: engine})
		plain := classify(t, l, lab.Classify{Input: content, Labels: []string{"a shirt", "a convertible", "a castle"}})
		for name, q := range map[string]lab.Classify{"own table": {}, "a bank": {Bank: words(t)}, "an atlas and a bank": {Bank: words(t), Atlas: labtest.ScenesAtlas()}} {
			q.Input, q.Labels, q.Why, q.Top = content, []string{"a shirt", "a convertible", "a castle"}, lab.WhySecond, 3
			a := classify(t, l, q)
			for i, one := range a.Images {
				if plain.Images[i].Why != nil || len(one.Classes) != 3 || one.Classes[0] != plain.Images[i].Classes[0] {
					t.Errorf("%s, %s: %+v, without why %+v", engine, name, one, plain.Images[i])
				}
				checkWhy(t, engine+", "+name, one, 1)
			}
			q.Why = plain.Images[0].Classes[2].Label // the third of the first picture
			checkWhy(t, engine+", "+name+", asked for", classify(t, l, q).Images[0], 2)
		}
	}
}

func classify(t *testing.T, l *lab.Lab, q lab.Classify) *answer.Classification {
	t.Helper()
	a, err := l.Classify(t.Context(), q)
	if err != nil || len(a.Images) != 2 {
		t.Fatalf("%+v, %v", a, err)
	}
	return a
}

// checkWhy holds the reasons of a picture to its logits. other is the place of the label that the first is compared with.
func checkWhy(t *testing.T, name string, one answer.ClassifiedImage, other int) {
	t.Helper()
	w, sum, size := one.Why, 0.0, 0.0
	for _, g := range w.Groups {
		sum, size = sum+g.Amount, size+math.Abs(g.Amount)
	}
	difference := one.Classes[0].Logit - one.Classes[other].Logit
	if w.First != one.Classes[0].Label || w.Second != one.Classes[other].Label || !lab.Named(w.Groups) ||
		!(math.Abs(w.Difference-difference) <= 1e-4 && math.Abs(sum-w.Difference) <= 1e-5*size && w.Residual <= 1e-5) {
		t.Errorf("%s, %s: %q less %q is %g, the words sum to %g of %g, residual %g", name, one.Image, w.First, w.Second, difference, sum, w.Difference, w.Residual)
	}
}

// TestWhyMistakes: what cannot be answered is a mistake of the question.
func TestWhyMistakes(t *testing.T) {
	l := open(t, lab.Config{})
	content := lab.Input{Contents: []lab.Content{{Name: "shirt", Data: encoded(t, picture(t, 0))}}}
	for name, q := range map[string]lab.Classify{
		"one label":          {Labels: []string{"a shirt"}, Why: lab.WhySecond},
		"no label":           {Labels: []string{"a shirt", "a mug"}, Why: "a castle"},
		"a bank without why": {Labels: []string{"a shirt", "a mug"}, Bank: "objects"},
		"atlas without why":  {Labels: []string{"a shirt", "a mug"}, Atlas: labtest.ScenesAtlas()},
	} {
		q.Input = content
		if _, err := l.Classify(t.Context(), q); !errors.Is(err, lab.ErrQuestion) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWhyWithoutLabels: an atlas that keeps none has the strongest pairs named on the spot.
func TestWhyWithoutLabels(t *testing.T) {
	l := open(t, lab.Config{})
	content := lab.Input{Contents: []lab.Content{{Name: "shirt", Data: encoded(t, picture(t, 0))}}}
	a, err := l.Classify(t.Context(), lab.Classify{Input: content, Labels: []string{"a shirt", "a mug"}, Why: lab.WhySecond, Atlas: labtest.LargeAtlas()})
	if err != nil {
		t.Fatal(err)
	}
	if why := a.Images[0].Why; why == nil || len(why.Groups) < 4 {
		t.Errorf("why: %+v", why)
	}
}
