package main

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/facet-clip/facet/drift"
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

// calm measures false alarms.
func (b *bench) calm(ctx context.Context, seeds, windows, compared int) error {
	pools, err := b.pair(ctx, scenarios[0])
	if err != nil {
		return err
	}
	var lock sync.Mutex
	var facet, found, ks, ksFair, mmd, mmdFair tally
	largest := []float64{}
	err = each(seeds, func(seed int) error {
		p, err := b.profile(ctx, pools[0], scenarios[0].calm, seed)
		if err != nil {
			return err
		}
		m, err := b.monitor(p)
		if err != nil {
			return err
		}
		v, err := drift.NewVocabulary(ctx, p, b.ov, b.words)
		if err != nil {
			return err
		}
		all := make([]int, len(pools[1].images))
		for i := range all {
			all[i] = i
		}
		ranks, err := b.ranks(m, pools[1], all, p.Strong)
		if err != nil {
			return err
		}
		random, peer := source(seed, 2), newPeers(p, b.ov.Embed, seed)
		alerts, changed, ksCount, ksFairCount, mmdCount, mmdFairCount := 0, 0, 0, 0, 0, 0
		for w := range windows {
			indexes := pools[1].draw(random, scenarios[0].calm, window)
			alerts += count(len(m.Window(take(ranks, indexes), budget)) > 0)
			if w >= ksWindows {
				continue
			}
			x := embeddings(pools[1], indexes)
			q := peer.ks(x)
			ksCount, ksFairCount = ksCount+count(q <= budget), ksFairCount+count(q <= budget/float64(runWindows))
			if w >= compared {
				continue
			}
			permuted, gamma := peer.mmd(x)
			mmdCount, mmdFairCount = mmdCount+count(permuted <= budget), mmdFairCount+count(gamma <= budget/float64(runWindows))
			s, err := b.summary(pools[1], indexes, p.Strong, window)
			if err != nil {
				return err
			}
			c, err := v.Compare(ctx, []*drift.Summary{s}, drift.Options{Level: budget})
			if err != nil {
				return err
			}
			changed += count(c[0].Changed > 0)
		}
		lock.Lock()
		defer lock.Unlock()
		facet.add(alerts, windows)
		found.add(changed, min(compared, windows))
		ks.add(ksCount, min(ksWindows, windows))
		ksFair.add(ksFairCount, min(ksWindows, windows))
		mmd.add(mmdCount, min(compared, windows))
		mmdFair.add(mmdFairCount, min(compared, windows))
		e := 0.0
		for i := range m.Detectors {
			e = max(e, m.Detectors[i].E())
		}
		largest = append(largest, e)
		return nil
	})
	fmt.Printf("no drift: %d runs of %d windows of %d images, pools of %d and %d\n", seeds, windows, window, len(pools[0].images), len(pools[1].images))
	fmt.Printf("  facet, alerts within a budget of %g for a run: %s; largest e-value at the end of a run %.3g\n", budget, facet, slices.Max(largest))
	fmt.Printf("  facet, a changed pair at false discovery rate %g (every one is false: this is the false discovery proportion): %s\n", budget, found)
	fmt.Printf("  KS with Bonferroni at %g a window: %s; at %g over %d windows: %s\n", budget, ks, budget, runWindows, ksFair)
	fmt.Printf("  MMD at %g a window: %s; at %g over %d windows: %s\n", budget, mmd, budget, runWindows, mmdFair)
	return err
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
		p, err := b.profile(ctx, pools[0], s.calm, seed)
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
