package main

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/internal/numeric"
)

// tally counts runs and windows in which a method found something.
type tally struct{ runs, windows, of int }

func (t *tally) add(found, of int) {
	t.windows, t.of = t.windows+found, t.of+of
	if found > 0 {
		t.runs++
	}
}

func (t tally) String() string {
	return fmt.Sprintf("in %d of the runs, %.4f of %d windows", t.runs, float64(t.windows)/float64(t.of), t.of)
}

const ksWindows = 200 // of a run without drift, given to the Kolmogorov–Smirnov tests

// The methods whose false alarms are counted.
const (
	calmFacet   = iota // alerts within the budget
	calmChanged        // a pair found changed
	calmKS             // with Bonferroni, at the budget a window
	calmKSFair         // at the budget over all windows of a run
	calmMMD
	calmMMDFair
	calmMethods
)

// calm measures false alarms.
func (b *bench) calm(ctx context.Context, seeds, windows, compared int) error {
	pools, err := b.pair(ctx, scenarios[0])
	if err != nil {
		return err
	}
	var lock sync.Mutex
	var found [calmMethods]tally
	largest := []float64{}
	err = each(seeds, func(seed int) error {
		counts, e, err := b.calmRun(ctx, pools, seed, windows, compared)
		if err != nil {
			return err
		}
		lock.Lock()
		defer lock.Unlock()
		for i, n := range counts {
			of := min(compared, windows)
			switch i {
			case calmFacet:
				of = windows
			case calmKS, calmKSFair:
				of = min(ksWindows, windows)
			}
			found[i].add(n, of)
		}
		largest = append(largest, e)
		return nil
	})
	fmt.Printf("no drift: %d runs of %d windows of %d images, pools of %d and %d\n", seeds, windows, window, len(pools[0].images), len(pools[1].images))
	fmt.Printf("  facet, alerts within a budget of %g for a run: %s; largest e-value at the end of a run %.3g\n", budget, found[calmFacet], slices.Max(largest))
	fmt.Printf("  facet, a changed pair at false discovery rate %g (every one is false: this is the false discovery proportion): %s\n", budget, found[calmChanged])
	fmt.Printf("  KS with Bonferroni at %g a window: %s; at %g over %d windows: %s\n", budget, found[calmKS], budget, runWindows, found[calmKSFair])
	fmt.Printf("  MMD at %g a window: %s; at %g over %d windows: %s\n", budget, found[calmMMD], budget, runWindows, found[calmMMDFair])
	return err
}

// calmRun counts the windows of one run without drift in which each method found something; largest is the greatest e-value at its end.
func (b *bench) calmRun(ctx context.Context, pools [2]*pool, seed, windows, compared int) (found [calmMethods]int, largest float64, err error) {
	p, err := b.profile(pools[0], scenarios[0].calm, seed)
	if err != nil {
		return found, 0, err
	}
	m, err := b.monitor(p)
	if err != nil {
		return found, 0, err
	}
	v, err := drift.NewVocabulary(ctx, p, b.ov, b.words)
	if err != nil {
		return found, 0, err
	}
	all := numeric.Indices(len(pools[1].images))
	ranks, err := b.ranks(m, pools[1], all, p.Strong)
	if err != nil {
		return found, 0, err
	}
	random, peer := source(seed, 2), newPeers(p, b.ov.Embed, seed)
	for w := range windows {
		indexes := pools[1].draw(random, scenarios[0].calm, window)
		found[calmFacet] += count(len(m.Window(take(ranks, indexes), budget)) > 0)
		if w >= ksWindows {
			continue
		}
		x := embeddings(pools[1], indexes)
		q := peer.ks(x)
		found[calmKS] += count(q <= budget)
		found[calmKSFair] += count(q <= budget/float64(runWindows))
		if w >= compared {
			continue
		}
		permuted, gamma := peer.mmd(x)
		found[calmMMD] += count(permuted <= budget)
		found[calmMMDFair] += count(gamma <= budget/float64(runWindows))
		s, err := b.summary(pools[1], indexes, p.Strong, window)
		if err != nil {
			return found, 0, err
		}
		c, err := v.Compare(ctx, []*drift.Summary{s}, drift.Options{Level: budget})
		if err != nil {
			return found, 0, err
		}
		found[calmChanged] += count(c[0].Changed > 0)
	}
	for i := range m.Detectors {
		largest = max(largest, m.E(i))
	}
	return found, largest, nil
}

// pair opens a scenario's two pools and varies pictures of the reference's.
func (b *bench) pair(ctx context.Context, s scenario) ([2]*pool, error) {
	var out [2]*pool
	for i, name := range []string{s.reference, s.stream} {
		var err error
		if out[i], err = b.pool(name); err != nil {
			return out, err
		}
	}
	return out, b.vary(ctx, out[0], s.calm)
}

func take(ranks [][]int, indexes []int) [][]int {
	out := make([][]int, len(indexes))
	for k, i := range indexes {
		out[k] = ranks[i]
	}
	return out
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// discoveries measures the share of false ones among the pairs found changed, under drift. What is false is known because half of the strong
// pairs, by lot, get the scalars of images without drift.
func (b *bench) discoveries(ctx context.Context, s scenario, seeds int) error {
	pools, err := b.pair(ctx, s)
	if err != nil {
		return err
	}
	var lock sync.Mutex
	proportion, found := 0.0, 0
	const windows = 10
	err = each(seeds, func(seed int) error {
		p, err := b.profile(pools[0], s.calm, seed)
		if err != nil {
			return err
		}
		v, err := drift.NewVocabulary(ctx, p, b.ov, b.words)
		if err != nil {
			return err
		}
		random, still := source(seed, 6), map[int]bool{}
		for _, k := range random.Perm(len(p.Strong))[:len(p.Strong)/2] {
			still[p.Strong[k]] = true
		}
		for range windows {
			drifted, calm := pools[1].draw(random, s.at(runWindows), window), pools[1].draw(random, s.calm, window)
			summary, err := b.mixed(pools[1], drifted, calm, still, p.Strong)
			if err != nil {
				return err
			}
			c, err := v.Compare(ctx, []*drift.Summary{summary}, drift.Options{Level: budget})
			if err != nil {
				return err
			}
			wrong := 0
			for _, t := range c[0].Tests {
				wrong += count(t.Adjusted <= budget && still[b.ov.Index(t.Pair)])
			}
			lock.Lock()
			proportion += float64(wrong) / float64(max(c[0].Changed, 1))
			found += c[0].Changed
			lock.Unlock()
		}
		return nil
	})
	if err != nil {
		return err
	}
	n := float64(seeds * windows)
	fmt.Printf("false discovery proportion at level %g, %s: %.4f (mean of %.0f windows, %.1f pairs found in one)\n", budget, s.name, proportion/n, n, float64(found)/n)
	return nil
}

// mixed is a summary of drifted images of which the pairs in still have the scalars of calm ones.
func (b *bench) mixed(p *pool, drifted, calm []int, still map[int]bool, keep []int) (*drift.Summary, error) {
	s := drift.NewSummary(b.ov.Heads*b.ov.Channels, b.ov.Embed, len(b.concepts), window)
	row, other := make([]float32, b.ov.Heads*b.ov.Channels), make([]float32, b.ov.Heads*b.ov.Channels)
	for k, i := range drifted {
		if err := p.scalars.Row(i, row); err != nil {
			return nil, err
		}
		if err := p.scalars.Row(calm[k], other); err != nil {
			return nil, err
		}
		for pair := range still {
			row[pair] = other[pair]
		}
		image := p.images[i]
		image.Path = fmt.Sprint(image.Path, "~", k)
		if err := s.Add(image, row, keep); err != nil {
			return nil, err
		}
	}
	return s, nil
}
