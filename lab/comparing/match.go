package comparing

import (
	"cmp"
	"context"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/compare"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/lab"
)

// match pairs the pairs of both models that are used most, by their scalars.
func (p *passing) match(ctx context.Context) error {
	first := strongestPairs(p.useA, p.Candidates)
	second := strongestPairs(p.useB, p.Candidates)
	a, err := someColumns(ctx, p.scalarsA, first)
	if err != nil {
		return err
	}
	b, err := someColumns(ctx, p.scalarsB, second)
	if err != nil {
		return err
	}
	found, err := compare.Pairs(a, b, p.scalarsA.Images)
	if err != nil {
		return err
	}
	namesA, labelling, err := p.names(ctx, first)
	if err != nil {
		return err
	}
	p.answer.Labelling = labelling
	namesB, err := p.useB.Names()
	if err != nil {
		return err
	}
	sideA := side{p.ovA, first, namesA}
	sideB := side{p.ovB, second, namesB}
	p.answer.Matching = matchingOf(found, sideA, sideB, p.scalarsA.Images, p.Top)
	return nil
}

// side is one of two models in a matching.
type side struct {
	ov    *decompose.OV
	pairs []int // the candidates, by their places in [M,C]
	names *lab.Names
}

func (s side) pair(i int) answer.NamedPair {
	pair := s.ov.Pair(s.pairs[i])
	return answer.NamedPair{Neuron: pair.Neuron, Head: pair.Head, Names: s.names.Of(s.pairs[i])}
}

// alone are the first candidates that no match above chance has.
func (s side) alone(taken []bool, top int) []answer.NamedPair {
	list := []answer.NamedPair{}
	for i, is := range taken {
		if !is && len(list) < top {
			list = append(list, s.pair(i))
		}
	}
	return list
}

func matchingOf(found compare.Matching, a, b side, images, top int) *answer.PairMatching {
	m := &answer.PairMatching{Images: images, Candidates: [2]int{len(a.pairs), len(b.pairs)}, Chance: found.Chance, Matches: []answer.MatchedPair{}}
	matches := slices.Clone(found.Matches)
	slices.SortStableFunc(matches, func(x, y compare.Match) int { return cmp.Compare(y.Held, x.Held) })
	takenA, takenB := make([]bool, len(a.pairs)), make([]bool, len(b.pairs))
	for k, x := range matches {
		if x.Held > found.Chance {
			m.Partners++
			takenA[x.A], takenB[x.B] = true, true
		}
		if k < top && x.Held > found.Chance {
			m.Matches = append(m.Matches, answer.MatchedPair{A: a.pair(x.A), B: b.pair(x.B), Fit: x.Fit, Held: x.Held})
		}
	}
	m.Median = matches[len(matches)/2].Held
	m.AloneA, m.AloneB = a.alone(takenA, top), b.alone(takenB, top)
	return m
}

// strongestPairs are the k pairs that are used most, by their places in [M,C].
func strongestPairs(u *lab.Opened, k int) []int {
	order := ordered(len(u.Strength), func(p int) float64 { return float64(u.Strength[p]) })
	return order[:min(k, len(order))]
}

// someColumns reads the scalars of some pairs in every image [N,P].
func someColumns(ctx context.Context, s *atlas.Scalars, pairs []int) ([]float32, error) {
	row, out := make([]float32, s.Pairs), make([]float32, 0, s.Images*len(pairs))
	for i := range s.Images {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := s.Row(i, row); err != nil {
			return nil, err
		}
		for _, p := range pairs {
			out = append(out, row[p])
		}
	}
	return out, nil
}
