// Package editing is the room of a lab where weights are changed: what an edit will change and what it costs, the edited model as a checkpoint, and which
// pairs hold a spurious cue. The mathematics is in package edit.
package editing

import (
	"context"
	"errors"
	"fmt"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/lab"
)

// Editor edits the weights of a lab's model. Safe for concurrent use.
type Editor struct{ *lab.Lab }

// Of is the editor of a lab.
func Of(l *lab.Lab) Editor { return Editor{l} }

// scored is an atlas whose pictures are scored.
type scored struct {
	*lab.Scored
	lab   Editor
	atlas *lab.Opened
	from  []int // images that means come from
	test  []int // images that are scored
}

// openScored reads what scoring needs: embeddings, classes and, where pairs change, the scalars of every image.
func (l Editor) openScored(ctx context.Context, at *lab.Opened, dir string, classes []string, templates concept.Templates, scalars bool) (*scored, error) {
	data, err := l.Score(at, scalars)
	if err != nil {
		return nil, err
	}
	if err := data.Classify(ctx, classes, templates); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", dir, err), data.Close())
	}
	return &scored{Scored: data, lab: l, atlas: at}, nil
}
