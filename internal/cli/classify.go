package cli

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
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
  facet classify photo.jpg --labels "car, tree, boat" --why    … and why the first label and not the second
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
	f.StringVar(&q.Why, "why", "", "say why: word by word, what speaks for the first label and not for the second, or with --why=`LABEL` not for this one")
	f.Lookup("why").NoOptDefVal = lab.WhySecond
	f.StringVar(&q.Bank, "bank", "", "common, objects, a `BANK` of facet texts, or a file with a text a line: with --why, name pairs by it. The demo model has its own names")
	f.StringVar(&q.Atlas, "atlas", "", "an `ATLAS` of the same model: with --why, name pairs by the labels that facet label left in it")
	return cmd
}

func (a *app) classify(ctx context.Context, q lab.Classify, labels, templates string) error {
	all, err := flags.Entries(ctx, "--labels", labels)
	if err != nil {
		return err
	}
	q.Labels = distinct(all)
	if q.Templates, err = readTemplates(ctx, templates); err != nil {
		return err
	}
	a.brief = !a.json
	l, err := a.openLab(ctx, q.Atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	if !a.json { // pictures are printed as they are done
		count := 0
		q.Each = func(c answer.ClassifiedImage) error {
			count++
			return a.printClasses(c, count > 1)
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

func (a *app) printClasses(c answer.ClassifiedImage, space bool) error {
	if space {
		fmt.Fprintln(a.stdout)
	}
	fmt.Fprintln(a.stdout, text.Bold.Sprint(c.Image))
	for _, class := range c.Classes {
		if _, err := fmt.Fprintf(a.stdout, "  %5.1f %%  %s\n", 100*class.Probability, class.Label); err != nil {
			return err
		}
	}
	if w := c.Why; w != nil && !lab.Named(w.Groups) {
		fmt.Fprintln(a.stdout, show.Nameless)
	} else if w != nil {
		fmt.Fprintf(a.stdout, "why %q and not %q: the logits differ by %.3f\n", w.First, w.Second, w.Difference)
		show.GroupTable(a.stdout, w.Groups, lab.ByWord, "part of the difference", w.Difference)
	}
	return nil
}
