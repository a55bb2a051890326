package editing

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/lab"
)

// SuggestEdit asks which pairs hold a spurious cue for the groups of an atlas.
type SuggestEdit struct {
	// Atlas is the folder of the atlas, with scalars, class labels and groups.
	Atlas string
	// Column is that of the atlas which says the group: group (also empty), label or truth.
	Column string
	// Classes are those that pictures are told apart by. Empty, they are the labels of the atlas.
	Classes []string
	// Templates are the prompts that classes are put into. Empty, they are facet's own.
	Templates concept.Templates
	// Most is the most pairs to suggest; 0 is 256.
	Most int
	// Draws is how many random searches the gain is held against; 0 is 19.
	Draws int
}

const (
	suggestMost  = 256
	suggestDraws = 19 // the fewest of which none may gain as much for p ≤ 0.05
)

func (q SuggestEdit) check() (SuggestEdit, error) {
	if q.Column == "" {
		q.Column = lab.ColumnGroup
	}
	q.Most, q.Draws = cmp.Or(q.Most, suggestMost), cmp.Or(q.Draws, suggestDraws)
	switch {
	case !slices.Contains([]string{lab.ColumnLabel, lab.ColumnGroup, lab.ColumnTruth}, q.Column):
		return q, lab.Mistakef("groups", "%s: expected a column of the atlas: %s, %s or %s", q.Column, lab.ColumnLabel, lab.ColumnGroup, lab.ColumnTruth)
	case q.Most < 0:
		return q, lab.Mistakef("top", "%d: expected 1 or more", q.Most)
	case q.Draws < 0:
		return q, lab.Mistakef("draws", "%d: expected 1 or more", q.Draws)
	}
	return q, lab.CheckClasses(q.Classes)
}

// SuggestEdit ranks pairs on every other picture of each class and group, counts there how many of them to hold, and scores that on the rest (docs/design.md, 46 to 49).
func (l Editor) SuggestEdit(ctx context.Context, q SuggestEdit) (*answer.EditSuggestion, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	s, groups, names, err := l.openGroups(ctx, q.Atlas, q.Column, q.Classes, q.Templates, true)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	w := suggesting{scored: s, q: q, groups: groups}
	seen := map[[2]int]int{} // of each class and group
	for _, i := range s.test {
		cell := [2]int{s.Labels[i], groups.Of[i]}
		if seen[cell]++; seen[cell]%2 == 0 {
			w.search = append(w.search, i)
		} else {
			w.rest = append(w.rest, i)
		}
	}
	a := &answer.EditSuggestion{Atlas: q.Atlas, Column: q.Column, Groups: names, Classes: s.Head.Texts, Searched: len(w.search), Scored: len(w.rest)}
	if a.Model, err = l.Describe(ctx); err != nil {
		return nil, err
	}
	return a, w.run(ctx, a)
}

// suggesting is one search.
type suggesting struct {
	*scored
	q            SuggestEdit
	groups       experiment.Groups
	search, rest []int // pictures
	mean         []float64
	use          *lab.Opened
}

func (w *suggesting) run(ctx context.Context, a *answer.EditSuggestion) (err error) {
	if w.use, err = w.lab.OpenAtlas(ctx, w.q.Atlas); err != nil {
		return err
	}
	if w.mean, err = w.Mean(ctx, w.search); err != nil {
		return err
	}
	suspicion, err := w.Suspect(ctx, w.mean, w.search, w.groups)
	if err != nil {
		return err
	}
	var order []int
	for p, v := range suspicion.Score {
		if v > 0 {
			order = append(order, p)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(suspicion.Score[b], suspicion.Score[a]) })
	order = order[:min(len(order), w.q.Most)]
	if len(order) == 0 {
		return fmt.Errorf("%s: no picture is classified wrongly in a class that has right ones too, so nothing is to be suspected", w.q.Atlas)
	}
	a.Tried = counts(len(order))
	best, before, after, err := w.try(ctx, order, a.Tried)
	if err != nil {
		return err
	}
	a.Before, a.After = before, after
	if a.Random, a.P, err = w.random(ctx, order, a); err != nil {
		return err
	}
	labels, err := w.use.Names()
	if err != nil {
		return err
	}
	a.Pairs = make([]answer.SuspectPair, best)
	for i, p := range order[:best] {
		pair := w.OV.Pair(p)
		a.Pairs[i] = answer.SuspectPair{
			Neuron: pair.Neuron, Head: pair.Head, Suspicion: suspicion.Score[p], Cue: suspicion.Cue[p], Correlation: suspicion.Correlation[p],
			Group: a.Groups[suspicion.Group[p]], Strength: float64(w.use.Strength[p]), Names: labels.Of(p),
		}
	}
	return nil
}

// counts are 0, 1, 2, 4, … pairs, and all of them.
func counts(n int) []int {
	out := []int{0}
	for k := 1; k < n; k *= 2 {
		out = append(out, k)
	}
	return append(out, n)
}

// try counts how many pairs of a list to hold for the best worst cell on the searched pictures, the average breaking ties and then fewer pairs, and gives
// what that does to the scored ones.
func (w *suggesting) try(ctx context.Context, order, tried []int) (best int, before, after answer.GroupOutcome, err error) {
	searched, err := w.Hold(ctx, w.mean, order, tried, w.search)
	if err != nil {
		return 0, before, after, err
	}
	at := 0
	var top answer.GroupOutcome
	for i, o := range searched {
		s := w.Score("", w.search, o, w.groups)
		if i == 0 || cmp.Or(cmp.Compare(s.Worst.Value(), top.Worst.Value()), cmp.Compare(s.Average.Value(), top.Average.Value())) > 0 {
			at, top = i, s
		}
	}
	scored, err := w.Hold(ctx, w.mean, order, []int{0, tried[at]}, w.rest)
	if err != nil {
		return 0, before, after, err
	}
	return tried[at], w.Score(MethodAsIs, w.rest, scored[0], w.groups), w.Score("held", w.rest, scored[1], w.groups), nil
}

// random searches as long through pairs of equal strength, drawn at random.
func (w *suggesting) random(ctx context.Context, order []int, a *answer.EditSuggestion) (answer.Draws, float64, error) {
	strength := numeric.Float64(w.use.Strength)
	d := answer.Draws{Low: 1, Number: w.q.Draws}
	as := 1.0
	for draw := range w.q.Draws {
		pairs := experiment.Alike(strength, order, uint64(draw))
		_, _, after, err := w.try(ctx, pairs, counts(len(pairs)))
		if err != nil {
			return d, 0, err
		}
		v := after.Worst.Value()
		d.Mean += v / float64(w.q.Draws)
		d.Low, d.High = min(d.Low, v), max(d.High, v)
		if v >= a.After.Worst.Value() {
			as++
		}
	}
	return d, as / float64(w.q.Draws+1), nil
}
