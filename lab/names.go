package lab

import (
	"context"
	"sync"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment/attribution"
)

// Names are labels by pair. Nil ones name nothing.
type Names struct {
	labels map[int]atlas.Label
	fires  bool // they say what pairs fire for, too

	// Partitions by word, made when first asked for: of pairs with several words by weight, and given to the first.
	shared, first func() attribution.Partition
}

// words partitions pairs by the words that name them. Names must not change any more.
func (n *Names) words(first bool) attribution.Partition {
	switch {
	case n == nil:
		return attribution.ByWord(nil, first)
	case first:
		return n.first()
	}
	return n.shared()
}

// namesFor are labels by a bank, if one is asked for, else those that the atlas keeps, if there is one and it has any. With a use, of which the
// atlas need not be one that keeps labels, they say what pairs fire for.
func (l *Lab) namesFor(ctx context.Context, ov *decompose.OV, use *use, pairs []decompose.Pair, bank string, truncate bool) (*Names, error) {
	switch {
	case bank != "":
		return l.namesBy(ctx, ov, use, pairs, bank, truncate)
	case use != nil:
		return use.names()
	}
	return nil, nil
}

// namesBy labels pairs as facet label would, held against chance in their own heads.
func (l *Lab) namesBy(ctx context.Context, ov *decompose.OV, use *use, pairs []decompose.Pair, bank string, truncate bool) (*Names, error) {
	w, err := l.labelling(ctx, fit{bank: bank, truncate: truncate, terms: concept.MostShown}) // what comes after does not change them
	if err != nil {
		return nil, err
	}
	defer w.close()
	labels, _, err := w.run(ctx, ov, pairs, use)
	return newNames(labels, use != nil), err
}

// namesOf reads the labels of an atlas, nil when it keeps none.
func namesOf(at *atlas.Atlas) (*Names, error) {
	if at.Manifest.Labels == nil {
		return nil, nil
	}
	labels, err := at.PairLabels()
	return newNames(labels, true), err
}

func newNames(labels []atlas.Label, fires bool) *Names {
	n := &Names{labels: map[int]atlas.Label{}, fires: fires}
	n.shared = sync.OnceValue(func() attribution.Partition { return attribution.ByWord(n.terms(), false) })
	n.first = sync.OnceValue(func() attribution.Partition { return attribution.ByWord(n.terms(), true) })
	for _, l := range labels {
		n.labels[l.Pair] = l
	}
	return n
}

// Of are the names of a pair, empty when it has no label.
func (n *Names) Of(pair int) answer.Names {
	if n == nil {
		return answer.Names{}
	}
	l, ok := n.labels[pair]
	if !ok {
		return answer.Names{}
	}
	says := nameOf(l.Says)
	p := answer.Names{Says: &says}
	if n.fires {
		fires := nameOf(l.Fires)
		p.Fires = &fires
	}
	return p
}

// Labelling says which names there can be.
func (n *Names) Labelling() answer.Labelling {
	switch {
	case n == nil:
		return answer.Unlabelled
	case n.fires:
		return answer.Fired
	}
	return answer.Said
}

func nameOf(w atlas.Words) answer.Name {
	n := answer.Name{Named: w.Named}
	for _, t := range w.Shown() {
		n.Label = append(n.Label, answer.Word{Text: t.Text, Weight: t.Weight})
	}
	return n
}
