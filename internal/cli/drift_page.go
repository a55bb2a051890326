package cli

import (
	"context"
	"fmt"
	"html/template"
	"log/slog"
	"math"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/answer"
	driftreport "github.com/facet-clip/facet/drift/report"
	"github.com/facet-clip/facet/plot"
)

const (
	thumbnail   = 160 // pixels of a side
	pairsOnPage = 5

	leastUnnamed = 0.01 // share of the unnamed pairs from which they are shown with pictures
)

// driftPage is the report of a comparison.
func (a *app) driftPage(ctx context.Context, r answer.Drift) (driftreport.Page, error) {
	c := r.All
	page := driftreport.Page{
		Headline: headline(c),
		Title:    fmt.Sprintf("%s (%d images) against %s (%d images)", r.Source, c.Images, r.Profile, c.ProfileImages),
		Facts: []driftreport.Fact{
			{Name: "Model", Value: fmt.Sprintf("%s (%.12s)", r.Model.Name, r.Model.SHA256)},
			{Name: "Pairs changed", Value: fmt.Sprintf("%d of %d strong ones, at a false discovery rate of %g; they explain %s of the shift",
				c.Changed, c.Tested, r.Level, percent(c.Explained))},
			{Name: "Shift of the mean embedding", Value: fmt.Sprintf("%.4g; the pairs' shifts sum to it but for a share of %.1g", c.Shift, c.Residual)},
			{Name: "Energy distance", Value: fmt.Sprintf("%.4g, p %.3g by permutation of both samples", c.Energy, c.EnergyP)},
			{Name: "Fréchet distance", Value: fmt.Sprintf("%.4g", c.Frechet)},
			{Name: "Files that cannot be read", Value: fmt.Sprint(r.Unread)},
		},
		Shares: shiftShares(c),
	}
	for _, change := range c.All() {
		if change.Word != "" || math.Abs(change.Share) >= leastUnnamed {
			page.Changes = append(page.Changes, a.pageChange(ctx, change))
		}
	}
	for _, g := range r.Groups {
		page.Columns = []string{r.By, "Images", "Energy p", "Pairs changed", "Largest changes"}
		page.Parts = append(page.Parts, []string{g.Name, fmt.Sprint(g.Images), fmt.Sprintf("%.3g", g.EnergyP), fmt.Sprint(g.Changed), g.Largest()})
		page.PartsNote = fmt.Sprintf("False discoveries are controlled at %g on average over the parts in which anything changed.", r.Level)
	}
	for _, w := range r.Watched {
		if len(w.Groups) < 2 {
			continue
		}
		chart, err := driftreport.Draw(watchedCurve(r.By, w), curveCaption(w))
		if err != nil {
			return page, err
		}
		page.Charts = append(page.Charts, chart)
	}
	return page, nil
}

// headline is the result in a sentence.
func headline(c answer.Comparison) string {
	switch {
	case c.Changed == 0:
		return "Nothing changed that can be told from chance"
	case len(c.Changes) == 0:
		return "Something changed that no word fits"
	}
	words := []rune(c.Largest())
	return strings.ToUpper(string(words[:1])) + string(words[1:])
}

// shares are bars on one scale, which add up to the whole shift.
func shiftShares(c answer.Comparison) []driftreport.Share {
	rest := driftreport.Share{Name: "all other pairs", Share: percent(1 - c.Explained), Width: 1 - c.Explained, Plain: true}
	var out []driftreport.Share
	for _, change := range c.All() {
		out = append(out, driftreport.Share{Name: change.String(), Share: percent(change.Share), Width: change.Share})
	}
	out = append(out, rest)
	longest := 0.0
	for _, s := range out {
		longest = max(longest, math.Abs(s.Width))
	}
	for i, s := range out {
		out[i].Negative, out[i].Width = s.Width < 0, 100*math.Abs(s.Width)/max(longest, 1e-9)
	}
	return out
}

func (a *app) pageChange(ctx context.Context, c answer.Change) driftreport.Change {
	out := driftreport.Change{
		Name: c.String(), Share: percent(c.Share), Effect: fmt.Sprintf("%+.2f", c.Effect), Count: c.Count,
		Before: a.thumbnails(ctx, c.Before), After: a.thumbnails(ctx, c.After),
	}
	switch {
	case c.Quality:
		out.Kind = "quality of the pictures"
	case c.Word == "":
		out.Kind = "no word or quality fits"
	}
	for _, p := range c.Pairs[:min(pairsOnPage, len(c.Pairs))] {
		out.Pairs = append(out.Pairs, driftreport.Pair{
			Pair: fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), Label: p.Label, Share: percent(p.Share), Effect: fmt.Sprintf("%+.2f", p.Effect), P: fmt.Sprintf("%.2g", p.Adjusted),
		})
	}
	return out
}

// thumbnails are those pictures that are still there.
func (a *app) thumbnails(ctx context.Context, paths []string) (out []template.URL) {
	for _, path := range paths {
		seen, err := a.cropped(ctx, path, thumbnail)
		if err == nil {
			var address template.URL
			if address, err = driftreport.Picture(seen); err == nil {
				out = append(out, address)
				continue
			}
		}
		slog.Warn("a picture is missing from the report", "reason", err)
	}
	return out
}

// watchedCurve shows a text's signed score over groups and, where it is known, the truth on the same scale.
func watchedCurve(by string, w answer.FollowedText) plot.Curve {
	score := plot.Series{Name: "signed score"}
	truth := plot.Series{Name: "truth (scaled to the score)", Dashed: true}
	known := true
	x, axis := places(by, w.Groups)
	for i, g := range w.Groups {
		score.X, score.Y = append(score.X, x[i]), append(score.Y, g.Signed.Mean)
		low, high := g.Signed.Mean, g.Signed.Mean
		if g.Signed.Low != nil {
			low, high = *g.Signed.Low, *g.Signed.High
		}
		score.Low, score.High = append(score.Low, low), append(score.High, high)
		if known = known && g.Truth != nil; known {
			truth.X, truth.Y = append(truth.X, x[i]), append(truth.Y, *g.Truth)
		}
	}
	c := plot.Curve{Title: w.Text, X: axis, Y: "mean signed score", Series: []plot.Series{score}, Above: true}
	if known && stretch(truth.Y, score.Y) {
		c.Series = append(c.Series, truth)
	}
	return c
}

// places are where groups stand on the axis, and what that is called: years and other numbers by themselves, anything else in turn.
func places(by string, groups []answer.MeanScore) (x []float64, axis string) {
	for _, g := range groups {
		n, err := strconv.Atoi(g.Name)
		if err != nil {
			break
		}
		x = append(x, float64(n))
	}
	if len(x) == len(groups) {
		return x, strings.TrimPrefix(by, "time:")
	}
	x = nil
	for i := range groups {
		x = append(x, float64(i+1))
	}
	return x, fmt.Sprintf("%s, from %s to %s", by, groups[0].Name, groups[len(groups)-1].Name)
}

// stretch moves values onto the range of others; it reports whether they have a range.
func stretch(values, onto []float64) bool {
	low, high := extent(values)
	from, to := extent(onto)
	if high == low {
		return false
	}
	for i, v := range values {
		values[i] = from + (v-low)/(high-low)*(to-from)
	}
	return true
}

func extent(values []float64) (low, high float64) {
	low, high = values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

func curveCaption(w answer.FollowedText) string {
	caption := fmt.Sprintf("“%s”, with 95 %% intervals of the mean", w.Text)
	if w.Curve.Signed != nil && w.Curve.Norm != nil {
		caption += fmt.Sprintf("; correlation with the truth over the groups %.3f (the paper's score: %.3f)", *w.Curve.Signed, *w.Curve.Norm)
	}
	return caption
}
