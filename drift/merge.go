package drift

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Merge is the profile of the images of several profiles of one model, given ‖u‖ of every pair [M,C]. Moments and sample are those of a profile
// of all the images. Strong pairs are those strong in every part, in the order of the moments of all: no part's sample has scalars of others. The
// parts must watch the same texts and know the same qualities; the sample may be as large as the smallest part's, for beyond that it would
// not be random. Labels are the first part's.
//
// But for the labels, the order of the parts has no say, nor has it whether some of them are merged profiles: the result is the same to the last bit.
func Merge(parts []*Profile, norms []float32) (*Profile, error) {
	if len(parts) == 0 {
		return nil, errors.New("no profiles to merge")
	}
	first := parts[0]
	whole := NewSummary(len(first.Pairs.Mean), len(first.Embedding.Mean), len(first.Watched), first.Size)
	out := &Profile{Summary: *whole, Watched: first.Watched, Strong: slices.Clone(first.Strong)}
	for _, q := range first.Qualities {
		out.Qualities = append(out.Qualities, NewQuality(q.Name, q.Way, len(q.Shift)))
	}
	moments := newJoint(first)
	for k, p := range parts {
		if err := first.alike(p); err != nil {
			return nil, fmt.Errorf("profiles 1 and %d: %w", k+1, err)
		}
		out.Size = min(out.Size, p.Size)
		out.Strong = slices.DeleteFunc(out.Strong, func(i int) bool { return !slices.Contains(p.Strong, i) })
		if err := moments.add(p); err != nil {
			return nil, fmt.Errorf("profile %d: %w", k+1, err)
		}
	}
	moments.fill(out)
	strength := func(i int) float64 { return math.Sqrt(out.Pairs.Variance(i)) * float64(norms[i]) }
	slices.SortFunc(out.Strong, func(a, b int) int { return cmp.Or(cmp.Compare(strength(b), strength(a)), cmp.Compare(a, b)) })
	if err := out.sample(parts); err != nil {
		return nil, err
	}
	if first.Labels != nil {
		for _, k := range first.places(out.Strong) {
			out.Labels = append(out.Labels, first.Labels[k])
		}
	}
	return out, nil
}

// sample draws the profile's sample from those of its parts.
func (p *Profile) sample(parts []*Profile) error {
	seen := map[string]bool{}
	for _, part := range parts {
		places := part.places(p.Strong)
		for _, image := range part.kept {
			if seen[image.Path] {
				return fmt.Errorf("%s is in two profiles: the same images would count twice", image.Path)
			}
			seen[image.Path] = true
			if p.kept.takes(image, p.Size) {
				image.Scalars = pick(image.Scalars, places)
				p.kept.add(image, p.Size)
			}
		}
	}
	return nil
}

// places are where pairs stand among the strong ones.
func (p *Profile) places(pairs []int) []int {
	at := make(map[int]int, len(p.Strong))
	for k, i := range p.Strong {
		at[i] = k
	}
	out := make([]int, len(pairs))
	for k, i := range pairs {
		out[k] = at[i]
	}
	return out
}

// alike says what keeps two profiles from being merged.
func (p *Profile) alike(other *Profile) error {
	sameText := func(a, b Concept) bool { return a.Text == b.Text && slices.Equal(a.Direction, b.Direction) }
	sameQuality := func(a, b Quality) bool { return a.Name == b.Name && a.Way == b.Way }
	switch {
	case !slices.EqualFunc(p.Watched, other.Watched, sameText):
		return errors.New("they watch other texts, or the same ones centred by another bank")
	case !slices.EqualFunc(p.Qualities, other.Qualities, sameQuality):
		return errors.New("they know other qualities of pictures")
	case len(p.Pairs.Mean) != len(other.Pairs.Mean) || len(p.Embedding.Mean) != len(other.Embedding.Mean):
		return errors.New("they are of other models")
	}
	return nil
}
