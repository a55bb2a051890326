package lab

import (
	"context"
	"errors"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

// The units of a model.
const (
	UnitPair   = "pair"
	UnitNeuron = "neuron"
	UnitHead   = "head"
)

// TopDefault is how many hits an answer has where the question does not say.
const TopDefault = 20

// Search asks which units have a direction most like a text.
type Search struct {
	// Text is what is searched for.
	Text string
	// Unit is what is ranked: pair (also empty), neuron (all heads alike) or head (its first principal direction).
	Unit string
	// Bank is a list, a bank or a file with a text a line, whose mean is taken off the text. Empty, it is the default: see [Lab.Bank].
	Bank string
	// Atlas says how much each pair is used in a dataset, and how it is named there.
	Atlas string
	// NoCenter takes the text as it is.
	NoCenter bool
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
	// Top is how many units to give; 0 is 20.
	Top int
}

func (q Search) check() (Search, error) {
	if q.Unit == "" {
		q.Unit = UnitPair
	}
	if q.Top == 0 {
		q.Top = TopDefault
	}
	switch {
	case q.Text == "":
		return q, &Mistake{Problem: errors.New("the text is empty: expected what to search for")}
	case q.Unit != UnitPair && q.Unit != UnitNeuron && q.Unit != UnitHead:
		return q, mistake("unit", "%s: expected %s, %s or %s", q.Unit, UnitPair, UnitNeuron, UnitHead)
	case q.Atlas != "" && q.Unit != UnitPair:
		return q, mistake("atlas", "says what pairs did, found unit %s", q.Unit)
	case q.Top < 0:
		return q, mistake("top", "%d: expected 1 or more", q.Top)
	}
	return q, nil
}

// Search ranks units by the cosine of their direction with a text, from the weights alone.
func (l *Lab) Search(ctx context.Context, q Search) (*answer.Search, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	use, err := l.openUse(ctx, q.Atlas)
	if err != nil {
		return nil, err
	}
	ov, err := l.ov()
	if err != nil {
		return nil, err
	}
	if !q.NoCenter {
		q.Bank = l.bankOr(q.Bank)
	}
	direction, err := l.queryDirection(ctx, q)
	if err != nil {
		return nil, err
	}
	a := &answer.Search{Text: q.Text, Unit: q.Unit, Centered: !q.NoCenter, Bank: q.Bank, Atlas: q.Atlas}
	if a.Hits, err = l.findUnits(ov, direction, q.Unit, q.Top); err != nil {
		return nil, err
	}
	if use != nil {
		if err := use.tell(ov, a); err != nil {
			return nil, err
		}
	}
	a.Model, err = l.describe(ctx)
	return a, err
}

// tell adds to pairs that were found what they did, and their names.
func (u *use) tell(ov *decompose.OV, a *answer.Search) error {
	names, err := u.names()
	if err != nil {
		return err
	}
	a.Labelling = names.Labelling()
	for i, h := range a.Hits {
		at := ov.Index(decompose.Pair{Head: *h.Head, Neuron: *h.Neuron})
		strength := float64(u.strength[at])
		a.Hits[i].Use, a.Hits[i].Names = &strength, names.Of(at)
	}
	return nil
}

// queryDirection is the unit direction [D] of a text, minus the bank's mean unless that is not wanted.
func (l *Lab) queryDirection(ctx context.Context, q Search) ([]float32, error) {
	one, err := l.Few(ctx, []string{q.Text}, q.Truncate)
	if err != nil {
		return nil, err
	}
	if q.NoCenter {
		return one.Embeddings, nil
	}
	bank, err := l.Bank(ctx, q.Bank, q.Truncate)
	if err != nil {
		return nil, err
	}
	return bank.Centre(one.Embeddings)
}

// findUnits are the units most like a direction [D].
func (l *Lab) findUnits(ov *decompose.OV, direction []float32, unit string, top int) ([]answer.Hit, error) {
	var found []concept.Hit
	var of []float32
	var err error
	switch unit {
	case UnitNeuron:
		if of, err = l.neuronDirections(); err == nil {
			found, err = concept.SearchDirections(direction, of, top)
		}
	case UnitHead:
		if of, err = l.headDirections(); err == nil {
			found, err = concept.SearchDirections(direction, of, top)
		}
	default:
		if of, err = l.norms(); err == nil {
			found = concept.Search(ov.Text(direction), of, top)
		}
	}
	hits := make([]answer.Hit, len(found))
	for i, f := range found {
		p := ov.Pair(f.Unit)
		switch hits[i].Cosine = f.Cosine; unit {
		case UnitNeuron:
			hits[i].Neuron = &found[i].Unit
		case UnitHead:
			hits[i].Head = &found[i].Unit
		default:
			hits[i].Neuron, hits[i].Head = &p.Neuron, &p.Head
		}
	}
	return hits, err
}

// Nearest asks which texts are most like the direction of a pair.
type Nearest struct {
	// Pair is the pair.
	Pair decompose.Pair
	// Bank is a list, a bank or a file with a text a line. Empty, it is the default: see [Lab.Bank].
	Bank string
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
	// Top is how many texts to give; 0 is 20.
	Top int
}

// Nearest ranks the texts of a bank, minus their mean, by cosine with the direction of a pair.
func (l *Lab) Nearest(ctx context.Context, q Nearest) (*answer.Nearest, error) {
	if q.Top == 0 {
		q.Top = TopDefault
	}
	if q.Top < 0 {
		return nil, mistake("top", "%d: expected 1 or more", q.Top)
	}
	ov, err := l.ov()
	if err != nil {
		return nil, err
	}
	if err := CheckPair(q.Pair, ov); err != nil {
		return nil, err
	}
	q.Bank = l.bankOr(q.Bank)
	bank, err := l.wordBank(ctx, q.Bank, q.Truncate)
	if err != nil {
		return nil, err
	}
	a := &answer.Nearest{Neuron: q.Pair.Neuron, Head: q.Pair.Head, Bank: q.Bank, Texts: bank.ofPair(ov, q.Pair, 1, ov.Direction(q.Pair), q.Top)}
	a.Model, err = l.describe(ctx)
	return a, err
}
