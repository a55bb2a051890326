package lab

import (
	"context"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment/attribution"
)

// reasons say of pictures why their first label is theirs rather than another.
type reasons struct {
	lab   *Lab
	q     Explain // how pairs are named and summed
	use   *use
	ov    *decompose.OV
	head  *concept.Bank
	scale float64                // τ
	than  string                 // the other label
	by    *attribution.Partition // nil where it is of each picture's own strongest pairs
}

// reasons prepares what a question needs to know why; nil where it does not ask.
func (l *Lab) reasons(ctx context.Context, q Classify, use *use, head *concept.Bank, τ float64) (*reasons, error) {
	if q.Why == "" {
		return nil, nil
	}
	ov, err := l.ov()
	if err != nil {
		return nil, err
	}
	r := &reasons{lab: l, use: use, ov: ov, head: head, scale: τ, than: q.Why, q: Explain{By: ByWord, Assign: AssignShared, Cover: coverDefault, Top: TopDefault, Bank: q.Bank, Atlas: q.Atlas}}
	if r.q.Bank = l.bankToName(ctx, q.Bank, use); !l.onSpot(r.q.Bank, use) {
		n, err := l.namesAsked(ctx, decompose.Scalars{}, r.q, use, nil)
		if err != nil {
			return nil, err
		}
		by := n.words(false)
		r.by = &by
	}
	return r, nil
}

// of splits the logit of the first class less that of another, τ⟨e,t₁ − t₂⟩/‖e‖, by words (docs/design.md, formulas 26 and 27). scalars [M,C] and
// embedding [D] are the picture's, classes all there are, the first first.
func (r *reasons) of(ctx context.Context, scalars, embedding []float32, classes []concept.Class) (*answer.Why, error) {
	first, second := classes[0], classes[1]
	if i := slices.IndexFunc(classes, func(c concept.Class) bool { return c.Label == r.than }); i > 0 {
		second = classes[i]
	}
	s, err := r.ov.Scalars(scalars)
	if err != nil {
		return nil, err
	}
	split := attribution.Logit(s, less(r.text(first.Label), r.text(second.Label)), embedding, r.scale)
	by := r.by
	if by == nil {
		n, err := r.lab.namesAsked(ctx, s, r.q, r.use, func() []decompose.Pair { return strongestOf(s, split) })
		if err != nil {
			return nil, err
		}
		own := n.words(false)
		by = &own
	}
	_, groups := listed(r.ov, split.Groups(*by), r.q, split.Total)
	return &answer.Why{First: first.Label, Second: second.Label, Difference: split.Total, Residual: split.Residual(), Groups: groups}, nil
}

// text is the direction of a label [D], of unit length.
func (r *reasons) text(label string) []float32 {
	i := slices.Index(r.head.Texts, label)
	return r.head.Embeddings[i*r.head.Embed : (i+1)*r.head.Embed]
}

// less is a − b.
func less(a, b []float32) []float32 {
	d := make([]float32, len(a))
	for i, v := range b {
		d[i] = a[i] - v
	}
	return d
}
