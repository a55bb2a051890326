package cli

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/dataset/known"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

func (a *app) evaluateClassificationCommand() *cobra.Command {
	var q lab.EvaluateClassification
	var classes, templates, output string
	var limit int
	cmd := &cobra.Command{
		Use:   "classification DATASET",
		Short: "Measure zero-shot classification on a standard data set",
		Long: `Classifies every picture by the names of the data set's classes, without training. It prints top-1, top-5 and the mean over the classes; where a
picture has several classes, the mean average precision. Each has its 95 % interval, and the published score of the model where there is one. With -o,
an interrupted run goes on where it stopped.

DATASET is one of
  ` + strings.Join(known.Names(), "\n  ") + `
each in its published layout (docs/guide/evaluate.md).`,
		Example: `  facet evaluate classification "scenes:default?n=500&seed=990006"
  facet evaluate classification cifar10:cifar-10-batches-bin --model RN50 -o cifar10`,
		Args: argsBetween(1, 1, "one DATASET"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if q.Set, err = known.Open(args[0]); err != nil {
				return unknownSet(err)
			}
			if limit > 0 {
				q.Set.Limit(limit)
			}
			if classes != "" {
				if q.Classes, err = flags.Entries(cmd.Context(), "--classes", classes); err != nil {
					return err
				}
			}
			if q.Templates, err = readTemplates(cmd.Context(), templates); err != nil {
				return err
			}
			if output != "" {
				q.Journal = filepath.Join(output, "journal.jsonl")
			}
			return a.evaluateClassification(cmd.Context(), q, output)
		},
	}
	f := cmd.Flags()
	f.StringVar(&classes, "classes", "", "class names: a list with commas, or a `FILE` with one a line, in the order of the labels (default: the data set's own)")
	f.StringVar(&templates, "templates", "", "a `FILE` with a prompt a line, {} for the class (default: the data set's own)")
	f.StringVarP(&output, "output", "o", "", "write tables and the journal of an interrupted run into this `DIR`")
	flags.Number(f, &limit, "limit", 0, flags.SomeOrNone, "take at most so many pictures, the first (default all)")
	return cmd
}

// unknownSet makes a usage error of a data set that there is none of.
func unknownSet(err error) error {
	if errors.Is(err, known.ErrUnknown) {
		return flags.Mistake{Err: err}
	}
	return err
}

func (a *app) evaluateClassification(ctx context.Context, q lab.EvaluateClassification, output string) error {
	l, err := a.openLab(ctx, "")
	if err != nil {
		return err
	}
	defer l.Close()
	r, err := l.EvaluateClassification(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	if output != "" {
		if err := writeCSV(filepath.Join(output, "classes.csv"), show.ClassificationTable(r.Classes)); err != nil {
			return err
		}
		if err := writeJSON(filepath.Join(output, "results.json"), r); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, r)
	}
	show.Classification(a.stdout, r)
	return nil
}
