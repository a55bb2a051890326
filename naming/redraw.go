package naming

import (
	"context"
	"math/rand/v2"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

// Redraws is how often the images of a label are drawn anew for an interval.
const Redraws = 200

// Redraw names what pairs fire for as [Fires] does, n times each, with both ends of a pair drawn anew from their images with replacement: a bootstrap
// over the images of a label (docs/design.md, formula 28a). labels[i] are those of pair i. What is drawn for a pair does not depend on the other pairs.
func Redraw(ctx context.Context, fit Fit, stats *decompose.Stats, images *Images, pairs []decompose.Pair, signs []int8, n int, done func(int)) (labels [][]concept.Label, err error) {
	for i, u := range endsOf(stats, pairs, signs) {
		random := rand.New(rand.NewPCG(uint64(pairs[i].Head)<<32|uint64(pairs[i].Neuron), 3))
		drawn := make([]float32, 0, 2*n*images.embed)
		for range n {
			drawn = append(drawn, images.displacement(again(random, u.Strong), 1)...)
			drawn = append(drawn, images.displacement(again(random, u.Weak), -1)...)
		}
		of, err := fit(ctx, concept.Units{{Basis: drawn}}, nil)
		if err != nil {
			return nil, err
		}
		labels = append(labels, better(of))
		if done != nil {
			done(i + 1)
		}
	}
	return labels, nil
}

// again draws as many images as there are, with replacement.
func again(random *rand.Rand, of []decompose.Extreme) []decompose.Extreme {
	drawn := make([]decompose.Extreme, len(of))
	for i := range drawn {
		drawn[i] = of[random.IntN(len(of))]
	}
	return drawn
}
