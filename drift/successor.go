package drift

import "fmt"

// Successor is a profile of a stream's own images, of which the scalars of this profile's strong pairs are known. It has the same strong pairs, labels,
// watched texts and qualities. Of weak pairs it keeps the moments of this profile: nothing newer is known of them.
func (p *Profile) Successor(images []Image) (*Profile, error) {
	if len(images) < 2 {
		return nil, fmt.Errorf("a profile of %d images, expected two at least", len(images))
	}
	s, err := p.Summarise(images, p.Size)
	if err != nil {
		return nil, err
	}
	strong := map[int]bool{}
	for _, i := range p.Strong {
		strong[i] = true
	}
	for i := range s.Pairs.M2 {
		if !strong[i] {
			s.Pairs.M2[i] = p.Pairs.Variance(i) * float64(len(images)-1)
		}
	}
	return &Profile{Summary: *s, Strong: p.Strong, Watched: p.Watched, Labels: p.Labels, Qualities: p.Qualities}, nil
}
