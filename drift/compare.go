package drift

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

// The settings of a comparison.
const (
	permutations = 499 // of the energy test
	energyImages = 400 // of each side of it
	heavyTails   = 5.0 // excess kurtosis from which a pair is tested by ranks
	changeWords  = 8   // named changes, at most
	examples     = 4   // images of a change from each side
)

// PairTest is a strong pair's difference between the images and the profile.
type PairTest struct {
	Pair     decompose.Pair
	Shift    float64 // Δs
	Effect   float64 // Δs over the standard deviation in the profile
	P        float64 // two-sided: Welch's test of the means, or of the ranks
	Ranks    bool    // tails are heavy, so the ranks of both samples were tested
	Adjusted float64 // P after Benjamini and Hochberg, over all strong pairs
	Share    float64 // Δs⟨u,Δe⟩/‖Δe‖², of the whole shift
}

// Change is a word with the pairs whose part of the shift is most like it.
type Change struct {
	Word   string
	More   bool // more of it than in the profile, or less
	Share  float64
	Effect float64    // standardised shift of the embeddings along the word, ⟨Δe,word⟩/sd
	Pairs  []PairTest // largest share first
	Before []string   // images of the profile most like the word
	After  []string   // and of those compared
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
	Unnamed               float64 // share of the changed pairs that are like no change's word
	Residual              float64 // of Σ_p Δs_p·u_p = Δe: rounding
}

// Options are the settings of [Compare] that depend on the data.
type Options struct {
	Level float64 // false discovery rate of the pairs, such as 0.05
	Seed  uint64  // of the permutations
}

// Compare tells how images differ from a profile: each strong pair is tested, and what the changed ones add to the shift of the mean
// embedding is named by the words of a dictionary. images must have been summarised with the profile's strong pairs. Two images at
// least on each side.
func Compare(ctx context.Context, p *Profile, images *Summary, ov *decompose.OV, words *concept.Dictionary, o Options) (*Comparison, error) {
	if images.Count() < 2 || p.Count() < 2 {
		return nil, errors.New("a comparison needs two images at least on each side")
	}
	distance, err := Fréchet(p.Embedding, images.Embedding)
	if err != nil {
		return nil, err
	}
	c := &Comparison{Images: images.Count(), ProfileImages: p.Count(), Distance: distance}
	before, after := p.Sample(), images.Sample()
	c.Energy, c.EnergyP = Energy(embeddings(before, energyImages), embeddings(after, energyImages), ov.Embed, permutations, o.Seed)
	parts := newShift(p, images, ov)
	c.Shift, c.Residual = parts.length, parts.residual(ov)
	c.Tests = testPairs(p, images, ov, parts, before, after)
	var changed []PairTest
	for _, t := range c.Tests {
		if t.Adjusted <= o.Level {
			changed = append(changed, t)
			c.Explained += t.Share
		}
	}
	c.Changed = len(changed)
	if c.Changes, err = name(ctx, changed, ov, words); err != nil {
		return nil, err
	}
	c.Unnamed = c.Explained
	for i := range c.Changes {
		c.Unnamed -= c.Changes[i].Share
		parts.describe(&c.Changes[i], p, words, before, after)
	}
	return c, nil
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
	s.length, s.products = norm(s.embedding), ov.Text(s.embedding)
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
	tests, raw := make([]PairTest, len(p.Strong)), make([]float64, len(p.Strong))
	for k, i := range p.Strong {
		t := PairTest{Pair: ov.Pair(i), Shift: parts.scalars[i], Share: parts.share(i)}
		a, b := p.Pairs.Variance(i), images.Pairs.Variance(i)
		if a > 0 {
			t.Effect = t.Shift / math.Sqrt(a)
		}
		_, t.P = Welch(images.Count(), images.Pairs.Mean[i], b, p.Count(), p.Pairs.Mean[i], a)
		x := column(before, k)
		if _, kurtosis := shape(x); kurtosis > heavyTails {
			_, t.P = MannWhitney(x, column(after, k))
			t.Ranks = true
		}
		tests[k], raw[k] = t, t.P
	}
	for k, q := range BenjaminiHochberg(raw) {
		tests[k].Adjusted = q
	}
	return tests
}

// name finds the words of the shift that the changed pairs make together, by orthogonal matching pursuit, and gives each pair to the
// word that its own part is most like.
func name(ctx context.Context, changed []PairTest, ov *decompose.OV, words *concept.Dictionary) ([]Change, error) {
	if len(changed) == 0 {
		return nil, nil
	}
	parts, sum := make([][]float32, len(changed)), make([]float32, ov.Embed)
	for k, t := range changed {
		parts[k] = ov.Direction(t.Pair)
		for i := range parts[k] {
			parts[k][i] *= float32(t.Shift)
			sum[i] += parts[k][i]
		}
	}
	labels, err := words.OMP(ctx, sum, concept.Options{Terms: min(changeWords, len(words.Texts), ov.Embed)})
	if err != nil {
		return nil, err
	}
	shown := labels[0].Shown()
	changes := make([]Change, len(shown))
	for j, term := range shown {
		changes[j] = Change{Word: words.Texts[term.Word], More: term.Coefficient > 0}
	}
	for k, t := range changed {
		if j := mostAlike(parts[k], shown, words); j >= 0 {
			changes[j].Pairs, changes[j].Share = append(changes[j].Pairs, t), changes[j].Share+t.Share
		}
	}
	for _, c := range changes {
		slices.SortFunc(c.Pairs, func(a, b PairTest) int { return cmp.Compare(b.Share, a.Share) })
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return cmp.Compare(b.Share, a.Share) })
	return slices.DeleteFunc(changes, func(c Change) bool { return len(c.Pairs) == 0 }), nil
}

// mostAlike is the term whose signed atom has the largest product with a pair's part of the shift, −1 when none has a positive one.
func mostAlike(part []float32, terms []concept.Term, words *concept.Dictionary) int {
	best, most := -1, 0.0
	for j, term := range terms {
		sum := 0.0
		for i, v := range atom(words, term.Word) {
			sum += float64(part[i]) * float64(v)
		}
		if sum = math.Copysign(1, term.Coefficient) * sum; sum > most {
			best, most = j, sum
		}
	}
	return best
}

func atom(words *concept.Dictionary, i int) []float32 {
	return words.Atoms[i*words.Embed:][:words.Embed]
}

// describe adds a change's effect and examples.
func (s shift) describe(c *Change, p *Profile, words *concept.Dictionary, before, after []Image) {
	direction := atom(words, slices.Index(words.Texts, c.Word))
	wide, along := make([]float64, len(direction)), 0.0
	for i, v := range direction {
		wide[i] = float64(v)
		along += float64(v) * float64(s.embedding[i])
	}
	if variance := p.Embedding.Variance(wide); variance > 0 {
		c.Effect = along / math.Sqrt(variance)
	}
	c.Before, c.After = mostLike(direction, before), mostLike(direction, after)
}

// mostLike are the images of a sample with the largest cosine with a direction.
func mostLike(direction []float32, sample []Image) []string {
	type like struct {
		path string
		cos  float64
	}
	all := make([]like, len(sample))
	for k, image := range sample {
		sum := 0.0
		for i, v := range image.Embedding {
			sum += float64(v) * float64(direction[i])
		}
		all[k] = like{image.Path, sum / math.Max(norm(image.Embedding), 1e-30)}
	}
	slices.SortStableFunc(all, func(a, b like) int { return cmp.Compare(b.cos, a.cos) })
	var paths []string
	for _, l := range all[:min(examples, len(all))] {
		paths = append(paths, l.path)
	}
	return paths
}
