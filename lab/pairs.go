package lab

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment"
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
		q.Top = topDefault
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
	ov, use, pairs, err := l.rankPairs(ctx, &q)
	if err != nil {
		return nil, err
	}
	pairs = pairs[min(q.Skip, len(pairs)):]
	pairs = pairs[:min(q.Top, len(pairs))]
	a := &answer.Pairs{Atlas: q.Atlas, Pairs: pairs}
	shown := make([]decompose.Pair, len(pairs))
	for i, p := range pairs {
		shown[i] = pairOf(p)
	}
	labels, err := l.namesFor(ctx, ov, use, shown, q.Bank, q.Truncate)
	if err != nil {
		return nil, err
	}
	a.Labelling = labels.labelling()
	for i, p := range shown {
		pairs[i].Names = labels.of(ov.Index(p))
	}
	bank, err := l.nearestWords(ctx, q.Bank, q.Truncate, use)
	if err != nil {
		return nil, err
	}
	if bank != nil {
		for i, p := range shown {
			pairs[i].Words = bank.Nearest(scaled(ov.Direction(p), pairs[i].Sign), wordsPerPair)
		}
	}
	a.Model, err = l.describe(ctx)
	return a, err
}

// UseCurve is how much of all use the strongest pairs hold: the running sum of the norms, largest first.
func (l *Lab) UseCurve(ctx context.Context, q Pairs) (plot.Curve, error) {
	_, _, pairs, err := l.rankPairs(ctx, &q)
	if err != nil {
		return plot.Curve{}, err
	}
	return useCurve(pairs), nil
}

func pairOf(p answer.UsedPair) decompose.Pair { return decompose.Pair{Head: p.Head, Neuron: p.Neuron} }

// rankPairs collects the pairs asked for, the first first, and fills in what the question leaves open.
func (l *Lab) rankPairs(ctx context.Context, q *Pairs) (*decompose.OV, *use, []answer.UsedPair, error) {
	use, err := l.openAtlas(ctx, q.Atlas)
	if err != nil {
		return nil, nil, nil, err
	}
	ov, err := l.ov()
	if err != nil {
		return nil, nil, nil, err
	}
	if *q, err = q.check(ov); err != nil {
		return nil, nil, nil, err
	}
	pairs, err := use.pairs(ov, *q)
	return ov, use, pairs, err
}

// pairs are those that a question asks for, in its order.
func (u *use) pairs(ov *decompose.OV, q Pairs) (pairs []answer.UsedPair, err error) {
	d := experiment.Data{OV: ov, Norms: u.atlas.Norms}
	if d.Embeddings, err = u.images(); err != nil {
		return nil, err
	}
	for p := range u.strength {
		pair := ov.Pair(p)
		if q.Neuron != nil && pair.Neuron != *q.Neuron || q.Head != nil && pair.Head != *q.Head {
			continue
		}
		pairs = append(pairs, answer.UsedPair{
			Neuron: pair.Neuron, Head: pair.Head, Norm: u.stats.Score(p, u.atlas.Norms[p]), Mean: u.stats.Mean[p],
			Deviation: math.Sqrt(u.stats.Variance(p)), Sign: int(u.signs[p]), Polysemanticity: d.PairPolysemanticity(u.stats, p, meaningImages),
		})
	}
	key := func(p answer.UsedPair) float64 {
		switch q.Sort {
		case SortMean:
			return -math.Abs(p.Mean) * float64(u.atlas.Norms[ov.Index(pairOf(p))])
		case SortPoly:
			return p.Polysemanticity
		}
		return -p.Norm
	}
	slices.SortStableFunc(pairs, func(a, b answer.UsedPair) int { return cmp.Compare(key(a), key(b)) })
	return pairs, nil
}

// useCurve sums the norms, largest first, in steps of a hundredth of the pairs.
func useCurve(pairs []answer.UsedPair) plot.Curve {
	norms := make([]float64, len(pairs))
	var all float64
	for i, p := range pairs {
		norms[i] = p.Norm
		all += p.Norm
	}
	slices.SortFunc(norms, func(a, b float64) int { return cmp.Compare(b, a) })
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

// scaled turns a direction around where by is −1.
func scaled(direction []float32, by int) []float32 {
	for i := range direction {
		direction[i] *= float32(by)
	}
	return direction
}
