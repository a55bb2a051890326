package lab

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment/relatives"
	"github.com/facet-clip/facet/internal/numeric"
)

// headSpan writes a head in texts, which are not centred, as TextSpan takes them.
func (l *Lab) headSpan(ctx context.Context, use *use, q HeadDetail) (texts []answer.HeadText, err error) {
	weights, err := l.weights()
	if err != nil {
		return nil, err
	}
	bank, err := l.Bank(ctx, q.Bank, q.Truncate)
	if err != nil {
		return nil, err
	}
	spans, err := relatives.TextSpan(weights, use.stats, q.Head, bank, q.Texts)
	for _, s := range spans {
		texts = append(texts, answer.HeadText{Text: bank.Texts[s.Text], Deviation: s.Deviation, Explained: s.Explained})
	}
	return texts, err
}

// nearIn are the images of an atlas most like one of them in a part.
func (u *use) nearIn(part relatives.Part, image, top int) ([]answer.NearImage, error) {
	scalars, err := u.atlas.Scalars()
	if err != nil {
		return nil, err
	}
	defer scalars.Close()
	rows, err := u.rows()
	if err != nil {
		return nil, err
	}
	if image < 0 || image >= len(rows) {
		return nil, mistake("like", "%d: expected an image of the atlas, from 0 to %d", image, len(rows)-1)
	}
	found, err := relatives.Nearest(part, u.stats.Mean, scalars.Row, len(rows), image, top)
	near := []answer.NearImage{}
	for _, n := range found {
		near = append(near, answer.NearImage{Image: n.Image, Path: rows[n.Image].Name, Label: rows[n.Image].Label, Cosine: n.Cosine})
	}
	return near, err
}

// Property asks which units of a model carry a property, such as colour, in the images of an atlas.
type Property struct {
	// Atlas is the folder of the atlas, which keeps the scalars of every image.
	Atlas string
	// Texts say what the property is: red, green, blue.
	Texts []string
	// Unit is pair (also empty), neuron or head.
	Unit string
	// Like is an image of the atlas: the answer has the images most like it in the units found.
	Like *int
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
	// Top is how many units and images to give; 0 is 20.
	Top int
}

// Property ranks units by the component attribution of [relatives.Attribute].
func (l *Lab) Property(ctx context.Context, q Property) (*answer.Property, error) {
	q.Top = cmp.Or(q.Top, TopDefault)
	unit, err := checkUnit(q.Unit)
	if err != nil {
		return nil, err
	}
	if q.Unit = string(unit); len(q.Texts) == 0 {
		return nil, &Mistake{Problem: errors.New("no texts: expected what the property is, such as red, green, blue")}
	}
	use, ov, err := l.openBoth(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	found, err := l.attribute(ctx, use, ov, q)
	if err != nil {
		return nil, err
	}
	names, err := use.names()
	if err != nil {
		return nil, err
	}
	a := &answer.Property{Atlas: q.Atlas, Texts: q.Texts, Unit: q.Unit, Images: use.stats.Count, Units: []answer.PropertyUnit{}}
	a.Labelling = names.Labelling()
	scores := map[string][]float64{UnitPair: found.Pairs, UnitNeuron: found.Neurons, UnitHead: found.Heads}[q.Unit]
	best := numeric.Largest(scores, q.Top)
	for _, i := range best {
		u := answer.PropertyUnit{Score: scores[i]}
		switch p := ov.Pair(i); q.Unit {
		case UnitNeuron:
			u.Neuron = &i
		case UnitHead:
			u.Head = &i
		default:
			u.Neuron, u.Head, u.Names = &p.Neuron, &p.Head, names.Of(i)
		}
		a.Units = append(a.Units, u)
	}
	if q.Like != nil {
		if a.Near, err = use.nearIn(partOf(ov, q.Unit, best), *q.Like, q.Top); err != nil {
			return nil, err
		}
	}
	a.Model, err = l.describe(ctx)
	return a, err
}

// partOf are the pairs of some units.
func partOf(ov *decompose.OV, unit string, units []int) relatives.Part {
	if unit == UnitHead {
		return relatives.HeadsPart(ov, units...)
	}
	var pairs []decompose.Pair
	for _, i := range units {
		if unit == UnitPair {
			pairs = append(pairs, ov.Pair(i))
			continue
		}
		for h := range ov.Heads {
			pairs = append(pairs, decompose.Pair{Head: h, Neuron: i})
		}
	}
	return relatives.PairsPart(ov, pairs)
}

// attribute scores pairs and heads by a property over the images of an atlas.
func (l *Lab) attribute(ctx context.Context, use *use, ov *decompose.OV, q Property) (*relatives.Attribution, error) {
	texts, err := l.Few(ctx, q.Texts, q.Truncate)
	if err != nil {
		return nil, err
	}
	basis, err := relatives.Basis(texts)
	if err != nil {
		return nil, err
	}
	embeddings, err := use.images()
	if err != nil {
		return nil, err
	}
	scalars, err := use.atlas.Scalars()
	if err != nil {
		return nil, err
	}
	defer scalars.Close()
	return relatives.Attribute(ov, basis, scalars.Row, embeddings)
}

// Confuse asks which words make a picture of one thing look like another, from the weights alone.
type Confuse struct {
	// Text is what pictures are taken for, and Against what they show.
	Text, Against string
	// Bank labels pairs: see [Label].
	Bank string
	// Strongest is how many pairs are taken, those that tell the texts apart most; 0 is 20, the published number.
	Strongest int
	// Terms is how many words the label of a pair has at most; 0 is 64, and of a small bank an eighth of it.
	Terms int
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
	// Top is how many words to give; 0 is 20.
	Top int
}

// Confuse labels the pairs that tell two texts apart, and adds up what their words bring.
func (l *Lab) Confuse(ctx context.Context, q Confuse) (*answer.Confusion, error) {
	q.Top, q.Strongest, q.Bank = cmp.Or(q.Top, TopDefault), cmp.Or(q.Strongest, 20), l.bankOr(q.Bank)
	if q.Text == q.Against {
		return nil, &Mistake{Problem: errors.New("the texts are the same: expected two that differ")}
	}
	ov, err := l.ov()
	if err != nil {
		return nil, err
	}
	norms, err := l.norms()
	if err != nil {
		return nil, err
	}
	texts, err := l.Few(ctx, []string{q.Text, q.Against}, q.Truncate)
	if err != nil {
		return nil, err
	}
	D := ov.Embed
	pairs, products := relatives.Apart(ov, norms, texts.Embeddings[:D], texts.Embeddings[D:], q.Strongest)
	labels, err := l.sayings(ctx, ov, pairs, fit{bank: q.Bank, terms: q.Terms, truncate: q.Truncate})
	if err != nil {
		return nil, err
	}
	a := &answer.Confusion{Text: q.Text, Against: q.Against, Bank: q.Bank, Words: pushing(relatives.Confusing(products, labels, q.Text, q.Against), q.Top)}
	for i, p := range pairs {
		a.Pairs = append(a.Pairs, answer.ConfusedPair{Neuron: p.Neuron, Head: p.Head, Product: products[i]})
	}
	a.Model, err = l.describe(ctx)
	return a, err
}

// sayings are the labels of the unit directions of pairs, word by word.
func (l *Lab) sayings(ctx context.Context, ov *decompose.OV, pairs []decompose.Pair, f fit) ([][]relatives.Term, error) {
	w, err := l.labelling(ctx, f)
	if err != nil {
		return nil, err
	}
	defer w.close()
	terms := cmp.Or(f.terms, min(defaultTerms, max(1, len(w.dictionary.Texts)/8)))
	var units []float32
	for _, p := range pairs {
		units = append(units, concept.Unit(ov.Direction(p))...)
	}
	labels, err := w.dictionary.OMP(ctx, units, concept.Options{Terms: terms, Product: w.product, Mix: w.mix})
	return relatives.Terms(labels, w.dictionary.Texts), err
}

// pushing are the first words of a list.
func pushing(words []relatives.Word, top int) []answer.PushingWord {
	list := []answer.PushingWord{}
	for _, w := range words[:min(top, len(words))] {
		list = append(list, answer.PushingWord(w))
	}
	return list
}

// Discover asks what one picture shows, by the pairs that contribute more to it than to nearly all images of an atlas.
type Discover struct {
	// Picture is the path of the picture.
	Picture string
	// Atlas says what is usual.
	Atlas string
	// Bank labels pairs: see [Label].
	Bank string
	// Strongest is how many of the notable pairs are labelled, the strongest; 0 is 500.
	Strongest int
	// Terms is how many words the label of a pair has at most; 0 is 64, and of a small bank an eighth of it.
	Terms int
	// Reference adds up the length of a pair's contribution in place of its signed amount, as the published code does.
	Reference bool
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
	// Top is how many words to give; 0 is 20.
	Top int
}

// Discover labels the notable pairs of a picture, and adds up what their words bring.
func (l *Lab) Discover(ctx context.Context, q Discover) (*answer.Discovery, error) {
	q.Top, q.Strongest, q.Bank = cmp.Or(q.Top, TopDefault), cmp.Or(q.Strongest, 500), l.bankOr(q.Bank)
	use, ov, err := l.openBoth(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	seen, err := l.look(ctx, Explain{Picture: q.Picture}, use)
	if err != nil {
		return nil, err
	}
	notable, amounts := relatives.Notable(use.stats, use.atlas.Norms, seen.Scalars.S)
	a := &answer.Discovery{Picture: q.Picture, Atlas: q.Atlas, Bank: q.Bank, Notable: len(notable)}
	kept, of := relatives.Strongest(notable, amounts, q.Strongest)
	var pairs []decompose.Pair
	for _, p := range kept {
		pairs = append(pairs, ov.Pair(p))
	}
	a.Labelled, a.Words = len(pairs), []answer.PushingWord{}
	if len(pairs) == 0 {
		a.Model, err = l.describe(ctx)
		return a, err
	}
	labels, err := l.sayings(ctx, ov, pairs, fit{bank: q.Bank, terms: q.Terms, truncate: q.Truncate})
	if err != nil {
		return nil, err
	}
	var signs []int8
	if q.Reference {
		signs = use.signs
	}
	words := relatives.Discover(kept, of, labels, signs)
	a.Words = pushing(slices.DeleteFunc(words, func(w relatives.Word) bool { return w.Amount <= 0 }), q.Top)
	a.Model, err = l.describe(ctx)
	return a, err
}
