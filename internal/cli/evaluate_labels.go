package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/scenes"
)

func (a *app) evaluateLabelsCommand() *cobra.Command {
	var q lab.EvaluateLabels
	var o studyOptions
	var top int
	cmd := &cobra.Command{
		Use:   "labels [ATLAS]",
		Short: "Ask whether the words that pairs are given hold",
		Long: `Questions of labels. How much of the model is left when every pair's direction is replaced by its words (zero-shot accuracy, the paper's
table)? Does holding the pairs named by a class at their mean hurt that class more than others, and more than random pairs of equal strength? Does a pair's scalar
tell whether its first word is in the picture? The names stand beside those of other methods (CLIP-Dissect, INVERT) and of chance, with CoSy's scores, the
probability that a name is right, and how many names stand when false ones are controlled (docs/guide/label.md).

ATLAS holds the images that are asked about, with every scalar and with class labels; of scenes, all that is in them is known. The labels are its own (facet label), or
those of --labels-from OTHER, so that names are not judged by the images they were made from. Without ATLAS the demo model is asked: scenes to name its pairs by, and
others to judge them, are rendered on the spot.`,
		Example: `  facet evaluate labels                                                              the demo model
  facet evaluate labels test.atlas --labels-from train.atlas --bank words -o labels.png   any model`,
		Args: argsBetween(0, 1, "one atlas, scanned with --keep-scalars"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkChart(o.chart); err != nil {
				return err
			}
			if len(args) == 0 && a.model != "" && a.model != demoName {
				return flags.Mistakef("facet evaluate labels: expected an ATLAS: without one only the demo model can be asked, found --model %s", a.model)
			}
			if len(args) == 0 {
				a.model = demoName
			}
			var err error
			if q.Study, err = o.question(cmd.Context(), strings.Join(args, "")); err != nil {
				return err
			}
			return a.evaluateLabels(cmd.Context(), q, o.chart, top)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Labels, "labels-from", "", "ask about the labels that this other `ATLAS` keeps")
	flags.Bank(f, &q.Bank, &q.Truncate, "rebuild directions from it")
	f.StringVar(&o.classes, "classes", "", "class names: a list with commas, or a `FILE` with one a line (default: the atlas' labels)")
	f.StringVar(&o.templates, "templates", "", "a `FILE` with a prompt a line, {} for the class (default: facet's own)")
	f.StringVar(&o.means, "means", "", "take means from this other `ATLAS` (default: every other image; the rest is held and rebuilt)")
	flags.Number(f, &q.Scenes, "scenes", 1000, flags.Span[int]{Least: 100, Most: scenes.MaxScenes / 4}, "how many scenes of each kind to ask without ATLAS; pairs are named by twice as many")
	flags.Number(f, &q.Seeds, "seeds", 3, flags.Span[int]{Least: 1, Most: demo.MostSeeds}, "how many sets of scenes name pairs and judge the names without ATLAS; each takes the time of the first")
	flags.Number(f, &top, "top", 20, flags.Some, "show at most so many: pairs")
	f.StringVarP(&o.chart, "output", "o", "", "write a chart of how well the strongest pairs tell their words into `FILE`.png or .svg")
	return cmd
}

func (a *app) evaluateLabels(ctx context.Context, q lab.EvaluateLabels, chart string, top int) error {
	l, err := a.openLab(ctx, q.Atlas)
	if err != nil {
		return err
	}
	defer l.Close()
	r, err := l.EvaluateLabels(ctx, q)
	if err != nil {
		return asUsage(err)
	}
	if chart != "" {
		if err := writeChart(chart, lab.LabelCurve(r)); err != nil {
			return err
		}
	}
	if a.json {
		r.Truth.Rows, r.Fires.Rows = r.Truth.Rows[:min(top, len(r.Truth.Rows))], r.Fires.Rows[:min(top, len(r.Fires.Rows))]
		return encodeJSON(a.stdout, r)
	}
	show.LabelReport(a.stdout, r, top)
	return nil
}
