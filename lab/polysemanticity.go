package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/plot"
)

// Polysemanticity asks how many things one pair or one neuron stands for.
type Polysemanticity struct {
	// Atlas is the folder of the atlas. Neurons and heads, and the comparison, need one that keeps scalars.
	Atlas string
	// Unit is pair (also empty), neuron or head.
	Unit string
	// Share is the share of the images that a score is over, from 0 to 1; 0: ten images.
	Share float64
	// Top is how many units to give, those of lowest score; 0 is 20.
	Top int
}

// Polysemanticity scores units by how far apart their top images lie (paper, polysemanticity; docs/design.md, 19).
func (l *Lab) Polysemanticity(ctx context.Context, q Polysemanticity) (*answer.Polysemanticity, error) {
	unit, err := checkUnit(q.Unit)
	if err != nil {
		return nil, err
	}
	if q.Top == 0 {
		q.Top = TopDefault
	}
	if q.Top < 0 {
		return nil, mistake("top", "%d: expected 1 or more", q.Top)
	}
	if !(q.Share >= 0 && q.Share <= 1) {
		return nil, mistake("share", "%g: expected 0 to 1", q.Share)
	}
	use, err := l.openAtlas(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	a := &answer.Polysemanticity{Asked: answer.Asked{Atlas: q.Atlas, Unit: string(unit), Images: use.atlas.Manifest.Images}}
	if err := l.measureUnits(ctx, a, use.atlas, unit, q); err != nil {
		return nil, fmt.Errorf("%s: %w", q.Atlas, err)
	}
	a.Model, err = l.describe(ctx)
	return a, err
}

// measureUnits scores the units asked for, and pairs against neurons. Pairs need what every atlas keeps; neurons and heads need scalars.
func (l *Lab) measureUnits(ctx context.Context, a *answer.Polysemanticity, at *atlas.Atlas, unit experiment.Unit, q Polysemanticity) error {
	d, err := l.data(at)
	if err != nil {
		return err
	}
	units := []experiment.Unit{experiment.Pair, experiment.Neuron, unit}
	scalars, err := at.Scalars()
	switch {
	case errors.Is(err, atlas.ErrNoScalars) && unit == experiment.Pair:
		l.log.Warn("pairs are not set against their neurons", "reason", err)
		units = []experiment.Unit{experiment.Pair}
	case err != nil:
		return err
	default:
		defer scalars.Close()
		d.Row = scalars.Row
	}
	images := numeric.Indices(at.Manifest.Images) // no accuracy is measured: every image may be a top image
	a.Scores, a.TopImages = map[string][]float64{}, q.images(len(images))
	if d.Row == nil && a.TopImages > decompose.Extremes {
		return fmt.Errorf("an atlas without scalars keeps %d images of each end, and the share asks for %d: %w", decompose.Extremes, a.TopImages, err)
	}
	for _, u := range units {
		if a.Scores[string(u)] == nil {
			if a.Scores[string(u)], err = d.Polysemanticity(ctx, at.Stats, images, u, a.TopImages); err != nil {
				return err
			}
		}
	}
	asked, neurons := a.Scores[string(unit)], a.Scores[UnitNeuron]
	a.Units, a.Spread = lowest(d.OV, unit, asked, q.Top), experiment.NewSpread(asked)
	if neurons == nil {
		return nil
	}
	strength, err := d.Scores(ctx, at.Stats, images, experiment.Pair, ReferenceTop)
	if err != nil {
		return err
	}
	c := d.Compare(a.Scores[UnitPair], neurons, strength)
	a.Comparison = &c
	purest, err := d.Purest(ctx, at.Stats, images, q.images)
	a.Purest = &purest
	return err
}

// images is over how many of n images a score is: at least two, or nothing could differ.
func (q Polysemanticity) images(n int) int {
	if q.Share == 0 {
		return meaningImages
	}
	return max(2, int(math.Round(q.Share*float64(n))))
}

// lowest are the units of lowest score.
func lowest(ov *decompose.OV, unit experiment.Unit, scores []float64, top int) []answer.ScoredUnit {
	order := numeric.Indices(len(scores))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[a], scores[b]) })
	var units []answer.ScoredUnit
	for _, i := range order[:min(top, len(order))] {
		u := answer.ScoredUnit{Score: scores[i]}
		switch p := ov.Pair(i); unit {
		case experiment.Neuron:
			u.Neuron = &i
		case experiment.Head:
			u.Head = &i
		default:
			u.Neuron, u.Head = &p.Neuron, &p.Head
		}
		units = append(units, u)
	}
	return units
}

// Spreads are the distributions of the scores of each kind of unit that was scored, in the order pair, neuron, head.
func Spreads(a *answer.Polysemanticity) (units []string, spreads []answer.Spread) {
	for _, u := range experiment.Units() {
		if scores := a.Scores[string(u)]; len(scores) > 0 {
			units, spreads = append(units, string(u)), append(spreads, experiment.NewSpread(scores))
		}
	}
	return units, spreads
}

// PolysemanticityCurve is the cumulative distribution of the scores of each kind of unit.
func PolysemanticityCurve(a *answer.Polysemanticity) plot.Curve {
	c := plot.Curve{Title: "How many things a unit stands for", X: "polysemanticity", Y: "share of units with less"}
	const steps = 100
	for _, u := range experiment.Units() {
		if len(a.Scores[string(u)]) == 0 {
			continue
		}
		sorted := slices.Sorted(slices.Values(a.Scores[string(u)]))
		s := plot.Series{Name: string(u) + "s"}
		for i := range steps + 1 {
			s.X, s.Y = append(s.X, sorted[i*(len(sorted)-1)/steps]), append(s.Y, float64(i)/steps)
		}
		c.Series = append(c.Series, s)
	}
	return c
}
