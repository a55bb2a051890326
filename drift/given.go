package drift

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/facet-clip/facet/internal/numeric"
)

// ErrNoValues is returned where the images of a profile do not say what a comparison is given: an earlier facet made it, or its source does not say.
var ErrNoValues = errors.New("the profile's images have no such value")

// Stratum is the part of both samples that has one value of what a comparison is given, such as a camera.
type Stratum struct {
	Value         string
	Before, After int     // images of the profile's sample and of those compared
	Share         float64 // of Before among all strata: its weight
}

// Given is a comparison within the values of something, such as cameras. Each value's images are compared with the profile's images of that value, and
// the shifts are joined with the weights π of the profile's shares. So a change of the mix of values is not a change of what the images are of. It is made
// of samples: the profile's, and that of the images compared (docs/design.md, 70 to 73).
type Given struct {
	// Comparison is that within values. Its tests are those of [VanElteren]. Distance, energy and detectable effect are not known.
	Comparison
	Strata []Stratum // values that two images at least of both sides have, by name
	Others int       // images compared that have another value, or none: they are left out
	Absent int       // images of the profile that have another value, or none
	Total  float64   // ‖Δe‖ of all images of both samples
	Mix    float64   // share of Δe that the mix explains: ⟨Δe − Δe within, Δe⟩/‖Δe‖²
	Within float64   // share of Δe that the change within values explains; 1 in sum with Mix
	MixP   float64   // p-value of the χ² test that the values are mixed as in the profile; 1 where there is one value
}

// stratum is a [Stratum] with its images and their means.
type stratum struct {
	Stratum
	before, after []Image
}

// Given compares images with the profile within the values that a function gives of an image; empty: none.
func (v *Vocabulary) Given(ctx context.Context, images *Summary, value func(Image) string, o Options) (*Given, error) {
	before, after := v.profile.Sample(), images.Sample()
	g, strata, err := strataOf(before, after, value)
	if err != nil {
		return nil, err
	}
	D, strong := v.ov.Embed, len(v.profile.Strong)
	parts := shift{scalars: make([]float64, len(v.profile.Pairs.Mean))}
	within, scalars, null := make([]float64, D), make([]float64, strong), 0.0
	for _, s := range strata {
		added := difference(means(s.after, D, embeddingOf), means(s.before, D, embeddingOf))
		change := difference(means(s.after, strong, scalarsOf), means(s.before, strong, scalarsOf))
		addTo(within, s.Share, added)
		addTo(scalars, s.Share, change)
		null += s.Share * s.Share * (spreadOf(s.after, D)/float64(s.After) + spreadOf(s.before, D)/float64(s.Before))
	}
	for k, i := range v.profile.Strong {
		parts.scalars[i] = scalars[k]
	}
	parts.embedding = numeric.Float32(within)
	parts.length, parts.products = numeric.Norm(parts.embedding), v.ov.Text(parts.embedding)
	all := difference(means(after, D, embeddingOf), means(before, D, embeddingOf))
	g.Total = math.Sqrt(dot(all, all))
	if g.Total > 0 {
		g.Within = dot(within, all) / (g.Total * g.Total)
		g.Mix = 1 - g.Within
	}
	g.Shift, g.Baseline.Shift, g.Residual = parts.length, math.Sqrt(null), parts.residual(v.ov)
	g.Tests = v.testWithin(strata, parts)
	raw := make([]float64, len(g.Tests))
	for i, t := range g.Tests {
		raw[i] = t.P
	}
	for i, p := range Together([][]float64{raw}, o.Level)[0] {
		g.Tests[i].Adjusted = p
	}
	centred := v.centred(strata)
	return g, centred.vocabulary.tell(ctx, &g.Comparison, parts, centred.after, o.Level)
}

// strataOf sorts two samples into strata.
func strataOf(before, after []Image, value func(Image) string) (*Given, []stratum, error) {
	old, now := byValue(before, value), byValue(after, value)
	if len(old) == 0 {
		return nil, nil, ErrNoValues
	}
	g := &Given{Others: len(after), Absent: len(before), MixP: mixTest(old, now)}
	var strata []stratum
	for _, name := range slices.Sorted(maps.Keys(old)) {
		s := stratum{Stratum{Value: name, Before: len(old[name]), After: len(now[name])}, old[name], now[name]}
		if s.Before < 2 || s.After < 2 {
			continue
		}
		strata = append(strata, s)
		g.Images, g.ProfileImages = g.Images+s.After, g.ProfileImages+s.Before
	}
	if len(strata) == 0 {
		return nil, nil, fmt.Errorf("no value has two images both in the profile and among those compared: these have %d values, the profile's %d", len(now), len(old))
	}
	g.Others, g.Absent = g.Others-g.Images, g.Absent-g.ProfileImages
	for i := range strata {
		strata[i].Share = float64(strata[i].Before) / float64(g.ProfileImages)
		g.Strata = append(g.Strata, strata[i].Stratum)
	}
	return g, strata, nil
}

func byValue(images []Image, value func(Image) string) map[string][]Image {
	out := map[string][]Image{}
	for _, i := range images {
		if name := value(i); name != "" {
			out[name] = append(out[name], i)
		}
	}
	return out
}

// mixTest is the p-value of Pearson's χ² test that two samples mix values alike.
func mixTest(x, y map[string][]Image) float64 {
	n, m := 0, 0
	all := map[string]bool{}
	for name, images := range x {
		n, all[name] = n+len(images), true
	}
	for name, images := range y {
		m, all[name] = m+len(images), true
	}
	if len(all) < 2 || m == 0 {
		return 1
	}
	sum := 0.0
	for name := range all {
		a, b := float64(len(x[name])), float64(len(y[name]))
		for _, one := range [][2]float64{{a, float64(n)}, {b, float64(m)}} {
			expected := (a + b) * one[1] / float64(n+m)
			sum += (one[0] - expected) * (one[0] - expected) / expected
		}
	}
	return distuv.ChiSquared{K: float64(len(all) - 1)}.Survival(sum)
}

// testWithin tests every strong pair within strata.
func (v *Vocabulary) testWithin(strata []stratum, parts shift) []PairTest {
	p := v.profile
	tests := make([]PairTest, len(p.Strong))
	x, y := make([][]float32, len(strata)), make([][]float32, len(strata))
	for k, i := range p.Strong {
		t := PairTest{Pair: v.ov.Pair(i), Shift: parts.scalars[i], Share: parts.share(i), Ranks: true}
		if p.Labels != nil {
			t.Label = p.Labels[k]
		}
		if variance := p.Pairs.Variance(i); variance > 0 {
			t.Effect = t.Shift / math.Sqrt(variance)
		}
		for s := range strata {
			x[s], y[s] = column(strata[s].after, k), column(strata[s].before, k)
		}
		_, t.P = VanElteren(x, y)
		tests[k] = t
	}
	return tests
}

// VanElteren is the rank test that x and y have one distribution in every stratum [strata][images] (van Elteren, 1960): ranks are taken within strata, and the rank
// sums of x are joined with the weights 1/(N+1), N being the images of a stratum. z is positive where x is larger; p is two-sided, of the normal limit
// with the correction for ties. Strata in which a side has no image, or all are of one value, say nothing; where all are such, z is 0 and p is 1.
func VanElteren(x, y [][]float32) (z, p float64) {
	excess, variance := 0.0, 0.0
	for s := range x {
		n, m := float64(len(x[s])), float64(len(y[s]))
		N := n + m
		if n == 0 || m == 0 {
			continue
		}
		sum, ties := ranks(x[s], y[s])
		excess += sum/(N+1) - n/2
		variance += n * m / 12 * (N + 1 - ties/(N*(N-1))) / ((N + 1) * (N + 1))
	}
	if !(variance > 0) {
		return 0, 1
	}
	z = excess / math.Sqrt(variance)
	return z, min(1, 2*distuv.UnitNormal.CDF(-math.Abs(z)))
}

// centring is what names changes within strata.
type centring struct {
	vocabulary *Vocabulary
	after      []Image
}

// centred are the images compared, of which each has the mean of its stratum in the profile moved to the mean of the profile. Names are judged by their shift, whose error has
// the variances of the strata's means: the profile counts as so many images as have it.
func (v *Vocabulary) centred(strata []stratum) centring {
	p, D := *v.profile, v.ov.Embed
	var out centring
	total, variance := 0.0, 0.0
	for _, s := range strata {
		total += float64(s.After)
	}
	p.kept = nil
	for _, s := range strata {
		to := difference(p.Embedding.Mean, means(s.before, D, embeddingOf))
		for _, i := range s.after {
			i.Embedding = slices.Clone(i.Embedding)
			for k, δ := range to {
				i.Embedding[k] += float32(δ)
			}
			out.after = append(out.after, i)
		}
		share := float64(s.After) / total
		variance += share * share / float64(s.Before)
		p.kept = append(p.kept, s.before...)
	}
	slices.SortFunc(out.after, bySpread)
	e := p.Embedding.clone()
	e.Count = max(2, int(1/variance))
	for k := range e.M2 { // the covariance stays
		e.M2[k] *= float64(e.Count-1) / float64(p.Embedding.Count-1)
	}
	p.Embedding = e
	out.vocabulary = v.Against(&p)
	return out
}

func embeddingOf(i Image) []float32 { return i.Embedding }
func scalarsOf(i Image) []float32   { return i.Scalars }

// means are those of n numbers of images.
func means(images []Image, n int, of func(Image) []float32) []float64 {
	out := make([]float64, n)
	for _, i := range images {
		for k, v := range of(i) {
			out[k] += float64(v)
		}
	}
	for k := range out {
		out[k] /= float64(max(1, len(images)))
	}
	return out
}

func difference(x, y []float64) []float64 {
	out := make([]float64, len(x))
	for i := range x {
		out[i] = x[i] - y[i]
	}
	return out
}

func addTo(sum []float64, weight float64, x []float64) {
	for i, v := range x {
		sum[i] += weight * v
	}
}

// spreadOf is the trace of the covariance of the embeddings of two images at least.
func spreadOf(images []Image, D int) float64 {
	mean, sum := means(images, D, embeddingOf), 0.0
	for _, i := range images {
		for k, v := range i.Embedding {
			sum += (float64(v) - mean[k]) * (float64(v) - mean[k])
		}
	}
	return sum / float64(len(images)-1)
}
