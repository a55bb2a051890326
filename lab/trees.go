package lab

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/experiment/tree"
	"github.com/facet-clip/facet/internal/numeric"
)

// Trees asks which neurons split most cleanly into sub-concepts.
type Trees struct {
	// Atlas is the folder of the atlas, which keeps scalars.
	Atlas string
	// Linkage is average (also empty) or ward.
	Linkage string
	// Clusters is how many parts each neuron is cut into; 0 cuts each at its largest gap.
	Clusters int
	// Draws is how many random partitions each neuron is set against; 0 is 200.
	Draws int
	// Seed is that of the partitions.
	Seed uint64
	// Level is the expected share of false ones among the neurons that are told from chance; 0 is 0.05.
	Level float64
	// Images is how many images are scored at most, evenly taken from the atlas; 0 is 1000.
	Images int
	// Top is how many neurons to give; 0 is 20.
	Top int
}

const scoredImages = 1000

func (q Trees) check(ov *decompose.OV) (Trees, error) {
	q.Linkage = cmp.Or(q.Linkage, string(tree.Average))
	q.Draws, q.Images, q.Top = cmp.Or(q.Draws, drawsDefault), cmp.Or(q.Images, scoredImages), cmp.Or(q.Top, TopDefault)
	if q.Level == 0 {
		q.Level = DefaultLevel
	}
	switch {
	case q.Clusters < 0 || q.Clusters > ov.Heads:
		return q, mistake("clusters", "%d: expected 1 to %d, the heads of the model", q.Clusters, ov.Heads)
	case q.Draws < 0:
		return q, mistake("draws", "%d: expected 1 or more", q.Draws)
	case q.Images < 0:
		return q, mistake("images", "%d: expected 1 or more", q.Images)
	case q.Top < 0:
		return q, mistake("top", "%d: expected 1 or more", q.Top)
	}
	return q, cmp.Or(CheckLevel("level", q.Level), checkLinkage(q.Linkage))
}

// Trees splits every neuron and ranks them by how cleanly that is done (docs/design.md, 40). Neurons that never change are left out.
func (l *Lab) Trees(ctx context.Context, q Trees) (*answer.Trees, error) {
	use, ov, err := l.openBoth(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	if q, err = q.check(ov); err != nil {
		return nil, err
	}
	stride := (use.atlas.Manifest.Images + q.Images - 1) / q.Images
	columns, err := readColumns(ctx, use.atlas, stride)
	if err != nil {
		return nil, err
	}
	units, err := use.units(ov.Embed, stride)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.Atlas, err)
	}
	splits, err := l.splitAll(ctx, q, use, columns, units)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.Atlas, err)
	}
	a := &answer.Trees{Atlas: q.Atlas, Linkage: q.Linkage, Scored: len(splits), Level: q.Level, Neurons: []answer.SplitNeuron{}}
	countSplits(a, splits)
	slices.SortStableFunc(splits, func(a, b answer.SplitNeuron) int { return cmp.Compare(b.Rank, a.Rank) })
	a.Neurons = append(a.Neurons, splits[:min(q.Top, len(splits))]...)
	a.Model, err = l.describe(ctx)
	return a, err
}

// readColumns reads the scalars of every stride-th image [N][M,C].
func readColumns(ctx context.Context, at *atlas.Atlas, stride int) ([][]float32, error) {
	scalars, err := at.Scalars()
	if err != nil {
		return nil, err
	}
	defer scalars.Close()
	var rows [][]float32
	for i := 0; i < scalars.Images; i += stride {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		row := make([]float32, scalars.Pairs)
		if err := scalars.Row(i, row); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// splitAll splits every neuron, in their order. Each draws from a seed of its own.
func (l *Lab) splitAll(ctx context.Context, q Trees, use *use, rows [][]float32, units []float32) ([]answer.SplitNeuron, error) {
	C := use.stats.Channels
	step := l.Step(ctx, "neurons", C)
	defer step.Done()
	all, errs := make([]*answer.SplitNeuron, C), make([]error, C)
	var told sync.Mutex
	numeric.Parallel(C, func(n int) {
		if errs[n] = ctx.Err(); errs[n] == nil {
			all[n], errs[n] = q.split(use, rows, units, n)
		}
		told.Lock()
		step.Add(1)
		told.Unlock()
	})
	var splits []answer.SplitNeuron
	for n, s := range all {
		if errs[n] != nil {
			return nil, errs[n]
		}
		if s != nil {
			splits = append(splits, *s)
		}
	}
	return splits, nil
}

// split scores one neuron; nil for one that never changes.
func (q Trees) split(use *use, rows [][]float32, units []float32, n int) (*answer.SplitNeuron, error) {
	parts, err := tree.NewParts(use.stats, use.atlas.NeuronGram, n)
	if err != nil || !(parts.Variance() > 0) {
		return nil, err
	}
	M, C := use.stats.Heads, use.stats.Channels
	centred := make([]float64, 0, len(rows)*M)
	for _, row := range rows {
		for h := range M {
			centred = append(centred, float64(row[h*C+n])-use.stats.Mean[h*C+n])
		}
	}
	images, err := use.treeImages(centred, units, n)
	if err != nil {
		return nil, err
	}
	nodes := parts.Cluster(tree.Linkage(q.Linkage))
	s := &answer.SplitNeuron{Neuron: n, Parts: heads(nodes, cutParts(nodes, q.Clusters, parts))}
	for _, heads := range s.Parts {
		s.Shares = append(s.Shares, parts.Share(heads))
	}
	s.Split = splitOf(images.Split(s.Parts, q.Draws, rand.New(rand.NewPCG(q.Seed, uint64(n)))), q.Draws, len(rows))
	x, null, deviation := s.Split.Parts, s.Split.Null, s.Split.Spread
	s.Rank = (above(x.Clarity, null.Clarity, deviation.Clarity) + above(x.MonoSemanticity, null.MonoSemanticity, deviation.MonoSemanticity)) / 2
	return s, nil
}

// above is by how many deviations a score lies above the null; 0 where all partitions score alike.
func above(score, null, deviation float64) float64 {
	if !(deviation > 1e-9) {
		return 0
	}
	return (score - null) / deviation
}

// countSplits counts the neurons whose parts are told from random partitions, with false discoveries controlled over all neurons.
func countSplits(a *answer.Trees, splits []answer.SplitNeuron) {
	var clarity, mono []float64
	for _, s := range splits {
		clarity, mono = append(clarity, s.Split.P.Clarity), append(mono, s.Split.P.MonoSemanticity)
	}
	found := func(p []float64) (n int) {
		for _, v := range p {
			if v <= a.Level {
				n++
			}
		}
		return n
	}
	a.Low = answer.TreeCounts{Clarity: found(clarity), MonoSemanticity: found(mono)}
	a.Clean = answer.TreeCounts{Clarity: found(drift.BenjaminiHochberg(clarity)), MonoSemanticity: found(drift.BenjaminiHochberg(mono))}
	for _, s := range splits {
		count(&a.Better, s.Split.Parts, s.Split.Neuron)
		count(&a.Above, s.Split.Parts, s.Split.Null)
	}
}

// count adds a neuron whose score is higher than another.
func count(n *answer.TreeCounts, score, than answer.TreeScore) {
	if score.Clarity > than.Clarity {
		n.Clarity++
	}
	if score.MonoSemanticity > than.MonoSemanticity {
		n.MonoSemanticity++
	}
}
