// Package directions is the room of a lab where the directions of units are written down: as arrays, and in words.
package directions

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/lab"
)

// Components asks for the first principal directions of neurons or heads over the images of an atlas, and what they say.
type Components struct {
	// Atlas is the folder of the atlas. The published code's way needs one that keeps scalars.
	Atlas string
	// Unit is neuron (also empty) or head.
	Unit string
	// Rank is how many components a unit has at most; 0 is 4.
	Rank int
	// Bank is what the first components are written in: see [lab.Label].
	Bank string
	// Terms is how many texts a label has at most; 0 is 64.
	Terms int
	// Top is how many units are labelled, those of the largest first component; 0 is 20.
	Top int
	// Reference takes the published code's components, from the 50 images of largest norm, and its dictionary of unit columns.
	Reference bool
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
}

func (q Components) filled() (Components, error) {
	q.Unit, q.Rank, q.Terms, q.Top = cmp.Or(q.Unit, string(experiment.Neuron)), cmp.Or(q.Rank, 4), cmp.Or(q.Terms, 64), cmp.Or(q.Top, 20)
	switch {
	case q.Unit == string(experiment.Pair):
		return q, lab.Mistakef("unit", "pair: expected neuron or head; the direction of a pair is that of its weights")
	case q.Unit != string(experiment.Neuron) && q.Unit != string(experiment.Head):
		return q, lab.Mistakef("unit", "%s: expected neuron or head", q.Unit)
	case q.Rank < 1 || q.Terms < 1 || q.Top < 1:
		return q, lab.Mistakef("components", "%d, with labels of %d texts for %d units: expected at least 1 of each", q.Rank, q.Terms, q.Top)
	}
	return q, nil
}

// Of answers the question, and gives the components of all units (docs/design.md, 14): [U,Rank,D], zeros where a unit has fewer.
func Of(ctx context.Context, l *lab.Lab, q Components) (*answer.Components, []float32, error) {
	q, err := q.filled()
	if err != nil {
		return nil, nil, err
	}
	basis, embed, err := componentsOf(ctx, l, q)
	if err != nil {
		return nil, nil, err
	}
	a := &answer.Components{Atlas: q.Atlas, Unit: q.Unit, Rank: q.Rank, Count: len(basis.Directions), Embed: embed}
	if q.Reference {
		a.Compat = "reference"
	}
	order := largestFirst(basis)
	strongest := order[:min(q.Top, len(order))]
	w, err := l.Wording(ctx, q.Bank, q.Truncate, q.Reference)
	if err != nil {
		return nil, nil, err
	}
	labels, err := w.Write(ctx, firstOf(basis, strongest, embed), q.Terms)
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, nil, err
	}
	for i, unit := range strongest {
		a.Units = append(a.Units, inWords(unit, basis.Variance[unit], labels[i], w.Dictionary().Texts))
	}
	a.Model, err = l.Describe(ctx)
	return a, filled(basis, q.Rank, embed), err
}

// componentsOf takes the basis from all images of the atlas.
func componentsOf(ctx context.Context, l *lab.Lab, q Components) (b experiment.Basis, embed int, err error) {
	at, err := l.OpenAtlas(ctx, q.Atlas)
	if err != nil {
		return b, 0, err
	}
	s, err := l.Score(at, q.Reference)
	if err != nil {
		return b, 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	unit := experiment.Unit(q.Unit)
	if q.Reference {
		b, err = s.ReferenceComponents(ctx, at.Stats, numeric.Indices(s.Images()), unit, q.Rank, lab.ReferenceTop)
	} else {
		b, err = s.Components(at.Stats, unit, q.Rank)
	}
	return b, s.OV.Embed, err
}

// largestFirst are the units that have a component, that of the largest variance first.
func largestFirst(b experiment.Basis) (units []int) {
	for i, v := range b.Variance {
		if len(v) > 0 {
			units = append(units, i)
		}
	}
	slices.SortStableFunc(units, func(i, j int) int { return cmp.Compare(b.Variance[j][0], b.Variance[i][0]) })
	return units
}

// firstOf are the first components of some units [len(units),D].
func firstOf(b experiment.Basis, units []int, embed int) (rows []float32) {
	for _, i := range units {
		rows = append(rows, b.Directions[i][:embed]...)
	}
	return rows
}

// filled are the components of all units [U,rank,D].
func filled(b experiment.Basis, rank, embed int) []float32 {
	out := make([]float32, len(b.Directions)*rank*embed)
	for i, v := range b.Directions {
		copy(out[i*rank*embed:(i+1)*rank*embed], v)
	}
	return out
}

func inWords(unit int, variance []float64, label concept.Label, texts []string) answer.UnitComponents {
	u := answer.UnitComponents{Unit: unit, Variance: variance, Explained: label.Explained(), Words: []answer.Word{}, Terms: []answer.Term{}}
	for _, t := range label.Shown() {
		u.Words = append(u.Words, answer.Word{Text: texts[t.Word], Weight: t.Coefficient})
	}
	for _, t := range label.Terms {
		u.Terms = append(u.Terms, answer.Term{Text: texts[t.Word], Coefficient: t.Coefficient, Explained: t.Explained, Cosine: t.Cosine})
	}
	return u
}
