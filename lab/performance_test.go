package lab_test

import (
	"errors"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/facet-clip/facet/drift/performance"
	"github.com/facet-clip/facet/lab"
)

// TestPerformance: the accuracy by labels is that of the classification verb, part by part, and the estimate of pictures like the reference's holds it.
func TestPerformance(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: encodes some hundred scenes")
	}
	l := open(t, lab.Config{})
	const small = "scenes:noisy-sensor?n=12&size=64&seed="
	profile, compared := profileOf(t, l, small+"1", 100), small+"3"
	q := lab.Compare{Profile: profile, Source: images(t, compared, 0), By: "group", Performance: images(t, small+"2", 0)}
	r, err := l.Compare(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	p := r.Performance
	labels, groups := map[string]string{}, map[string]string{}
	for item := range images(t, compared, 0).Items(t.Context(), 0) {
		labels[item.Path], groups[item.Path] = item.Label, item.Group
	}
	classes := map[string]bool{}
	for item := range images(t, small+"2", 0).Items(t.Context(), 0) {
		classes[item.Label] = true
	}
	c, err := l.Classify(t.Context(), lab.Classify{Input: lab.Input{Sources: []string{compared}}, Labels: slices.Sorted(maps.Keys(classes)), Top: 1})
	if err != nil {
		t.Fatal(err)
	}
	right, of := map[string]float64{}, map[string]float64{}
	for _, one := range c.Images {
		of[groups[one.Image]]++
		if one.Classes[0].Label == labels[one.Image] {
			right[groups[one.Image]]++
		}
	}
	if p == nil || p.Classes != len(classes) || len(p.Parts) != len(of) || p.Error == nil || p.Error.Parts != len(of) {
		t.Fatalf("performance: %+v", p)
	}
	for _, part := range p.Parts {
		if part.Accuracy == nil || math.Abs(*part.Accuracy-right[part.Name]/of[part.Name]) > 1e-9 || part.Labelled != int(of[part.Name]) {
			t.Errorf("%+v, classification has %g of %g right", part, right[part.Name], of[part.Name])
		}
	}
	if a := p.All; *a.Accuracy < *a.Calibrated.Low || *a.Accuracy > *a.Calibrated.High {
		t.Errorf("all: accuracy %g, estimated %g to %g", *a.Accuracy, *a.Calibrated.Low, *a.Calibrated.High)
	}
	q.Performance = images(t, "scenes:noisy-sensor?n=1&size=64", 0)
	if _, err := l.Compare(t.Context(), q); !errors.Is(err, performance.ErrReference) {
		t.Errorf("a reference of ten pictures: %v", err)
	}
}
