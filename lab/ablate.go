package lab

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/plot"
)

// Ablate asks how many units a model can do without.
type Ablate struct {
	Study
	// Percentiles of the scores of units, from 0 to 100; the units under each are held at their mean. Empty, they are 0, 50, 90, 95 and 99.
	Percentiles []float64
	// Strong holds the units that reach a percentile instead, and keeps the weak ones.
	Strong bool
	// Random holds as many units drawn at random beside it, in five draws.
	Random bool
}

const (
	ablationDraws = 5
	ablationSeed  = 1
)

func (q Ablate) check() (Ablate, error) {
	if len(q.Percentiles) == 0 {
		q.Percentiles = []float64{0, 50, 90, 95, 99}
	}
	q.Percentiles = slices.Sorted(slices.Values(q.Percentiles))
	for _, p := range q.Percentiles {
		if !(p >= 0 && p <= 100) {
			return q, mistake("percentile", "%v: expected a number from 0 to 100", p)
		}
	}
	return q, nil
}

// Ablate holds the weakest units at their mean, and classifies (paper, sparsity; docs/design.md, 16 and 18).
func (l *Lab) Ablate(ctx context.Context, q Ablate) (*answer.Ablations, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	s, err := l.openStudy(ctx, q.Study)
	if err != nil {
		return nil, err
	}
	defer s.close()
	scores, err := s.scores(ctx, s.unit)
	if err != nil {
		return nil, err
	}
	o := experiment.AblationOptions{Percentiles: q.Percentiles, Strong: q.Strong, Seed: ablationSeed}
	if q.Random {
		o.Draws = ablationDraws
	}
	a := &answer.Ablations{StrongHeld: q.Strong}
	if a.Rows, err = s.Ablate(ctx, s.means.Mean, scores, s.unit, s.test, o); err != nil {
		return nil, err
	}
	a.Study, err = s.record(ctx, false)
	return a, err
}

// AblationCurve is accuracy against the percentile, with the random control where there is one.
func AblationCurve(a *answer.Ablations) plot.Curve {
	by := plot.Series{Name: "the weakest held"}
	if a.StrongHeld {
		by.Name = "the strongest held"
	}
	random := plot.Series{Name: fmt.Sprintf("as many at random (%d draws)", ablationDraws), Dashed: true}
	for _, r := range a.Rows {
		by.X, by.Y = append(by.X, r.Percentile), append(by.Y, r.Accuracy.Value())
		by.Low, by.High = append(by.Low, r.Accuracy.Low), append(by.High, r.Accuracy.High)
		if r.Random != nil {
			random.X, random.Y = append(random.X, r.Percentile), append(random.Y, r.Random.Mean)
			random.Low, random.High = append(random.Low, math.Min(r.Random.Low, r.Random.Mean)), append(random.High, math.Max(r.Random.High, r.Random.Mean))
		}
	}
	c := plot.Curve{Title: "Mean ablation of " + a.Unit + "s", X: "percentile of the scores", Y: "zero-shot accuracy", Series: []plot.Series{by}}
	if len(random.X) > 0 {
		c.Series = append(c.Series, random)
	}
	return c
}
