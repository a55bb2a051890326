package editing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/edit"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/lab"
)

// PriceEdit asks what an edit costs each class, without writing anything.
type PriceEdit struct {
	Edit
	// Score is the folder of an atlas whose pictures are scored. Empty, every other picture of the atlas of the means is, and means are taken from the rest.
	Score string
	// Classes are those that pictures are told apart by. Empty, they are the labels of the scored atlas.
	Classes []string
	// ClassTemplates are the prompts that each class is put into. Empty, they are [concept.DefaultTemplates], and for the demo model its world's own.
	ClassTemplates concept.Templates
	// Limit is the most pictures to score, spread evenly; 0: all.
	Limit int
	// NoControl leaves out the random control.
	NoControl bool
}

const editDraws = 5 // random sets of pairs that an edit is compared with

// PriceEdit predicts from scalars what an edit does to pictures (docs/design.md, 32).
func (l Editor) PriceEdit(ctx context.Context, q PriceEdit) (*answer.EditPrice, error) {
	var err error
	if q.Edit, err = q.Edit.check(); err != nil {
		return nil, err
	}
	if q.Limit < 0 {
		return nil, lab.Mistakef("limit", "%d: expected 0 or more", q.Limit)
	}
	if err := lab.CheckClasses(q.Classes); err != nil {
		return nil, err
	}
	s, from, err := l.openPrice(ctx, q)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	p, err := l.planEdit(ctx, q.Edit, from)
	if err != nil {
		return nil, err
	}
	return s.price(ctx, p, from, q)
}

// openPrice opens the pictures to score, and what the edit is made from: another atlas, or the other half of this one.
func (l Editor) openPrice(ctx context.Context, q PriceEdit) (_ *scored, from ground, err error) {
	use, err := l.OpenAtlas(ctx, q.Means)
	if err != nil {
		return nil, from, fmt.Errorf("means: %w", err)
	}
	from = ground{use: use, mean: use.Stats.Mean}
	at := use
	if q.Score != "" {
		if at, err = l.OpenAtlas(ctx, q.Score); err != nil {
			return nil, from, err
		}
	}
	s, err := l.openScored(ctx, at, at.Dir(), q.Classes, q.ClassTemplates, q.changesPairs())
	if err != nil {
		return nil, from, err
	}
	if q.Score == "" {
		if from.images, s.test = experiment.Halves(s.Images()); len(from.images) < 2 {
			return nil, from, errors.Join(fmt.Errorf("%s: %d images are too few to take means from some and score others", q.Means, s.Images()), s.Close())
		}
		if s.Row != nil {
			if from.mean, err = s.Mean(ctx, from.images); err != nil {
				return nil, from, errors.Join(err, s.Close())
			}
		}
	} else {
		s.test = numeric.Indices(s.Images())
	}
	s.test = numeric.Spread(s.test, q.Limit)
	return s, from, nil
}

// price judges the pictures before and after, and after random edits of equal strength.
func (s *scored) price(ctx context.Context, p *planned, from ground, q PriceEdit) (*answer.EditPrice, error) {
	edits := []*edit.Edit{nil, p.Edit}
	if len(p.Pairs) > 0 && !q.NoControl {
		for draw := range editDraws {
			e, err := s.control(p, from, uint64(draw))
			if err != nil {
				return nil, err
			}
			edits = append(edits, e)
		}
	}
	outcomes, err := s.Judge(ctx, s.test, edits...)
	if err != nil {
		return nil, err
	}
	a := &answer.EditPrice{EditPlan: p.EditPlan, Images: len(s.test)}
	a.Scored = "every picture of " + q.Score
	if q.Score == "" {
		a.Scored = fmt.Sprintf("every other picture of %s; means from the %d others", q.Means, len(from.images))
	}
	τ, err := s.lab.Model().LogitScale()
	if err != nil {
		return nil, err
	}
	a.Before, a.After = s.share(outcomes[0], -1), s.share(outcomes[1], -1)
	a.Cosine = mean(outcomes[1].Cosine)
	if len(edits) > 2 {
		a.Control = s.draws(outcomes[2:])
	}
	a.Classes = make([]answer.ClassPrice, len(s.Head.Texts))
	for c, class := range s.Head.Texts {
		before, after := s.share(outcomes[0], c), s.share(outcomes[1], c)
		a.Classes[c] = answer.ClassPrice{
			Class: class, Images: before.Of, Before: before, After: after,
			LogitBefore: s.logit(outcomes[0], c, τ), LogitAfter: s.logit(outcomes[1], c, τ),
		}
	}
	slices.SortStableFunc(a.Classes, func(a, b answer.ClassPrice) int { return cmp.Compare(lost(b), lost(a)) })
	return a, nil
}

// lost is the logit that a class loses; of a class without pictures less than any.
func lost(c answer.ClassPrice) float64 {
	if c.Images == 0 {
		return math.Inf(-1)
	}
	return float64(c.LogitBefore - c.LogitAfter)
}

// control is an edit of as many pairs of equal strength, drawn at random, and of nothing else.
func (s *scored) control(p *planned, from ground, seed uint64) (*edit.Edit, error) {
	strength := numeric.Float64(from.use.Strength)
	var own []int
	for _, e := range p.Pairs {
		own = append(own, s.OV.Index(decompose.Pair{Head: e.Head, Neuron: e.Neuron}))
	}
	var pairs []decompose.Pair
	for _, p := range experiment.Alike(strength, own, seed) {
		pairs = append(pairs, s.OV.Pair(p))
	}
	e := edit.New(s.OV.Heads, s.OV.Channels, s.OV.Embed)
	return e, e.Scale(pairs, p.Pairs[0].Scale, from.mean)
}

// share is how many pictures of a class are put into it; of class −1, of all that have one.
func (s *scored) share(o experiment.Outcome, class int) answer.Share {
	right, of := 0, 0
	for k, i := range s.test {
		if label := s.Labels[i]; label >= 0 && (class < 0 || label == class) {
			of++
			if o.Picked[k] == label {
				right++
			}
		}
	}
	return experiment.NewShare(right, of)
}

// logit is the mean logit of a class on its own pictures.
func (s *scored) logit(o experiment.Outcome, class int, τ float64) answer.Number {
	sum, n := 0.0, 0.0
	for k, i := range s.test {
		if s.Labels[i] == class {
			sum, n = sum+τ*o.Own[k], n+1
		}
	}
	if n == 0 {
		return answer.Number(math.NaN())
	}
	return answer.Number(sum / n)
}

// draws sums up random edits.
func (s *scored) draws(outcomes []experiment.Outcome) *answer.Draws {
	d := &answer.Draws{Low: 1, Number: len(outcomes)}
	for _, o := range outcomes {
		v, n := s.share(o, -1).Value(), float64(len(outcomes))
		d.Mean, d.Cosine = d.Mean+v/n, d.Cosine+mean(o.Cosine)/n
		d.Low, d.High = min(d.Low, v), max(d.High, v)
	}
	return d
}

func mean(x []float64) (m float64) {
	for _, v := range x {
		m += v / float64(len(x))
	}
	return m
}
