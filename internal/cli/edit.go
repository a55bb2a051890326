package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/editing"
)

// editOptions are the flags of facet edit that are not yet a question.
type editOptions struct {
	remove, keep, erase, pairs, classes, templates string
	dryRun                                         bool
	undo                                           string
}

func (a *app) editCommand() *cobra.Command {
	var q editing.PriceEdit
	var x editing.ExportEdit
	var o editOptions
	cmd := &cobra.Command{
		Use:   "edit --means ATLAS -o OUT",
		Short: "Take concepts out of a model's weights, and write the edited model",
		Long: `Pairs are held at their mean, or scaled about it, in the weights of the attention pool; texts and labels are erased from embeddings. Nothing
is trained and no other part of the model changes. The means come from ATLAS.

OUT is a name that ends in .safetensors (the source's names) or .pt (for OpenAI's clip.load), or a folder's (for open_clip's local-dir:). Beside it, edit.json says
how it was made. --dry-run tells what the edit costs each class and writes nothing.`,
		Example: `  facet edit --means photos.atlas --remove snow --dry-run                        what it costs
  facet edit --means photos.atlas --remove snow --keep "bear, fox" -o no-snow     for open_clip
  facet edit --means photos.atlas --erase-texts "male, female" -o fair.pt         for clip.load
  facet edit --undo no-snow -o before.safetensors                                 the source again`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.undo != "" {
				return a.undo(cmd.Context(), lab.Undo{Edited: o.undo, Output: x.Output})
			}
			if err := o.question(cmd.Context(), &q); err != nil {
				return err
			}
			x.Edit = q.Edit
			return a.edit(cmd.Context(), q, x, o.dryRun)
		},
	}
	cmd.AddCommand(a.editSuggestCommand())
	o.flags(cmd.Flags(), &q)
	f := cmd.Flags()
	f.StringVarP(&x.Output, "output", "o", "", "write the edited model: `OUT`.safetensors, OUT.pt, or a folder")
	f.BoolVar(&x.Timm, "timm", false, "write the image tower alone, under timm's names")
	f.StringVar(&x.DType, "dtype", "", "store numbers as float16, bfloat16, float32 or float64 (default: as the source does)")
	f.BoolVar(&o.dryRun, "dry-run", false, "write nothing; predict from scalars what each class loses")
	f.StringVar(&o.undo, "undo", "", "write the source of `EDITED`, a model that facet edit wrote, to -o, byte for byte")
	return cmd
}

// flags are those that say what is edited and how its price is taken.
func (o *editOptions) flags(f *pflag.FlagSet, q *editing.PriceEdit) {
	o.editFlags(f, &q.Edit)
	f.StringVar(&q.Score, "score", "", "with --dry-run: score the pictures of this `ATLAS` (default: every other one of --means, with means from the rest)")
	f.StringVar(&o.classes, "classes", "", "class names: a list with commas, or a `FILE` with one a line, for --dry-run (default: the atlas' labels)")
}

// editFlags are those that say what is edited.
func (o *editOptions) editFlags(f *pflag.FlagSet, q *editing.Edit) {
	f.StringVar(&q.Means, "means", "", "take means of pairs from this `ATLAS`, which is of the same model")
	f.StringVar(&o.remove, "remove", "", "edit the pairs that are about these `TEXTS`, a list with commas")
	f.StringVar(&q.By, "about", "", "how a pair is about a text: label, direction or both (default label where the atlas keeps labels)")
	flags.Number(f, &q.Sigma, "sigma", 4, flags.Span[float64]{Least: 0, Most: 1000, Above: true}, "standard deviations above the mean of all pairs at which a direction is about a text")
	f.StringVar(&o.pairs, "pairs", "", "edit the pairs of `FILE`.json: [{\"neuron\": 5, \"head\": 2}, …]")
	flags.Numbers(f, &q.Heads, "heads", nil, flags.SomeOrNone, "edit whole heads")
	flags.Number(f, &q.Scale, "scale", 0, flags.Span[float64]{Least: 0, Most: 1000}, "multiply what differs from the mean by this: 0 holds pairs at their mean, 2 doubles them")
	f.StringVar(&o.keep, "keep", "", "leave out pairs that carry these `TEXTS`, and erase texts without touching them")
	f.StringVar(&o.erase, "erase-texts", "", "project the span of these `TEXTS` out of embeddings")
	f.StringVar(&q.Side, "side", "", "where texts are erased: image, text or both (default image)")
	f.StringVar(&q.EraseLabel, "erase-label", "", "erase what a column of ATLAS says, by LEACE: label, group or truth")
	flags.Number(f, &q.Ridge, "ridge", 0, flags.Span[float64]{Least: 0, Most: 1000}, "for --erase-label, add so many mean eigenvalues to the covariance (default 0.001 where it is singular)")
	f.StringVar(&o.templates, "templates", "", "a `FILE` with a prompt a line, {} for the class or the text to erase (default: facet's own)")
}

// question fills in what flags say in lists and files.
func (o editOptions) question(ctx context.Context, q *editing.PriceEdit) (err error) {
	for _, list := range []struct {
		flag, value string
		to          *[]string
	}{{"--remove", o.remove, &q.Remove}, {"--keep", o.keep, &q.Keep}, {"--erase-texts", o.erase, &q.EraseTexts}, {"--classes", o.classes, &q.Classes}} {
		if list.value == "" {
			continue
		}
		if *list.to, err = flags.Entries(ctx, list.flag, list.value); err != nil {
			return err
		}
		*list.to = distinct(*list.to)
	}
	if q.Templates, err = readTemplates(ctx, o.templates); err != nil {
		return err
	}
	q.ClassTemplates = q.Templates
	if o.pairs != "" {
		q.Pairs, err = regular.Read(ctx, o.pairs, editing.ReadPairs)
	}
	return err
}

func (a *app) edit(ctx context.Context, q editing.PriceEdit, x editing.ExportEdit, dryRun bool) error {
	if !dryRun && x.Output == "" {
		return flags.Mistakef("facet edit: expected -o OUT, or --dry-run")
	}
	l, err := a.openLab(ctx, q.Means)
	if err != nil {
		return err
	}
	defer l.Close()
	if dryRun {
		r, err := editing.Of(l).PriceEdit(ctx, q)
		if err != nil || a.json {
			return a.encodeOr(r, err)
		}
		show.EditPlan(a.stdout, r.EditPlan)
		show.EditPrice(a.stdout, r)
		return nil
	}
	if !a.json { // listed before anything is done
		x.Planned = func(p answer.EditPlan) { show.EditPlan(a.stdout, p) }
	}
	r, err := editing.Of(l).ExportEdit(ctx, x)
	if err != nil || a.json {
		return a.encodeOr(r, err)
	}
	fmt.Fprintf(a.stdout, "\n%s holds the edited model; %s says how it was made.\n", r.Output, r.Record)
	t := a.table("weights of the pool", "embeddings compared", "largest difference from the prediction", "mean")
	for _, x := range r.Residuals {
		t.AppendRow([]any{x.As, x.Of, fmt.Sprintf("%.1e", x.Largest), fmt.Sprintf("%.1e", x.Mean)})
	}
	t.Render()
	return nil
}

// encodeOr prints an answer as JSON, unless there was an error.
func (a *app) encodeOr(r any, err error) error {
	if err != nil {
		return asUsage(err)
	}
	return encodeJSON(a.stdout, r)
}

func (a *app) undo(ctx context.Context, q lab.Undo) error {
	r, err := a.config().Undo(ctx, q)
	if err != nil || a.json {
		return a.encodeOr(r, err)
	}
	fmt.Fprintf(a.stdout, "%s is %s again, byte for byte (sha256 %.12s…); %d earlier edits are in it.\n", r.Output, r.Source.Name, r.Source.SHA256, r.Steps)
	return nil
}
