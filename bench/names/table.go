package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/quality"
)

const (
	referenceSize = 1000
	windowSize    = 200
	level         = 0.05
)

// count is what a change was called.
type count struct{ named, right, unnamed, nothing int }

func (c *count) add(o count) {
	c.named, c.right, c.unnamed, c.nothing = c.named+o.named, c.right+o.right, c.unnamed+o.unnamed, c.nothing+o.nothing
}

func (b *bench) table(ctx context.Context, p *pools, seeds, varied int) error {
	all := changes()
	counts, called := make([]count, len(all)), make([]map[string]int, len(all))
	for k := range called {
		called[k] = map[string]int{}
	}
	for seed := range seeds {
		random := rand.New(rand.NewPCG(uint64(seed), 7))
		v, made, err := b.vocabulary(ctx, p, random, varied)
		if err != nil {
			return err
		}
		for k, c := range all {
			name, err := b.call(ctx, v, made, p.Streams[k], random)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			called[k][name]++
			switch {
			case name == "nothing":
				counts[k].nothing++
			case name == "unnamed":
				counts[k].unnamed++
			default:
				counts[k].named++
				if slices.Contains(c.want, name) {
					counts[k].right++
				}
			}
		}
	}
	var fits, others count
	for k, c := range all {
		if n := counts[k]; len(c.want) > 0 {
			fits.add(n)
			fmt.Printf("%-36s %-20s named %2d, right %2d, unnamed %2d, unseen %2d  %s\n", c.name, strings.Join(c.want, ", "), n.named, n.right, n.unnamed, n.nothing, most(called[k]))
		} else {
			if k > 0 {
				others.add(n)
			}
			fmt.Printf("%-36s %-20s named %2d,           unnamed %2d, unseen %2d  %s\n", c.name, "-", n.named, n.unnamed, n.nothing, most(called[k]))
		}
	}
	fmt.Printf("something fits: %d of %d seen are named, %d of these rightly (%.0f %%)\n", fits.named, fits.named+fits.unnamed, fits.right, 100*float64(fits.right)/float64(fits.named))
	fmt.Printf("nothing fits: %d of %d seen are unnamed (%.0f %%)\n", others.unnamed, others.named+others.unnamed, 100*float64(others.unnamed)/float64(others.named+others.unnamed))
	return nil
}

// most are the commonest names.
func most(called map[string]int) string {
	names := slices.SortedFunc(maps.Keys(called), func(a, b string) int { return called[b] - called[a] })
	var out []string
	for _, n := range names[:min(3, len(names))] {
		out = append(out, fmt.Sprintf("%s %d", n, called[n]))
	}
	return strings.Join(out, "; ")
}

// vocabulary is that of a profile of some of the reference's pictures, of which some are varied.
func (b *bench) vocabulary(ctx context.Context, p *pools, random *rand.Rand, varied int) (*drift.Vocabulary, *drift.Profile, error) {
	pairs := b.ov.Heads * b.ov.Channels
	strong := drift.NewSummary(len(p.Strong), b.ov.Embed, 0, referenceSize)
	for _, k := range random.Perm(len(p.Reference))[:referenceSize] {
		if err := strong.Add(p.Reference[k], p.Reference[k].Scalars, nil); err != nil {
			return nil, nil, err
		}
	}
	all := drift.NewMoments(pairs)
	all.Count = referenceSize
	copy(all.Mean, p.Pairs.Mean)
	for k, i := range p.Strong {
		all.Mean[i], all.M2[i] = strong.Pairs.Mean[k], strong.Pairs.M2[k]
	}
	strong.Pairs = all
	made := &drift.Profile{Summary: *strong, Strong: p.Strong, Qualities: quality.Unmeasured(b.ov.Embed)}
	for _, k := range random.Perm(len(p.Varied))[:min(varied, len(p.Varied))] {
		for i, q := range p.Varied[k] {
			made.Qualities[i].Merge(q)
		}
	}
	v, err := drift.NewVocabulary(ctx, made, b.ov, b.words)
	return v, made, err
}

// call is the first name of a window's change.
func (b *bench) call(ctx context.Context, v *drift.Vocabulary, p *drift.Profile, stream []drift.Image, random *rand.Rand) (string, error) {
	var window []drift.Image
	for _, k := range random.Perm(len(stream))[:windowSize] {
		window = append(window, stream[k])
	}
	s, err := p.Summarise(window, windowSize)
	if err != nil {
		return "", err
	}
	c, err := v.Compare(ctx, []*drift.Summary{s}, drift.Options{Level: level})
	switch {
	case err != nil:
		return "", err
	case c[0].Changed == 0:
		return "nothing", nil
	case len(c[0].Changes) == 0:
		return "unnamed", nil
	}
	return c[0].Changes[0].String(), nil
}
