package lab

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment"
)

// Neuron asks what a neuron and its strongest pairs stand for.
type Neuron struct {
	// Atlas is the folder of the atlas.
	Atlas string
	// Neuron is its number.
	Neuron int
	// Bank names the pairs: a list, a bank or a file with a text a line. Empty, the atlas' own labels do, and where it has none, the nearest words of the default: see [Lab.Bank].
	Bank string
	// Reference ranks images by contributions that are not centred and hold an even share of the biases, as the reference code does.
	Reference bool
	// Pairs is how many of its pairs are shown; 0 is 4.
	Pairs int
	// Images is how many images of each unit are shown; 0 is 5, and an atlas keeps [decompose.Extremes] at most.
	Images int
	// Roots are the folders where the pictures lie now, if they were moved; of a merged atlas one for each dataset, or one for all.
	Roots []string
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
}

func (q Neuron) check(ov *decompose.OV) (Neuron, error) {
	if q.Pairs == 0 {
		q.Pairs = 4
	}
	if q.Images == 0 {
		q.Images = 5
	}
	switch {
	case q.Neuron < 0 || q.Neuron >= ov.Channels:
		return q, &Mistake{Problem: fmt.Errorf("neuron %d: expected 0 to %d", q.Neuron, ov.Channels-1)}
	case q.Pairs < 0:
		return q, mistake("top", "%d: expected 1 or more", q.Pairs)
	case q.Images < 0 || q.Images > decompose.Extremes:
		return q, mistake("images", "%d: expected 1 to %d", q.Images, decompose.Extremes)
	}
	return q, nil
}

// Neuron finds the images in which a neuron contributes most, and those of its strongest pairs: its sub-concepts (paper, sub-concepts). Without
// the scalars of an atlas only the pairs are given.
func (l *Lab) Neuron(ctx context.Context, q Neuron) (*answer.Neuron, error) {
	use, ov, err := l.openBoth(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	if q, err = q.check(ov); err != nil {
		return nil, err
	}
	a := &answer.Neuron{Atlas: q.Atlas}
	if a.Rows, err = l.units(ctx, ov, use, q); err != nil {
		return nil, fmt.Errorf("%s: %w", q.Atlas, err)
	}
	a.Model, err = l.describe(ctx)
	return a, err
}

// units are the neuron and its strongest pairs, with their images.
func (l *Lab) units(ctx context.Context, ov *decompose.OV, use *use, q Neuron) ([]answer.Unit, error) {
	weights, err := l.weights()
	if err != nil {
		return nil, err
	}
	rank := ranking{ov: ov, at: use.atlas, weights: weights, reference: q.Reference}
	var units []answer.Unit
	var wanted [][]decompose.Extreme
	switch top, err := rank.neuron(q.Neuron, q.Images); {
	case errors.Is(err, atlas.ErrNoScalars):
		l.log.Warn("only the neuron's pairs are shown", "reason", err)
	case err != nil:
		return nil, err
	default:
		units, wanted = append(units, answer.Unit{Neuron: q.Neuron}), append(wanted, top)
	}
	pairs, err := use.pairs(ctx, ov, Pairs{Neuron: &q.Neuron, Sort: SortNorm, Top: q.Pairs})
	if err != nil {
		return nil, err
	}
	if _, err := l.namePairs(ctx, ov, use, pairs, q.Bank, q.Truncate); err != nil {
		return nil, err
	}
	for i, p := range pairs {
		units = append(units, answer.Unit{Neuron: p.Neuron, Head: &pairs[i].Head, Norm: p.Norm, Words: p.Words, Names: p.Names})
		wanted = append(wanted, rank.pair(ov.Index(pairOf(p)), q.Images))
	}
	return units, nameImages(use, units, wanted, q.Roots)
}

// ranking says in which images a unit contributes most: by the length of its centred contribution, or as the reference does, of the whole one with an
// even share of the biases (docs/design.md, 20).
type ranking struct {
	ov        *decompose.OV
	at        *atlas.Atlas
	weights   decompose.Weights
	reference bool
}

// neuron are a neuron's k images, with the length for a scalar.
func (r ranking) neuron(n, k int) ([]decompose.Extreme, error) {
	scalars, err := r.at.Scalars()
	if err != nil {
		return nil, err
	}
	defer scalars.Close()
	d := experiment.Data{Weights: r.weights, OV: r.ov, Row: scalars.Row, Norms: r.at.Norms, Gram: r.at.NeuronGram}
	if r.reference {
		return d.ReferenceTopOfNeuron(scalars.Images, n, k)
	}
	return d.TopOfNeuron(r.at.Stats.Mean, scalars.Images, n, k)
}

// pair are a pair's k images, with the length for a scalar.
func (r ranking) pair(p, k int) []decompose.Extreme {
	stats, length := r.at.Stats, float64(r.at.Norms[p])
	from, rest := stats.Mean[p], 0.0
	if r.reference {
		from, rest = experiment.BiasCentre(r.weights, r.ov, p)
	}
	far := stats.Farthest(p, k, from)
	for i := range far {
		along := (float64(far[i].Scalar) - from) * length
		far[i].Scalar = float32(math.Sqrt(along*along + rest))
	}
	return far
}

// nameImages looks the images up by number.
func nameImages(u *use, units []answer.Unit, wanted [][]decompose.Extreme, roots []string) error {
	if err := u.atlas.CheckRoots(roots); err != nil {
		return err
	}
	rows, err := u.rows()
	if err != nil {
		return err
	}
	for r, list := range wanted {
		for _, x := range list {
			img := rows[x.Image]
			shown := answer.UnitImage{Image: int(x.Image), Path: img.path, Label: img.Label, Norm: float64(max(x.Scalar, -x.Scalar))}
			if found, err := u.atlas.Picture(int(x.Image), img.path, roots); err != nil {
				shown.Missing = err
			} else {
				shown.Path = found
			}
			units[r].Images = append(units[r].Images, shown)
		}
	}
	return nil
}
