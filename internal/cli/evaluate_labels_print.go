package cli

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/plot"
)

// chart sorts the strongest pairs by how well they tell their words, and what they tell best; without words it shows the reconstruction.
func (r labelReport) chart() plot.Curve {
	named := func(row experiment.Detection) bool { return row.Word != "" && !row.Unknown }
	if !slices.ContainsFunc(r.Truth.Rows, named) && !slices.ContainsFunc(r.Fires.Rows, named) {
		return r.reconstructionChart()
	}
	line := func(name string, dashed bool, rows []experiment.Detection, value func(experiment.Detection) float64) plot.Series {
		s := plot.Series{Name: name, Dashed: dashed}
		for _, row := range rows {
			if dashed || named(row) {
				s.X, s.Y = append(s.X, float64(len(s.X)+1)), append(s.Y, value(row))
			}
		}
		slices.SortFunc(s.Y, func(a, b float64) int { return cmp.Compare(b, a) })
		return s
	}
	word := func(row experiment.Detection) float64 { return row.AUC }
	return plot.Curve{Title: "What the strongest pairs tell", X: "pairs, best first", Y: "AUC", Series: []plot.Series{
		line("the first word of what they fire for", false, r.Fires.Rows, word),
		line("the first word of what they say", false, r.Truth.Rows, word),
		line("the concept they tell best", true, r.Fires.Rows, func(row experiment.Detection) float64 { return row.BestAUC }),
	}}
}

func (r labelReport) reconstructionChart() plot.Curve {
	accuracy := plot.Series{Name: "zero-shot accuracy"}
	cosine := plot.Series{Name: "cosine with the embedding", Dashed: true}
	for _, x := range r.Reconstruction {
		if x.Terms > 0 {
			accuracy.X, accuracy.Y = append(accuracy.X, float64(x.Terms)), append(accuracy.Y, x.Accuracy.Value())
			accuracy.Low, accuracy.High = append(accuracy.Low, x.Accuracy.Low), append(accuracy.High, x.Accuracy.High)
			cosine.X, cosine.Y = append(cosine.X, float64(x.Terms)), append(cosine.Y, x.Cosine)
		}
	}
	return plot.Curve{Title: "Reconstruction from words", X: "words for each pair", Y: "accuracy, cosine", Series: []plot.Series{accuracy, cosine}}
}

// first are the first n rows, or all there are.
func first[T any](rows []T, n int) []T { return rows[:min(n, len(rows))] }

func (a *app) printLabelReport(r labelReport, names string, top int) {
	t := a.table("pair", "strength", "fires for", "AUC of its first word", "says", "AUC of its first word", "tells best", "AUC")
	for i, p := range first(r.Fires.Rows, top) {
		row := []any{fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), fmt.Sprintf("%.3f", p.Strength)}
		for _, d := range []experiment.Detection{p, r.Truth.Rows[i]} {
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
	fmt.Fprintf(a.stdout, "Labels by %s. Of the %d strongest pairs\n", names, r.Fires.Pairs)
	for _, x := range []struct {
		what string
		experiment.Truth
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
	w := a.table("words in each label", "zero-shot accuracy (95 %)", "cosine with the embedding")
	for _, x := range r.Reconstruction {
		terms := fmt.Sprint(x.Terms)
		if x.Terms == 0 {
			terms = "the pairs themselves"
		}
		w.AppendRow([]any{terms, interval(x.Accuracy), fmt.Sprintf("%.3f", x.Cosine)})
	}
	w.Render()
}

func (a *app) printCausal(how string, rows []experiment.Ablated) {
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
