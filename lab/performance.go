package lab

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/performance"
)

// mostClasses is how many labels a reference may have.
const mostClasses = 2000

// performing follows how often pictures are classified right.
type performing struct {
	head      *concept.Bank
	scale     float64 // τ
	reference *performance.Reference
	other     int // pictures whose label is no class
	all       []performance.Prediction
	parts     map[string][]performance.Prediction
}

// ofReference is a picture of the reference on its way to a prediction: its classes are known when all have come.
type ofReference struct {
	embedding []float32
	label     string
}

// beginPerforming passes labelled pictures of a reference through the model; their labels are the classes.
func (l *Lab) beginPerforming(ctx context.Context, q Compare, c *comparing) (*performing, error) {
	var pictures []ofReference
	classes := map[string]bool{}
	through := pass{source: q.Performance, decoder: l.decoder.Rotating(c.header.ExifRotate), strict: q.Strict, ov: c.ov, distinct: new(drift.Distinct), add: func(item *scanned, image drift.Image) error {
		if item.Label != "" {
			pictures = append(pictures, ofReference{slices.Clone(image.Embedding), item.Label})
			classes[item.Label] = true
		}
		return nil
	}}
	if err := l.pass(ctx, &through); err != nil {
		return nil, err
	}
	if n := len(classes); n < 2 || n > mostClasses {
		return nil, fmt.Errorf("%s: pictures of %d labels, expected 2 to %d", q.Performance.Name, n, mostClasses)
	}
	p := &performing{parts: map[string][]performance.Prediction{}}
	var err error
	if p.head, err = l.zeroShot(ctx, slices.Sorted(maps.Keys(classes)), concept.DefaultTemplates()); err != nil {
		return nil, err
	}
	if p.scale, err = l.model.LogitScale(); err != nil {
		return nil, err
	}
	var known []performance.Prediction
	for _, one := range pictures {
		known = append(known, p.predict(one.embedding, one.label))
	}
	if p.reference, err = performance.Learn(known, q.Seed); err != nil {
		return nil, fmt.Errorf("%s: %w", q.Performance.Name, err)
	}
	return p, nil
}

// predict is the first class of a picture. A label that is no class counts as wrong.
func (p *performing) predict(embedding []float32, label string) performance.Prediction {
	first := p.head.Classify(embedding, p.scale)[0]
	return performance.Prediction{Confidence: float64(first.Probability), Known: label != "", Right: label == first.Label}
}

// add takes up a picture that is compared.
func (p *performing) add(item dataset.Item, part string, embedding []float32) {
	one := p.predict(embedding, item.Label)
	if one.Known && !slices.Contains(p.head.Texts, item.Label) {
		p.other++
	}
	p.all = append(p.all, one)
	if part != "" {
		p.parts[part] = append(p.parts[part], one)
	}
}

// answer says how often pictures are classified right, part by part, and how far the estimates were off where labels say.
func (p *performing) answer() *answer.Performance {
	a := &answer.Performance{Reference: p.reference.Pictures, ReferenceAccuracy: p.reference.Accuracy, Classes: len(p.head.Texts), Other: p.other, All: p.part("", p.all)}
	for _, name := range slices.Sorted(maps.Keys(p.parts)) {
		a.Parts = append(a.Parts, p.part(name, p.parts[name]))
	}
	measured := a.Parts
	if len(measured) == 0 {
		measured = []answer.PerformanceOf{a.All}
	}
	var e answer.PerformanceError
	for _, one := range measured {
		if one.Accuracy == nil || one.Labelled < one.Images {
			continue
		}
		e.Parts++
		e.Calibrated += math.Abs(one.Calibrated.Mean - *one.Accuracy)
		e.Threshold += math.Abs(one.Threshold - *one.Accuracy)
		e.Confidence += math.Abs(one.Confidence - *one.Accuracy)
		if *one.Accuracy >= *one.Calibrated.Low && *one.Accuracy <= *one.Calibrated.High {
			e.Within++
		}
	}
	if n := float64(e.Parts); n > 0 {
		e.Calibrated, e.Threshold, e.Confidence = e.Calibrated/n, e.Threshold/n, e.Confidence/n
		a.Error = &e
	}
	return a
}

func (p *performing) part(name string, predictions []performance.Prediction) answer.PerformanceOf {
	e := p.reference.Estimate(predictions)
	out := answer.PerformanceOf{Name: name, Images: len(predictions), Calibrated: answer.Interval{Mean: e.Calibrated, Low: &e.Low, High: &e.High}, Threshold: e.Threshold, Confidence: e.Confidence}
	for _, one := range predictions {
		if one.Known {
			out.Labelled++
		}
	}
	if out.Labelled > 0 {
		accuracy := performance.Accuracy(predictions)
		out.Accuracy = &accuracy
	}
	return out
}

// partOf is the part of an item; empty where all are compared at once.
func (c *comparing) partOf(item dataset.Item) string {
	if c.By == "" {
		return ""
	}
	return cmp.Or(groupKeys[c.By](item), "(unknown)")
}
