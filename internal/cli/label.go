package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

func (a *app) labelCommand() *cobra.Command {
	var q lab.Label
	top := 20
	cmd := &cobra.Command{
		Use:   "label [ATLAS|MODEL] --bank BANK",
		Short: "Name pairs in words: what each says, and with an atlas what it fires for",
		Long: `The direction of each neuron–head pair lies in the space of texts. This writes it as a sum of a few texts of a bank: what the pair says. That
needs the weights alone, no picture. With an atlas it also writes what the pair fires for: how the images in which its scalar is extreme differ from all
images. The labels are kept in the atlas, and pairs, neuron, explain, sink and search show them. What words explain no better than chance is
shown as unnamed.`,
		Example: `  facet label photos.atlas --bank words                             the tenth of the pairs that did most, kept in the atlas
  facet label photos.atlas --bank words -o labels.csv               … in a file instead
  facet label RN50 --bank words.txt -o labels.parquet               by the weights: the longest tenth of the pairs
  facet label RN50 --bank words --units 624,21                      one pair, in 64 words, only shown
  facet label                                                       the demo model in the words of its world`,
		Args: argsBetween(0, 1, "one atlas or model"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && lab.IsAtlas(args[0]) {
				q.Atlas = args[0]
			} else if len(args) == 1 && a.model != "" {
				return flags.Mistakef("facet label: %s and --model %s: expected one model", args[0], a.model)
			} else if len(args) == 1 {
				if !isModel(args[0]) {
					return fmt.Errorf("%s: expected an atlas, a checkpoint file or the name of a model (facet model list)", args[0])
				}
				a.model = args[0]
			}
			if err := a.checkLabel(q); err != nil {
				return err
			}
			q.Top = top
			return a.label(cmd.Context(), q)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Bank, "bank", "", "common, objects, a `BANK` of facet texts, or a file with a text a line. Default: common; the demo model has its world's words")
	f.StringVar(&q.Units, "units", "top:10%", "pairs to label: top:10% or top:200 (by use in the atlas, or by the length of their directions), all, or NEURON,HEAD")
	f.StringVar(&q.Method, "method", "omp", "the method: omp (orthogonal matching pursuit), or without negative words nnomp or lasso")
	f.StringVar(&q.Scale, "dictionary-norm", "rows", "what is made unit: rows (texts), or reference (columns, as the reference code does)")
	f.StringVarP(&q.Output, "output", "o", "", "write every term of every label to `FILE`.parquet, .jsonl or .csv, and leave the atlas as it is")
	f.StringVar(&q.Calibration, "calibration", "", "a `FILE` of facet evaluate labels --json: show how probably each name is right")
	flags.Number(f, &q.Terms, "terms", 64, flags.Some, "texts in a label, at most")
	flags.Number(f, &top, "top", 20, flags.SomeOrNone, "show at most so many: pairs")
	flags.Number(f, &q.Memory, "memory", 2048, flags.Span[int64]{Least: 1, Most: 1 << 24}, "memory to use, in MiB")
	f.BoolVar(&q.Truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	return cmd
}

// checkLabel finds mistakes before a model is opened.
func (a *app) checkLabel(q lab.Label) error {
	var m *lab.Mistake
	if err := q.Check(); errors.As(err, &m) && m.Field == "output" {
		return flags.Mistakef("-o %w", m.Problem)
	} else if err != nil {
		return asUsage(err)
	}
	return nil
}

// isModel tells whether --model can name it: a file, a model that can be pulled, or the demo.
func isModel(name string) bool {
	_, missing := os.Stat(name)
	_, unknown := registry.Lookup(name)
	return missing == nil || unknown == nil || name == demoName
}

func (a *app) label(ctx context.Context, q lab.Label) error {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(q.Memory << 20 * 15 / 16))
	l, err := a.openLab(ctx, q.Atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	labels, err := l.Label(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	if a.json {
		return encodeJSON(a.stdout, labels)
	}
	show.Labels(a.stdout, labels)
	if q.Atlas != "" && q.Output == "" && (q.Units == "all" || strings.HasPrefix(q.Units, "top:")) {
		fmt.Fprintf(a.stdout, "They are kept in %s; facet pairs, neuron, explain, sink and search show them.\n", q.Atlas)
	}
	if q.Output != "" {
		fmt.Fprintf(a.stdout, "Every term of every label is in %s\n", q.Output)
	}
	return nil
}
