package report

import (
	"cmp"
	"fmt"
	"image"
	"math"

	"github.com/facet-clip/facet/answer"
)

// Thumbnail is the side of the pictures of a page, in pixels.
const Thumbnail = 160

const (
	pairsOnPage  = 5
	leastUnnamed = 0.01 // share of the unnamed pairs from which they are shown with pictures
)

// Opened is a picture that was opened.
type Opened struct {
	Path  string
	Image image.Image
}

// Pictures opens pictures by their paths, those that are still there.
type Pictures func(paths []string) []Opened

// New is the page of a comparison.
func New(r *answer.Drift, open Pictures) (*Page, error) {
	p := &Page{
		Title:   fmt.Sprintf("%s (%d images) against %s (%d images)", r.Source, r.All.Images, r.Profile, r.All.ProfileImages),
		Figures: figures(r.All),
		Facts:   facts(r),
	}
	p.What, p.Detail = verdict(r)
	p.Changed = !quiet(r)
	if r.All.Changed > 0 {
		p.Shares = shiftShares(r.All)
	}
	var err error
	if p.Changes, err = newChanges(r.All, open); err != nil {
		return nil, err
	}
	if p.Given, err = newGiven(r.Given, open); err != nil {
		return nil, err
	}
	p.parts(r)
	p.performance(r.Performance)
	for _, w := range r.Watched {
		p.Watched = append(p.Watched, newWatched(w, r.Level))
		if len(w.Groups) > 1 {
			p.Charts = append(p.Charts, curve(r.By, w))
		}
	}
	return p, nil
}

// figures are the numbers that stand out, each beside what it is without drift.
func figures(c answer.Comparison) []Figure {
	out := []Figure{
		{"pairs changed", fmt.Sprintf("%d of %d", c.Changed, c.Tested), fmt.Sprintf("they explain %s of the shift", percent(c.Explained))},
		{"shift of the mean embedding", fmt.Sprintf("%.2g × chance", c.Shift/math.Max(c.ShiftNull, 1e-12)), fmt.Sprintf("%.3g; without drift %.3g", c.Shift, c.ShiftNull)},
		{"energy test", fmt.Sprintf("p = %.2g", c.EnergyP), fmt.Sprintf("distance %.3g, by permutation", c.Energy)},
	}
	if d := c.Classifier; d != nil {
		out = append(out, Figure{"classifier, old or new", fmt.Sprintf("AUC %.2f", d.AUC), fmt.Sprintf("p = %.2g; without drift 0.5, and below %.2f in 95 of 100 cases", d.P, d.AUCNullHigh)})
	}
	return out
}

func facts(r *answer.Drift) []Fact {
	c := r.All
	out := []Fact{
		{"Model", fmt.Sprintf("%s (%.12s)", r.Model.Name, r.Model.SHA256)},
		{"Pairs", fmt.Sprintf("%d strong ones are tested. False discoveries are controlled at %g. One pair that moves by %.2g standard deviations is found four times in five.", c.Tested, r.Level, c.Detectable)},
		{"Shift", fmt.Sprintf("%s of its square is what chance gives so many images. The pairs' shifts sum to it but for a share of %.1g.", percent(c.Chance), c.Residual)},
		{"Fréchet distance", fmt.Sprintf("%.4g; %.4g without drift, of %d images", c.Frechet, c.FrechetNull, c.FrechetNullImages)},
	}
	if d := c.Classifier; d != nil {
		out = append(out, Fact{"Classifier", fmt.Sprintf("A logistic regression on %d principal components of the embeddings tells %d of these images from %d of the profile. The AUC is of images that it did not learn from.", d.Components, d.Images, d.ProfileImages)})
	}
	return append(out, Fact{"Left out", fmt.Sprintf("%d files that cannot be read, and %d pictures whose content had come before", r.Unread, r.Repeated)})
}

// newWatched is a watched text: its mean signed score now and in the profile.
func newWatched(w answer.FollowedText, level float64) Watched {
	out := Watched{Text: w.Text, Now: interval(w.All.Signed), Verdict: "not in the profile"}
	if w.Profile != nil {
		out.Before, out.Strip = interval(w.Profile.Signed), strip(w.Profile.Signed, w.All.Signed)
	}
	if w.P == nil {
		return out
	}
	out.Said = fmt.Sprintf("p = %.2g", *w.P)
	if s := w.Specific; s != nil {
		out.Said += fmt.Sprintf(". It moved by %+.2f standard deviations by its strong pairs, other texts by %.2f; %+.2f is its own (p = %.2g)", s.Effect, s.Shared, s.Specific, s.P)
	}
	switch out.Changed = w.Changed; {
	case w.Changed:
		out.Verdict = "changed"
	case *w.P <= level:
		out.Verdict = "moved no more than other texts"
	default:
		out.Verdict = "not changed"
	}
	return out
}

// strip puts two intervals on one scale.
func strip(before, now *answer.Interval) *Strip {
	low, high := bounds(before)
	l, h := bounds(now)
	low, high = min(low, l), max(high, h)
	if high == low {
		return nil
	}
	room := 0.1 * (high - low)
	s := scale{low - room, high + room, 0, 100}
	bar := func(i *answer.Interval) Bar {
		from, to := bounds(i)
		return Bar{place(s.at(from)), place(s.at(to)), place(s.at(100 * i.Mean))}
	}
	return &Strip{bar(before), bar(now), fmt.Sprintf("%.3f %%", s.low), fmt.Sprintf("%.3f %%", s.high)}
}

// interval is a score in percent of the embedding's length.
func interval(i *answer.Interval) string {
	if i.Low == nil || i.High == nil {
		return fmt.Sprintf("%.3f %%", 100*i.Mean)
	}
	return fmt.Sprintf("%.3f %% (%.3f to %.3f)", 100*i.Mean, 100**i.Low, 100**i.High)
}

// parts are the groups as a table.
func (p *Page) parts(r *answer.Drift) {
	for _, g := range r.Groups {
		p.Columns = []string{r.By, "images", "energy test, p", "pairs changed", "largest changes"}
		p.Parts = append(p.Parts, []string{g.Name, fmt.Sprint(g.Images), fmt.Sprintf("%.2g", g.EnergyP), fmt.Sprint(g.Changed), g.Largest()})
		p.PartsNote = fmt.Sprintf("False discoveries are controlled at %g on average over the parts in which anything changed.", r.Level)
		if r.Previous > 0 {
			p.PartsNote += fmt.Sprintf(" Each part is compared with the last %d before it, and the first part with the profile.", r.Previous)
		}
	}
}

// performance is how often pictures are classified right, as a table.
func (p *Page) performance(r *answer.Performance) {
	if r == nil {
		return
	}
	for _, one := range append([]answer.PerformanceOf{r.All}, r.Parts...) {
		accuracy := "not known"
		if one.Accuracy != nil {
			accuracy = percent(*one.Accuracy)
			if one.Labelled < one.Images {
				accuracy += fmt.Sprintf(" of %d labelled", one.Labelled)
			}
		}
		p.Performance = append(p.Performance, []string{cmp.Or(one.Name, "all"), fmt.Sprint(one.Images), accuracy,
			fmt.Sprintf("%s (%.1f to %.1f)", percent(one.Calibrated.Mean), 100**one.Calibrated.Low, 100**one.Calibrated.High), percent(one.Threshold)})
	}
	p.PerformanceNote = fmt.Sprintf("Of %d classes. On %d labelled pictures of the reference it is %s. Estimates see no label: calibrated confidences with their 95 %% interval, and ATC. They hold as long as a confidence means what it means in the reference.",
		r.Classes, r.Reference, percent(r.ReferenceAccuracy))
	if r.Other > 0 {
		p.PerformanceNote += fmt.Sprintf(" %d pictures have a label that no picture of the reference has. They are classified wrong, and no estimate knows that.", r.Other)
	}
	if e := r.Error; e != nil {
		p.PerformanceNote += fmt.Sprintf(" Where labels say, the estimate is off by %s on average, and %d of %d intervals hold the accuracy; ATC is off by %s.", percent(e.Calibrated), e.Within, e.Parts, percent(e.Threshold))
	}
}

// shiftShares are bars on one scale, which add up to the whole shift.
func shiftShares(c answer.Comparison) []Share {
	rest := Share{Name: "all other pairs", Share: percent(1 - c.Explained), Width: 1 - c.Explained, Plain: true}
	var out []Share
	for _, change := range c.All() {
		out = append(out, Share{Name: change.String(), Share: percent(change.Share), Width: change.Share})
	}
	return bars(append(out, rest))
}

// bars sets how wide the bars of shares are.
func bars(out []Share) []Share {
	longest := 0.0
	for _, s := range out {
		longest = max(longest, math.Abs(s.Width))
	}
	for i, s := range out {
		out[i].Negative, out[i].Width = s.Width < 0, 100*math.Abs(s.Width)/max(longest, 1e-9)
	}
	return out
}

// newChanges are the changes with their pictures, but for a negligible one without a name.
func newChanges(c answer.Comparison, open Pictures) (out []Change, err error) {
	for _, c := range c.All() {
		if c.Word == "" && math.Abs(c.Share) < leastUnnamed {
			continue
		}
		change, err := newChange(c, open)
		if err != nil {
			return nil, err
		}
		out = append(out, change)
	}
	return out, nil
}

func newChange(c answer.Change, open Pictures) (Change, error) {
	out := Change{Name: c.String(), Share: percent(c.Share), Effect: fmt.Sprintf("%+.2f", c.Effect), Count: c.Count}
	like := "most like it"
	switch {
	case c.Quality:
		out.Kind = "quality of the pictures"
	case c.Word == "":
		out.Name, out.Kind, like = "A change without a name", "no word or quality fits", "furthest along it"
	}
	for _, row := range []struct {
		name, note string
		paths      []string
	}{{"reference", like, c.Before}, {"now", like, c.After}, {"now", "most changed", c.Carry}} {
		pictures, err := addresses(open(row.paths))
		if err != nil {
			return out, err
		}
		if len(pictures) > 0 {
			out.Rows = append(out.Rows, Row{row.name, row.note, pictures})
		}
	}
	for _, p := range c.Pairs[:min(pairsOnPage, len(c.Pairs))] {
		out.Pairs = append(out.Pairs, Pair{
			Pair: fmt.Sprintf("(%d,%d)", p.Neuron, p.Head), Label: p.Label, Share: percent(p.Share), Effect: fmt.Sprintf("%+.2f", p.Effect), P: fmt.Sprintf("%.2g", p.Adjusted),
		})
	}
	return out, nil
}

// addresses are pictures that a page holds.
func addresses(pictures []Opened) (out []Picture, err error) {
	for _, p := range pictures {
		at, err := address(p.Image)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Path, err)
		}
		out = append(out, Picture{p.Path, at})
	}
	return out, nil
}

func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }
