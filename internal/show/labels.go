package show

import (
	"fmt"
	"io"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/terminal"
)

// Labels prints the labels of pairs.
func Labels(out io.Writer, r *answer.Labels) {
	columns := []string{"(neuron,head)", "‖u‖", "says", "explained", "by all words", "margin", "stability"}
	if r.FiresNamed != nil {
		columns = []string{"(neuron,head)", "fires for", "explained", "stability", "says", "explained", "stability"}
	}
	if r.Calibration != "" {
		columns = append(columns, "right")
		if r.FiresNamed != nil {
			columns = slices.Insert(columns, 4, "right")
		}
	}
	t := terminal.Table(out, columns...)
	var right []table.ColumnConfig
	for i, c := range columns {
		if c != "fires for" && c != "says" && i > 0 {
			right = append(right, table.ColumnConfig{Number: i + 1, Align: text.AlignRight})
		}
	}
	t.SetColumnConfigs(right)
	share := func(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
	stable := func(w answer.Words) string { return fmt.Sprintf("%.2f", w.Stability) }
	for _, x := range r.Pairs {
		pair, says := fmt.Sprintf("(%d,%d)", x.Neuron, x.Head), x.Words.Name.String()
		row := table.Row{pair, fmt.Sprintf("%.4f", x.Norm), says, share(x.ShownShare), share(x.Explained), fmt.Sprintf("%.3f", x.Margin), stable(x.Words)}
		if f := x.Fires; f != nil {
			row = table.Row{pair, f.Name.String(), share(f.ShownShare), stable(*f), says, share(x.ShownShare), stable(x.Words)}
		}
		if r.Calibration != "" {
			row = append(row, percent(x.Probability))
			if x.Fires != nil {
				row = slices.Insert(row, 4, any(percent(x.Fires.Probability)))
			}
		}
		t.AppendRow(row)
	}
	t.Render()
	if r.FiresNamed != nil {
		fmt.Fprintf(out, "%d of %d pairs are named by what they fire for; the others are no better explained than random sets of images.\n", *r.FiresNamed, r.Labelled)
	}
	fmt.Fprintf(out, "%d of %d pairs are named by what they say: %d texts, at most %d in a label; the others are no better explained than random directions of their heads.\n",
		r.Named, r.Labelled, r.Texts, r.Terms)
}

// LabelReport prints whether labels hold: how many tell where their word is, the first top pairs, and what words do when their pairs are held.
func LabelReport(out io.Writer, r *answer.LabelReport, top int) {
	t := terminal.Table(out, "pair", "strength", "fires for", "AUC of its first word", "right, by its marks", "says", "AUC of its first word", "tells best", "AUC")
	for i, p := range first(r.Fires.Rows, top) {
		row := []any{fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), fmt.Sprintf("%.3f", p.Strength)}
		for k, d := range []answer.Detection{p, r.Truth.Rows[i]} {
			switch {
			case d.Word == "":
				row = append(row, "unnamed", "")
			case d.Unknown:
				row = append(row, d.Label, "unknown")
			default:
				row = append(row, d.Label, fmt.Sprintf("%.2f", d.AUC))
			}
			if k == 0 {
				row = append(row, percent(d.Probability))
			}
		}
		t.AppendRow(append(row, p.Best, fmt.Sprintf("%.2f", p.BestAUC)))
	}
	t.Render()
	fmt.Fprintf(out, "Labels by %s. Of the %d strongest pairs\n", r.Labels, r.Fires.Pairs)
	for _, x := range []struct {
		what string
		answer.Truth
	}{{"what they fire for", r.Fires}, {"what they say", r.Truth}} {
		fmt.Fprintf(out, "  %d are named by %s; of these %d tell their first word with AUC ≥ %g", x.Named, x.what, x.Predictive, experiment.Predictive)
		if x.Unknown > 0 {
			fmt.Fprintf(out, ", and of %d nobody knows where the word is", x.Unknown)
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out)
	ways(out, r)
	discoveries(out, r)
	causal(out, "fire for it", r.CausalFires)
	causal(out, "say it", r.Causal)
	wordReconstruction(out, r.Reconstruction)
}

func wordReconstruction(out io.Writer, rows []answer.WordReconstruction) {
	w := terminal.Table(out, "words in each label", "zero-shot accuracy (95 %)", "cosine with the embedding")
	for _, x := range rows {
		terms := fmt.Sprint(x.Terms)
		if x.Terms == 0 {
			terms = "the pairs themselves"
		}
		w.AppendRow([]any{terms, Interval(x.Accuracy), fmt.Sprintf("%.3f", x.Cosine)})
	}
	w.Render()
}

func causal(out io.Writer, how string, rows []answer.Ablated) {
	if len(rows) == 0 {
		fmt.Fprintf(out, "No concept has pairs that %s.\n\n", how)
		return
	}
	c := terminal.Table(out, "word", "pairs that "+how, "AUC", "falls by", "others fall by", "control falls by")
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
	fmt.Fprintf(out, "Holding the pairs that %s at their mean hurts a word more than the others for %d of %d words, more than random pairs of equal strength for %d; "+
		"falls on average %+.4f, others %+.4f, control %+.4f.\n\n", how, more, len(rows), control, own, others, random)
}

// first are the first n rows, or all there are.
func first[T any](rows []T, n int) []T { return rows[:min(n, len(rows))] }

// Nearest prints the texts most like a pair.
func Nearest(out io.Writer, found *answer.Nearest) {
	t := terminal.Table(out, "text", "cosine")
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}})
	for _, match := range found.Texts {
		t.AppendRow(table.Row{match.Text, fmt.Sprintf("%+.3f", match.Cosine)})
	}
	t.Render()
}
