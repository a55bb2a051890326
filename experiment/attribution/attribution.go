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
	Per      []float32 // the amount that one unit of the pair's scalar brings in the picture [M,C]: maps are multiplied with it
}

// Embedding splits the squared length of an embedding e [D] over itself, which is 1: a pair's amount is ⟨s·u, e⟩/‖e‖² (docs/design.md, formula 9).
func Embedding(s decompose.Scalars, e []float32) Split {
	return along(s, e, e, 1/numeric.Dot(e, e))
}

// Logit splits the logit τ⟨e,t⟩/‖e‖ of a text t [D]: a pair's amount is τ·s⟨u,t⟩/‖e‖ (docs/design.md, formula 10). For the difference of two logits, t is
// the difference of their unit texts (formula 27).
func Logit(s decompose.Scalars, t, e []float32, τ float64) Split {
	return along(s, t, e, τ/numeric.Norm(e))
}

// along splits scale·⟨e,t⟩.
func along(s decompose.Scalars, t, e []float32, scale float64) Split {
	split := Split{Total: scale * numeric.Dot(e, t), Constant: scale * numeric.Dot(s.Bias(), t), Pairs: make([]float64, len(s.S)), Per: s.Text(t)}
	for i, v := range s.S {
		split.Per[i] = float32(float64(split.Per[i]) * scale)
		split.Pairs[i] = float64(split.Per[i]) * float64(v)
	}
	return split
}

// Minus is a split against that of another picture for the same text: the difference of the totals as the sum of the differences of the amounts
// (docs/design.md, formula 27).
func (s Split) Minus(other Split) Split {
	d := Split{Total: s.Total - other.Total, Constant: s.Constant - other.Constant, Pairs: slices.Clone(s.Pairs), Per: s.Per}
	for i, b := range other.Pairs {
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

// Centre is the average picture of a dataset.
type Centre struct {
	Means     []float64 // s̄ [M,C]
	Embedding []float32 // ē = Σ s̄·u + b [D]
}

// NewCentre makes the centre of the mean scalars s̄ [M,C].
func NewCentre(ov *decompose.OV, means []float64) (Centre, error) {
	s, err := ov.Scalars(numeric.Float32(means))
	if err != nil {
		return Centre{}, err
	}
	return Centre{means, s.Embedding()}, nil
}

// EmbeddingOf splits what a picture is more than the average: a pair's amount is ⟨(s − s̄)·u, d⟩/‖d‖² with d = e − ē. The amounts sum to 1, and the
// constant cancels.
func (c Centre) EmbeddingOf(s decompose.Scalars, e []float32) Split {
	d := c.from(e)
	return c.along(s, d, d, 1/numeric.Dot(d, d))
}

// LogitOf splits what a picture's logit is more than the average picture's at its own length: a pair's amount is τ·(s − s̄)⟨u,t⟩/‖e‖, and they sum to
// τ⟨e − ē,t⟩/‖e‖ (docs/design.md, formula 29). The constant cancels.
func (c Centre) LogitOf(s decompose.Scalars, t, e []float32, τ float64) Split {
	return c.along(s, t, c.from(e), τ/numeric.Norm(e))
}

// from is e − ē.
func (c Centre) from(e []float32) []float32 {
	d := make([]float32, len(e))
	for i, v := range e {
		d[i] = float32(float64(v) - float64(c.Embedding[i]))
	}
	return d
}

// along splits scale·⟨d,t⟩ for d = e − ē.
func (c Centre) along(s decompose.Scalars, t, d []float32, scale float64) Split {
	split := along(s, t, d, scale)
	split.Constant = 0
	for i, mean := range c.Means {
		split.Pairs[i] -= float64(split.Per[i]) * mean
	}
	return split
}
