package attribution

import (
	"maps"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"
)

// Interval holds the middle 95 of 100 amounts that a group has when labels are drawn anew.
type Interval struct{ Low, High float64 }

// Redrawn are the labels of some pairs, each made anew from images that were drawn with replacement. Pairs that are not in it keep their labels.
type Redrawn struct {
	Draws  int
	Labels map[int][][]Term // of a pair, by draw; no terms: it has no name in that draw
}

// middle is the share of draws in an interval.
const middle = 0.95

// Intervals are those of the groups of a split by the words of labels, in the order of the groups (docs/design.md, formula 28a), and that of the rest: what no
// group of the list holds. In every draw the groups, the rest and the constant sum to the total. labels are those that the groups were made by.
func (s Split) Intervals(groups []Group, labels map[int][]Term, first bool, redrawn Redrawn) (of []Interval, rest Interval) {
	index := make(map[string]int, len(groups))
	amounts := make([][]float64, len(groups)+1) // of each group, and of the rest, by draw
	left := s.Total
	for i, g := range groups {
		index[g.Name] = i
		amounts[i] = slices.Repeat([]float64{g.Amount}, redrawn.Draws)
		left -= g.Amount
	}
	amounts[len(groups)] = slices.Repeat([]float64{left}, redrawn.Draws)
	add := func(terms []Term, draw int, amount float64) {
		shares := named(terms, first)
		if shares == nil {
			shares = []Term{{Unnamed, 1}}
		}
		for _, t := range shares {
			i, listed := index[t.name()]
			if !listed {
				i = len(groups)
			}
			amounts[i][draw] += math.Abs(t.Weight) * amount
		}
	}
	for _, pair := range slices.Sorted(maps.Keys(redrawn.Labels)) { // so that rounding is the same every time
		for draw, terms := range redrawn.Labels[pair] {
			add(labels[pair], draw, -s.Pairs[pair])
			add(terms, draw, s.Pairs[pair])
		}
	}
	for i := range groups {
		of = append(of, interval(amounts[i]))
	}
	return of, interval(amounts[len(groups)])
}

// interval is the middle of amounts, which it puts in order.
func interval(amounts []float64) Interval {
	slices.Sort(amounts)
	return Interval{numeric.Quantile(amounts, (1-middle)/2), numeric.Quantile(amounts, (1+middle)/2)}
}
