package directions

import (
	"context"
	"errors"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/lab"
)

// InWords asks how much of a model is left when each unit keeps its mean and one direction, and that direction is a sum of a few texts.
type InWords struct {
	lab.Study
	// Words are how many texts a direction is written in; empty, they are 1, 4, 16 and 64.
	Words []int
	// Bank is what directions are written in: see [lab.Label].
	Bank string
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
	// Reference takes the published code's components of neurons and heads, and its dictionary of unit columns.
	Reference bool
}

// Reconstruct replaces every unit by its mean plus the projection of the rest on a direction that is written in words: a pair's own direction, or the
// first component of a neuron or a head (paper, reconstruction from text; docs/design.md, 17). The first row is of the directions themselves.
func Reconstruct(ctx context.Context, l *lab.Lab, q InWords) (a *answer.Reconstructions, err error) {
	if len(q.Words) == 0 {
		q.Words = []int{1, 4, 16, 64}
	}
	for _, n := range q.Words {
		if n < 1 {
			return nil, lab.Mistakef("words", "%d: expected 1 or more", n)
		}
	}
	s, err := l.OpenStudy(ctx, q.Study)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	own := s.PairDirections()
	if s.Unit != experiment.Pair {
		if own, err = s.Basis(ctx, 1, q.Reference); err != nil {
			return nil, err
		}
	}
	w, err := l.Wording(ctx, q.Bank, q.Truncate, q.Reference)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	a = &answer.Reconstructions{}
	if a.Rows, err = s.Reconstruct(ctx, s.Means.Mean, own, []int{1}, s.Test); err != nil {
		return nil, err
	}
	for _, words := range q.Words {
		row, err := reconstructed(ctx, s, w, own, words)
		if err != nil {
			return nil, err
		}
		a.Rows = append(a.Rows, row)
	}
	a.Study, err = s.Record(ctx, q.Reference)
	return a, err
}

// reconstructed is the row of so many words.
func reconstructed(ctx context.Context, s *lab.Studied, w *lab.Wording, own experiment.Basis, words int) (answer.Reconstruction, error) {
	embed := s.OV.Embed
	sums, err := w.Sums(ctx, own.First(embed), words)
	if err != nil {
		return answer.Reconstruction{}, err
	}
	rows, err := s.Reconstruct(ctx, s.Means.Mean, experiment.Along(s.Unit, sums, embed), []int{1}, s.Test)
	if err != nil {
		return answer.Reconstruction{}, err
	}
	rows[0].Words = words
	return rows[0], nil
}
