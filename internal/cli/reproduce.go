package cli

import (
	"context"
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/paper"
)

func (a *app) reproduceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "reproduce",
		Short:   "Measure what is published, and set both side by side",
		Example: `  facet reproduce paper --imagenet ILSVRC2012 --context VOC2010 --cars cars --model RN50x16 -o paper`,
	}
	cmd.AddCommand(a.reproducePaperCommand())
	return verbsBelow(cmd)
}

func (a *app) reproducePaperCommand() *cobra.Command {
	var q lab.Reproduce
	cmd := &cobra.Command{
		Use:   "paper -o DIR",
		Short: "Measure the figures of the paper that facet is built on, as far as your data allow",
		Long: `Measures the figures of Bu & Gandelsman (arXiv 2509.19943) on the data sets that you name, and writes published and measured values with
intervals and verdicts into DIR/` + lab.ReproducedPage + `. The published values are those of ` + paper.Model + `; with another model they stand beside, and nothing is judged.
Interrupted, the same command goes on where it stopped. Finished steps are kept in DIR/steps and made again only when model, data or settings have changed.
docs/research/paper.md has every figure: what it needs, how long it takes, and what facet does otherwise.`,
		Example: `  facet reproduce paper --imagenet ILSVRC2012 --context VOC2010 --cars cars --model RN50x16 -o paper
  facet reproduce paper --context VOC2010 --model RN50x16 --limit 500 -o paper`,
		Args: argsBetween(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.reproducePaper(cmd.Context(), q) },
	}
	f := cmd.Flags()
	f.StringVar(&q.ImageNet, "imagenet", "", "the `FOLDER` of ImageNet's validation pictures: val with a folder for each synset, or the layout of its devkit")
	f.StringVar(&q.Context, "context", "", "the `FOLDER` VOC2010 with JPEGImages, SegmentationClassContext and ImageSets/SegmentationContext/val.txt")
	f.StringVar(&q.Cars, "cars", "", "a `FOLDER` with Stanford Cars' cars_train and refined_train.csv, which has colours")
	f.StringVarP(&q.Folder, "output", "o", "", "write atlases, finished steps and the page into this `DIR`")
	flags.Number(f, &q.Stride, "stride", 10, flags.Span[int]{Least: 2, Most: 1000}, "take every n-th item of ImageNet to evaluate on")
	flags.Number(f, &q.Means, "fit-on", 1000, flags.Span[int]{Least: 2, Most: 1_000_000}, "take means, components and signs from so many of ImageNet's other pictures")
	flags.Number(f, &q.Limit, "limit", 0, flags.SomeOrNone, "take at most so many pictures of the other data sets, the first (default all)")
	flags.Number(f, &q.Pairs, "pairs", 0, flags.SomeOrNone, "neuron–head pairs of each text of PASCAL Context (default 20,000 for RN50x16, the same share of others)")
	return cmd
}

func (a *app) reproducePaper(ctx context.Context, q lab.Reproduce) error {
	if q.Folder == "" {
		return flags.Mistakef("-o is missing: expected the folder to write")
	}
	l, err := a.openLab(ctx, "")
	if err != nil {
		return err
	}
	defer l.Close()
	r, err := l.Reproduce(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	if a.json {
		return encodeJSON(a.stdout, r)
	}
	a.printReproduction(r)
	return nil
}

func (a *app) printReproduction(r *answer.Reproduction) {
	t := a.table("figure", "published", "measured", "95 %", "verdict")
	for _, s := range r.Steps {
		for _, f := range s.Figures {
			t.AppendRow(table.Row{f.What, paper.Number(f.Unit, f.Published), paper.Number(f.Unit, f.Measured), paper.Interval(f), f.Verdict})
		}
		t.AppendSeparator()
	}
	t.Render()
	for _, s := range r.Steps {
		switch {
		case s.Missing != "":
			fmt.Fprintf(a.stdout, "%s: not measured: %s\n", s.Step, s.Missing)
		case s.Kept:
			fmt.Fprintf(a.stdout, "%s: %s (kept from an earlier run)\n", s.Step, s.Data)
		default:
			fmt.Fprintf(a.stdout, "%s: %s; %.0f s\n", s.Step, s.Data, s.Seconds)
		}
	}
	fmt.Fprintf(a.stdout, "\nThe page is %s\n", r.Page)
}
