package lab

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/plot"
)

// The orders of pairs.
const (
	SortNorm = "norm" // by what the model uses them for, most first
	SortMean = "mean" // by the mean of their contribution, largest first
	SortPoly = "poly" // by polysemanticity, least first
)

// meaningImages is how many images say what a unit stands for (paper, polysemanticity).
const meaningImages = 10

// Pairs asks what pairs did in a dataset.
type Pairs struct {
	// Atlas is the folder of the atlas.
	Atlas string
	// Neuron and Head, where they are given, leave only the pairs of one neuron or head.
	Neuron, Head *int
	// Sort is the order: norm (also empty), mean or poly.
	Sort string
	// Bank names the pairs: a list, a bank or a file with a text a line. Empty, the atlas' own labels do, and where it has none, the nearest words of the default: see [Lab.Bank].
	Bank string
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
	// Skip leaves out so many of the first.
	Skip int
	// Top is how many pairs to give; 0 is 20.
	Top int
}

func (q Pairs) check(ov *decompose.OV) (Pairs, error) {
	if q.Sort == "" {
		q.Sort = SortNorm
	}
	if q.Top == 0 {
		q.Top = TopDefault
	}
	switch {
	case !slices.Contains([]string{SortNorm, SortMean, SortPoly}, q.Sort):
		return q, mistake("sort", "%s: expected %s, %s or %s", q.Sort, SortNorm, SortMean, SortPoly)
	case q.Neuron != nil && (*q.Neuron < 0 || *q.Neuron >= ov.Channels):
		return q, mistake("neuron", "%d: expected a neuron of the model, from 0 to %d", *q.Neuron, ov.Channels-1)
	case q.Head != nil && (*q.Head < 0 || *q.Head >= ov.Heads):
		return q, mistake("head", "%d: expected a head of the model, from 0 to %d", *q.Head, ov.Heads-1)
	case q.Skip < 0:
		return q, mistake("skip", "%d: expected 0 or more", q.Skip)
	case q.Top < 0:
		return q, mistake("top", "%d: expected 1 or more", q.Top)
	}
	return q, nil
}

// Pairs ranks pairs by what they did in an atlas' dataset, and names them.
func (l *Lab) Pairs(ctx context.Context, q Pairs) (*answer.Pairs, error) {
	ov, use, err := l.openPairs(ctx, &q)
	if err != nil {
		return nil, err
	}
	pairs, err := use.pairs(ctx, ov, q)
	if err != nil {
		return nil, err
	}
	a := &answer.Pairs{Atlas: q.Atlas, Pairs: pairs}
	if a.Labelling, err = l.namePairs(ctx, ov, use, pairs, q.Bank, q.Truncate); err != nil {
		return nil, err
	}
	a.Model, err = l.describe(ctx)
	return a, err
}

// namePairs gives pairs their names, and the words nearest to their principal directions.
func (l *Lab) namePairs(ctx context.Context, ov *decompose.OV, use *use, pairs []answer.UsedPair, bank string, truncate bool) (answer.Labelling, error) {
	shown := make([]decompose.Pair, len(pairs))
	for i, p := range pairs {
		shown[i] = pairOf(p)
	}
	labels, err := l.namesFor(ctx, ov, use, shown, bank, truncate)
	if err != nil {
		return answer.Unlabelled, err
	}
	words, err := l.nearestWords(ctx, bank, truncate, use)
	if err != nil {
		return answer.Unlabelled, err
	}
	for i, p := range shown {
		pairs[i].Names = labels.Of(ov.Index(p))
		if words != nil {
			pairs[i].Words = words.ofPair(ov, p, float64(pairs[i].Sign), numeric.Scale(ov.Direction(p), float32(pairs[i].Sign)), wordsPerPair)
		}
	}
	return labels.Labelling(), nil
}

// UseCurve is how much of all use the strongest of the pairs asked for hold: the running sum of the norms, largest first.
func (l *Lab) UseCurve(ctx context.Context, q Pairs) (plot.Curve, error) {
	ov, use, err := l.openPairs(ctx, &q)
	if err != nil {
		return plot.Curve{}, err
	}
	var norms []float64
	for p, norm := range use.atlas.Norms {
		if q.asks(ov.Pair(p)) {
			norms = append(norms, use.stats.Score(p, norm))
		}
	}
	return useCurve(norms), nil
}

// asks tells whether a pair is of the neuron and the head that are asked for.
func (q Pairs) asks(p decompose.Pair) bool {
	return (q.Neuron == nil || p.Neuron == *q.Neuron) && (q.Head == nil || p.Head == *q.Head)
}

func pairOf(p answer.UsedPair) decompose.Pair { return decompose.Pair{Head: p.Head, Neuron: p.Neuron} }

// openPairs opens the atlas of a question, and fills in what the question leaves open.
func (l *Lab) openPairs(ctx context.Context, q *Pairs) (*decompose.OV, *use, error) {
	use, ov, err := l.openBoth(ctx, q.Atlas)
	if err != nil {
		return nil, nil, err
	}
	*q, err = q.check(ov)
	return ov, use, err
}

// pairs are those that a question asks for, in its order.
func (u *use) pairs(ctx context.Context, ov *decompose.OV, q Pairs) ([]answer.UsedPair, error) {
	order, err := u.order(ctx, ov, q.Sort)
	if err != nil {
		return nil, err
	}
	var shown []int32
	for skip, at := q.Skip, 0; at < len(order) && len(shown) < q.Top; at++ {
		if !q.asks(ov.Pair(int(order[at]))) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		shown = append(shown, order[at])
	}
	spreads, err := u.spreadsOf(ctx, ov, shown)
	if err != nil {
		return nil, err
	}
	var pairs []answer.UsedPair
	for i, at := range shown {
		p := int(at)
		pair := ov.Pair(p)
		pairs = append(pairs, answer.UsedPair{
			Neuron: pair.Neuron, Head: pair.Head, Norm: u.stats.Score(p, u.atlas.Norms[p]), Mean: u.stats.Mean[p],
			Deviation: math.Sqrt(u.stats.Variance(p)), Sign: int(u.signs[p]), Polysemanticity: spreads[i],
		})
	}
	return pairs, nil
}

// useCurve sums the norms, largest first, in steps of a hundredth of the pairs.
func useCurve(norms []float64) plot.Curve {
	slices.SortFunc(norms, func(a, b float64) int { return cmp.Compare(b, a) })
	var all float64
	for _, n := range norms {
		all += n
	}
	s := plot.Series{Name: "share of the summed norms"}
	const steps = 100
	var sum float64
	next := 0
	for i, n := range norms {
		sum += n
		if i+1 >= next*len(norms)/steps || i+1 == len(norms) {
			s.X, s.Y = append(s.X, 100*float64(i+1)/float64(len(norms))), append(s.Y, decompose.Share(sum, all))
			next++
		}
	}
	return plot.Curve{Title: "How use is spread over pairs", X: "strongest pairs, percent", Y: "share", Series: []plot.Series{s}}
}
