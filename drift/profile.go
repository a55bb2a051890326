package drift

import (
	"cmp"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"
)

// StrongShare is the share of pairs that are strong, those of largest standard deviation times ‖u‖; at most [MostStrong].
const (
	StrongShare = 0.1
	MostStrong  = 2048
)

// Profile is the reference that streams are compared with.
type Profile struct {
	Summary
	Strong  []int // flat indexes of the strong pairs, strongest first: those that the sample has scalars of
	Watched []Concept
	// Labels are the strong pairs in words, in their order; empty for a pair that no words fit, nil for a profile made without words.
	Labels    []string
	Qualities []Quality
	// Sums are the moments of a merged profile without rounding, for the next [Merge]; nil for another.
	Sums *numeric.Sums
}

// NewProfile makes a profile of a summary whose sample has the scalars of all pairs, given ‖u‖ of every pair [M,C].
func NewProfile(s *Summary, norms []float32, watched []Concept) *Profile {
	p := &Profile{Summary: *s, Strong: strongest(s.Pairs, norms), Watched: watched}
	p.kept = slices.Clone(p.kept)
	for i := range p.kept {
		p.kept[i].Scalars = pick(p.kept[i].Scalars, p.Strong)
	}
	return p
}

func strongest(m *Moments, norms []float32) []int {
	order, strength := make([]int, len(norms)), make([]float64, len(norms))
	for i := range order {
		order[i], strength[i] = i, math.Sqrt(m.Variance(i))*float64(norms[i])
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(strength[b], strength[a]) })
	return order[:min(MostStrong, int(math.Ceil(StrongShare*float64(len(norms)))))]
}
