package drift

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Baseline is what the numbers of a comparison are without any drift: they depend on how many images there are.
type Baseline struct {
	Shift    float64 // root of the expected ‖Δe‖²: tr Σ·(1/n + 1/N)
	Distance float64 // Fréchet's, of images of the profile against all its others; 0 where the sample is too small
	Images   int     // of these: as many as were compared, or half of the sample
}

// Baseline is that of n images, for a comparison with this profile.
func (p *Profile) Baseline(n int) (Baseline, error) {
	b := Baseline{Shift: math.Sqrt(p.Embedding.trace() * (1/float64(n) + 1/float64(p.Count())))}
	sample := p.Sample()
	if b.Images = min(n, len(sample)/2); b.Images < 2 || p.Count()-b.Images < 2 {
		b.Images = 0
		return b, nil
	}
	random := rand.New(rand.NewPCG(uint64(n), 0x6e756c6c))
	some, others := NewGaussian(len(p.Embedding.Mean)), p.Embedding.clone()
	for _, k := range random.Perm(len(sample))[:b.Images] {
		some.Add(sample[k].Embedding)
		others.remove(sample[k].Embedding)
	}
	var err error
	b.Distance, err = Fréchet(others, some)
	return b, err
}

// trace is that of the covariance.
func (g *Gaussian) trace() float64 {
	if g.Count < 2 {
		return 0
	}
	sum, D := 0.0, len(g.Mean)
	for i := range D {
		sum += g.M2[i*D+i]
	}
	return sum / float64(g.Count-1)
}

func (g *Gaussian) clone() *Gaussian {
	return &Gaussian{Count: g.Count, Mean: slices.Clone(g.Mean), M2: slices.Clone(g.M2)}
}

// remove takes a vector out again that was added: [Gaussian.Add] backwards.
func (g *Gaussian) remove(x []float32) {
	n := float64(g.Count)
	g.Count--
	δ := make([]float64, len(x))
	for i, v := range x {
		before := (n*g.Mean[i] - float64(v)) / (n - 1)
		δ[i], g.Mean[i] = float64(v)-before, before
	}
	g.update(-(n-1)/n, δ)
}
