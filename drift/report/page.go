package report

import (
	"errors"
	"fmt"
	"html/template"
	"image"
	"math"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/plot"
)

// Thumbnail is the side of the pictures of a page, in pixels.
const Thumbnail = 160

const (
	pairsOnPage  = 5
	leastUnnamed = 0.01 // share of the unnamed pairs from which they are shown with pictures
)

// Pictures opens pictures by their paths, those that are still there.
type Pictures func(paths []string) []image.Image

// New is the page of a comparison.
func New(r *answer.Drift, open Pictures) (*Page, error) {
	p := &Page{
		Headline: headline(r.All),
		Title:    fmt.Sprintf("%s (%d images) against %s (%d images)", r.Source, r.All.Images, r.Profile, r.All.ProfileImages),
		Facts:    facts(r),
		Shares:   shiftShares(r.All),
	}
	for _, c := range r.All.All() {
		if c.Word == "" && math.Abs(c.Share) < leastUnnamed {
			continue
		}
		change, err := newChange(c, open)
		if err != nil {
			return nil, err
		}
		p.Changes = append(p.Changes, change)
	}
	p.parts(r)
	p.Verdict = verdict(r)
	for _, w := range r.Watched {
		p.Watched = append(p.Watched, watchedRow(w))
	}
	return p, p.curves(r)
}

func facts(r *answer.Drift) []Fact {
	c := r.All
	return []Fact{
		{Name: "Model", Value: fmt.Sprintf("%s (%.12s)", r.Model.Name, r.Model.SHA256)},
		{Name: "Pairs changed", Value: fmt.Sprintf("%d of %d strong ones, at a false discovery rate of %g; they explain %s of the shift",
			c.Changed, c.Tested, r.Level, percent(c.Explained))},
		{Name: "Shift of the mean embedding", Value: fmt.Sprintf("%.4g; %.4g without drift, so chance is %s of its square; the pairs' shifts sum to it but for a share of %.1g",
			c.Shift, c.ShiftNull, percent(c.Chance), c.Residual)},
		{Name: "Energy distance", Value: fmt.Sprintf("%.4g, p %.3g by permutation of both samples", c.Energy, c.EnergyP)},
		{Name: "Fréchet distance", Value: fmt.Sprintf("%.4g; %.4g without drift, of %d images", c.Frechet, c.FrechetNull, c.FrechetNullImages)},
		{Name: "Files that cannot be read", Value: fmt.Sprint(r.Unread)},
	}
}

// verdict is what the numbers come to: what no name explains first, and what chance alone would do.
func verdict(r *answer.Drift) string {
	c := r.All
	if c.Changed == 0 {
		return fmt.Sprintf("None of %d strong pairs changed by more than chance. The shift of the mean embedding is %.2g times what chance gives so many images.", c.Tested, c.Shift/math.Max(c.ShiftNull, 1e-12))
	}
	return fmt.Sprintf("%s of the shift has no name: %s of changed pairs that fit none, and %s of all other pairs. Named changes are the rest. Chance alone gives so many images %s of the squared shift.",
		percent(c.Unnamed+1-c.Explained), percent(c.Unnamed), percent(1-c.Explained), percent(c.Chance))
}

// watchedRow is a watched text as a line of a table: its mean signed score now and in the profile.
func watchedRow(w answer.FollowedText) []string {
	row := []string{w.Text, interval(w.All.Signed), "", ""}
	if w.Profile != nil {
		row[2] = interval(w.Profile.Signed)
	}
	if w.P != nil {
		row[3] = fmt.Sprintf("%.2g", *w.P)
	}
	return row
}

func interval(i *answer.Interval) string {
	if i.Low == nil || i.High == nil {
		return fmt.Sprintf("%+.4f", i.Mean)
	}
	return fmt.Sprintf("%+.4f (%+.4f to %+.4f)", i.Mean, *i.Low, *i.High)
}

// parts are the groups as a table.
func (p *Page) parts(r *answer.Drift) {
	for _, g := range r.Groups {
		p.Columns = []string{r.By, "Images", "Energy p", "Pairs changed", "Largest changes"}
		p.Parts = append(p.Parts, []string{g.Name, fmt.Sprint(g.Images), fmt.Sprintf("%.3g", g.EnergyP), fmt.Sprint(g.Changed), g.Largest()})
		p.PartsNote = fmt.Sprintf("False discoveries are controlled at %g on average over the parts in which anything changed.", r.Level)
	}
}

// curves are the watched texts over the groups.
func (p *Page) curves(r *answer.Drift) error {
	for _, w := range r.Watched {
		if len(w.Groups) < 2 {
			continue
		}
		chart, err := Draw(watchedCurve(r.By, w), curveCaption(w))
		if err != nil {
			return err
		}
		p.Charts = append(p.Charts, chart)
	}
	return nil
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

// shiftShares are bars on one scale, which add up to the whole shift.
func shiftShares(c answer.Comparison) []Share {
	rest := Share{Name: "all other pairs", Share: percent(1 - c.Explained), Width: 1 - c.Explained, Plain: true}
	var out []Share
	for _, change := range c.All() {
		out = append(out, Share{Name: change.String(), Share: percent(change.Share), Width: change.Share})
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

func newChange(c answer.Change, open Pictures) (Change, error) {
	out := Change{Name: c.String(), Share: percent(c.Share), Effect: fmt.Sprintf("%+.2f", c.Effect), Count: c.Count}
	var before, after error
	out.Before, before = addresses(open(c.Before))
	out.After, after = addresses(open(c.After))
	switch {
	case c.Quality:
		out.Kind = "quality of the pictures"
	case c.Word == "":
		out.Kind = "no word or quality fits"
	}
	for _, p := range c.Pairs[:min(pairsOnPage, len(c.Pairs))] {
		out.Pairs = append(out.Pairs, Pair{
			Pair: fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), Label: p.Label, Share: percent(p.Share), Effect: fmt.Sprintf("%+.2f", p.Effect), P: fmt.Sprintf("%.2g", p.Adjusted),
		})
	}
	return out, errors.Join(before, after)
}

// addresses are pictures that a page holds.
func addresses(pictures []image.Image) (out []template.URL, err error) {
	for _, p := range pictures {
		address, err := Picture(p)
		if err != nil {
			return nil, err
		}
		out = append(out, address)
	}
	return out, nil
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
	c := plot.Curve{Title: w.Text, X: axis, Y: "mean signed score", Series: []plot.Series{score}}
	if w.Profile != nil {
		mean := w.Profile.Signed.Mean
		c.Series = append(c.Series, plot.Series{Name: "the profile's mean", X: []float64{x[0], x[len(x)-1]}, Y: []float64{mean, mean}, Dashed: true})
	}
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

func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }
