package cli

import (
	"context"
	"io"

	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/plot"
)

// answered asks the lab of --model, or of the model that made an atlas, and prints the answer: as JSON, or as print does. What is to be written of it is
// written before.
func answered[A any](ctx context.Context, a *app, atlas string, ask func(*lab.Lab) (A, error), print func(io.Writer, A), write ...func(A) error) error {
	l, err := a.openLab(ctx, atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	r, err := ask(l)
	if err != nil {
		return asUsage(err)
	}
	for _, f := range write {
		if err := f(r); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, r)
	}
	print(a.stdout, r)
	return nil
}

// charted writes a chart of an answer into a file, if it has a name.
func charted[A any](name string, of func(A) plot.Curve) func(A) error {
	return func(r A) error {
		if name == "" {
			return nil
		}
		return writeChart(name, of(r))
	}
}
