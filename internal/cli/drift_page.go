package cli

import (
	"fmt"
	"html/template"
	"log/slog"
	"strings"

	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
	driftreport "github.com/facet-clip/facet/drift/report"
	"github.com/facet-clip/facet/plot"
)

const (
	thumbnail   = 160 // pixels of a side
	pairsOnPage = 5
)

// driftPage is the report of a comparison.
func (a *app) driftPage(r compareResult) (driftreport.Page, error) {
	c := r.All
	page := driftreport.Page{
		Title: fmt.Sprintf("%s against %s", r.Source, r.Profile),
		Facts: []driftreport.Fact{
			{Name: "Model", Value: fmt.Sprintf("%s (%.12s)", r.Model.Name, r.Model.SHA256)},
			{Name: "Images", Value: fmt.Sprintf("%d, against %d", c.Images, c.ProfileImages)},
			{Name: "Fréchet distance", Value: fmt.Sprintf("%.4g", c.Frechet)},
			{Name: "Energy distance", Value: fmt.Sprintf("%.4g, p %.3g by permutation of both samples", c.Energy, c.EnergyP)},
			{Name: "Pairs changed", Value: fmt.Sprintf("%d of %d strong ones, at a false discovery rate of %g; they explain %.0f %% of the shift",
				c.Changed, c.Tested, r.Level, 100*c.Explained)},
		},
	}
	for _, change := range c.Changes {
		page.Changes = append(page.Changes, a.pageChange(change))
	}
	for _, g := range r.Groups {
		page.Columns = []string{r.By, "Images", "Energy p", "Pairs changed", "Largest changes"}
		page.Parts = append(page.Parts, []string{g.Name, fmt.Sprint(g.Images), fmt.Sprintf("%.3g", g.EnergyP), fmt.Sprint(g.Changed), largest(g.Changes)})
	}
	for _, w := range r.Watched {
		if len(w.Groups) < 2 {
			continue
		}
		chart, err := driftreport.Draw(watchedCurve(w), curveCaption(r.By, w))
		if err != nil {
			return page, err
		}
		page.Charts = append(page.Charts, chart)
	}
	return page, nil
}

func (a *app) pageChange(c changeRecord) driftreport.Change {
	var pairs []string
	for _, p := range c.Pairs[:min(pairsOnPage, len(c.Pairs))] {
		pairs = append(pairs, fmt.Sprintf("(%d,%d)", p.Neuron, p.Head))
	}
	return driftreport.Change{
		Name: c.String(), Share: fmt.Sprintf("%.1f %%", 100*c.Share), Effect: fmt.Sprintf("%+.2f", c.Effect),
		Pairs: strings.Join(pairs, " "), Before: a.thumbnails(c.Before), After: a.thumbnails(c.After),
	}
}

// thumbnails are those pictures that are still there.
func (a *app) thumbnails(paths []string) (out []template.URL) {
	pixels := a.maxPixels
	if pixels == 0 {
		pixels = dataset.DefaultMaxPixels
	}
	for _, path := range paths {
		img, err := dataset.Picture(path, pixels)
		if err == nil {
			var address template.URL
			if address, err = driftreport.Picture(preprocess.Crop(img, thumbnail)); err == nil {
				out = append(out, address)
				continue
			}
		}
		slog.Warn("a picture is missing from the report", "reason", err)
	}
	return out
}

// watchedCurve shows a text's signed score over groups and, where it is known, the truth on the same scale.
func watchedCurve(w watchedRecord) plot.Curve {
	score := plot.Series{Name: "signed score"}
	truth := plot.Series{Name: "truth (scaled to the score)", Dashed: true}
	known := true
	for i, g := range w.Groups {
		score.X, score.Y = append(score.X, float64(i+1)), append(score.Y, g.Signed.Mean)
		low, high := g.Signed.Mean, g.Signed.Mean
		if g.Signed.Low != nil {
			low, high = *g.Signed.Low, *g.Signed.High
		}
		score.Low, score.High = append(score.Low, low), append(score.High, high)
		if known = known && g.Truth != nil; known {
			truth.X, truth.Y = append(truth.X, float64(i+1)), append(truth.Y, *g.Truth)
		}
	}
	c := plot.Curve{Title: w.Text, X: fmt.Sprintf("group, from %s to %s", w.Groups[0].Name, w.Groups[len(w.Groups)-1].Name), Y: "mean signed score", Series: []plot.Series{score}}
	if known && stretch(truth.Y, score.Y) {
		c.Series = append(c.Series, truth)
	}
	return c
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

func curveCaption(by string, w watchedRecord) string {
	caption := fmt.Sprintf("“%s” by %s, with 95 %% intervals of the mean", w.Text, by)
	if w.Curve.Signed != nil && w.Curve.Norm != nil {
		caption += fmt.Sprintf("; correlation with the truth over the groups %.3f (the paper's score: %.3f)", *w.Curve.Signed, *w.Curve.Norm)
	}
	return caption
}
