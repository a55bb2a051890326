package cli

import (
	"context"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

// names are labels by pair. Nil ones name nothing.
type names struct {
	labels map[int]atlas.Label
	fires  bool // they say what pairs fire for, too
}

// pairNames is what a result says of a pair when a bank, or an atlas with labels, is at hand.
type pairNames struct {
	answer.Names
	label atlas.Label
}

// namesFor are labels by a bank, if one is asked for, else those that the atlas keeps, if there is one and it has any. With a use, of which the
// atlas need not be one that keeps labels, they say what pairs fire for.
func (m *model) namesFor(ctx context.Context, ov *decompose.OV, use *use, pairs []decompose.Pair, bank string, truncate bool) (*names, error) {
	switch {
	case bank != "":
		return m.namesBy(ctx, ov, use, pairs, bank, truncate)
	case use != nil:
		return namesOf(use.atlas)
	}
	return nil, nil
}

// namesBy labels pairs as facet label would, held against chance in their own heads.
func (m *model) namesBy(ctx context.Context, ov *decompose.OV, use *use, pairs []decompose.Pair, bank string, truncate bool) (*names, error) {
	o := labelDefaults()
	o.bank, o.truncate, o.terms = bank, truncate, concept.MostShown // what comes after does not change them
	l, err := m.labelling(ctx, o)
	if err != nil {
		return nil, err
	}
	defer l.close()
	labels, _, err := l.run(ctx, ov, pairs, use)
	return newNames(labels, use != nil), err
}

// namesOf reads the labels of an atlas, nil when it keeps none.
func namesOf(at *atlas.Atlas) (*names, error) {
	if at.Manifest.Labels == nil {
		return nil, nil
	}
	labels, err := at.PairLabels()
	return newNames(labels, true), err
}

func newNames(labels []atlas.Label, fires bool) *names {
	n := &names{map[int]atlas.Label{}, fires}
	for _, l := range labels {
		n.labels[l.Pair] = l
	}
	return n
}

// of are the names of a pair, empty when it has no label.
func (n *names) of(pair int) pairNames {
	if n == nil {
		return pairNames{}
	}
	l, ok := n.labels[pair]
	if !ok {
		return pairNames{}
	}
	says := nameRecordOf(l.Says)
	p := pairNames{Names: answer.Names{Says: &says}, label: l}
	if n.fires {
		fires := nameRecordOf(l.Fires)
		p.Fires = &fires
	}
	return p
}

// columns head what cells gives.
func (n *names) columns() []string {
	if n.fires {
		return []string{"fires for", "says"}
	}
	return []string{"says"}
}

// cells are the columns of a pair.
func (n *names) cells(p pairNames) []any {
	switch {
	case p.Says == nil && n.fires:
		return []any{"not labelled", ""}
	case p.Says == nil:
		return []any{"not labelled"}
	case n.fires:
		return []any{p.label.Fires.String(), p.label.Says.String()}
	}
	return []any{p.label.Says.String()}
}
