package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/lab"
)

// errUnverified is what facet model verify ends with when a check fails.
var errUnverified = errors.New("not verified")

func (a *app) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:        "verify [FILE|NAME]",
		SuggestFor: []string{"test", "validate"},
		Short:      "Check that a checkpoint is the published one, and that facet computes it rightly",
		Long: `Compares the digest of a checkpoint with the published one, and its answers to noise with the published answers of OpenAI's weights. Then
facet is compared with itself: pairs that sum to the embedding, attention that sums to 1, the attention pool computed in the plain way, and
one engine with the other. Last come pictures that ship with facet: plain labels, the attention sink, and which activation gives the sharper answers.
The exit code is 1 where a check is wrong. A file that is named as no published model is told that it is none, which is not wrong.`,
		Example: `  facet model verify RN50
  facet model verify RN50.pt --json`,
		Args: argsBetween(0, 1, "one checkpoint file, or --model"),
		RunE: a.ofCheckpoint(a.verify),
	}
}

func (a *app) verify(ctx context.Context) error {
	if err := a.offer(ctx); err != nil {
		return err
	}
	v, err := lab.Verify(ctx, a.config())
	if err != nil {
		return asUsage(err)
	}
	var wrong []string
	for _, c := range v.Checks {
		if c.Verdict == answer.Wrong {
			wrong = append(wrong, c.Check)
		}
	}
	if a.json {
		if err := encodeJSON(a.stdout, v); err != nil {
			return err
		}
	} else {
		t := a.table("check", "verdict", "what was found")
		for _, c := range v.Checks {
			t.AppendRow([]any{c.Check, c.Verdict, c.Found})
		}
		t.Render()
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s: %w: see %s", v.Path, errUnverified, strings.Join(wrong, "; "))
	}
	return nil
}
