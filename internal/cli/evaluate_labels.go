package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/flags"
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
		Long: `Three questions of labels. How much of the model is left when every pair's direction is replaced by its words (zero-shot accuracy, the paper's
table)? Does holding the pairs named by a class at their mean hurt that class more than others, and more than random pairs of equal strength? Does a pair's scalar
tell whether its first word is in the picture?

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
	f.StringVar(&q.Bank, "bank", "", "common, objects, a `BANK` of facet texts, or a file with a text a line: rebuild directions from it (default common; the demo model has its own)")
	f.StringVar(&o.classes, "classes", "", "class names: a list with commas, or a `FILE` with one a line (default: the atlas' labels)")
	f.StringVar(&o.templates, "templates", "", "a `FILE` with a prompt a line, {} for the class (default: facet's own)")
	f.StringVar(&o.means, "means", "", "take means from this other `ATLAS` (default: every other image; the rest is held and rebuilt)")
	flags.Number(f, &q.Scenes, "scenes", 1000, flags.Span[int]{Least: 100, Most: scenes.MaxScenes / 4}, "how many scenes of each kind to ask without ATLAS; pairs are named by twice as many")
	flags.Number(f, &top, "top", 20, flags.Some, "show at most so many: pairs")
	f.BoolVar(&q.Truncate, "truncate", false, "cut texts that are too long instead of refusing them")
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
		r.Truth.Rows, r.Fires.Rows = first(r.Truth.Rows, top), first(r.Fires.Rows, top)
		return encodeJSON(a.stdout, r)
	}
	a.printLabelReport(r, top)
	return nil
}

// first are the first n rows, or all there are.
func first[T any](rows []T, n int) []T { return rows[:min(n, len(rows))] }

func (a *app) printLabelReport(r *answer.LabelReport, top int) {
	t := a.table("pair", "strength", "fires for", "AUC of its first word", "says", "AUC of its first word", "tells best", "AUC")
	for i, p := range first(r.Fires.Rows, top) {
		row := []any{fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), fmt.Sprintf("%.3f", p.Strength)}
		for _, d := range []answer.Detection{p, r.Truth.Rows[i]} {
			switch {
			case d.Word == "":
				row = append(row, "unnamed", "")
			case d.Unknown:
				row = append(row, d.Label, "unknown")
			default:
				row = append(row, d.Label, fmt.Sprintf("%.2f", d.AUC))
			}
		}
		t.AppendRow(append(row, p.Best, fmt.Sprintf("%.2f", p.BestAUC)))
	}
	t.Render()
	fmt.Fprintf(a.stdout, "Labels by %s. Of the %d strongest pairs\n", r.Labels, r.Fires.Pairs)
	for _, x := range []struct {
		what string
		answer.Truth
	}{{"what they fire for", r.Fires}, {"what they say", r.Truth}} {
		fmt.Fprintf(a.stdout, "  %d are named by %s; of these %d tell their first word with AUC ≥ %g", x.Named, x.what, x.Predictive, experiment.Predictive)
		if x.Unknown > 0 {
			fmt.Fprintf(a.stdout, ", and of %d nobody knows where the word is", x.Unknown)
		}
		fmt.Fprintln(a.stdout)
	}
	fmt.Fprintln(a.stdout)
	a.printCausal("fire for it", r.CausalFires)
	a.printCausal("say it", r.Causal)
	a.printWordReconstruction(r.Reconstruction)
}

func (a *app) printWordReconstruction(rows []answer.WordReconstruction) {
	w := a.table("words in each label", "zero-shot accuracy (95 %)", "cosine with the embedding")
	for _, x := range rows {
		terms := fmt.Sprint(x.Terms)
		if x.Terms == 0 {
			terms = "the pairs themselves"
		}
		w.AppendRow([]any{terms, interval(x.Accuracy), fmt.Sprintf("%.3f", x.Cosine)})
	}
	w.Render()
}

func (a *app) printCausal(how string, rows []answer.Ablated) {
	if len(rows) == 0 {
		fmt.Fprintf(a.stdout, "No concept has pairs that %s.\n\n", how)
		return
	}
	c := a.table("word", "pairs that "+how, "AUC", "falls by", "others fall by", "control falls by")
	more, control := 0, 0
	var own, others, random float64
	for _, x := range rows {
		c.AppendRow([]any{x.Word, x.Pairs, fmt.Sprintf("%.3f", x.Before), fmt.Sprintf("%+.4f", x.Own), fmt.Sprintf("%+.4f", x.Others), fmt.Sprintf("%+.4f", x.Control)})
		if x.Own > x.Others {
			more++
		}
		if x.Own > x.Control {
			control++
		}
		n := float64(len(rows))
		own, others, random = own+x.Own/n, others+x.Others/n, random+x.Control/n
	}
	c.Render()
	fmt.Fprintf(a.stdout, "Holding the pairs that %s at their mean hurts a word more than the others for %d of %d words, more than random pairs of equal strength for %d; "+
		"falls on average %+.4f, others %+.4f, control %+.4f.\n\n", how, more, len(rows), control, own, others, random)
}
