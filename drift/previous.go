package drift

import (
	"context"
	"slices"
)

// Before compares sets of images, such as months in their order, each with those before it: with the last so many of them together, 1 at least, and the first
// set with the vocabulary's profile. Strong pairs, words and qualities are the profile's for all of them. watched are the concepts that the sets have scores of. False
// discoveries are controlled as in [Vocabulary.Compare].
func (v *Vocabulary) Before(ctx context.Context, sets []*Summary, watched []Concept, last int, o Options) ([]*Comparison, error) {
	of, mine := make([]*Vocabulary, len(sets)), slices.Clone(sets)
	for k := range sets {
		of[k] = v
		if k == 0 {
			continue
		}
		reference, err := v.reference(sets[max(0, k-last):k], watched)
		if err != nil {
			return nil, err
		}
		of[k], mine[k] = v.Against(reference), sets[k].reordered(v.profile.places(reference.Strong))
	}
	return together(ctx, of, mine, o)
}

// reference is a profile of sets of images.
func (v *Vocabulary) reference(sets []*Summary, watched []Concept) (*Profile, error) {
	p, parts := v.profile, make([]*Profile, len(sets))
	for k, s := range sets {
		parts[k] = &Profile{Summary: *s, Strong: p.Strong, Watched: watched, Labels: p.Labels, Qualities: p.Qualities}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return Merge(parts, v.ov.Norms())
}

// Against names changes against another profile of the same strong pairs, by the same standards.
func (v *Vocabulary) Against(p *Profile) *Vocabulary {
	return &Vocabulary{profile: p, ov: v.ov, atoms: v.atoms, words: v.words, chance: v.chance, wordShare: v.wordShare, baselines: map[int]Baseline{}, own: map[string]meter{}}
}

// reordered is a summary whose sample has the scalars at these places, in their order.
func (s *Summary) reordered(places []int) *Summary {
	out := *s
	out.kept = slices.Clone(s.kept)
	for i := range out.kept {
		out.kept[i].Scalars = pick(out.kept[i].Scalars, places)
	}
	return &out
}
