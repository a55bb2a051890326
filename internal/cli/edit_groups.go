package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab/editing"
)

// columnFlag lets a verb be told which column of an atlas says the group.
func columnFlag(f *pflag.FlagSet, at *string) {
	f.StringVar(at, "groups", "group", "the column of the atlas that says the group: group, label or truth")
}

func (a *app) editSuggestCommand() *cobra.Command {
	var q editing.SuggestEdit
	var classes, templates, output string
	cmd := &cobra.Command{
		Use:   "suggest ATLAS",
		Short: "Find the pairs that hold a spurious cue",
		Long: `Pairs are suspected whose part of the decision differs between rightly and wrongly classified pictures of a class, and which fire for a group.
They are ranked on every other picture of each class and group. The same pictures decide how many of them to hold at their mean. The result is scored on the rest. The same search through
random pairs of equal strength tells what chance gains.`,
		Example: `  facet edit suggest birds.atlas --groups group -o pairs.json
  facet edit --means birds.atlas --pairs pairs.json -o better.safetensors`,
		Args: argsBetween(1, 1, "one atlas, scanned with --keep-scalars, with labels and groups"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			q.Atlas = args[0]
			if classes != "" {
				if q.Classes, err = flags.Entries(cmd.Context(), "--classes", classes); err != nil {
					return err
				}
			}
			if q.Templates, err = readTemplates(cmd.Context(), templates); err != nil {
				return err
			}
			return a.editSuggest(cmd.Context(), q, output)
		},
	}
	f := cmd.Flags()
	columnFlag(f, &q.Column)
	f.StringVar(&classes, "classes", "", "class names: a list with commas, or a `FILE` with one a line (default: the atlas' labels)")
	f.StringVar(&templates, "templates", "", "a `FILE` with a prompt a line, {} for the class (default: facet's own)")
	flags.Number(f, &q.Most, "top", 256, flags.Some, "show at most so many: suggested pairs")
	flags.Number(f, &q.Draws, "draws", 19, flags.Some, "random searches to hold the gain against")
	f.StringVarP(&output, "output", "o", "", "write the pairs into `FILE`.json, for facet edit --pairs")
	return cmd
}

func (a *app) editSuggest(ctx context.Context, q editing.SuggestEdit, output string) error {
	l, err := a.openLab(ctx, q.Atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	r, err := editing.Of(l).SuggestEdit(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	if output != "" {
		if err := writeFile(output, func(w io.Writer) error { return editing.WritePairs(w, r.Pairs) }); err != nil {
			return err
		}
	}
	if a.json {
		return encodeJSON(a.stdout, r)
	}
	show.EditSuggestion(a.stdout, r)
	return nil
}

func (a *app) evaluateGroupsCommand() *cobra.Command {
	var p editing.PriceEdit
	var q editing.EvaluateGroups
	var o editOptions
	var texts string
	cmd := &cobra.Command{
		Use:   "groups ATLAS",
		Short: "Measure accuracy by class and group, before and after an edit",
		Long: `Accuracy in each class and group of ATLAS, on average and in the worst cell. With an edit (the flags of facet edit), before and after it and after
random edits of equal strength; with --rivals, beside other methods. Means come from another atlas, --means, never from the pictures that are scored.`,
		Example: `  facet evaluate groups test.atlas
  facet evaluate groups test.atlas --means train.atlas --pairs pairs.json --rivals --others imagenet.atlas`,
		Args: argsBetween(1, 1, "one atlas with labels and groups"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := o.question(cmd.Context(), &p); err != nil {
				return err
			}
			q.Atlas, q.Edit, q.Classes, q.Templates = args[0], p.Edit, p.Classes, p.ClassTemplates
			if texts != "" {
				if q.GroupTexts, err = flags.Entries(cmd.Context(), "--group-texts", texts); err != nil {
					return err
				}
			}
			return a.evaluateGroups(cmd.Context(), q)
		},
	}
	f := cmd.Flags()
	o.editFlags(f, &p.Edit)
	columnFlag(f, &q.Column)
	f.StringVar(&o.classes, "classes", "", "class names: a list with commas, or a `FILE` with one a line (default: the atlas' labels)")
	f.BoolVar(&q.Rivals, "rivals", false, "score other methods too: prompts projected off the groups, with and without calibration, RoboShot, heads held at their means")
	f.StringVar(&texts, "group-texts", "", "what prompts of the rivals call the groups, a list with commas (default: the groups)")
	flags.Number(f, &q.RivalHeads, "rival-heads", 2, flags.Some, "how many heads the last rival holds")
	f.StringVar(&q.Others, "others", "", "measure what an edit costs other classes on this `ATLAS`")
	return cmd
}

func (a *app) evaluateGroups(ctx context.Context, q editing.EvaluateGroups) error {
	l, err := a.openLab(ctx, q.Atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	r, err := editing.Of(l).EvaluateGroups(ctx, q)
	if err != nil || a.json {
		return a.encodeOr(r, err)
	}
	if r.Plan != nil {
		show.EditPlan(a.stdout, *r.Plan)
		fmt.Fprintln(a.stdout)
	}
	show.GroupCells(a.stdout, r)
	show.GroupOutcomes(a.stdout, r.Methods)
	for _, m := range r.Methods {
		if m.Detail != "" {
			fmt.Fprintf(a.stdout, "%s: %s.\n", m.Method, m.Detail)
		}
	}
	return nil
}
