// Package attribution splits a logit, or the difference of two, into parts that people can read: words, neurons, heads, tokens or pairs. Every
// split sums to its total exactly, up to rounding (docs/design.md, formulas 10, 26 to 28).
//
// It is mathematics: it knows no file, no engine and no picture.
package attribution

import (
	"math"
	"slices"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// Split is a total as a sum over pairs and a constant.
type Split struct {
	Total    float64
	Constant float64
	Pairs    []float64 // the amount of every pair [M,C]
}

// Embedding splits the squared length of an embedding e [D] over itself, which is 1: a pair's amount is ⟨s·u, e⟩/‖e‖² (docs/design.md, formula 9).
func Embedding(s decompose.Scalars, e []float32) Split {
	return of(1, s.BiasShare(e), s.Shares(e))
}

// Logit splits the logit τ⟨e,t⟩/‖e‖ of a unit text t [D]: a pair's amount is τ·s⟨u,t⟩/‖e‖ (docs/design.md, formula 10).
func Logit(s decompose.Scalars, t, e []float32, τ float64) Split {
	return of(τ*numeric.Dot(e, t)/numeric.Norm(e), s.BiasLogit(t, e, τ), s.Logits(t, e, τ))
}

func of(total, constant float64, amounts []float32) Split {
	s := Split{Total: total, Constant: constant, Pairs: make([]float64, len(amounts))}
	for i, a := range amounts {
		s.Pairs[i] = float64(a)
	}
	return s
}

// Minus is a split against a baseline: the difference of the totals as the sum of the differences of the amounts. The baseline may be another
// picture or the mean of many with the same text, or another text with the same picture (docs/design.md, formulas 26 and 27).
func (s Split) Minus(baseline Split) Split {
	d := Split{Total: s.Total - baseline.Total, Constant: s.Constant - baseline.Constant, Pairs: slices.Clone(s.Pairs)}
	for i, b := range baseline.Pairs {
		d.Pairs[i] -= b
	}
	return d
}

// Residual is how far the amounts are from summing to the total, relative to Σ|amount|: rounding alone, about 1e-7.
func (s Split) Residual() float64 {
	sum, size := s.Constant, math.Abs(s.Constant)
	for _, a := range s.Pairs {
		sum += a
		size += math.Abs(a)
	}
	if size == 0 {
		return math.Abs(s.Total)
	}
	return math.Abs(sum-s.Total) / size
}

// Centred is what a picture's scalars add over the means s̄ [M,C] of a dataset, at the picture's own length: a pair's amount is τ·(s − s̄)⟨u,t⟩/‖e‖, and
// they sum to τ⟨e − ē,t⟩/‖e‖ with ē = Σ s̄·u + b (docs/design.md, formula 29). The constant cancels.
func Centred(s decompose.Scalars, means []float64, t, e []float32, τ float64) (Split, error) {
	centre, err := s.OV.Scalars(numeric.Float32(means))
	if err != nil {
		return Split{}, err
	}
	ē, scale := centre.Embedding(), τ/numeric.Norm(e)
	c := Split{Pairs: make([]float64, len(s.S))}
	for o, v := range t {
		c.Total += scale * float64(v) * (float64(e[o]) - float64(ē[o]))
	}
	for i, product := range s.Text(t) {
		c.Pairs[i] = scale * float64(product) * (float64(s.S[i]) - means[i])
	}
	return c, nil
}
