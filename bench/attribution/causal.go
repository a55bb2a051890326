package main

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// near is how many places in the order of strength a random partner may be away from the pair that it stands in for.
const near = 50

// effect is what holding pairs at their mean takes off logits τ·cos.
type effect struct {
	own    float64 // the word's
	others float64 // the mean over the words that are not in the scene
	moved  float64 // the same, of the sizes of the changes
}

// causal holds the group of every word that is in a scene at its mean, and as many other pairs of the same strengths.
func (s *study) causal(naming, truth *sight, n int) error {
	norms := s.ov.Norms()
	strength := make([]float64, len(s.means)) // mean ‖(s − s̄)·u‖ over the naming scenes
	for _, row := range naming.scalars {
		for p, v := range row {
			strength[p] += math.Abs(float64(v)-s.means[p]) * float64(norms[p]) / float64(len(naming.scalars))
		}
	}
	order := make([]int, len(strength))
	for p := range order {
		order[p] = p
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(strength[a], strength[b]) })
	rng := rand.New(rand.NewPCG(drawSeed, 4))
	partners := make([][]member, len(s.groups))
	for w, g := range s.groups {
		partners[w] = partnersOf(g, order, rng)
		ratio := summed(partners[w], strength) / summed(g, strength)
		if ratio < 0.9 || ratio > 1.1 {
			return errStrength(s.bank.Texts[w], ratio)
		}
	}
	return s.printEffects(truth, n, partners)
}

func errStrength(word string, ratio float64) error {
	return fmt.Errorf("%s: the random group is %.2f times as strong as the word's: expected 0.9 to 1.1", word, ratio)
}

func summed(group []member, strength []float64) (sum float64) {
	for _, m := range group {
		sum += m.of * strength[m.pair]
	}
	return sum
}

// partnersOf draws for every member another pair of about its strength that is not in the group, each once.
func partnersOf(group []member, order []int, rng *rand.Rand) []member {
	taken := make([]bool, len(order))
	place := make([]int, len(order))
	for k, p := range order {
		place[p] = k
	}
	for _, m := range group {
		taken[m.pair] = true
	}
	out := make([]member, 0, len(group))
	for _, m := range group {
		k := place[m.pair]
		var free []int
		for wide := near; len(free) == 0 && wide <= 2*len(order); wide *= 2 {
			for _, p := range order[max(0, k-wide):min(len(order), k+wide+1)] {
				if !taken[p] {
					free = append(free, p)
				}
			}
		}
		if len(free) == 0 {
			return out
		}
		p := free[rng.IntN(len(free))]
		taken[p] = true
		out = append(out, member{p, m.of})
	}
	return out
}

// printEffects prints means over scenes; a scene's value is the mean over its words, so that scenes of many words count once.
func (s *study) printEffects(v *sight, n int, partners [][]member) error {
	type scene struct{ group, random effect }
	all := make([]scene, n)
	numeric.Parallel(n, func(i int) {
		words := 0.0
		for w := range s.groups {
			if v.present[w][i] {
				all[i].group = all[i].group.plus(s.hold(v, i, w, s.groups[w]))
				all[i].random = all[i].random.plus(s.hold(v, i, w, partners[w]))
				words++
			}
		}
		all[i].group, all[i].random = all[i].group.over(words), all[i].random.over(words)
	})
	fmt.Printf("\nheld at the mean, %d scenes: what it takes off logits\n%-44s%-26s%-26s%s\n", n, "", "the word's own", "of absent words", "size, of absent words")
	print := func(name string, of func(scene) effect) {
		var own, others, moved []float64
		for _, x := range all {
			e := of(x)
			own, others, moved = append(own, e.own), append(others, e.others), append(moved, e.moved)
		}
		fmt.Printf("%-44s%-26s%-26s%s\n", name, meanOf(own), meanOf(others), meanOf(moved))
	}
	print("the word's group", func(x scene) effect { return x.group })
	print("as many random pairs, as strong", func(x scene) effect { return x.random })
	print("difference", func(x scene) effect {
		return effect{x.group.own - x.random.own, x.group.others - x.random.others, x.group.moved - x.random.moved}
	})
	return nil
}

// hold is the effect of e ← e − Σ π(s − s̄)u, which needs no picture encoded again (docs/design.md, mean ablation of a pair).
func (s *study) hold(v *sight, i, w int, group []member) effect {
	change := make([]float32, len(s.means))
	for _, m := range group {
		change[m.pair] = float32(m.of * (float64(v.scalars[i][m.pair]) - s.means[m.pair]))
	}
	e := v.embeddings[i]
	held := make([]float32, len(e))
	moved, bias := decompose.Scalars{OV: s.ov, S: change}.Embedding(), s.ov.Bias()
	for k := range e {
		held[k] = e[k] - (moved[k] - bias[k])
	}
	var f effect
	absent := 0.0
	for o := range s.groups {
		drop := s.logit(e, s.text(o)) - s.logit(held, s.text(o))
		switch {
		case o == w:
			f.own = drop
		case !v.present[o][i]:
			f.others, f.moved, absent = f.others+drop, f.moved+math.Abs(drop), absent+1
		}
	}
	f.others, f.moved = f.others/absent, f.moved/absent
	return f
}

func (f effect) plus(g effect) effect {
	return effect{f.own + g.own, f.others + g.others, f.moved + g.moved}
}

func (f effect) over(n float64) effect { return effect{f.own / n, f.others / n, f.moved / n} }
