package lab

import (
	"context"
	"errors"

	"github.com/facet-clip/facet/answer"
)

// Embed asks for the embeddings of pictures or of texts.
type Embed struct {
	Input
	// Texts are embedded in place of pictures, each as it is.
	Texts []string
	// Truncate cuts texts that are too long instead of refusing them.
	Truncate bool
	// Each takes rows [n,D] with the names of their inputs as soon as they are done. Where it is given, the answer holds no rows.
	Each func(names []string, rows []float32) error
}

func (q Embed) check() error {
	switch {
	case len(q.Texts) == 0:
		return q.Input.check()
	case len(q.Sources) > 0 || len(q.Contents) > 0 || q.Pixels != "":
		return &Mistake{Problem: errors.New("expected only one of pictures or datasets, pixels and texts")}
	}
	return nil
}

// Embed gives the embeddings of pictures or texts in the joint space, not normalised.
func (l *Lab) Embed(ctx context.Context, q Embed) (*answer.Embeddings, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	a := &answer.Embeddings{}
	use := func(names []string, rows []float32) error {
		a.Inputs = append(a.Inputs, names...)
		if q.Each != nil {
			return q.Each(names, rows)
		}
		D := l.model.Config.Embed
		for i := range names {
			a.Embeddings = append(a.Embeddings, rows[i*D:(i+1)*D])
		}
		return nil
	}
	var err error
	if len(q.Texts) > 0 {
		var rows []float32
		if rows, err = l.EncodeTexts(ctx, q.Texts, q.Truncate); err == nil {
			err = use(q.Texts, rows)
		}
	} else {
		a.Skipped, err = l.embeddings(ctx, q.Input, use)
	}
	if err != nil {
		return nil, err
	}
	a.Model, err = l.describe(ctx)
	return a, err
}
