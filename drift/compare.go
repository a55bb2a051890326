package drift

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

// The settings of a comparison.
const (
	permutations = 499 // of the energy test
	energyImages = 400 // of each side of it
	middling     = 0.2 // p-value of Welch's test from which it is right for skewed numbers too
	heavyTails   = 5.0 // excess kurtosis from which a pair is tested by ranks
	skewed       = 0.5 // skewness from which it is tested by permutation
	examples     = 4   // images of a change from each side
)

// PairTest is a strong pair's difference between the images and the profile.
type PairTest struct {
	Pair     decompose.Pair
	Label    string  // the pair in words, if the profile has them
	Shift    float64 // Δs
	Effect   float64 // Δs over the standard deviation in the profile
	P        float64 // two-sided: Welch's test of the means, their permutation test where the numbers are skewed, or a test of the ranks
	Ranks    bool    // tails are heavy, so the ranks of both samples were tested
	Adjusted float64 // P after Benjamini and Hochberg, over all strong pairs, and over sets compared together
	Share    float64 // Δs⟨u,Δe⟩/‖Δe‖², of the whole shift
}

// Change is a word, or a quality of pictures, with the pairs whose part of the shift is most like it.
type Change struct {
	Word    string
	Quality bool // the word is one of the profile's qualities
	More    bool // more of it than in the profile, or less
	Share   float64
	Effect  float64    // standardised shift of the embeddings along the word, ⟨Δe,word⟩/sd
	Pairs   []PairTest // largest share first
	Before  []string   // images of the profile most like the word
	After   []string   // and of those compared
	Carry   []string   // those compared that carry the change most, whatever they are like

	direction []float32 // of the word, a unit vector [D]
}

// String is a change in words; "(unnamed)" is one without a word.
func (c Change) String() string {
	switch {
	case c.Word == "":
		return "(unnamed)"
	case c.More:
		return "more " + c.Word
	}
	return "less " + c.Word
}

// Comparison is what differs between images and a profile.
type Comparison struct {
	Images, ProfileImages int
	Shift                 float64 // ‖Δe‖
	Distance              float64 // Fréchet's
	Energy, EnergyP       float64 // squared energy distance between the samples, and its permutation p-value
	Tests                 []PairTest
	Changed               int     // tests with Adjusted ≤ level
	Explained             float64 // share of the shift that the changed pairs explain
	Changes               []Change
	Naming                Naming  // how well names explain the shift; zero where nothing changed, or too little to judge
	Rest                  *Change // the changed pairs that are like no change's word, as one change without a word; nil when there are none
	Unnamed               float64 // their share
	Baseline              Baseline
	Detectable            float64 // see [Detectable]
	Residual              float64 // of Σ_p Δs_p·u_p = Δe: rounding
}

// Options are the settings of [Compare] that depend on the data.
type Options struct {
	Level float64 // false discovery rate of the pairs, such as 0.05
	Seed  uint64  // of the permutations
}

// Compare tells how images differ from a profile: each strong pair is tested, and what the changed ones add to the shift of the mean
// embedding is named by the words of a dictionary and by the profile's qualities. images must have been summarised with the profile's strong
// pairs. Two images at least on each side. Who compares often makes a [Vocabulary] once.
func Compare(ctx context.Context, p *Profile, images *Summary, ov *decompose.OV, words *concept.Dictionary, o Options) (*Comparison, error) {
	if err := enough(p, images); err != nil {
		return nil, err
	}
	v, err := NewVocabulary(ctx, p, ov, words)
	if err != nil {
		return nil, err
	}
	c, err := v.Compare(ctx, []*Summary{images}, o)
	if err != nil {
		return nil, err
	}
	return c[0], nil
}

func enough(p *Profile, images *Summary) error {
	if images.Count() < 2 || p.Count() < 2 {
		return errors.New("a comparison needs two images at least on each side")
	}
	return nil
}

// Compare is [Compare] of several sets of images, such as years. The expected share of false discoveries, averaged over the sets in which there
// are any, is controlled: see [Together].
func (v *Vocabulary) Compare(ctx context.Context, sets []*Summary, o Options) ([]*Comparison, error) {
	return together(ctx, slices.Repeat([]*Vocabulary{v}, len(sets)), sets, o)
}

// together compares sets of images, each with the profile of a vocabulary of its own.
func together(ctx context.Context, of []*Vocabulary, sets []*Summary, o Options) ([]*Comparison, error) {
	out, shifts, raw := make([]*Comparison, len(sets)), make([]shift, len(sets)), make([][]float64, len(sets))
	for k, images := range sets {
		err := enough(of[k].profile, images)
		if err != nil {
			return nil, err
		}
		if out[k], shifts[k], err = of[k].test(images, o); err != nil {
			return nil, err
		}
		for _, t := range out[k].Tests {
			raw[k] = append(raw[k], t.P)
		}
	}
	for k, adjusted := range Together(raw, o.Level) {
		c := out[k]
		for i, p := range adjusted {
			c.Tests[i].Adjusted = p
		}
		if err := of[k].tell(ctx, c, shifts[k], sets[k].Sample(), o.Level); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// test is a comparison without names; its tests are not adjusted.
func (v *Vocabulary) test(images *Summary, o Options) (*Comparison, shift, error) {
	p := v.profile
	distance, err := Fréchet(p.Embedding, images.Embedding)
	if err != nil {
		return nil, shift{}, err
	}
	c := &Comparison{Images: images.Count(), ProfileImages: p.Count(), Distance: distance}
	before, after := p.Sample(), images.Sample()
	if c.Baseline, err = v.baseline(images.Count()); err != nil {
		return nil, shift{}, err
	}
	c.Energy, c.EnergyP = Energy(embeddings(before, energyImages), embeddings(after, energyImages), v.ov.Embed, permutations, o.Seed)
	parts := newShift(p, images, v.ov)
	c.Shift, c.Residual = parts.length, parts.residual(v.ov)
	c.Detectable = Detectable(images.Count(), p.Count(), len(p.Strong), o.Level)
	c.Tests = testPairs(p, images, v.ov, parts, before, after)
	return c, parts, nil
}

// tell names what changed.
func (v *Vocabulary) tell(ctx context.Context, c *Comparison, parts shift, after []Image, level float64) error {
	var changed []PairTest
	for _, t := range c.Tests {
		if t.Adjusted <= level {
			changed = append(changed, t)
			c.Explained += t.Share
		}
	}
	c.Changed = len(changed)
	if c.Changed == 0 {
		return nil
	}
	terms, naming, err := v.judge(ctx, after)
	if err != nil {
		return err
	}
	c.Naming = naming
	changes, rest := v.name(terms, changed)
	before := v.profile.Sample()
	for i := range changes {
		parts.describe(&changes[i], v.profile, before, after)
		changes[i].Carry = v.carriers(changes[i], after)
	}
	c.Changes = changes
	if len(rest.Pairs) > 0 {
		parts.describe(&rest, v.profile, before, after)
		rest.Carry = v.carriers(rest, after)
		c.Rest, c.Unnamed = &rest, rest.Share
	}
	return nil
}

// shift is Δ of everything.
type shift struct {
	scalars   []float64 // Δs [M,C]
	embedding []float32 // Δe [D]
	length    float64   // ‖Δe‖
	products  []float32 // ⟨u,Δe⟩ [M,C]
}

func newShift(p *Profile, images *Summary, ov *decompose.OV) shift {
	s := shift{scalars: make([]float64, len(p.Pairs.Mean)), embedding: make([]float32, ov.Embed)}
	for i := range s.scalars {
		s.scalars[i] = images.Pairs.Mean[i] - p.Pairs.Mean[i]
	}
	for i := range s.embedding {
		s.embedding[i] = float32(images.Embedding.Mean[i] - p.Embedding.Mean[i])
	}
	s.length, s.products = numeric.Norm(s.embedding), ov.Text(s.embedding)
	return s
}

// residual is ‖Σ_p Δs_p·u_p − Δe‖/‖Δe‖.
func (s shift) residual(ov *decompose.OV) float64 {
	if s.length == 0 {
		return 0
	}
	rest := make([]float64, ov.Embed)
	for i, v := range s.embedding {
		rest[i] = -float64(v)
	}
	for h, u := range ov.Directions() {
		for n := range ov.Channels {
			Δ := s.scalars[h*ov.Channels+n]
			for i, v := range u[n*ov.Embed : (n+1)*ov.Embed] {
				rest[i] += Δ * float64(v)
			}
		}
	}
	sum := 0.0
	for _, v := range rest {
		sum += v * v
	}
	return math.Sqrt(sum) / s.length
}

// share of the whole shift that a pair explains.
func (s shift) share(pair int) float64 {
	if s.length == 0 {
		return 0
	}
	return s.scalars[pair] * float64(s.products[pair]) / (s.length * s.length)
}

func testPairs(p *Profile, images *Summary, ov *decompose.OV, parts shift, before, after []Image) []PairTest {
	tests := make([]PairTest, len(p.Strong))
	for k, i := range p.Strong {
		t := PairTest{Pair: ov.Pair(i), Shift: parts.scalars[i], Share: parts.share(i)}
		if p.Labels != nil {
			t.Label = p.Labels[k]
		}
		a, b := p.Pairs.Variance(i), images.Pairs.Variance(i)
		if a > 0 {
			t.Effect = t.Shift / math.Sqrt(a)
		}
		_, t.P = Welch(images.Count(), images.Pairs.Mean[i], b, p.Count(), p.Pairs.Mean[i], a)
		t.P, t.Ranks = byShape(t.P, column(before, k), column(after, k))
		tests[k] = t
	}
	return tests
}

// byShape is the p-value of the test that fits the numbers before, given that of Welch's test: by ranks where their tails are heavy, by permutation where they
// are skewed.
func byShape(welch float64, before, after []float32) (p float64, ranks bool) {
	switch skewness, kurtosis := shape(before); {
	case kurtosis > heavyTails:
		_, p = MannWhitney(before, after)
		return p, true
	case math.Abs(skewness) > skewed && welch < middling:
		return Permutation(before, after), false
	}
	return welch, false
}

// describe adds a change's effect and examples.
func (s shift) describe(c *Change, p *Profile, before, after []Image) {
	wide, along := make([]float64, len(c.direction)), 0.0
	for i, v := range c.direction {
		wide[i] = float64(v)
		along += float64(v) * float64(s.embedding[i])
	}
	if variance := p.Embedding.Variance(wide); variance > 0 {
		c.Effect = along / math.Sqrt(variance)
	}
	c.Before, c.After = mostLike(c.direction, before), mostLike(c.direction, after)
}

// mostLike are the images of a sample with the largest cosine with a direction.
func mostLike(direction []float32, sample []Image) []string {
	cosines := make([]float64, len(sample))
	for k, image := range sample {
		cosines[k] = numeric.Dot(image.Embedding, direction) / math.Max(numeric.Norm(image.Embedding), 1e-30)
	}
	return first(sample, cosines)
}
