package lab

import (
	"context"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/plot"
)

// Reconstruct asks how much of a model a few directions of each unit carry.
type Reconstruct struct {
	Study
	// Components are how many components each unit keeps; 0 leaves the means. Empty, they are 1, 2 and 4.
	Components []int
	// Reference takes components of neurons and heads as the published code does, from their 50 images of largest norm.
	Reference bool
}

func (q Reconstruct) check() (Reconstruct, error) {
	if len(q.Components) == 0 {
		q.Components = []int{1, 2, 4}
	}
	q.Components = slices.Sorted(slices.Values(q.Components))
	if q.Components[0] < 0 {
		return q, mistake("components", "%d: expected 0 or more", q.Components[0])
	}
	return q, nil
}

// Reconstruct replaces every unit by its mean plus the projection of the rest on its first principal components, and classifies the result (paper,
// reconstruction; docs/design.md, 17).
func (l *Lab) Reconstruct(ctx context.Context, q Reconstruct) (*answer.Reconstructions, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	s, err := l.openStudy(ctx, q.Study)
	if err != nil {
		return nil, err
	}
	defer s.close()
	basis := experiment.Basis{Unit: experiment.Pair}
	if rank := q.Components[len(q.Components)-1]; s.unit != experiment.Pair {
		if basis, err = s.components(ctx, rank, q.Reference); err != nil {
			return nil, err
		}
	}
	a := &answer.Reconstructions{}
	if a.Rows, err = s.Reconstruct(ctx, s.means.Mean, basis, q.Components, s.test); err != nil {
		return nil, err
	}
	a.Study, err = s.record(ctx, q.Reference)
	return a, err
}

// components are the first of neurons or heads: of the covariance, or the published code's.
func (s *study) components(ctx context.Context, rank int, reference bool) (experiment.Basis, error) {
	if !reference {
		return s.Components(s.means, s.unit, rank)
	}
	fit, images, err := s.fitting()
	if err != nil {
		return experiment.Basis{}, err
	}
	return fit.ReferenceComponents(ctx, s.means, images, s.unit, rank, ReferenceTop)
}

// ReconstructionCurve is accuracy and cosine against the number of components, or of words.
func ReconstructionCurve(a *answer.Reconstructions) plot.Curve {
	var accuracy, cosine plot.Series
	accuracy.Name, cosine.Name, cosine.Dashed = "zero-shot accuracy", "cosine with the embedding", true
	what, inWords := "principal components of each "+a.Unit, slices.ContainsFunc(a.Rows, func(r answer.Reconstruction) bool { return r.Words > 0 })
	if inWords {
		what = "texts that the direction of each " + a.Unit + " is written in"
	}
	for _, r := range a.Rows {
		x := float64(r.Components)
		if inWords {
			x = float64(r.Words)
		}
		if inWords && r.Words == 0 { // the directions themselves have no place on this axis
			continue
		}
		accuracy.X, accuracy.Y = append(accuracy.X, x), append(accuracy.Y, r.Accuracy.Value())
		accuracy.Low, accuracy.High = append(accuracy.Low, r.Accuracy.Low), append(accuracy.High, r.Accuracy.High)
		cosine.X, cosine.Y = append(cosine.X, x), append(cosine.Y, r.Cosine)
	}
	return plot.Curve{Title: "Reconstruction from " + a.Unit + "s", X: what, Y: "accuracy, cosine", Series: []plot.Series{accuracy, cosine}}
}
