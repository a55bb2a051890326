package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment/attribution"
	"github.com/facet-clip/facet/naming"
)

// redrawn is how many pairs are named anew for intervals, those of largest |amount|.
const redrawn = 200

// intervals gives the groups of words their intervals, if a question asks for them.
func (l *Lab) intervals(ctx context.Context, e *Explained, q Explain, use *use, n *Names) error {
	if !q.Intervals || n == nil {
		return nil
	}
	terms := n.terms()
	pairs, share := e.toRedraw(n)
	w, err := l.labellingAs(ctx, q.Atlas, n.made, concept.MostShown, q.Truncate)
	if err != nil {
		return err
	}
	defer w.close()
	drawn, err := w.redraw(ctx, e.Scalars.OV, use, n, pairs)
	if err != nil {
		return err
	}
	changed := 0
	for p, draws := range drawn.Labels {
		if changes(terms[p], draws) {
			changed++
		}
	}
	e.Answer.Redrawn = &answer.Redrawn{Draws: drawn.Draws, Pairs: len(pairs), Share: share, Changed: changed}
	of, rest := e.parts.Intervals(e.groups, terms, q.Assign == AssignFirst, drawn)
	of = append(of, rest)
	for i := range e.Answer.Groups {
		if g := &e.Answer.Groups[i]; g.Word != answer.Constant {
			g.Low, g.High = &of[i].Low, &of[i].High
		}
	}
	return nil
}

// toRedraw are the pairs with a label of largest |amount|, and their share of Σ|amount| over all that have one.
func (e *Explained) toRedraw(n *Names) (pairs []decompose.Pair, share float64) {
	all, some := 0.0, 0.0
	amounts := make([]float32, len(e.parts.Pairs))
	for p, amount := range e.parts.Pairs { // in order, so that the sum is the same each time
		if _, ok := n.labels[p]; ok {
			all += math.Abs(amount)
			amounts[p] = float32(math.Abs(amount))
		}
	}
	pairs = e.Scalars.Top(amounts, min(redrawn, len(n.labels)), func(v float32) float32 { return v })
	for _, p := range pairs {
		some += math.Abs(e.parts.Pairs[e.Scalars.Index(p)])
	}
	return pairs, decompose.Share(some, all)
}

// ErrOtherTexts is returned where labels that were made by a bank cannot be made again.
var ErrOtherTexts = errors.New("its labels were made by a bank that holds other texts now; make them again with facet label")

// labellingAs names pairs as labels that an atlas keeps were made, with as many terms at most where what comes after does not change them.
func (l *Lab) labellingAs(ctx context.Context, where string, made atlas.Labels, terms int, truncate bool) (*labelling, error) {
	f := fit{bank: made.Bank, method: made.Method, scale: made.DictionaryNorm, terms: made.Terms, truncate: truncate}
	if f.method == methodOMP {
		f.terms = min(f.terms, terms)
	}
	w, err := l.labelling(ctx, f)
	if err != nil {
		return nil, err
	}
	if w.bank != made.BankFingerprint {
		w.close()
		return nil, fmt.Errorf("%s: bank %s: %w", where, made.Bank, ErrOtherTexts)
	}
	return w, nil
}

// redraw names pairs by what they fire for, with their images drawn anew.
func (l *labelling) redraw(ctx context.Context, ov *decompose.OV, use *use, n *Names, pairs []decompose.Pair) (attribution.Redrawn, error) {
	drawn := attribution.Redrawn{Draws: naming.Redraws, Labels: map[int][][]attribution.Term{}}
	embeddings, err := use.images()
	if err != nil {
		return drawn, err
	}
	images, err := naming.NewImages(embeddings, ov.Embed)
	if err != nil {
		return drawn, err
	}
	labeller, err := l.labeller(int64(4 * 2 * drawn.Draws * ov.Embed))
	if err != nil {
		return drawn, err
	}
	step := l.lab.Step(ctx, "draws of labels", len(pairs))
	defer step.Done()
	labels, err := naming.Redraw(ctx, l.journal.Fit(labeller, ov.Embed), use.stats, images, pairs, use.signs, drawn.Draws, step.Set)
	if err != nil {
		return drawn, err
	}
	null := concept.Null{Explained: n.made.FiresNull}
	for i, p := range pairs {
		at := ov.Index(p)
		for draw := range labels[i] {
			fires := naming.Named{Labels: labels[i], Null: null}.Words(draw, l.dictionary.Texts)
			drawn.Labels[at] = append(drawn.Labels[at], termsOf(fires, n.labels[at].Says))
		}
	}
	return drawn, nil
}

// changes is true where a draw has other words than a label.
func changes(label []attribution.Term, draws [][]attribution.Term) bool {
	words := func(terms []attribution.Term) map[attribution.Term]bool {
		set := map[attribution.Term]bool{}
		for _, t := range terms {
			set[attribution.Term{Word: t.Word, Weight: math.Copysign(1, t.Weight)}] = true
		}
		return set
	}
	for _, d := range draws {
		if !maps.Equal(words(label), words(d)) {
			return true
		}
	}
	return false
}
