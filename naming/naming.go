// Package naming puts pairs into words, in two senses, which can differ.
//
//   - What a pair says: its direction ±u/‖u‖, from the weights alone (docs/design.md, 13 and 23).
//   - What it fires for: how the images at one end of its scalar differ from all images, from an atlas. No label of an image is looked at.
//
// Both are directions of the joint space, written as sums of a few texts of one dictionary by one method. A label is held against
// what the same method says of a meaningless one: random directions of the same heads, and random sets of as many images.
//
// # Terms
//
//   - An end of a pair is the set of its at most k = 50 images of largest, or of smallest, scalar (decompose.Extremes).
//   - The strong end is the one that the pair's sign points to; the other one is the weak end.
//   - The displacement of a set of images is the mean of their unit embeddings minus that of all images' [D].
package naming

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

// Draws is how many meaningless directions labels are compared with, at least.
const Draws = 200

// Fit writes units as sums of texts; done, if not nil, is told how many are ready. It is that of a concept.Labeller.
type Fit func(ctx context.Context, units concept.Units, done func(int)) ([]concept.Label, error)

// Named are labels of some pairs, in their order, and what chance explains.
type Named struct {
	Labels []concept.Label
	Null   concept.Null
}

// Says names the directions of pairs, each times its sign [M,C] (of an atlas; nil: as they are). Chance is random mixtures of the directions of
// each head that a pair is of.
func Says(ctx context.Context, fit Fit, ov *decompose.OV, pairs []decompose.Pair, signs []int8, done func(int)) (Named, error) {
	var heads []int
	for h := range ov.Heads {
		if slices.ContainsFunc(pairs, func(p decompose.Pair) bool { return p.Head == h }) {
			heads = append(heads, h)
		}
	}
	null, err := chance(ctx, fit, ov, heads)
	if err != nil {
		return Named{}, err
	}
	labels, err := says(ctx, fit, ov, pairs, signs, done)
	return Named{labels, null}, err
}

// chance is what words explain of random mixtures of the directions of heads.
func chance(ctx context.Context, fit Fit, ov *decompose.OV, heads []int) (concept.Null, error) {
	var units concept.Units
	for _, h := range heads {
		units = append(units, mixtures(ov, h, (Draws+len(heads)-1)/len(heads)))
	}
	null, err := fit(ctx, units, nil)
	return concept.NewNull(null), err
}

// mixtures are n random mixtures of the directions of a head.
func mixtures(ov *decompose.OV, head, n int) concept.Block {
	output, value := ov.Factors(head)
	return concept.Block{Basis: output, Coefficients: concept.RandomDirections(value, ov.Width, n, uint64(head))}.Unit(ov.Embed)
}

// ChanceSays are labels of n random mixtures of the directions of one head: what a pair of it would say if it meant nothing.
func ChanceSays(ctx context.Context, fit Fit, ov *decompose.OV, head, n int) ([]concept.Label, error) {
	return fit(ctx, concept.Units{mixtures(ov, head, n)}, nil)
}

// says are labels of the directions of pairs, in their order.
func says(ctx context.Context, fit Fit, ov *decompose.OV, pairs []decompose.Pair, signs []int8, done func(int)) ([]concept.Label, error) {
	units, order := directions(ov, pairs, signs)
	byHead, err := fit(ctx, units, done)
	if err != nil {
		return nil, err
	}
	labels := make([]concept.Label, len(pairs))
	for i, l := range byHead {
		labels[order[i]] = l
	}
	return labels, nil
}

// directions are the unit directions of pairs, head by head, and which pair each is of.
func directions(ov *decompose.OV, pairs []decompose.Pair, signs []int8) (units concept.Units, order []int) {
	byHead := make([][]int, ov.Heads)
	for i, p := range pairs {
		byHead[p.Head] = append(byHead[p.Head], i)
	}
	for head, of := range byHead {
		if of == nil {
			continue
		}
		output, value := ov.Factors(head)
		var own []float32
		for _, i := range of {
			c := slices.Clone(value[pairs[i].Neuron*ov.Width:][:ov.Width])
			if signs != nil && signs[ov.Index(pairs[i])] < 0 {
				negate(c)
			}
			own = append(own, c...)
		}
		units = append(units, concept.Block{Basis: output, Coefficients: own}.Unit(ov.Embed))
		order = append(order, of...)
	}
	return units, order
}

func negate(x []float32) {
	for i := range x {
		x[i] = -x[i]
	}
}

// Words are label i in the texts of its dictionary.
func (n Named) Words(i int, texts []string) atlas.Words {
	l := n.Labels[i]
	w := atlas.Words{Named: n.Null.Names(l), Margin: l.Margin, Stability: l.Stability}
	shown := l.Shown()
	for k, t := range l.Terms {
		word := atlas.Word{Text: texts[t.Word], Coefficient: t.Coefficient, Explained: t.Explained, Cosine: t.Cosine}
		if k < len(shown) {
			word.Shown, word.Weight = true, shown[k].Coefficient
		}
		w.Terms = append(w.Terms, word)
	}
	return w
}

// Images are the images of an atlas as names of pairs see them.
type Images struct {
	units []float32 // [N,D], unit rows
	mean  []float64 // [D]
	embed int
}

// NewImages takes embeddings [N,D], not normalised. One without length counts as zero.
func NewImages(embeddings []float32, embed int) (*Images, error) {
	if embed < 1 || len(embeddings) == 0 || len(embeddings)%embed != 0 {
		return nil, errors.New("naming: no images, or embeddings of another width")
	}
	m := &Images{units: make([]float32, 0, len(embeddings)), mean: make([]float64, embed), embed: embed}
	for i := 0; i < len(embeddings); i += embed {
		m.units = append(m.units, concept.Unit(embeddings[i:i+embed])...)
	}
	n := float64(m.count())
	for i, v := range m.units {
		m.mean[i%embed] += float64(v) / n
	}
	return m, nil
}

func (m *Images) count() int { return len(m.units) / m.embed }

// displacement is the mean of the unit embeddings of some images minus that of all, times a sign [D].
func (m *Images) displacement(images []decompose.Extreme, sign float64) []float32 {
	sum := make([]float64, m.embed)
	for _, x := range images {
		for d, v := range m.units[int(x.Image)*m.embed:][:m.embed] {
			sum[d] += float64(v)
		}
	}
	out := make([]float32, m.embed)
	for d, v := range sum {
		out[d] = float32(sign * (v/float64(len(images)) - m.mean[d]))
	}
	if numeric.Norm(out) < nothing { // an end that is all images
		clear(out)
	}
	return out
}

// nothing is a displacement of unit vectors that is rounding.
const nothing = 1e-6

// Ends are the two sets of images in which something is extreme.
type Ends struct{ Strong, Weak []decompose.Extreme }

// Fires names what pairs fire for: see [FiresAt]. signs [M,C] are an atlas's.
func Fires(ctx context.Context, fit Fit, stats *decompose.Stats, images *Images, pairs []decompose.Pair, signs []int8, done func(int)) (Named, error) {
	return FiresAt(ctx, fit, images, endsOf(stats, pairs, signs), done)
}

// endsOf are the ends of pairs.
func endsOf(stats *decompose.Stats, pairs []decompose.Pair, signs []int8) []Ends {
	ends := make([]Ends, len(pairs))
	for i, p := range pairs {
		at := p.Head*stats.Channels + p.Neuron
		ends[i] = Ends{stats.Largest[at], stats.Smallest[at]}
		if signs[at] < 0 {
			ends[i] = Ends{stats.Smallest[at], stats.Largest[at]}
		}
	}
	return ends
}

// FiresAt names what units fire for by their two ends: of these the one whose displacement a single text explains better. That of the weak end is
// turned around, so that "not X" means: strong where X is missing, weak where it is. Chance is two random sets of images, treated alike.
func FiresAt(ctx context.Context, fit Fit, images *Images, units []Ends, done func(int)) (Named, error) {
	var ends []float32
	for _, u := range units {
		ends = append(ends, images.displacement(u.Strong, 1)...)
		ends = append(ends, images.displacement(u.Weak, -1)...)
	}
	halfDone := func(n int) {
		if done != nil {
			done(n / 2)
		}
	}
	null, err := ChanceFires(ctx, fit, images, Draws)
	if err != nil {
		return Named{}, err
	}
	labels, err := fit(ctx, concept.Units{{Basis: ends}}, halfDone)
	return Named{better(labels), concept.NewNull(null)}, err
}

// ChanceFires are n labels, each the better one of two random sets of images: what a pair would fire for if its ends were no more than that.
func ChanceFires(ctx context.Context, fit Fit, images *Images, n int) ([]concept.Label, error) {
	var sets []float32
	random := rand.New(rand.NewPCG(uint64(images.count()), 2))
	for range 2 * n {
		sets = append(sets, images.displacement(images.draw(random), 1)...)
	}
	labels, err := fit(ctx, concept.Units{{Basis: sets}}, nil)
	return better(labels), err
}

// draw takes as many images as an end has, each at most once.
func (m *Images) draw(random *rand.Rand) []decompose.Extreme {
	n := m.count()
	k := min(n, decompose.Extremes)
	taken := make(map[uint32]bool, k)
	out := make([]decompose.Extreme, 0, k)
	for len(out) < k {
		if i := uint32(random.IntN(n)); !taken[i] {
			taken[i] = true
			out = append(out, decompose.Extreme{Image: i})
		}
	}
	return out
}

// better takes of each two labels the one whose first text explains more; of equals the first.
func better(labels []concept.Label) []concept.Label {
	out := make([]concept.Label, len(labels)/2)
	for i := range out {
		a, b := labels[2*i], labels[2*i+1]
		if out[i] = a; firstShare(b) > firstShare(a) {
			out[i] = b
		}
	}
	return out
}

func firstShare(l concept.Label) float64 {
	if len(l.Terms) == 0 {
		return 0
	}
	return l.Terms[0].Explained
}
