package cli

import "github.com/facet-clip/facet/atlas"

// names are the labels that an atlas keeps, by pair.
type names map[int]atlas.Label

// pairNames is what a result says of a pair when an atlas with labels is at hand.
type pairNames struct {
	Says  *nameRecord `json:"says,omitempty"`  // where its direction points
	Fires *nameRecord `json:"fires,omitempty"` // what the images are of in which it is strong

	label atlas.Label
}

// namesOf reads the labels of an atlas, none when there is no atlas, when it keeps none, or when a bank was asked for.
func namesOf(at *atlas.Atlas, bank string) (names, error) {
	if at == nil || at.Manifest.Labels == nil || bank != "" {
		return nil, nil
	}
	labels, err := at.PairLabels()
	if err != nil {
		return nil, err
	}
	n := names{}
	for _, l := range labels {
		n[l.Pair] = l
	}
	return n, nil
}

// of are the names of a pair, empty when it has no label.
func (n names) of(pair int) pairNames {
	l, ok := n[pair]
	if !ok {
		return pairNames{}
	}
	says, fires := nameRecordOf(l.Says), nameRecordOf(l.Fires)
	return pairNames{&says, &fires, l}
}

// nameColumns head what [pairNames.cells] gives.
func nameColumns() []string { return []string{"fires for", "says"} }

func (p pairNames) cells() []any {
	if p.Says == nil {
		return []any{"not labelled", ""}
	}
	return []any{p.label.Fires.String(), p.label.Says.String()}
}

// note is the shortest name: a word that it fires for, else that it says; empty when it is unnamed.
func (p pairNames) note() string {
	for _, w := range []atlas.Words{p.label.Fires, p.label.Says} {
		if w.Named {
			w.Terms = w.Shown()[:1]
			return w.String()
		}
	}
	return ""
}
