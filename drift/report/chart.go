package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/answer"
)

// The room of a chart, in units of its view.
const (
	chartWide, chartHigh                                 = 520.0, 300.0
	chartLeft, chartRight, chartTop, chartBottom float64 = 62, 14, 14, 52
	mostLabels                                           = 6 // along the horizontal axis
)

// Chart is a curve over parts, drawn as SVG in the colours of the page.
type Chart struct {
	Title, Caption string
	X, Y           string // names of the axes, with units
	Across, Up     []Tick
	Lines          []Line
	Marks          []Mark
	Band           *Band // the profile's mean with its interval; nil: not known
}

// Tick is a number on an axis.
type Tick struct {
	At   string
	Text string
}

// Line is a line through points: "score" or "truth".
type Line struct{ Class, Points string }

// Mark is a mean with its interval and what it says when one points at it.
type Mark struct{ X, Y, Low, High, Text string }

// Band is the profile's mean: a line within its interval.
type Band struct{ Y, Top, High string }

// scale maps numbers onto the room of an axis.
type scale struct{ low, high, from, to float64 }

func (s scale) at(v float64) float64 { return s.from + (v-s.low)/(s.high-s.low)*(s.to-s.from) }

func place(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// curve draws a text's mean signed score over parts, in percent of the embeddings' length, beside the profile's mean and, where it is known, the truth.
func curve(by string, w answer.FollowedText) Chart {
	x, axis := places(by, w.Groups)
	c := Chart{Title: w.Text, X: axis, Y: "mean signed score, %", Caption: curveCaption(w)}
	across := scale{x[0], x[len(x)-1], chartLeft + 12, chartWide - chartRight - 12}
	up := scale{math.Inf(1), math.Inf(-1), chartHigh - chartBottom, chartTop}
	take := func(i *answer.Interval) {
		low, high := bounds(i)
		up.low, up.high = min(up.low, low), max(up.high, high)
	}
	for _, g := range w.Groups {
		take(g.Signed)
	}
	if w.Profile != nil {
		take(w.Profile.Signed)
	}
	if up.high == up.low {
		up.high++
	}
	room := 0.04 * (up.high - up.low)
	up.low, up.high = up.low-room, up.high+room
	for _, v := range ticks(up.low, up.high) {
		c.Up = append(c.Up, Tick{place(up.at(v)), strings.Replace(strconv.FormatFloat(v, 'f', -1, 64), "-", "−", 1)})
	}
	step := (len(w.Groups) + mostLabels - 1) / mostLabels
	score, truth, known := []string{}, []float64{}, true
	for i, g := range w.Groups {
		at := across.at(x[i])
		if i%step == 0 {
			c.Across = append(c.Across, Tick{place(at), g.Name})
		}
		low, high := bounds(g.Signed)
		c.Marks = append(c.Marks, Mark{place(at), place(up.at(100 * g.Signed.Mean)), place(up.at(low)), place(up.at(high)), fmt.Sprintf("%s: %s, %d images", g.Name, interval(g.Signed), g.Images)})
		score = append(score, place(at)+","+place(up.at(100*g.Signed.Mean)))
		if known = known && g.Truth != nil; known {
			truth = append(truth, *g.Truth)
		}
	}
	c.Lines = append(c.Lines, Line{"score", strings.Join(score, " ")})
	if known {
		c.Lines = append(c.Lines, truthLine(w, x, across, up, truth)...)
	}
	if w.Profile != nil {
		low, high := bounds(w.Profile.Signed)
		top := up.at(high)
		c.Band = &Band{place(up.at(100 * w.Profile.Signed.Mean)), place(top), place(max(1, up.at(low)-top))}
	}
	return c
}

// truthLine is the truth on the scale of the score; none where it does not vary.
func truthLine(w answer.FollowedText, x []float64, across, up scale, truth []float64) []Line {
	var means []float64
	for _, g := range w.Groups {
		means = append(means, 100*g.Signed.Mean)
	}
	if !stretch(truth, means) {
		return nil
	}
	var points []string
	for i, v := range truth {
		points = append(points, place(across.at(x[i]))+","+place(up.at(v)))
	}
	return []Line{{"truth", strings.Join(points, " ")}}
}

// bounds are the ends of an interval in percent, or the mean itself where it has none.
func bounds(i *answer.Interval) (low, high float64) {
	if i.Low == nil || i.High == nil {
		return 100 * i.Mean, 100 * i.Mean
	}
	return 100 * *i.Low, 100 * *i.High
}

// ticks are some four round numbers within a range.
func ticks(low, high float64) (out []float64) {
	const about = 4
	step := math.Pow(10, math.Floor(math.Log10((high-low)/about)))
	for _, times := range []float64{2, 2.5, 2} { // 2, 5 and 10 of the power of ten
		if (high-low)/step <= about+1 {
			break
		}
		step *= times
	}
	for k := math.Ceil(low / step); k*step <= high; k++ {
		out = append(out, k*step)
	}
	for i, v := range out { // without what rounding adds
		rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
		if err == nil {
			out[i] = rounded
		}
	}
	return out
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
	if axis = strings.TrimPrefix(by, "time:"); len(x) == len(groups) {
		return x, axis
	}
	x = nil
	for i := range groups {
		x = append(x, float64(i+1))
	}
	return x, axis
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
	caption := "Points are means with 95 % intervals."
	if w.Profile != nil {
		caption += " The band is the profile's mean with its interval."
	}
	if w.Curve.Signed != nil && w.Curve.Norm != nil {
		caption += fmt.Sprintf(" The dashed line is the truth, stretched onto the scale: its correlation with the score over the parts is %.3f (the paper's score: %.3f).", *w.Curve.Signed, *w.Curve.Norm)
	}
	return caption
}
