package experiment

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
)

// Thresholds are each unit's centred norm of a rank among some images, 1 for the longest [units]. A unit is of note in an image where its contribution is
// longer. Of fewer images it is the shortest norm. The norms of pairs are those that stats keep, [decompose.Extremes] at most.
func (d *Data) Thresholds(ctx context.Context, stats *decompose.Stats, images []int, u Unit, rank int) ([]float64, error) {
	n, err := d.count(u)
	if err != nil {
		return nil, err
	}
	out := make([]float64, n)
	if u == Pair {
		for p := range out {
			if far := stats.Farthest(p, rank, stats.Mean[p]); len(far) > 0 {
				δ := float32(float64(far[len(far)-1].Scalar) - stats.Mean[p])
				out[p] = float64(float32(math.Abs(float64(δ))) * d.Norms[p]) // rounded as in norms: that image itself is not beyond
			}
		}
		return out, nil
	}
	norms, err := d.allNorms(ctx, stats.Mean, images, u)
	if err != nil || len(norms) == 0 {
		return out, err
	}
	column := make([]float32, len(norms))
	for i := range out {
		for j := range norms {
			column[j] = norms[j][i]
		}
		slices.Sort(column)
		out[i] = float64(column[max(0, len(column)-rank)])
	}
	return out, nil
}

// notable tells which units are of note in an image with s − s̄ [M,C].
func (d *Data) notable(u Unit, thresholds []float64, δ []float32) []bool {
	of := make([]bool, len(thresholds))
	for i, v := range d.norms(u, δ) {
		of[i] = float64(v) > thresholds[i]
	}
	return of
}

// AblateNotable holds, image by image, the units of note at their mean, or all others, and classifies the test images (Gandelsman, Efros, Steinhardt,
// arXiv 2406.04341: significant and insignificant neurons; docs/design.md, 16).
func (d *Data) AblateNotable(ctx context.Context, mean, thresholds []float64, u Unit, test []int) ([]answer.NotableAblation, error) {
	n, err := d.count(u)
	if err != nil {
		return nil, err
	}
	if len(thresholds) != n {
		return nil, fmt.Errorf("%d thresholds for %d units", len(thresholds), n)
	}
	rows := []answer.NotableAblation{{Held: "none"}, {Held: "notable"}, {Held: "others"}, {Held: "all"}}
	scored, counts := scorers(len(rows), len(test)), make([]int, len(test))
	err = d.each(ctx, mean, test, func(k, image int, δ []float32) error {
		notable, s := d.notable(u, thresholds, δ), make([]float32, len(δ))
		others, all, none := make([]bool, n), slices.Repeat([]bool{true}, n), make([]bool, n)
		for i, yes := range notable {
			if others[i] = !yes; yes {
				counts[k]++
			}
		}
		for i, keep := range [][]bool{all, others, notable, none} {
			d.mask(u, mean, δ, keep, s)
			scored[i].add(d, k, image, d.sum(s))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	sum := 0
	for _, c := range counts {
		sum += c
	}
	of := float64(sum) / float64(max(1, len(test)))
	for i, held := range []float64{0, of, float64(n) - of, float64(n)} {
		rows[i].Mean, rows[i].Of = held, n
		rows[i].Accuracy, rows[i].Cosine, _ = scored[i].result()
	}
	return rows, nil
}
