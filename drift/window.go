package drift

// Summarise summarises images of which only the scalars of the profile's strong pairs are known, in the profile's order. All other pairs are taken to
// be as in the profile, so that [Comparison.Residual] is the part of the shift that strong pairs leave unexplained. The sample keeps at
// most size images.
func (p *Profile) Summarise(images []Image, size int) (*Summary, error) {
	strong := NewSummary(len(p.Strong), len(p.Embedding.Mean), len(p.Watched), size)
	for _, image := range images {
		if err := strong.Add(image, image.Scalars, nil); err != nil {
			return nil, err
		}
	}
	all := NewMoments(len(p.Pairs.Mean))
	all.Count = len(images)
	copy(all.Mean, p.Pairs.Mean)
	for k, i := range p.Strong {
		all.Mean[i], all.M2[i] = strong.Pairs.Mean[k], strong.Pairs.M2[k]
	}
	strong.Pairs = all
	return strong, nil
}
