package cli

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/facet-clip/facet/answer"
)

func (a *app) printComparison(r *answer.Drift) {
	c := r.All
	fmt.Fprintf(a.stdout, "%d images against %d of %s\n", c.Images, c.ProfileImages, r.Profile)
	fmt.Fprintf(a.stdout, "Fréchet distance %.4g; energy distance %.4g (p %.3g by permutation)\n", c.Frechet, c.Energy, c.EnergyP)
	fmt.Fprintf(a.stdout, "%d of %d strong pairs changed (false discoveries at %g); they explain %.0f %% of the shift\n\n", c.Changed, c.Tested, r.Level, 100*c.Explained)
	if c.Changed == 0 {
		fmt.Fprintln(a.stdout, "No change to name.")
	} else {
		printChanges(a.table("Change", "Share of the shift", "Effect", "Pairs", "Strongest pair", "Its label"), c)
	}
	if len(r.Groups) > 0 {
		t := a.table(r.By, "Images", "Energy p", "Pairs changed", "Largest changes")
		for _, g := range r.Groups {
			t.AppendRow(table.Row{g.Name, g.Images, fmt.Sprintf("%.3g", g.EnergyP), g.Changed, g.Largest()})
		}
		fmt.Fprintln(a.stdout)
		t.Render()
	}
	for _, w := range r.Watched {
		fmt.Fprintln(a.stdout)
		a.printWatched(w)
	}
}

// printChanges lists the changes so that their shares add up to 1.
func printChanges(t table.Writer, c answer.Comparison) {
	for _, c := range c.All() {
		p := c.Pairs[0]
		t.AppendRow(table.Row{c.String(), percent(c.Share), fmt.Sprintf("%+.2f", c.Effect), c.Count, fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), p.Label})
	}
	t.AppendRow(table.Row{"all other pairs", percent(1 - c.Explained), "", "", "", ""})
	t.Render()
}

func (a *app) printWatched(w answer.FollowedText) {
	fmt.Fprintf(a.stdout, "“%s”, by pairs", w.Text)
	for _, p := range w.Pairs {
		fmt.Fprint(a.stdout, " ", p)
	}
	fmt.Fprintln(a.stdout)
	t := a.table("", "Images", "Signed score", "95 %", "Paper's score", "Truth")
	row := func(name string, s answer.MeanScore) {
		t.AppendRow(table.Row{name, s.Images, fmt.Sprintf("%+.4f", s.Signed.Mean), meanInterval(s.Signed), fmt.Sprintf("%.4f", s.Norm.Mean), optional(s.Truth)})
	}
	if w.Profile != nil {
		row("profile", *w.Profile)
	}
	row("all", w.All)
	for _, g := range w.Groups {
		row(g.Name, g)
	}
	t.Render()
	if w.P != nil {
		fmt.Fprintf(a.stdout, "p %.3g that the signed score is the profile's\n", *w.P)
	}
	printAgreement(a.stdout, "images", w.Images)
	printAgreement(a.stdout, "groups", w.Curve)
}

func meanInterval(m *answer.Interval) string {
	if m.Low == nil {
		return ""
	}
	return fmt.Sprintf("%+.4f to %+.4f", *m.Low, *m.High)
}

func optional(v *float64) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%.3f", *v)
}

func printAgreement(w io.Writer, over string, a answer.ScoreAgreement) {
	if a.Signed != nil && a.Norm != nil {
		fmt.Fprintf(w, "correlation with the truth over %s: %.3f signed, %.3f the paper's\n", over, *a.Signed, *a.Norm)
	}
}
