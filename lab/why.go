package lab

import (
	"context"
	"fmt"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
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
	if use != nil && use.atlas.Manifest.Labels == nil && q.Bank == "" {
		return nil, fmt.Errorf("%s: %w", q.Atlas, atlas.ErrNoLabels)
	}
	ov, err := l.ov()
	if err != nil {
		return nil, err
	}
	r := &reasons{lab: l, use: use, ov: ov, head: head, scale: τ, than: q.Why, q: Explain{By: ByWord, Assign: AssignShared, Cover: coverDefault, Top: TopDefault, Bank: q.Bank, Atlas: q.Atlas}}
	if q.Bank == "" && use == nil && l.name != DemoName {
		r.q.Bank = l.namingBank(ctx)
	}
	if r.q.Bank == "" {
		by, err := l.byWord(ctx, nil, r.q, use)
		if err != nil {
			return nil, err
		}
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
		own, err := r.lab.byWord(ctx, &Explained{Scalars: s, parts: split}, r.q, r.use)
		if err != nil {
			return nil, err
		}
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
