package lab

import (
	"context"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/experiment/relatives"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/plot"
)

// Ablate asks how many units a model can do without.
type Ablate struct {
	Study
	// Percentiles of the scores of units, from 0 to 100; the units under each are held at their mean. Empty, they are 0, 50, 90, 95 and 99.
	Percentiles []float64
	// Strong holds the units that reach a percentile instead, and keeps the weak ones.
	Strong bool
	// Activations holds neurons where they fire, in every token, and not where heads read them. The pictures of the atlas are looked at again.
	Activations bool
	// Roots say where the pictures of the atlas are, if they have moved.
	Roots []string
	// Notable holds, image by image, the units whose contribution is longer than their own fiftieth longest, or all others, in place of percentiles.
	Notable bool
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
	if q.Activations && q.Unit != UnitNeuron {
		return q, mistake("unit", "%s: expected neuron, where activations are held", q.Unit)
	}
	if q.Notable && (q.Activations || q.Strong || q.Random) {
		return q, mistake("notable", "holds the units of note of each image: expected no activations, no random draws, and nothing kept by percentile")
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
	if q.Notable {
		return s.ablateNotable(ctx)
	}
	scores, err := s.scores(ctx, s.unit)
	if err != nil {
		return nil, err
	}
	o := experiment.AblationOptions{Percentiles: q.Percentiles, Strong: q.Strong, Seed: ablationSeed}
	if q.Random {
		o.Draws = ablationDraws
	}
	a := &answer.Ablations{StrongHeld: q.Strong, Activations: q.Activations}
	if q.Activations {
		a.Rows, err = s.ablateActivations(ctx, q, scores, o)
	} else {
		a.Rows, err = s.Ablate(ctx, s.means.Mean, scores, s.unit, s.test, o)
	}
	if err != nil {
		return nil, err
	}
	a.Study, err = s.record(ctx, false)
	return a, err
}

// ablateNotable holds the units of note of each image, or all others.
func (s *study) ablateNotable(ctx context.Context) (*answer.Ablations, error) {
	fit, images := s.Data, []int(nil)
	if s.unit != experiment.Pair { // those of pairs are in every atlas
		var err error
		if fit, images, err = s.fitting(); err != nil {
			return nil, err
		}
	}
	thresholds, err := fit.Thresholds(ctx, s.means, images, s.unit, relatives.Rank)
	if err != nil {
		return nil, err
	}
	a := &answer.Ablations{Rows: []answer.Ablation{}}
	if a.Notable, err = s.AblateNotable(ctx, s.means.Mean, thresholds, s.unit, s.test); err != nil {
		return nil, err
	}
	a.Study, err = s.record(ctx, false)
	return a, err
}

// ablateActivations holds neurons in the tokens of the atlas' pictures.
func (s *study) ablateActivations(ctx context.Context, q Ablate, scores []float64, o experiment.AblationOptions) ([]answer.Ablation, error) {
	query, err := s.lab.query()
	if err != nil {
		return nil, err
	}
	means := s.asked.Atlas
	if s.asked.Means != "" {
		means = s.asked.Means
	}
	of, err := s.lab.anyAtlas(ctx, means)
	if err != nil {
		return nil, err
	}
	step := s.lab.Step(ctx, "pictures", len(s.from)+len(s.test))
	defer step.Done()
	var mean []float64
	for _, i := range s.from {
		x, err := s.lab.tokensOf(ctx, of, i, q.Roots)
		if err != nil {
			return nil, err
		}
		if mean == nil {
			mean = make([]float64, len(x))
		}
		for k, v := range x {
			mean[k] += float64(v) / float64(len(s.from))
		}
		step.Add(1)
	}
	own, err := s.lab.openAtlas(ctx, s.asked.Atlas)
	if err != nil {
		return nil, err
	}
	return s.AblateActivations(ctx, query, numeric.Float32(mean), scores, s.test, o, func(ctx context.Context, image int) ([]float32, error) {
		step.Add(1)
		return s.lab.tokensOf(ctx, own, image, q.Roots)
	})
}

// tokensOf are the tokens [K+1,C] of an image of an atlas, whose picture is looked at again.
func (l *Lab) tokensOf(ctx context.Context, use *use, index int, roots []string) ([]float32, error) {
	rows, err := use.rows()
	if err != nil {
		return nil, err
	}
	seen, err := l.pictureOf(ctx, use, index, rows[index].path, roots)
	if err != nil {
		return nil, err
	}
	out, err := l.model.EncodePictures(ctx, []*image.RGBA{seen}, clip.Tokens)
	if err != nil {
		return nil, err
	}
	return out[clip.Tokens].Floats, nil
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
