package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/plot"
)

// evaluateCommand groups the verbs that measure whether what facet says holds.
func (a *app) evaluateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "evaluate labels | segmentation",
		Short: "Measure whether what facet says holds",
		Args:  argsBetween(0, 0, "what to evaluate"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.evaluateLabelsCommand(), a.evaluateSegmentationCommand())
	return cmd
}

func (a *app) evaluateLabelsCommand() *cobra.Command {
	var n int
	var chart string
	cmd := &cobra.Command{
		Use:   "labels",
		Short: "Compare the words of the demo model's pairs with scenes of known truth",
		Long: `Labels the pairs of the demo model with the words of its world, and asks of scenes whose contents are known: does a pair's scalar tell
whether its thing is there; does holding the pairs of a word at their mean hurt that word more than others; how much of the model is left
when every pair is replaced by its words.`,
		Args: argsBetween(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.model != "" && a.model != demoName {
				return usagef("facet evaluate labels: the truth is known for the demo model's world alone, found --model %s", a.model)
			}
			a.model = demoName
			if n < 100 {
				return usagef("--scenes %d: expected at least 100", n)
			}
			if err := checkChart(chart); err != nil {
				return err
			}
			return a.evaluateLabels(cmd.Context(), n, chart)
		},
	}
	cmd.Flags().IntVar(&n, "scenes", 1000, "how many scenes of each kind to ask")
	cmd.Flags().StringVarP(&chart, "output", "o", "", "draw how well the strongest pairs tell their words into `FILE`.png or .svg")
	return cmd
}

func (a *app) evaluateLabels(ctx context.Context, n int, chart string) error {
	m, err := a.open()
	if err != nil {
		return err
	}
	defer m.Close()
	bar := a.progress("scenes", 2*n)
	defer bar.done()
	r, err := demo.EvaluateLabels(ctx, m.Model, n, bar.add)
	if err != nil {
		return err
	}
	bar.done()
	if chart != "" {
		if err := writeChart(chart, truthChart(r.Truth)); err != nil {
			return err
		}
	}
	if a.json {
		record, err := m.record(ctx)
		if err != nil {
			return err
		}
		return encodeJSON(a.stdout, struct {
			Model modelRecord `json:"model"`
			demo.LabelReport
		}{record, r})
	}
	a.printLabelReport(r)
	return nil
}

// truthChart sorts the strongest pairs by how well they tell the first word of their label, and what they tell best.
func truthChart(t demo.Truth) plot.Curve {
	var word, best []float64
	for _, p := range t.Rows {
		best = append(best, p.BestAUC)
		if p.Word != "" {
			word = append(word, p.AUC)
		}
	}
	line := func(name string, values []float64, dashed bool) plot.Series {
		slices.SortFunc(values, func(a, b float64) int { return cmp.Compare(b, a) })
		s := plot.Series{Name: name, Y: values, Dashed: dashed}
		for i := range values {
			s.X = append(s.X, float64(i+1))
		}
		return s
	}
	return plot.Curve{Title: "What the strongest pairs tell", X: "pairs, best first", Y: "AUC", Series: []plot.Series{
		line("the first word of the label", word, false), line("the concept it tells best", best, true),
	}}
}

func (a *app) printLabelReport(r demo.LabelReport) {
	t := a.table("pair", "strength", "label", "AUC of its first word", "tells best", "AUC")
	for _, p := range r.Truth.Rows[:20] {
		label, auc := "unnamed", ""
		if p.Word != "" {
			label, auc = p.Label, fmt.Sprintf("%.2f", p.AUC)
		}
		t.AppendRow([]any{fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), fmt.Sprintf("%.3f", p.Strength), label, auc, p.Best, fmt.Sprintf("%.2f", p.BestAUC)})
	}
	t.Render()
	fmt.Fprintf(a.stdout, "Of the %d strongest pairs %d have a label better than chance; of these %d tell their first word with AUC ≥ 0.8.\n\n",
		r.Truth.Pairs, r.Truth.Named, r.Truth.Predictive)

	c := a.table("word", "pairs named by it", "AUC", "falls by", "others fall by", "control falls by")
	named := slices.DeleteFunc(slices.Clone(r.Causal), func(x demo.Ablated) bool { return x.Pairs == 0 })
	more, control := 0, 0
	for _, x := range named {
		c.AppendRow([]any{x.Word, x.Pairs, fmt.Sprintf("%.3f", x.Before), fmt.Sprintf("%+.3f", x.Own), fmt.Sprintf("%+.3f", x.Others), fmt.Sprintf("%+.3f", x.Control)})
		if x.Own > x.Others {
			more++
		}
		if x.Own > x.Control {
			control++
		}
	}
	c.Render()
	fmt.Fprintf(a.stdout, "Holding a word's pairs at their mean hurts it more than other words for %d of %d words, more than as many other pairs for %d.\n\n",
		more, len(named), control)

	w := a.table("words in each label", "category (36), one object", "cosine with the embedding")
	for _, x := range r.Reconstruction {
		terms := fmt.Sprint(x.Terms)
		if x.Terms == 0 {
			terms = "the pairs themselves"
		}
		w.AppendRow([]any{terms, fmt.Sprintf("%.1f %%", x.Accuracy.Percent()), fmt.Sprintf("%.3f", x.Cosine)})
	}
	w.Render()
}
