package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/lab"
)

func (a *app) classifyCommand() *cobra.Command {
	var q lab.Classify
	var labels, templates string
	cmd := &cobra.Command{
		Use:        "classify SOURCE… --labels \"car, tree, boat\"",
		SuggestFor: []string{"classification"},
		Short:      "Say which of some labels fit a picture, without training",
		Long: `Zero-shot classification: each label is put into every prompt template, and the mean of the prompts'
embeddings is compared with the picture. A label may bring its article: "a cat" becomes "a photo of a cat.", not "of a a cat.".
` + sourceHelp + ` Pictures of a
dataset that cannot be read are left out and listed.`,
		Example: `  facet classify photo.jpg --labels "car, tree, boat"
  facet classify photos/ --labels imagenet.txt --templates prompts.txt --top 1 --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Sources = args
			switch {
			case len(args) == 0 && q.Pixels == "":
				return flags.Mistakef("expected pictures or datasets, or --pixels FILE.npy")
			case len(args) > 0 && q.Pixels != "":
				return flags.Mistakef("expected only one of pictures or datasets and --pixels FILE.npy")
			case labels == "":
				return flags.Mistakef("expected --labels, a list with commas or a file with a label a line")
			}
			return a.classify(cmd.Context(), q, labels, templates)
		},
	}
	f := cmd.Flags()
	pictureFlags(f, &q.Pixels, &q.Whole)
	f.StringVar(&labels, "labels", "", "a list with commas, or a `FILE` with a label a line")
	f.StringVar(&templates, "templates", "", "a `FILE` with a prompt a line, {} for the label (default: facet's own for photographs)")
	flags.Number(f, &q.Top, "top", 5, flags.Some, "show at most so many: labels of each picture")
	return cmd
}

func (a *app) classify(ctx context.Context, q lab.Classify, labels, templates string) error {
	all, err := flags.Entries(ctx, "--labels", labels)
	if err != nil {
		return err
	}
	q.Labels = distinct(all)
	if templates != "" {
		if q.Templates, err = regular.Read(ctx, templates, concept.ReadTemplates); err != nil {
			return err
		}
	}
	a.brief = !a.json
	l, err := a.openLab(ctx, "")
	if err != nil {
		return err
	}
	defer l.Close()
	if !a.json { // pictures are printed as they are done
		count := 0
		q.Each = func(c answer.ClassifiedImage) error {
			count++
			return printClasses(a.stdout, c, count > 1)
		}
	}
	found, err := l.Classify(ctx, q)
	if err != nil || !a.json {
		return asUsage(err)
	}
	return encodeJSON(a.stdout, found)
}

// distinct drops labels that are given twice: between two of one name a probability would be split.
func distinct(labels []string) []string {
	var all []string
	for _, l := range labels {
		if slices.Contains(all, l) {
			slog.Warn("a label that is given twice counts once", "label", l)
			continue
		}
		all = append(all, l)
	}
	return all
}

func printClasses(w io.Writer, c answer.ClassifiedImage, space bool) error {
	if space {
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, text.Bold.Sprint(c.Image))
	for _, class := range c.Classes {
		if _, err := fmt.Fprintf(w, "  %5.1f %%  %s\n", 100*class.Probability, class.Label); err != nil {
			return err
		}
	}
	return nil
}
