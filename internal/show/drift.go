package show

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift/watch"
	"github.com/facet-clip/facet/internal/terminal"
)

// Drift prints a comparison with a profile.
func Drift(out io.Writer, r *answer.Drift) {
	c := r.All
	fmt.Fprintf(out, "%s\n\n", r.Verdict)
	fmt.Fprintf(out, "%d images against %d of %s\n", c.Images, c.ProfileImages, r.Profile)
	if r.Repeated > 0 {
		fmt.Fprintf(out, "%d more came whose content had come before and are left out\n", r.Repeated)
	}
	fmt.Fprintf(out, "Fréchet distance %.4g%s; energy distance %.4g (p %.3g by permutation)\n", c.Frechet, frechetNull(c), c.Energy, c.EnergyP)
	if d := c.Classifier; d != nil {
		fmt.Fprintf(out, "Classifier, old or new: AUC %.3f (p %.3g; without drift %.2f, and below %.2f in 95 of 100 cases)\n", d.AUC, d.P, d.AUCNull, d.AUCNullHigh)
	}
	fmt.Fprintf(out, "Shift of the mean embedding %.4g (%.4g without drift: chance is %.0f %% of its square)\n", c.Shift, c.ShiftNull, 100*c.Chance)
	fmt.Fprintf(out, "%d of %d strong pairs changed (false discoveries at %g); they explain %.0f %% of the shift\n\n", c.Changed, c.Tested, r.Level, 100*c.Explained)
	if c.Changed == 0 {
		fmt.Fprintln(out, "No change to name.")
	} else {
		fmt.Fprintln(out, naming(c))
		changes(terminal.Table(out, "Change", "Share of the shift", "Effect", "Pairs", "Strongest pair", "Its label"), c)
	}
	if r.Given != nil {
		fmt.Fprintln(out)
		given(out, *r.Given, r.Level)
	}
	if len(r.Groups) > 0 {
		head := []string{r.By, "Images", "Energy p", "Pairs changed", "Largest changes"}
		if r.Previous > 0 {
			head = slices.Insert(head, 1, "Against")
		}
		t := terminal.Table(out, head...)
		for _, g := range r.Groups {
			row := table.Row{g.Name, g.Images, fmt.Sprintf("%.3g", g.EnergyP), g.Changed, g.Largest()}
			if r.Previous > 0 {
				row = slices.Insert(row, 1, against(g))
			}
			t.AppendRow(row)
		}
		fmt.Fprintln(out)
		t.Render()
	}
	if r.Performance != nil {
		fmt.Fprintln(out)
		performance(out, *r.Performance)
	}
	for _, w := range r.Watched {
		fmt.Fprintln(out)
		watched(out, w)
	}
}

// given says what changed within values, and what their mix explains.
func given(out io.Writer, g answer.GivenComparison, level float64) {
	c := g.Comparison()
	fmt.Fprintf(out, "Given the %s: the mix of %d values explains %.0f %% of the shift (χ² p %.3g), changes within them %.0f %%\n", g.Of, len(g.Values), wholePercent(g.Mix), g.MixP, wholePercent(g.Within))
	fmt.Fprintf(out, "%d images against %d of the profile's sample; %d and %d of other values are left out\n", g.Images, g.ProfileImages, g.LeftOut, g.ProfileLeftOut)
	fmt.Fprintf(out, "Shift within values %.4g (%.4g without a change); %d of %d strong pairs changed (false discoveries at %g)\n", g.Shift, g.ShiftNull, g.Changed, g.Tested, level)
	if g.Changed > 0 {
		fmt.Fprintln(out, naming(c))
		changes(terminal.Table(out, "Change within values", "Share of the shift", "Effect", "Pairs", "Strongest pair", "Its label"), c)
	}
}

// wholePercent is a share in whole percent, without the sign of −0.
func wholePercent(share float64) float64 { return math.Round(100*share) + 0 }

// performance says how often pictures are classified right.
func performance(out io.Writer, p answer.Performance) {
	fmt.Fprintf(out, "Classified right, of %d classes (reference: %s of %d)\n", p.Classes, Percent(p.ReferenceAccuracy), p.Reference)
	t := terminal.Table(out, "", "Images", "Labelled", "Accuracy", "Estimate", "95 %", "ATC", "Mean confidence")
	for _, one := range append([]answer.PerformanceOf{p.All}, p.Parts...) {
		accuracy := ""
		if one.Accuracy != nil {
			accuracy = Percent(*one.Accuracy)
		}
		t.AppendRow(table.Row{cmp.Or(one.Name, "all"), one.Images, one.Labelled, accuracy, Percent(one.Calibrated.Mean), fmt.Sprintf("%s to %s", Percent(*one.Calibrated.Low), Percent(*one.Calibrated.High)), Percent(one.Threshold), Percent(one.Confidence)})
	}
	t.Render()
	if p.Other > 0 {
		fmt.Fprintf(out, "%d pictures have a label that no picture of the reference has: they are classified wrong, and no estimate knows that\n", p.Other)
	}
	if e := p.Error; e != nil {
		fmt.Fprintf(out, "mean error of the estimate where labels say: %s (%d of %d intervals hold the accuracy); of ATC %s, of the mean confidence %s\n",
			Percent(e.Calibrated), e.Within, e.Parts, Percent(e.Threshold), Percent(e.Confidence))
	}
}

// against says what a part is compared with.
func against(g answer.GroupComparison) any {
	switch n := len(g.Against); n {
	case 0:
		return "the profile"
	case 1:
		return g.Against[0]
	default:
		return g.Against[0] + " to " + g.Against[n-1]
	}
}

// naming says first what no name explains.
func naming(c answer.Comparison) string {
	n := c.Naming
	switch {
	case n == nil:
		return "Unnamed: the shift is too small to judge a name."
	case len(c.Changes) == 0:
		return fmt.Sprintf("Unnamed: on pictures held out, the closest name (%s) explains %.0f %% of the shift; %.0f %% is needed.", n.Closest, 100*n.Explained, 100*n.Needed)
	}
	return fmt.Sprintf("%.0f %% of the shift has no name; on pictures held out, names explain %.0f %%.", 100*max(0, 1-n.Explained), 100*n.Explained)
}

// frechetNull is what the distance is without drift.
func frechetNull(c answer.Comparison) string {
	if c.FrechetNullImages == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.4g without drift, of %d images)", c.FrechetNull, c.FrechetNullImages)
}

// changes lists the changes so that their shares add up to 1.
func changes(t table.Writer, c answer.Comparison) {
	for _, c := range c.All() {
		p := c.Pairs[0]
		t.AppendRow(table.Row{c.String(), Percent(c.Share), fmt.Sprintf("%+.2f", c.Effect), c.Count, fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), p.Label})
	}
	t.AppendRow(table.Row{"all other pairs", Percent(1 - c.Explained), "", "", "", ""})
	t.Render()
}

func watched(out io.Writer, w answer.FollowedText) {
	fmt.Fprintf(out, "“%s”, by pairs", w.Text)
	for _, p := range w.Pairs {
		fmt.Fprint(out, " ", p)
	}
	fmt.Fprintln(out)
	t := terminal.Table(out, "", "Images", "Signed score", "95 %", "Paper's score", "Truth")
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
		fmt.Fprintf(out, "p %.3g that the signed score is the profile's\n", *w.P)
	}
	if s := w.Specific; s != nil {
		fmt.Fprintf(out, "%s: it moves by %+.2f sd by its strong pairs, other texts by %.2f, and %+.2f of that is its own (p %.2g)\n", verdict(w), s.Effect, s.Shared, s.Specific, s.P)
	}
	agreement(out, "images", w.Images)
	agreement(out, "groups", w.Curve)
}

// verdict says whether a text changed, in a word or two.
func verdict(w answer.FollowedText) string {
	switch {
	case w.P == nil:
		return "not in the profile"
	case w.Changed:
		return "changed"
	}
	return "not changed by itself"
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

func agreement(w io.Writer, over string, a answer.ScoreAgreement) {
	if a.Signed != nil && a.Norm != nil {
		fmt.Fprintf(w, "correlation with the truth over %s: %.3f signed, %.3f the paper's\n", over, *a.Signed, *a.Norm)
	}
}

// Window prints a window as a line, and its alerts.
func Window(out io.Writer, w answer.Window) {
	const minutes = "2006-01-02 15:04"
	when := w.First.Format(minutes)
	if last := w.Last.Format(minutes); last != when {
		when += " to " + last
	}
	of := ""
	if w.Group != "" {
		of = " of " + w.Group
	}
	fmt.Fprintf(out, "window %d%s: %d images, %s; %s\n", w.Number, of, w.Images, when, windowLine(w))
	for _, alert := range w.Alerts {
		fmt.Fprintln(out, "ALERT:", watch.Sentence(alert))
	}
}

func windowLine(w answer.Window) string {
	var parts []string
	for _, t := range w.Watched {
		parts = append(parts, fmt.Sprintf("“%s” %+.2f sd (p %.2g)", t.Text, t.Effect, t.P))
	}
	if c := w.Compared; c != nil {
		parts = append(parts, fmt.Sprintf("energy p %.2g, %d of %d pairs changed", c.EnergyP, c.Changed, c.Tested))
		for _, change := range c.Changes[:min(3, len(c.Changes))] {
			parts = append(parts, fmt.Sprintf("%s (%.0f %%)", change, 100*change.Share))
		}
		if c.Rest != nil {
			parts = append(parts, fmt.Sprintf("%s (%.0f %%)", *c.Rest, 100*c.Rest.Share))
		}
	}
	if w.Learnt {
		parts = append(parts, "learnt as part of the reference")
	}
	switch r := w.Reference; {
	case r == nil:
	case r.From == r.To:
		parts = append(parts, fmt.Sprintf("compared with window %d", r.From))
	default:
		parts = append(parts, fmt.Sprintf("compared with windows %d to %d", r.From, r.To))
	}
	if w.Repeated > 0 {
		parts = append(parts, fmt.Sprintf("repeats left out: %d (%.0f %%; profile: %.0f %%)", w.Repeated, 100*w.RepeatedShare, 100*w.ProfileRepeatedShare))
	}
	if w.Episode > 0 {
		parts = append(parts, fmt.Sprintf("episode %d is open", w.Episode))
	}
	if o := w.Order; o != nil && o.Evidence >= 1 {
		parts = append(parts, fmt.Sprintf("neighbours are alike (correlation %.2f), so the budget asks for every %d-th image", o.Correlation, o.Step))
	}
	if len(w.Evidence) > 0 {
		parts = append(parts, fmt.Sprintf("most evidence %.2g of an alert (%s)", w.Evidence[0].Value, w.Evidence[0].Followed))
	}
	return strings.Join(parts, "; ")
}
