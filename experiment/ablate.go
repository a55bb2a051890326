package experiment

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
)

// Scores are how much the model uses each unit: the mean of its top largest centred norms (paper, sparsity; docs/design.md, formula 12: the 50 largest).
func (d *Data) Scores(ctx context.Context, stats *decompose.Stats, images []int, u Unit, top int) ([]float64, error) {
	n, err := d.count(u)
	if err != nil {
		return nil, err
	}
	scores := make([]float64, n)
	if u == Pair {
		for p := range scores {
			far := stats.Farthest(p, top, stats.Mean[p])
			for _, x := range far {
				scores[p] += math.Abs(float64(x.Scalar)-stats.Mean[p]) * float64(d.Norms[p]) / float64(len(far))
			}
		}
		return scores, nil
	}
	norms, err := d.allNorms(ctx, stats.Mean, images, u)
	if err != nil {
		return nil, err
	}
	column := make([]float32, len(norms))
	k := min(top, len(norms))
	for i := range scores {
		for j := range norms {
			column[j] = norms[j][i]
		}
		slices.Sort(column)
		for _, v := range column[len(column)-k:] {
			scores[i] += float64(v) / float64(k)
		}
	}
	return scores, nil
}

// Kept are the units whose score reaches the q-th percentile of all scores, between ranks linearly (numpy.percentile).
func Kept(scores []float64, q float64) []bool {
	sorted := slices.Clone(scores)
	slices.Sort(sorted)
	at := q / 100 * float64(len(sorted)-1)
	low := int(at)
	threshold := sorted[low]
	if low+1 < len(sorted) {
		threshold += (at - float64(low)) * (sorted[low+1] - sorted[low])
	}
	keep := make([]bool, len(scores))
	for i, s := range scores {
		keep[i] = s >= threshold
	}
	return keep
}

// AblationOptions say what is held.
type AblationOptions struct {
	Percentiles []float64 // 0 to 100
	Strong      bool      // hold the units that reach the percentile, and leave the weak ones
	Draws       int       // random controls at each percentile
	Seed        uint64
}

// masks are what is kept at each percentile, each followed by its random ones.
func (o AblationOptions) masks(scores []float64) (masks [][]bool) {
	r := rand.New(rand.NewPCG(o.Seed, 1))
	for _, q := range o.Percentiles {
		keep := Kept(scores, q)
		if o.Strong {
			for i := range keep {
				keep[i] = !keep[i]
			}
		}
		masks = append(masks, keep)
		for range o.Draws {
			drawn := slices.Clone(keep)
			r.Shuffle(len(drawn), func(i, j int) { drawn[i], drawn[j] = drawn[j], drawn[i] })
			masks = append(masks, drawn)
		}
	}
	return masks
}

func scorers(count, images int) []scorer {
	scored := make([]scorer, count)
	for i := range scored {
		scored[i] = newScorer(images)
	}
	return scored
}

// Ablate holds the units under each percentile of the scores at their mean, and classifies the test images (paper, sparsity; docs/design.md, 16 and 18).
func (d *Data) Ablate(ctx context.Context, mean, scores []float64, u Unit, test []int, o AblationOptions) ([]answer.Ablation, error) {
	n, err := d.count(u)
	if err != nil {
		return nil, err
	}
	if len(scores) != n {
		return nil, fmt.Errorf("%d scores for %d units", len(scores), n)
	}
	masks := o.masks(scores)
	scored := scorers(len(masks), len(test))
	err = d.each(ctx, mean, test, func(k, image int, δ []float32) error {
		s := make([]float32, len(δ))
		for i, keep := range masks {
			d.mask(u, mean, δ, keep, s)
			scored[i].add(d, k, image, d.sum(s))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return summarise(o, masks, scored), nil
}

// mask gives s̄ + δ for what is kept, s̄ for the rest.
func (d *Data) mask(u Unit, mean []float64, δ []float32, keep []bool, s []float32) {
	C := d.OV.Channels
	for p := range s {
		unit := p
		switch u {
		case Neuron:
			unit = p % C
		case Head:
			unit = p / C
		}
		s[p] = float32(mean[p])
		if keep[unit] {
			s[p] = float32(mean[p] + float64(δ[p]))
		}
	}
}

func summarise(o AblationOptions, masks [][]bool, scored []scorer) []answer.Ablation {
	var out []answer.Ablation
	for i, q := range o.Percentiles {
		at := i * (1 + o.Draws)
		a := answer.Ablation{Percentile: q, Of: len(masks[at])}
		for _, keep := range masks[at] {
			if !keep {
				a.Held++
			}
		}
		a.Accuracy, a.Cosine, _ = scored[at].result()
		if o.Draws > 0 {
			a.Random = &answer.Draws{Low: 1, Number: o.Draws}
			for _, s := range scored[at+1 : at+1+o.Draws] {
				accuracy, cosine, _ := s.result()
				a.Random.Mean += accuracy.Value() / float64(o.Draws)
				a.Random.Cosine += cosine / float64(o.Draws)
				a.Random.Low, a.Random.High = min(a.Random.Low, accuracy.Value()), max(a.Random.High, accuracy.Value())
			}
		}
		out = append(out, a)
	}
	return out
}

// Ablated is one image's embedding with only some units as they are [D].
func (d *Data) Ablated(mean []float64, u Unit, keep []bool, s []float32) []float32 {
	δ, masked := make([]float32, len(s)), make([]float32, len(s))
	for p, v := range s {
		δ[p] = float32(float64(v) - mean[p])
	}
	d.mask(u, mean, δ, keep, masked)
	return d.sum(masked)
}

// AblateActivations is [Data.Ablate] of neurons where they fire and not where they are read: x_{i,n} of every token, the class token too, is held at its mean
// over images, so that queries and attention change with it. Mean are the mean tokens [K+1,C]; tokens gives those of an image.
func (d *Data) AblateActivations(ctx context.Context, q decompose.Query, mean []float32, scores []float64, test []int, o AblationOptions,
	tokens func(ctx context.Context, image int) ([]float32, error),
) ([]answer.Ablation, error) {
	if len(scores) != d.OV.Channels {
		return nil, fmt.Errorf("%d scores for %d neurons", len(scores), d.OV.Channels)
	}
	masks := o.masks(scores)
	scored := scorers(len(masks), len(test))
	for k, image := range test {
		x, err := tokens(ctx, image)
		if err != nil {
			return nil, err
		}
		for i, keep := range masks {
			e, err := d.AblatedActivations(q, mean, keep, x)
			if err != nil {
				return nil, err
			}
			scored[i].add(d, k, image, e)
		}
	}
	return summarise(o, masks, scored), nil
}

// AblatedActivations is the embedding [D] of tokens x [K+1,C] where only some neurons fire as they do, and the others as they do on average.
func (d *Data) AblatedActivations(q decompose.Query, mean []float32, keep []bool, x []float32) ([]float32, error) {
	if len(x) != len(mean) || len(keep) != d.OV.Channels {
		return nil, fmt.Errorf("tokens of %d numbers and means of %d, with %d neurons: they do not fit each other", len(x), len(mean), len(keep))
	}
	y := slices.Clone(x)
	for at := 0; at < len(y); at += len(keep) {
		for n, kept := range keep {
			if !kept {
				y[at+n] = mean[at+n]
			}
		}
	}
	t, err := d.OV.Tokens(y, q.Attend(y))
	if err != nil {
		return nil, err
	}
	return d.sum(t.Scalars()), nil
}
