package lab

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment/relatives"
	"github.com/facet-clip/facet/internal/numeric"
)

// HeadDetail asks what an atlas knows of one head.
type HeadDetail struct {
	// Atlas is the folder of the atlas.
	Atlas string
	// Head is its number.
	Head int
	// Bank has the texts nearest to the head's components. Empty, it is the default: see [Lab.Bank].
	Bank string
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
	// Top is how many pairs to give; 0 is 20.
	Top int
	// Texts is how many texts of the bank describe the head, by TextSpan; 0: none.
	Texts int
	// Like is an image of the atlas: the answer has the images most like it in this head. Needs scalars.
	Like *int
}

const (
	headWords      = 24
	headComponents = 4
	headTexts      = 6 // at each end of a component
	headPictures   = 8
)

// HeadDetail tells which pairs a head has, in which words they are named, and along which directions its contributions differ between images.
func (l *Lab) HeadDetail(ctx context.Context, q HeadDetail) (*answer.HeadDetail, error) {
	use, ov, err := l.openBoth(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	q.Top = cmp.Or(q.Top, TopDefault)
	switch {
	case q.Head < 0 || q.Head >= ov.Heads:
		return nil, mistake("head", "%d: expected a head of the model, from 0 to %d", q.Head, ov.Heads-1)
	case q.Top < 0:
		return nil, mistake("top", "%d: expected 1 or more", q.Top)
	}
	names, err := use.names()
	if err != nil {
		return nil, err
	}
	a := &answer.HeadDetail{Atlas: q.Atlas, Head: q.Head, Heads: ov.Heads}
	a.Pairs, a.Share = use.headPairs(ov, names, q)
	a.Words, a.Named = names.wordsOf(ov, q.Head)
	if a.Components, err = l.headComponents(ctx, use, q); err != nil {
		return nil, err
	}
	if q.Texts > 0 {
		if a.Texts, err = l.headSpan(ctx, use, q); err != nil {
			return nil, err
		}
	}
	if q.Like != nil {
		if a.Near, err = use.nearIn(relatives.HeadsPart(ov, q.Head), *q.Like, q.Top); err != nil {
			return nil, err
		}
	}
	rows, err := use.rows()
	if err != nil {
		return nil, err
	}
	a.Pictures = []answer.PairPicture{}
	for _, i := range rand.New(rand.NewPCG(uint64(len(rows)), 0)).Perm(len(rows))[:min(headPictures, len(rows))] {
		a.Pictures = append(a.Pictures, pictureOf(rows, i, nil))
	}
	a.Model, err = l.describe(ctx)
	return a, err
}

// headPairs are a head's most used pairs, and its share of all use. Their cosine is with the most used one.
func (u *use) headPairs(ov *decompose.OV, names *Names, q HeadDetail) (pairs []answer.NearPair, share float64) {
	var own, all float64
	for p, s := range u.strength {
		all += float64(s)
		if ov.Pair(p).Head == q.Head {
			own += float64(s)
		}
	}
	pairs = []answer.NearPair{}
	top := numeric.Best(len(u.strength), q.Top, func(p int) bool { return ov.Pair(p).Head == q.Head }, func(p int) float64 { return float64(u.strength[p]) })
	var products []float32
	for i, p := range top {
		at := ov.Pair(p)
		if i == 0 {
			products = ov.Text(ov.Direction(at))
		}
		n := answer.NearPair{Neuron: at.Neuron, Head: at.Head, Norm: float64(u.strength[p]), Names: names.Of(p)}
		if lengths := float64(u.atlas.Norms[p]) * float64(u.atlas.Norms[top[0]]); lengths > 0 {
			n.Cosine = float64(products[p]) / lengths
		}
		pairs = append(pairs, n)
	}
	return pairs, decompose.Share(own, all)
}

// shownName is a pair's name as one text: by what it fires for, or where that is no name, by what it says; empty where it has none.
func (n *Names) shownName(p int) string {
	if n == nil {
		return ""
	}
	label, ok := n.labels[p]
	switch {
	case ok && label.Fires.Named:
		return label.Fires.String()
	case ok && label.Says.Named:
		return label.Says.String()
	}
	return ""
}

// wordsOf are the words that name most pairs of a head, and how many of its pairs have a name.
func (n *Names) wordsOf(ov *decompose.OV, head int) (words []answer.HeadWord, named int) {
	words = []answer.HeadWord{}
	if n == nil {
		return words, 0
	}
	here, everywhere := map[string]int{}, map[string]int{}
	for p, terms := range n.terms() {
		own := ov.Pair(p).Head == head
		if own {
			named++
		}
		for _, t := range terms {
			if everywhere[t.Word]++; own {
				here[t.Word]++
			}
		}
	}
	for w, count := range here {
		words = append(words, answer.HeadWord{Text: w, Pairs: count, Everywhere: everywhere[w]})
	}
	slices.SortFunc(words, func(a, b answer.HeadWord) int {
		return cmp.Or(cmp.Compare(b.Pairs, a.Pairs), cmp.Compare(a.Everywhere, b.Everywhere), strings.Compare(a.Text, b.Text))
	})
	return words[:min(headWords, len(words))], named
}

// headWordsKey says what a head's components with their texts depend on, beside the atlas. A bank stays the same while its file does.
type headWordsKey struct {
	head int
	bank *concept.Bank // nil: there are no texts
}

// headComponents are the directions along which a head's contributions differ most, with the texts at both ends where there are any. They are
// computed once, and must not be changed.
func (l *Lab) headComponents(ctx context.Context, use *use, q HeadDetail) ([]answer.HeadComponent, error) {
	bank, err := l.Words(ctx, q.Bank, q.Truncate)
	if err != nil && q.Bank != "" {
		return nil, err
	}
	return use.components.get(ctx, headWordsKey{q.Head, bank}, func(context.Context) ([]answer.HeadComponent, error) {
		return l.componentsOf(use, q.Head, bank)
	})
}

// componentsOf computes them.
func (l *Lab) componentsOf(use *use, head int, bank *concept.Bank) ([]answer.HeadComponent, error) {
	weights, err := l.weights()
	if err != nil {
		return nil, err
	}
	found, err := use.stats.HeadComponents(weights, head, use.stats.Width())
	if err != nil {
		return nil, err
	}
	var all float64
	for _, c := range found {
		all += c.Variance
	}
	list := []answer.HeadComponent{}
	for _, c := range found[:min(headComponents, len(found))] {
		a := answer.HeadComponent{Share: decompose.Share(c.Variance, all), Toward: []concept.Match{}, Away: []concept.Match{}}
		if bank != nil {
			a.Toward, a.Away = bank.Nearest(c.Direction, headTexts), bank.Nearest(numeric.Scale(slices.Clone(c.Direction), -1), headTexts)
		}
		list = append(list, a)
	}
	return list, nil
}

// PairStrengths tells how much the model uses each pair of an atlas, and which pairs have names.
func (l *Lab) PairStrengths(ctx context.Context, dir string) (*answer.PairStrengths, error) {
	use, err := l.openAtlas(ctx, dir)
	if err != nil {
		return nil, err
	}
	names, err := use.names()
	if err != nil {
		return nil, err
	}
	a := &answer.PairStrengths{
		Atlas: dir, Heads: use.stats.Heads, Neurons: use.stats.Channels, Largest: float64(slices.Max(use.strength)),
		Levels: make([]byte, len(use.strength)), Names: []answer.PairName{},
	}
	for p, s := range use.strength {
		if a.Largest > 0 {
			a.Levels[p] = byte(math.Round(255 * math.Sqrt(float64(s)/a.Largest)))
		}
		if name := names.shownName(p); name != "" {
			a.Names = append(a.Names, answer.PairName{Pair: p, Text: name})
		}
	}
	return a, nil
}
