package lab_test

import (
	"errors"
	"image"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/labtest"
	"github.com/facet-clip/facet/plot"
)

// How many there are in the demo model.
const (
	allPairs   = 9216
	allNeurons = 768
	allHeads   = 12
)

// told fails for a study of the scenes that does not say what it was measured on: every other one is scored.
func told(t *testing.T, of answer.Study, unit string) {
	t.Helper()
	if of.Atlas != labtest.ScenesAtlas() || of.Unit != unit || of.Images != 7 || of.Means != "the 6 images of odd index" || of.Classes < 2 || of.Model.SHA256 == "" {
		t.Errorf("it says of itself %+v", of)
	}
}

// plotted fails for a chart that does not have so many lines of so many points.
func plotted(t *testing.T, c plot.Curve, lines, points int) {
	t.Helper()
	if len(c.Series) != lines {
		t.Errorf("%s: %d lines, want %d", c.Title, len(c.Series), lines)
	}
	for _, s := range c.Series {
		if len(s.X) != points || len(s.Y) != points || s.Name == "" {
			t.Errorf("%s: %d, %d points of %q, want %d", c.Title, len(s.X), len(s.Y), s.Name, points)
		}
	}
}

// TestReconstruct: a pair is its one direction, neurons come nearer with each component, and nobody need say which components.
func TestReconstruct(t *testing.T) {
	l := open(t, lab.Config{})
	r, err := l.Reconstruct(t.Context(), lab.Reconstruct{Study: lab.Study{Atlas: labtest.ScenesAtlas()}})
	if err != nil {
		t.Fatal(err)
	}
	told(t, r.Study, lab.UnitPair)
	if len(r.Rows) != 3 || r.Compat != "" {
		t.Errorf("by default: %+v", r)
	}
	for i, row := range r.Rows { // scalars are kept in half precision, so the identity holds to that
		if row.Components != []int{1, 2, 4}[i] || !(math.Abs(row.Cosine-1) < 1e-5) || row.Accuracy.Of != 7 {
			t.Errorf("pairs with their one direction: %+v", row)
		}
	}
	plotted(t, lab.ReconstructionCurve(r), 2, 3)
	ask := lab.Reconstruct{Study: lab.Study{Atlas: labtest.ScenesAtlas(), Unit: lab.UnitNeuron}, Components: []int{4, 0, 1}}
	for _, reference := range []bool{false, true} {
		ask.Reference = reference
		n, err := l.Reconstruct(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		told(t, n.Study, lab.UnitNeuron)
		if (n.Compat == "reference") != reference || n.Rows[0].Components != 0 || n.Rows[2].Components != 4 {
			t.Errorf("%+v", n)
		}
		for i, row := range n.Rows[1:] {
			if !(row.Cosine > n.Rows[i].Cosine) {
				t.Errorf("more components, less like the model: %+v", n.Rows)
			}
		}
	}
}

// TestAblate: with nothing held the model is as it was; the weak are missed less than as many others; half of the heads are half of them.
func TestAblate(t *testing.T) {
	l := open(t, lab.Config{})
	a, err := l.Ablate(t.Context(), lab.Ablate{Study: lab.Study{Atlas: labtest.ScenesAtlas()}, Percentiles: []float64{90, 0}, Random: true})
	if err != nil {
		t.Fatal(err)
	}
	told(t, a.Study, lab.UnitPair)
	none, most := a.Rows[0], a.Rows[1]
	if none.Held != 0 || none.Of != allPairs || !(math.Abs(none.Cosine-1) < 1e-5) || most.Held != 8294 || !(most.Cosine > most.Random.Cosine) || most.Random.Number != 5 {
		t.Errorf("%+v, %+v of %+v", none, most, most.Random)
	}
	plotted(t, lab.AblationCurve(a), 2, 2)
	h, err := l.Ablate(t.Context(), lab.Ablate{Study: lab.Study{Atlas: labtest.ScenesAtlas(), Unit: lab.UnitHead}, Percentiles: []float64{50}, Strong: true})
	if err != nil {
		t.Fatal(err)
	}
	if row := h.Rows[0]; row.Held != allHeads/2 || row.Of != allHeads || row.Random != nil || !h.StrongHeld {
		t.Errorf("half of the heads: %+v", row)
	}
	if c := lab.AblationCurve(h); len(c.Series) != 1 || c.Series[0].Name != "the strongest held" {
		t.Errorf("%+v", c)
	}
	byDefault, err := l.Ablate(t.Context(), lab.Ablate{Study: lab.Study{Atlas: labtest.ScenesAtlas(), Unit: lab.UnitHead}})
	if err != nil || len(byDefault.Rows) != 5 || byDefault.Rows[4].Percentile != 99 {
		t.Errorf("by default: %+v, %v", byDefault, err)
	}
}

// TestPolysemanticity: units come by their score, and pairs are set against neurons.
func TestPolysemanticity(t *testing.T) {
	l := open(t, lab.Config{})
	for unit, of := range map[string]int{"": allPairs, lab.UnitNeuron: allNeurons, lab.UnitHead: allHeads} {
		p, err := l.Polysemanticity(t.Context(), lab.Polysemanticity{Atlas: labtest.ScenesAtlas(), Unit: unit})
		if err != nil {
			t.Fatal(err)
		}
		kinds := 2
		if unit == lab.UnitHead {
			kinds = 3
		}
		if p.Images != 13 || len(p.Units) != min(20, of) || len(p.Scores) != kinds || len(p.Scores[p.Unit]) != of {
			t.Errorf("%q: %d images, %d units, %d kinds, %d scores", unit, p.Images, len(p.Units), len(p.Scores), len(p.Scores[p.Unit]))
		}
		for i, u := range p.Units {
			if i > 0 && u.Score < p.Units[i-1].Score || (u.Head == nil) != (unit == lab.UnitNeuron) || (u.Neuron == nil) != (unit == lab.UnitHead) {
				t.Errorf("%q: unit %d is %+v", unit, i, u)
			}
		}
		c := p.Comparison
		if p.Units[0].Score != p.Spread.Low || !(p.Spread.High > p.Spread.Median && p.Spread.Median > p.Spread.Low) || c.Neurons != allNeurons || c.Lower+c.Higher > allNeurons || c.Lower == 0 || !(c.P > 0 && c.P <= 1) {
			t.Errorf("%q: %+v, %+v", unit, p.Spread, c)
		}
		plotted(t, lab.PolysemanticityCurve(p), kinds, 101)
		if units, spreads := lab.Spreads(p); len(units) != kinds || units[0] != lab.UnitPair || len(spreads) != kinds || spreads[0].High < spreads[0].Low {
			t.Errorf("%q: %v, %+v", unit, units, spreads)
		}
	}
}

// TestStudiesRefuse: mistakes in a question are told from what is wrong with an atlas.
func TestStudiesRefuse(t *testing.T) {
	l := open(t, lab.Config{})
	bare := filepath.Join(t.TempDir(), "bare.atlas")
	if _, err := l.Scan(t.Context(), lab.Scan{Source: images(t, "scenes:single?n=2&seed=1&size=64", 0), Folder: bare}); err != nil {
		t.Fatal(err)
	}
	ablate := func(q lab.Ablate) error { _, err := l.Ablate(t.Context(), q); return err }
	reconstruct := func(q lab.Reconstruct) error { _, err := l.Reconstruct(t.Context(), q); return err }
	polysemanticity := func(q lab.Polysemanticity) error { _, err := l.Polysemanticity(t.Context(), q); return err }
	sink := func(q lab.Sink) error { _, err := l.Sink(t.Context(), q); return err }
	at := lab.Study{Atlas: labtest.ScenesAtlas()}
	for field, err := range map[string]error{
		"unit layer":     ablate(lab.Ablate{Study: lab.Study{Atlas: at.Atlas, Unit: "layer"}}),
		"unit token":     polysemanticity(lab.Polysemanticity{Atlas: at.Atlas, Unit: "token"}),
		"percentile 101": ablate(lab.Ablate{Study: at, Percentiles: []float64{50, 101}}),
		"percentile NaN": ablate(lab.Ablate{Study: at, Percentiles: []float64{math.NaN()}}),
		"components -1":  reconstruct(lab.Reconstruct{Study: at, Components: []int{2, -1}}),
		"classes castle": reconstruct(lab.Reconstruct{Study: lab.Study{Atlas: at.Atlas, Classes: []string{"castle"}}}),
		"classes bus":    sink(lab.Sink{Source: at.Atlas, Classes: []string{"bus"}}),
		"top -1":         polysemanticity(lab.Polysemanticity{Atlas: at.Atlas, Top: -1}),
		"share 1.5":      polysemanticity(lab.Polysemanticity{Atlas: at.Atlas, Share: 1.5}),
		"limit -1":       sink(lab.Sink{Source: at.Atlas, Limit: -1}),
		"root scenes:":   sink(lab.Sink{Source: "scenes:single?n=2", Roots: []string{"."}}),
	} {
		if !errors.Is(err, lab.ErrQuestion) || !strings.HasPrefix(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	for name, c := range map[string]struct{ got, want error }{
		"ablate without scalars":      {ablate(lab.Ablate{Study: lab.Study{Atlas: bare}}), atlas.ErrNoScalars},
		"reconstruct without scalars": {reconstruct(lab.Reconstruct{Study: lab.Study{Atlas: bare}}), atlas.ErrNoScalars},
		"neurons without scalars":     {polysemanticity(lab.Polysemanticity{Atlas: bare, Unit: lab.UnitNeuron}), atlas.ErrNoScalars},
		"pairs without scalars":       {polysemanticity(lab.Polysemanticity{Atlas: bare}), nil},
		"means without scalars":       {ablate(lab.Ablate{Study: lab.Study{Atlas: at.Atlas, Means: bare, Unit: lab.UnitHead}}), atlas.ErrNoScalars},
		"means of pairs without":      {ablate(lab.Ablate{Study: lab.Study{Atlas: at.Atlas, Means: bare}}), nil},
	} {
		if !errors.Is(c.got, c.want) || errors.Is(c.got, lab.ErrQuestion) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

// TestSink: attention sums to one, and an atlas shows the pictures it was made of.
func TestSink(t *testing.T) {
	l := open(t, lab.Config{})
	var masses [][]float64
	for _, source := range []string{labtest.ScenesAtlas(), labtest.Scenes} {
		w, err := l.Sink(t.Context(), lab.Sink{Source: source, Limit: 4})
		if err != nil {
			t.Fatal(err)
		}
		a, sum := w.Answer, w.Answer.Class
		for _, m := range a.Mass {
			sum += m
		}
		if a.Images != 4 || a.Source != source || a.Grid*a.Grid != len(a.Mass) || a.Watched != len(a.Mass)-1 || !(math.Abs(sum-1) < 1e-6) || a.Accuracy.With.Of != 4 || a.Accuracy.Without.Of != 4 {
			t.Errorf("%s: attention sums to %g, %+v", source, sum, a)
		}
		if sheet := w.Map().Rect; sheet != image.Rect(0, 0, 900, 1031) { // with its title and its scale
			t.Errorf("%s: a map of %v", source, sheet)
		}
		masses = append(masses, a.Mass)
	}
	for i, m := range masses[0] {
		if m != masses[1][i] {
			t.Errorf("place %d: %g by the atlas, %g by its dataset", i, m, masses[1][i])
		}
	}
}

// TestStudiesTogether: studies that are asked for at once answer as one alone.
func TestStudiesTogether(t *testing.T) {
	l := open(t, lab.Config{})
	study := lab.Study{Atlas: labtest.ScenesAtlas(), Unit: lab.UnitHead}
	for name, question := range map[string]func() (any, error){
		"reconstruct":     func() (any, error) { return l.Reconstruct(t.Context(), lab.Reconstruct{Study: study}) },
		"ablate":          func() (any, error) { return l.Ablate(t.Context(), lab.Ablate{Study: study, Random: true}) },
		"polysemanticity": func() (any, error) { return l.Polysemanticity(t.Context(), lab.Polysemanticity{Atlas: study.Atlas}) },
		"sink": func() (any, error) {
			w, err := l.Sink(t.Context(), lab.Sink{Source: study.Atlas, Limit: 2})
			if err != nil {
				return nil, err
			}
			return w.Answer, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			alone, err := question()
			if err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					if again, err := question(); err != nil || !cmp.Equal(alone, again) {
						t.Errorf("%v: %s", err, cmp.Diff(alone, again))
					}
				})
			}
			all.Wait()
		})
	}
}

// TestAblateActivations: with nothing held in the tokens the embeddings are the atlas' own, with more held less so; pairs cannot be held there.
func TestAblateActivations(t *testing.T) {
	l := labtest.Open(t, lab.Config{})
	q := lab.Ablate{Study: lab.Study{Atlas: labtest.ScenesAtlas(), Unit: "neuron"}, Percentiles: []float64{0, 90}, Activations: true}
	a, err := l.Ablate(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Activations || a.Rows[0].Held != 0 || a.Rows[0].Cosine < 0.9999 || !(a.Rows[1].Cosine < a.Rows[0].Cosine) {
		t.Errorf("%+v", a)
	}
	q.Unit = "pair"
	if _, err := l.Ablate(t.Context(), q); !errors.Is(err, lab.ErrQuestion) {
		t.Errorf("pairs: %v", err)
	}
}
