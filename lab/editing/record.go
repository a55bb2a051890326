package editing

import (
	"context"
	"fmt"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/edit"
	"github.com/facet-clip/facet/edit/record"
	"github.com/facet-clip/facet/internal/place"
	"github.com/facet-clip/facet/lab"
)

// earlierSteps are the edits that made the lab's model; none where it is no edited one.
func (l Editor) earlierSteps(ctx context.Context) ([]answer.EditStep, error) {
	if l.Name() == lab.DemoName {
		return nil, nil
	}
	r, ok, err := record.For(l.Model().Checkpoint().Path())
	if err != nil || !ok {
		return nil, err
	}
	sum, err := l.Model().Checkpoint().SHA256(ctx)
	if err != nil {
		return nil, err
	}
	if sum != r.SHA256 {
		l.Log().Warn("the record beside the model is of another file, so what was edited before is not told", "record", record.Beside(l.Model().Checkpoint().Path()))
		return nil, nil
	}
	return r.Steps, nil
}

// editSource is the lab's model as the record in a folder knows it.
func (l Editor) editSource(ctx context.Context, keeper string) (answer.EditSource, error) {
	made, err := l.Made(ctx)
	s := answer.EditSource{Name: made.Name, SHA256: made.SHA256, Bytes: made.Bytes}
	if made.File.Path != "" {
		at := place.Of(made.File.Path, keeper)
		s.Path, s.Relative = at.Path, at.Relative
	}
	return s, err
}

// EditOf is the edit of a step of a record, for a pool of M heads, C neurons and width D.
func EditOf(s answer.EditStep, heads, channels, embed int) (*edit.Edit, error) {
	e := edit.New(heads, channels, embed)
	lines := make([]edit.Line, len(s.Pairs))
	for i, p := range s.Pairs {
		lines[i].Head, lines[i].Neuron, lines[i].Gain, lines[i].Shift = p.Head, p.Neuron, p.Scale, (1-p.Scale)*p.Mean
	}
	if err := e.Change(lines); err != nil {
		return nil, err
	}
	for _, m := range s.Erasures {
		if len(m.Left) != len(m.Right) {
			return nil, fmt.Errorf("an erasure with %d rows on the left and %d on the right: expected as many", len(m.Left), len(m.Right))
		}
		x := edit.Eraser{Mean: m.Mean}
		for r := range m.Left {
			x.Left, x.Right = append(x.Left, m.Left[r]...), append(x.Right, m.Right[r]...)
		}
		if m.Images {
			if err := e.Erase(x); err != nil {
				return nil, err
			}
		}
		if m.TextSide {
			if err := e.EraseTexts(x); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}
