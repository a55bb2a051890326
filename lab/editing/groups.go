package editing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/edit"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/lab"
)

// EvaluateGroups asks how right a model is in each class and group, and what an edit and other methods change.
type EvaluateGroups struct {
	// Atlas is the folder of the atlas whose pictures are scored.
	Atlas string
	// Column is that of the atlas which says the group: group (also empty), label or truth.
	Column string
	// Classes are those that pictures are told apart by. Empty, they are the labels of the atlas.
	Classes []string
	// Templates are the prompts that classes and groups are put into. Empty, they are facet's own.
	Templates concept.Templates
	// Edit is what is edited; with no means, nothing is. Means must not be the scored atlas.
	Edit Edit
	// Rivals scores other methods beside it: prompts projected off, RoboShot, and heads held.
	Rivals bool
	// GroupTexts are what prompts call the groups. Empty, they are the groups of the atlas.
	GroupTexts []string
	// RivalHeads is how many heads the last rival holds; 0 is 2.
	RivalHeads int
	// Others is the folder of an atlas of other classes, with labels, that collateral is measured on; empty: none.
	Others string
}

// The methods of a [answer.GroupOutcome].
const (
	MethodAsIs       = "as it is"
	MethodEdit       = "edit"
	MethodRandom     = "random pairs"
	MethodPrompts    = "prompts projected"
	MethodCalibrated = "prompts calibrated"
	MethodRoboShot   = "roboshot"
	MethodHeads      = "heads held"
)

func (q EvaluateGroups) check() (EvaluateGroups, error) {
	if q.Column == "" {
		q.Column = lab.ColumnGroup
	}
	if q.RivalHeads == 0 {
		q.RivalHeads = 2
	}
	switch {
	case !slices.Contains([]string{lab.ColumnLabel, lab.ColumnGroup, lab.ColumnTruth}, q.Column):
		return q, lab.Mistakef("groups", "%s: expected a column of the atlas: %s, %s or %s", q.Column, lab.ColumnLabel, lab.ColumnGroup, lab.ColumnTruth)
	case q.Edit.Means == q.Atlas:
		return q, lab.Mistakef("means", "%s: expected another atlas than the scored one: means never come from pictures that are scored", q.Edit.Means)
	case q.RivalHeads < 0:
		return q, lab.Mistakef("rival-heads", "%d: expected 1 or more", q.RivalHeads)
	case q.Rivals && q.Edit.Means == "":
		return q, lab.Mistakef("rivals", "need an atlas whose means heads are held at")
	}
	if q.Edit.Means != "" && (q.changes() || !q.Rivals) {
		var err error
		if q.Edit, err = q.Edit.check(); err != nil {
			return q, err
		}
	}
	return q, lab.CheckClasses(q.Classes)
}

// changes tells whether there is an edit.
func (q EvaluateGroups) changes() bool {
	return q.Edit.changesPairs() || len(q.Edit.EraseTexts) > 0 || q.Edit.EraseLabel != ""
}

// method is one row of the report.
type method struct {
	name, detail string
	edits        []*edit.Edit // several are random draws
}

// EvaluateGroups scores the pictures of an atlas by class and group (docs/design.md, 32).
func (l Editor) EvaluateGroups(ctx context.Context, q EvaluateGroups) (*answer.GroupReport, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	s, groups, names, err := l.openGroups(ctx, q.Atlas, q.Column, q.Classes, q.Templates, q.Edit.Means != "")
	if err != nil {
		return nil, err
	}
	defer s.Close()
	a := &answer.GroupReport{Scored: q.Atlas, Means: q.Edit.Means, Column: q.Column, Groups: names, Classes: s.Head.Texts, Images: len(s.test), Others: q.Others}
	if a.Model, err = l.Describe(ctx); err != nil {
		return nil, err
	}
	methods := []method{{name: MethodAsIs, edits: []*edit.Edit{nil}}}
	if q.Edit.Means != "" {
		more, plan, err := s.methods(ctx, q, names)
		if err != nil {
			return nil, err
		}
		methods, a.Plan = append(methods, more...), plan
	}
	if a.Methods, err = s.scoreMethods(ctx, methods, groups); err != nil {
		return nil, err
	}
	if q.Others != "" {
		return a, l.collateral(ctx, q, methods, a)
	}
	return a, nil
}

// openGroups opens an atlas with classes and groups; test are the pictures that have both.
func (l Editor) openGroups(ctx context.Context, dir, column string, classes []string, templates concept.Templates, scalars bool) (*scored, experiment.Groups, []string, error) {
	var g experiment.Groups
	use, err := l.OpenAtlas(ctx, dir)
	if err != nil {
		return nil, g, nil, err
	}
	s, err := l.openScored(ctx, use, dir, classes, templates, scalars)
	if err != nil {
		return nil, g, nil, err
	}
	_, names, of, err := ground{use: use}.labelled(column, l.Model().Config.Embed)
	if err == nil && len(names) < 2 {
		err = lab.Mistakef("groups", "%s of %s: %d groups occur, expected two or more", column, dir, len(names))
	}
	if err != nil {
		return nil, g, nil, errors.Join(err, s.Close())
	}
	g.Of, g.Count = of, len(names)
	for i, label := range s.Labels {
		if label >= 0 && of[i] >= 0 {
			s.test = append(s.test, i)
		}
	}
	if len(s.test) == 0 {
		return nil, g, nil, errors.Join(fmt.Errorf("%s: no picture has a label among the classes and a %s", dir, column), s.Close())
	}
	return s, g, names, nil
}

// methods are the edit with its random control, and the rivals.
func (s *scored) methods(ctx context.Context, q EvaluateGroups, groups []string) (out []method, plan *answer.EditPlan, err error) {
	use, err := s.lab.OpenAtlas(ctx, q.Edit.Means)
	if err != nil {
		return nil, nil, fmt.Errorf("means: %w", err)
	}
	from := ground{use: use, mean: use.Stats.Mean}
	if q.changes() {
		p, err := s.lab.planEdit(ctx, q.Edit, from)
		if err != nil {
			return nil, nil, err
		}
		plan = &p.EditPlan
		out = append(out, method{name: MethodEdit, detail: fmt.Sprintf("%d pairs, %d erasures", len(p.Pairs), len(p.Erasures)), edits: []*edit.Edit{p.Edit}})
		if len(p.Pairs) > 0 {
			random := method{name: MethodRandom, detail: fmt.Sprintf("%d pairs of equal strength, %d draws", len(p.Pairs), editDraws)}
			for draw := range editDraws {
				e, err := s.control(p, from, uint64(draw))
				if err != nil {
					return nil, nil, err
				}
				random.edits = append(random.edits, e)
			}
			out = append(out, random)
		}
	}
	if !q.Rivals {
		return out, plan, nil
	}
	rivals, err := s.rivals(ctx, q, from, groups)
	return append(out, rivals...), plan, err
}

// rivals are other methods against spurious cues, as edits.
func (s *scored) rivals(ctx context.Context, q EvaluateGroups, from ground, groups []string) ([]method, error) {
	if len(q.GroupTexts) > 0 {
		groups = q.GroupTexts
	}
	texts, err := s.lab.ClassRows(ctx, groups, q.Templates)
	if err != nil {
		return nil, err
	}
	prompts, err := s.calibrated(ctx, q, groups)
	if err != nil {
		return nil, err
	}
	fresh := func() *edit.Edit { return edit.New(s.OV.Heads, s.OV.Channels, s.OV.Embed) }
	projected, robo, heads := fresh(), fresh(), fresh()
	off, err := edit.Project(texts, nil, s.OV.Embed)
	if err != nil {
		return nil, err
	}
	reject, increase, err := edit.RoboShot(texts, s.Head.Embeddings, s.OV.Embed)
	if err != nil {
		return nil, err
	}
	which, err := s.headsApart(ctx, q, from)
	if err != nil {
		return nil, err
	}
	var pairs []decompose.Pair
	for _, h := range which {
		for n := range s.OV.Channels {
			pairs = append(pairs, decompose.Pair{Head: h, Neuron: n})
		}
	}
	if err := errors.Join(projected.EraseTexts(off), prompts.EraseTexts(off), robo.Erase(reject), robo.Erase(increase), heads.Scale(pairs, 0, from.mean)); err != nil {
		return nil, err
	}
	named := strings.Join(groups, ", ")
	return []method{
		{MethodPrompts, "class texts off the span of " + named + " (Chuang et al. 2023)", []*edit.Edit{projected}},
		{MethodCalibrated, fmt.Sprintf("the same, after texts of one class and several groups were drawn together, λ = %d", calibration), []*edit.Edit{prompts}},
		{MethodRoboShot, "pictures off the differences of " + named + ", along those of the classes (Adila et al. 2024)", []*edit.Edit{robo}},
		{MethodHeads, fmt.Sprintf("heads %v at their means: their contributions differ most between the groups", which), []*edit.Edit{heads}},
	}, nil
}

// calibration is Chuang's weight λ, as the paper has it.
const calibration = 1000

// calibrated draws texts of one class and several groups together; projecting is left to the caller.
func (s *scored) calibrated(ctx context.Context, q EvaluateGroups, groups []string) (*edit.Edit, error) {
	var texts []string
	for _, class := range s.Head.Texts {
		for _, group := range groups {
			texts = append(texts, class+", "+group)
		}
	}
	rows, err := s.lab.ClassRows(ctx, texts, q.Templates)
	if err != nil {
		return nil, err
	}
	D, G := s.OV.Embed, len(groups)
	row := func(class, group int) []float32 { return rows[(class*G+group)*D : (class*G+group+1)*D] }
	var differences []float32
	for class := range s.Head.Texts {
		for a := range G {
			for b := range a {
				for o, v := range row(class, a) {
					differences = append(differences, v-row(class, b)[o])
				}
			}
		}
	}
	x, err := edit.Calibrate(differences, calibration, D)
	if err != nil {
		return nil, err
	}
	e := edit.New(s.OV.Heads, s.OV.Channels, D)
	return e, e.EraseTexts(x)
}

// headsApart are the heads whose mean contributions differ most between the groups of the atlas of the means.
func (s *scored) headsApart(ctx context.Context, q EvaluateGroups, from ground) ([]int, error) {
	if q.RivalHeads > s.OV.Heads {
		return nil, lab.Mistakef("rival-heads", "%d: expected at most the model's %d", q.RivalHeads, s.OV.Heads)
	}
	of, err := s.lab.Score(from.use, true)
	if err != nil {
		return nil, fmt.Errorf("means: %w", err)
	}
	defer of.Close()
	_, names, labels, err := from.labelled(q.Column, s.OV.Embed)
	if err != nil {
		return nil, err
	}
	if len(names) < 2 {
		return nil, lab.Mistakef("means", "%s: %d groups occur in its column %s, expected two or more", q.Edit.Means, len(names), q.Column)
	}
	means := make([][]float64, len(names))
	for g := range means {
		var images []int
		for i, l := range labels {
			if l == g {
				images = append(images, i)
			}
		}
		if means[g], err = of.Mean(ctx, images); err != nil {
			return nil, err
		}
	}
	return numeric.Largest(experiment.HeadsApart(s.OV, means), q.RivalHeads), nil
}

// scoreMethods judges all methods in one reading of the scalars.
func (s *scored) scoreMethods(ctx context.Context, methods []method, g experiment.Groups) ([]answer.GroupOutcome, error) {
	var edits []*edit.Edit
	for _, m := range methods {
		edits = append(edits, m.edits...)
	}
	outcomes, err := s.Judge(ctx, s.test, edits...)
	if err != nil {
		return nil, err
	}
	var out []answer.GroupOutcome
	for _, m := range methods {
		score := s.Score(m.name, s.test, outcomes[0], g)
		score.Detail = m.detail
		if n := len(m.edits); n > 1 {
			score.Draws = &answer.Draws{Low: 1, Number: n}
			for _, o := range outcomes[:n] {
				v := s.Score(m.name, s.test, o, g).Worst.Value()
				score.Draws.Mean, score.Draws.Cosine = score.Draws.Mean+v/float64(n), score.Draws.Cosine+mean(o.Cosine)/float64(n)
				score.Draws.Low, score.Draws.High = min(score.Draws.Low, v), max(score.Draws.High, v)
			}
		}
		out, outcomes = append(out, score), outcomes[len(m.edits):]
	}
	return out, nil
}

// collateral scores the methods on an atlas of other classes.
func (l Editor) collateral(ctx context.Context, q EvaluateGroups, methods []method, a *answer.GroupReport) error {
	use, err := l.OpenAtlas(ctx, q.Others)
	if err != nil {
		return fmt.Errorf("others: %w", err)
	}
	s, err := l.openScored(ctx, use, q.Others, nil, q.Templates, q.Edit.Means != "")
	if err != nil {
		return err
	}
	defer s.Close()
	s.test = numeric.Indices(s.Images())
	var edits []*edit.Edit
	for _, m := range methods {
		edits = append(edits, m.edits[0])
	}
	outcomes, err := s.Judge(ctx, s.test, edits...)
	if err != nil {
		return err
	}
	for i, o := range outcomes {
		share := s.share(o, -1)
		a.Methods[i].Others = &share
	}
	return nil
}
