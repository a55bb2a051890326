package show

import (
	"fmt"
	"io"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/terminal"
	"github.com/facet-clip/facet/lab/editing"
)

// Most is how many pairs of an edit, or classes, a table shows.
const Most = 20

// EditPlan lists what an edit changes.
func EditPlan(out io.Writer, p answer.EditPlan) {
	if len(p.Pairs) > 0 {
		EditedPairs(out, fmt.Sprintf("%d pairs change: what differs from their mean in %s is multiplied by %g.", len(p.Pairs), p.Means, p.Pairs[0].Scale), p.Pairs)
	}
	if len(p.Kept) > 0 {
		EditedPairs(out, fmt.Sprintf("%d pairs are left as they are, because they carry a text to keep.", len(p.Kept)), p.Kept)
	}
	if p.Rule != "" {
		fmt.Fprintf(out, "Rule: %s.\n", p.Rule)
	}
	for _, e := range p.Erasures {
		side := map[[2]bool]string{{true, false}: "pictures", {false, true}: "texts", {true, true}: "pictures and texts"}[[2]bool{e.Images, e.TextSide}]
		if e.Of == "texts" {
			fmt.Fprintf(out, "%s: %d directions are projected out of the embeddings of %s.\n", strings.Join(e.Texts, ", "), e.Rank, side)
			continue
		}
		fmt.Fprintf(out, "%s (%s): %d directions are erased from the embeddings of %s.\n", e.Column, strings.Join(e.Classes, ", "), e.Rank, side)
	}
}

// EditedPairs lists pairs of an edit under a title.
func EditedPairs(out io.Writer, title string, pairs []answer.EditedPair) {
	fmt.Fprintln(out, title)
	t := terminal.Table(out, "pair", "strength", "mean", "why", "fires for", "says")
	for _, p := range pairs[:min(Most, len(pairs))] {
		why := strings.TrimSpace(p.Why + " " + p.Text)
		if p.Cosine != 0 {
			why += fmt.Sprintf(" (%.2f)", p.Cosine)
		}
		t.AppendRow([]any{fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), fmt.Sprintf("%.3f", p.Strength), fmt.Sprintf("%.3f", p.Mean), why, p.Fires.String(), p.Says.String()})
	}
	t.Render()
	if more := len(pairs) - Most; more > 0 {
		fmt.Fprintf(out, "and %d weaker ones (--json lists all)\n", more)
	}
}

// EditPrice shows what each class loses.
func EditPrice(out io.Writer, r *answer.EditPrice) {
	fmt.Fprintln(out)
	t := terminal.Table(out, "class", "pictures", "accuracy before", "after (95 %)", "its logit before", "after")
	row := func(class string, n int, before, after answer.Share, logits ...answer.Number) {
		cells := []any{class, n, Percent(before.Value()), Interval(after)}
		for _, l := range logits {
			cells = append(cells, fmt.Sprintf("%.2f", float64(l)))
		}
		t.AppendRow(cells)
	}
	for _, c := range r.Classes[:min(Most, len(r.Classes))] {
		if c.Images == 0 {
			continue
		}
		row(c.Class, c.Images, c.Before, c.After, c.LogitBefore, c.LogitAfter)
	}
	row(fmt.Sprintf("all %d", len(r.Classes)), r.Before.Of, r.Before, r.After)
	t.Render()
	if r.Control != nil {
		fmt.Fprintf(out, "As many pairs of equal strength, drawn at random: %s (%s to %s in %d draws).\n", Percent(r.Control.Mean), Percent(r.Control.Low), Percent(r.Control.High), r.Control.Number)
	}
	fmt.Fprintf(out, "Scored: %s. Mean cosine of a picture's embeddings before and after: %.4f. Nothing was written.\n", r.Scored, r.Cosine)
}

// EditSuggestion shows the pairs that hold a spurious cue, and what holding them gains against chance.
func EditSuggestion(out io.Writer, r *answer.EditSuggestion) {
	t := terminal.Table(out, "pair", "suspicion", "cue", "correlation", "with", "strength", "fires for", "says")
	for _, p := range r.Pairs[:min(Most, len(r.Pairs))] {
		t.AppendRow([]any{
			fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), fmt.Sprintf("%.2g", p.Suspicion), fmt.Sprintf("%.2g", p.Cue), fmt.Sprintf("%+.2f", p.Correlation),
			p.Group, fmt.Sprintf("%.3f", p.Strength), p.Fires.String(), p.Says.String(),
		})
	}
	t.Render()
	GroupOutcomes(out, []answer.GroupOutcome{r.Before, r.After})
	fmt.Fprintf(out, "%d pairs, counted on %d pictures and scored on %d others. Random pairs of equal strength, searched as long: worst group %s (%s to %s); p = %.3g.\n",
		len(r.Pairs), r.Searched, r.Scored, Percent(r.Random.Mean), Percent(r.Random.Low), Percent(r.Random.High), r.P)
}

// GroupOutcomes shows averages, worst cells and gaps.
func GroupOutcomes(out io.Writer, rows []answer.GroupOutcome) {
	t := terminal.Table(out, "method", "average (95 %)", "worst class and group (95 %)", "gap", "random draws", "other classes")
	for _, m := range rows {
		draws, others := "", ""
		if m.Draws != nil {
			draws = fmt.Sprintf("worst %s to %s", Percent(m.Draws.Low), Percent(m.Draws.High))
		}
		if m.Others != nil {
			others = Interval(*m.Others)
		}
		t.AppendRow([]any{m.Method, Interval(m.Average), Interval(m.Worst), Percent(m.Gap), draws, others})
	}
	t.Render()
}

// GroupCells shows the accuracies by class and group before and, where there is an edit, after it.
func GroupCells(out io.Writer, r *answer.GroupReport) {
	columns := append([]string{"class"}, r.Groups...)
	for _, m := range r.Methods {
		if m.Method != editing.MethodAsIs && m.Method != editing.MethodEdit {
			continue
		}
		fmt.Fprintf(out, "Accuracy %s, by %s:\n", strings.Replace(m.Method, editing.MethodEdit, "after the edit", 1), r.Column)
		t := terminal.Table(out, columns...)
		for c, class := range r.Classes {
			row := []any{class}
			for _, cell := range m.Cells[c] {
				row = append(row, Interval(cell))
			}
			t.AppendRow(row)
		}
		t.Render()
	}
}
