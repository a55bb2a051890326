package cli

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/dataset/known"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

func (a *app) evaluateRetrievalCommand() *cobra.Command {
	var q lab.EvaluateRetrieval
	var output string
	var limit int
	cmd := &cobra.Command{
		Use:   "retrieval DATASET",
		Short: "Measure how well pictures are found by captions, and captions by pictures",
		Long: `Searches every picture by its captions and every caption by its picture, among the test pictures of Karpathy's split. It counts the searches that find
their target among the first 1, 5 and 10, with 95 % intervals. With -o, an interrupted run goes on where it stopped.

DATASET is one of
  ` + strings.Join(known.CaptionNames(), "\n  ") + `
where DIR has the pictures and Karpathy's dataset_NAME.json (docs/guide/evaluate.md).`,
		Example: `  facet evaluate retrieval flickr30k:flickr30k --model RN50 -o flickr30k-rn50`,
		Args:    argsBetween(1, 1, "one DATASET"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if q.Set, err = known.OpenCaptions(args[0]); err != nil {
				return unknownSet(err)
			}
			if limit > 0 {
				q.Set.Limit(limit)
			}
			if output != "" {
				q.Journal = filepath.Join(output, "journal.jsonl")
			}
			return a.evaluateRetrieval(cmd.Context(), q, output)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&output, "output", "o", "", "write the result and the journal of an interrupted run into this `DIR`")
	flags.Number(f, &limit, "limit", 0, flags.SomeOrNone, "take at most so many pictures, the first (default all)")
	return cmd
}

func (a *app) evaluateRetrieval(ctx context.Context, q lab.EvaluateRetrieval, output string) error {
	l, err := a.openLab(ctx, "")
	if err != nil {
		return err
	}
	defer l.Close()
	r, err := l.EvaluateRetrieval(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	if output != "" {
		if err := writeJSON(filepath.Join(output, "results.json"), r); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, r)
	}
	show.Retrieval(a.stdout, r)
	return nil
}
