package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/compare/report"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/terminal"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/comparing"
)

func (a *app) compareCommand() *cobra.Command {
	var q comparing.Question
	var o studyOptions
	cmd := &cobra.Command{
		Use:   "compare A B",
		Short: "Tell two checkpoints apart: pairs that say something else, fire otherwise, help or harm a class",
		Long: `A and B are two checkpoints, or two atlases with scalars of the same pictures, one by each model. Of checkpoints, facet says which pairs point elsewhere,
in words. Of atlases it also splits the difference of the embeddings exactly, by word and by pair: into what fires otherwise, what says otherwise, both, and the
constant. Pairs that do otherwise are held against chance: against what A does on two halves of the pictures. Pairs of different architectures are matched by
what they do.`,
		Example: `  facet compare before.pt after.pt
  facet scan photos -o before --model before.pt --keep-scalars
  facet scan photos -o after --model after.pt --keep-scalars
  facet compare before after -o compare.html`,
		Args: argsBetween(2, 2, "two checkpoints, or two atlases of the same pictures"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.chart != "" && filepath.Ext(o.chart) != ".html" {
				return flags.Mistakef("-o %s: expected a name that ends in .html", o.chart)
			}
			if a.model != "" {
				return flags.Mistakef("--model %s: the two models are the arguments", a.model)
			}
			var err error
			if q.Classes, q.Templates, err = o.texts(cmd.Context()); err != nil {
				return err
			}
			return a.compare(cmd.Context(), args[0], args[1], q, o.chart)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.chart, "output", "o", "", "write a page with all of it to `FILE`.html")
	f.StringVar(&q.Bank, "bank", "", "common, objects, a `BANK` of facet texts, or a file with a text a line: name pairs by it. Default: A's atlas, then common; the demo model has its own")
	f.BoolVar(&q.Truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	f.StringVar(&o.classes, "classes", "", "class names: a list with commas, or a `FILE` of them (default: the labels)")
	f.StringVar(&o.templates, "templates", "", "a `FILE` with a prompt a line, {} for the class (default: facet's own)")
	flags.Number(f, &q.Level, "level", 0.05, flags.Level, "expected share of false discoveries among the changed pairs")
	f.BoolVar(&q.Match, "match", false, "match pairs by what they do, also where the architectures are the same")
	flags.Number(f, &q.Candidates, "candidates", 500, flags.Span[int]{Least: 1, Most: 4000}, "match so many pairs of each model, those used most")
	flags.Number(f, &q.Top, "top", 20, flags.Some, "show at most so many: pairs of each list")
	return cmd
}

// openSide opens the lab of one of two models, which is an atlas or names a checkpoint.
func (a *app) openSide(ctx context.Context, side string) (l *lab.Lab, atlas string, err error) {
	if lab.IsAtlas(side) {
		l, err = a.openLab(ctx, side)
		return l, side, err
	}
	a.model = side
	defer func() { a.model = "" }()
	l, err = a.openLab(ctx, "")
	return l, "", err
}

func (a *app) compare(ctx context.Context, first, second string, q comparing.Question, output string) error {
	one, atlasA, err := a.openSide(ctx, first)
	if err != nil {
		return err
	}
	defer one.Close()
	other, atlasB, err := a.openSide(ctx, second)
	if err != nil {
		return err
	}
	defer other.Close()
	q.AtlasA, q.AtlasB = atlasA, atlasB
	r, err := comparing.Models(ctx, one, other, q)
	if err != nil {
		return asUsage(err)
	}
	page := report.New(r)
	if output != "" {
		if err := writeFile(output, page.Write); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, r)
	}
	a.printModels(page)
	return nil
}

// printModels prints what the page of a comparison shows.
func (a *app) printModels(p *report.Page) {
	fmt.Fprintf(a.stdout, "%s.\n", p.Headline)
	for _, f := range p.Facts {
		fmt.Fprintf(a.stdout, "%s: %s\n", f.Name, f.Value)
	}
	for _, t := range p.All() {
		fmt.Fprintf(a.stdout, "\n%s\n", t.Title)
		out := terminal.Table(a.stdout, t.Columns...)
		for _, row := range t.Rows {
			cells := make(table.Row, len(row))
			for i, c := range row {
				cells[i] = c
			}
			out.AppendRow(cells)
		}
		out.Render()
	}
}
