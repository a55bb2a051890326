package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/numeric"
)

// PairDetail asks for all that an atlas knows of one pair.
type PairDetail struct {
	// Atlas is the folder of the atlas.
	Atlas string
	// Pair is the pair.
	Pair decompose.Pair
	// Bank names the other pairs and has the nearest texts: see [Pairs].
	Bank string
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
	// Images is how many images of each kind are given; 0 is 8, and an atlas keeps [decompose.Extremes] at most.
	Images int
}

const (
	detailImages  = 8
	detailNear    = 8  // pairs of each list
	detailTexts   = 12 // nearest ones
	detailBars    = 40 // of the histogram
	detailClasses = 24 // at most
)

// The kinds of images of a pair.
const (
	kindTop      = "top"
	kindBottom   = "bottom"
	kindQuantile = "quantile"
	kindRandom   = "random"
)

func (q PairDetail) check(ov *decompose.OV) (PairDetail, error) {
	if q.Images == 0 {
		q.Images = detailImages
	}
	if q.Images < 0 || q.Images > decompose.Extremes {
		return q, mistake("images", "%d: expected 1 to %d", q.Images, decompose.Extremes)
	}
	return q, CheckPair(q.Pair, ov)
}

// PairDetail tells all that an atlas knows of one pair: names with their evidence, scalars, images of every kind, classes, and the pairs beside it.
func (l *Lab) PairDetail(ctx context.Context, q PairDetail) (*answer.PairDetail, error) {
	use, ov, err := l.openBoth(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	if q, err = q.check(ov); err != nil {
		return nil, err
	}
	p := ov.Index(q.Pair)
	a := &answer.PairDetail{Atlas: q.Atlas, Images: use.atlas.Manifest.Images, Length: float64(use.atlas.Norms[p]), Of: len(use.strength), Rank: 1}
	for _, s := range use.strength {
		if s > use.strength[p] {
			a.Rank++
		}
	}
	if err := l.nameDetail(ctx, ov, use, q, a); err != nil {
		return nil, err
	}
	if err := use.beside(ov, q.Pair, a); err != nil {
		return nil, err
	}
	if err := use.picturesOf(p, q.Images, a); err != nil {
		return nil, fmt.Errorf("%s: %w", q.Atlas, err)
	}
	a.Model, err = l.describe(ctx)
	return a, err
}

// nameDetail tells what the pair did, its names with their evidence, and the texts nearest to it.
func (l *Lab) nameDetail(ctx context.Context, ov *decompose.OV, use *use, q PairDetail, a *answer.PairDetail) error {
	p := ov.Index(q.Pair)
	spreads, err := use.spreads(ctx, ov)
	if err != nil {
		return err
	}
	one := []answer.UsedPair{{
		Neuron: q.Pair.Neuron, Head: q.Pair.Head, Norm: float64(use.strength[p]), Mean: use.stats.Mean[p],
		Deviation: math.Sqrt(use.stats.Variance(p)), Sign: int(use.signs[p]), Polysemanticity: spreads[p],
	}}
	if _, err := l.namePairs(ctx, ov, use, one, q.Bank, q.Truncate); err != nil {
		return err
	}
	a.Pair, a.Texts = one[0], []concept.Match{}
	bank, err := l.wordBank(ctx, q.Bank, q.Truncate)
	switch {
	case err != nil && q.Bank != "":
		return err
	case err == nil: // a model without its text tower, or without a vocabulary, has no nearest texts
		a.Texts = bank.ofPair(ov, q.Pair, float64(a.Pair.Sign), numeric.Scale(ov.Direction(q.Pair), float32(a.Pair.Sign)), detailTexts)
	}
	names, err := use.names()
	if err != nil || names == nil {
		return err
	}
	if label, ok := names.labels[p]; ok {
		a.Labels = evidence(label, *use.atlas.Manifest.Labels)
	}
	return nil
}

// evidence is a label with what chance would explain.
func evidence(label atlas.Label, made atlas.Labels) *answer.PairLabels {
	a := &answer.PairLabels{Texts: made.Texts, Says: wordsOf(label.Says), Fires: wordsOf(label.Fires)}
	a.SaysShown, a.SaysChance = a.Says.ShownShare, chance(made.SaysNull, label.Says)
	a.FiresShown, a.FiresChance = a.Fires.ShownShare, chance(made.FiresNull, label.Fires)
	for _, w := range []*answer.Words{&a.Says, &a.Fires} {
		if w.Label == nil {
			w.Label = []answer.Word{}
		}
		if w.Terms == nil {
			w.Terms = []answer.Term{}
		}
	}
	return a
}

// chance is what as many words as are shown explain by chance.
func chance(null atlas.Null, w atlas.Words) float64 {
	at := min(len(w.Shown()), len(null)) - 1
	if at < 0 {
		return 0
	}
	return null[at]
}

// beside are the pairs that are like this one, and those of its neuron and its head.
func (u *use) beside(ov *decompose.OV, pair decompose.Pair, a *answer.PairDetail) error {
	names, err := u.names()
	if err != nil {
		return err
	}
	own := ov.Index(pair)
	products := ov.Text(ov.Direction(pair)) // ⟨u, u'⟩ with every pair [M,C]
	near := func(p int) answer.NearPair {
		at := ov.Pair(p)
		n := answer.NearPair{Neuron: at.Neuron, Head: at.Head, Norm: float64(u.strength[p]), Names: names.Of(p)}
		if lengths := float64(u.atlas.Norms[p]) * float64(u.atlas.Norms[own]); lengths > 0 {
			n.Cosine = float64(products[p]) / lengths
		}
		return n
	}
	list := func(keep func(decompose.Pair) bool, score func(p int) float64) []answer.NearPair {
		all := []answer.NearPair{}
		for _, p := range numeric.Best(len(u.strength), detailNear, func(p int) bool { return p != own && keep(ov.Pair(p)) }, score) {
			all = append(all, near(p))
		}
		return all
	}
	used := func(p int) float64 { return float64(u.strength[p]) }
	a.Near = list(func(decompose.Pair) bool { return true }, func(p int) float64 {
		if u.atlas.Norms[p] == 0 {
			return math.Inf(-1)
		}
		return float64(products[p]) / float64(u.atlas.Norms[p])
	})
	a.SameNeuron = list(func(o decompose.Pair) bool { return o.Neuron == pair.Neuron }, used)
	a.SameHead = list(func(o decompose.Pair) bool { return o.Head == pair.Head }, used)
	return nil
}

// picturesOf puts in the images of a pair, and its scalars by class, as far as the atlas has them.
func (u *use) picturesOf(p, k int, a *answer.PairDetail) error {
	rows, err := u.rows()
	if err != nil {
		return err
	}
	ranked, scalars, err := u.ranked(p)
	if err != nil {
		return err
	}
	n := len(rows)
	largest, smallest := u.stats.Largest[p], u.stats.Smallest[p]
	a.Pictures = []answer.PairPictures{
		{Kind: kindTop, Images: shownPictures(rows, largest[:min(k, len(largest))])},
		{Kind: kindBottom, Images: shownPictures(rows, smallest[:min(k, len(smallest))])},
	}
	random := answer.PairPictures{Kind: kindRandom, Images: []answer.PairPicture{}}
	chosen := rand.New(rand.NewPCG(uint64(p), uint64(n))).Perm(n)
	for _, i := range chosen[:min(k, n)] {
		random.Images = append(random.Images, pictureOf(rows, i, scalars))
	}
	if scalars != nil {
		a.Histogram = &answer.Histogram{}
		a.Histogram.Least, a.Histogram.Most, a.Histogram.Counts = experiment.Bars(scalars, detailBars)
		a.Pictures = append(a.Pictures, quantiles(rows, ranked, k))
	}
	a.Pictures = append(a.Pictures, random)
	a.Classes = classesOf(rows, scalars, largest)
	return nil
}

// ranked are the images by a pair's scalar, the largest first, and the scalars [N]; nothing where the atlas keeps none.
func (u *use) ranked(p int) ([]decompose.Extreme, []float32, error) {
	file, err := u.atlas.Scalars()
	if errors.Is(err, atlas.ErrNoScalars) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	scalars := make([]float32, file.Images)
	if err := file.Pair(p, scalars); err != nil {
		return nil, nil, err
	}
	return experiment.Ranked(scalars), scalars, nil
}

// quantiles are k images at evenly spaced ranks between the largest and the smallest scalar, without those two.
func quantiles(rows []AtlasImage, ranked []decompose.Extreme, k int) answer.PairPictures {
	a := answer.PairPictures{Kind: kindQuantile, Images: []answer.PairPicture{}}
	for j := range k {
		q := 1 - float64(j+1)/float64(k+1)
		shown := shownPictures(rows, ranked[experiment.AtQuantile(len(ranked), q):][:1])
		shown[0].Quantile = &q
		a.Images = append(a.Images, shown[0])
	}
	return a
}

func shownPictures(rows []AtlasImage, list []decompose.Extreme) []answer.PairPicture {
	shown := make([]answer.PairPicture, len(list))
	for i, x := range list {
		scalar := float64(x.Scalar)
		shown[i] = answer.PairPicture{Image: int(x.Image), Path: rows[x.Image].Name, Label: rows[x.Image].Label, Scalar: &scalar}
	}
	return shown
}

// pictureOf is an image, with its scalar where scalars [N] are at hand.
func pictureOf(rows []AtlasImage, i int, scalars []float32) answer.PairPicture {
	a := answer.PairPicture{Image: i, Path: rows[i].Name, Label: rows[i].Label}
	if scalars != nil {
		v := float64(scalars[i])
		a.Scalar = &v
	}
	return a
}

// classesOf are the classes of images by what a pair does in them. Of many classes those at both ends are given.
func classesOf(rows []AtlasImage, scalars []float32, largest []decompose.Extreme) []answer.PairClass {
	byLabel, sums := map[string]*answer.PairClass{}, map[string]float64{}
	for i, r := range rows {
		if r.Label == "" {
			continue
		}
		c := byLabel[r.Label]
		if c == nil {
			c = &answer.PairClass{Label: r.Label}
			byLabel[r.Label] = c
		}
		c.Images++
		if scalars != nil {
			sums[r.Label] += float64(scalars[i])
		}
	}
	for _, x := range largest {
		if c := byLabel[rows[x.Image].Label]; c != nil {
			c.Top++
		}
	}
	all := make([]answer.PairClass, 0, len(byLabel))
	for label, c := range byLabel {
		if scalars != nil {
			mean := sums[label] / float64(c.Images)
			c.Mean = &mean
		}
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b answer.PairClass) int {
		if a.Mean != nil {
			return cmp.Or(cmp.Compare(*b.Mean, *a.Mean), cmp.Compare(a.Label, b.Label))
		}
		return cmp.Or(cmp.Compare(b.Top, a.Top), cmp.Compare(a.Label, b.Label))
	})
	if len(all) > detailClasses {
		all = slices.Concat(all[:detailClasses/2], all[len(all)-detailClasses/2:])
	}
	return all
}

// PairScalars asks for the images in which a pair's scalar is in a range.
type PairScalars struct {
	// Atlas is the folder of an atlas that keeps scalars.
	Atlas string
	// Pair is the pair.
	Pair decompose.Pair
	// Least and Most bound the scalar; both are in the range.
	Least, Most float64
	// Skip leaves out so many of the first.
	Skip int
	// Top is how many images to give; 0 is 20.
	Top int
}

// PairScalars gives images by a pair's scalar, the largest first. It is [atlas.ErrNoScalars] where the atlas keeps none.
func (l *Lab) PairScalars(ctx context.Context, q PairScalars) (*answer.PairScalars, error) {
	use, ov, err := l.openBoth(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	if q.Top == 0 {
		q.Top = TopDefault
	}
	if q.Skip < 0 || q.Top < 0 {
		return nil, mistake("top", "%d: expected 1 or more", q.Top)
	}
	if err := CheckPair(q.Pair, ov); err != nil {
		return nil, err
	}
	ranked, scalars, err := use.ranked(ov.Index(q.Pair))
	if err == nil && scalars == nil {
		err = fmt.Errorf("%s: %w", q.Atlas, atlas.ErrNoScalars)
	}
	if err != nil {
		return nil, err
	}
	rows, err := use.rows()
	if err != nil {
		return nil, err
	}
	in := slices.DeleteFunc(ranked, func(x decompose.Extreme) bool { return float64(x.Scalar) < q.Least || float64(x.Scalar) > q.Most })
	shown := in[min(q.Skip, len(in)):]
	return &answer.PairScalars{
		Atlas: q.Atlas, Neuron: q.Pair.Neuron, Head: q.Pair.Head, Count: len(in), Images: shownPictures(rows, shown[:min(q.Top, len(shown))]),
	}, nil
}

// ComparePairs tells how like each other two pairs are: their directions by the weights, and their scalars in an atlas that keeps them.
func (l *Lab) ComparePairs(ctx context.Context, dir string, a, b decompose.Pair) (*answer.PairsCompared, error) {
	use, ov, err := l.openBoth(ctx, dir)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(CheckPair(a, ov), CheckPair(b, ov)); err != nil {
		return nil, err
	}
	of := &answer.PairsCompared{Atlas: dir}
	if lengths := use.atlas.Norms[ov.Index(a)] * use.atlas.Norms[ov.Index(b)]; lengths > 0 {
		of.Direction = numeric.Dot(ov.Direction(a), ov.Direction(b)) / float64(lengths)
	}
	_, first, err := use.ranked(ov.Index(a))
	if err != nil || first == nil {
		return of, err
	}
	_, second, err := use.ranked(ov.Index(b))
	if err != nil {
		return nil, err
	}
	if r := experiment.Correlation(first, second); !math.IsNaN(r) {
		of.Scalars = &r
	}
	return of, nil
}
