package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

func (a *app) sinkCommand() *cobra.Command {
	var o studyOptions
	var q lab.Sink
	cmd := &cobra.Command{
		Use:   "sink SOURCE|ATLAS",
		Short: "Ask where the class token looks: attention of each place, and whether one of them is a sink",
		Long: `In CLIP-ResNets the last spatial token draws attention whatever it shows. For a dataset, or the pictures of an atlas, this shows the mean attention
of each place and the neurons that draw it to the last one. It also shows
zero-shot accuracy when that place is not looked at.`,
		Example: `  facet sink photos/ --model RN50 -o sink.png
  facet sink scenes:default?n=500`,
		Args: argsBetween(1, 1, "one dataset or atlas"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.chart != "" && filepath.Ext(o.chart) != ".png" {
				return flags.Mistakef("-o %s: expected a name that ends in .png", o.chart)
			}
			var err error
			if q.Classes, q.Templates, err = o.texts(cmd.Context()); err != nil {
				return err
			}
			q.Source = args[0]
			return a.sink(cmd.Context(), q, o.chart)
		},
	}
	f := cmd.Flags()
	flags.Number(f, &q.Limit, "limit", 500, flags.Some, "take at most so many pictures")
	f.StringVar(&q.Bank, "bank", "", "common, objects, a `BANK` of facet texts, or a file with a text a line: name register neurons by it. Default: common; the demo model has its own")
	f.StringVar(&o.classes, "classes", "", "class names: a list with commas, or a `FILE` of them (default: the labels)")
	f.StringVar(&o.templates, "templates", "", "a `FILE` with a prompt a line, {} for the class (default: facet's own)")
	rootFlag(f, &q.Roots)
	flags.Compat(f, &q.Reference, "add what the published code finds, by its rules: neurons zeroed in every token, pairs without the sink, and what both do to accuracy")
	flags.Number(f, &q.Zeroed, "registers", 18, flags.Some, "neurons that --compat reference sets to zero for its accuracy")
	f.StringVarP(&o.chart, "output", "o", "", "write the map of attention into `FILE`.png")
	return cmd
}

func (a *app) sink(ctx context.Context, q lab.Sink, chart string) error {
	atlas := ""
	if lab.IsAtlas(q.Source) {
		atlas = q.Source
	}
	l, err := a.openLab(ctx, atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	w, err := l.Sink(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	if chart != "" {
		if err := writePNG(chart, w.Map()); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, w.Answer)
	}
	show.Sink(a.stdout, w.Answer)
	return nil
}
