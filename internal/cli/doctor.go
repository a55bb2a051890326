package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/lab"
)

// errUnfit is what facet model doctor ends with when something is wrong.
var errUnfit = errors.New("not fit for use as it is")

func (a *app) doctor(ctx context.Context) error {
	if err := a.offer(ctx); err != nil {
		return err
	}
	d, err := lab.Doctor(ctx, a.config())
	if err != nil {
		return err
	}
	return a.printDiagnosis(d)
}

func (a *app) printDiagnosis(d *answer.Diagnosis) error {
	var wrong []string
	for _, f := range d.Findings {
		if f.Verdict == answer.Wrong {
			wrong = append(wrong, f.Check)
		}
	}
	if a.json {
		if err := encodeJSON(a.stdout, d); err != nil {
			return err
		}
	} else {
		t := a.table("check", "verdict", "what was found")
		for _, f := range d.Findings {
			t.AppendRow([]any{f.Check, f.Verdict, f.Found})
		}
		t.Render()
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s: %w: see %s", d.Path, errUnfit, strings.Join(wrong, ", "))
	}
	return nil
}
