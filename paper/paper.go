// Package paper holds what Bu & Gandelsman, "Interpreting ResNet-based CLIP via Neuron-Attention Decomposition" (arXiv 2509.19943, 2025), publish, and
// writes it beside what was measured as one HTML page.
package paper

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"github.com/facet-clip/facet/answer"
)

// Model is the one whose figures are published.
const Model = "RN50x16"

// The steps, by the data that they need.
const (
	ImageNet = "imagenet"
	Context  = "context"
	Cars     = "cars"
)

// Figure is a published figure.
type Figure struct {
	Key, Step, What string
	Unit            string  // %, points, r or empty
	Published       float64 // NaN: the paper gives no number
}

// Figures are all of them, in the paper's order. docs/research/paper.md has each by its key.
func Figures() []Figure { return append([]Figure(nil), figures...) }

var none = math.NaN()

var figures = []Figure{
	{"zero-shot", ImageNet, "ImageNet zero-shot accuracy", "%", 70.7},
	{"pairs-1pc", ImageNet, "… reconstructed from pairs, one component each", "%", 70.7},
	{"neurons-1pc", ImageNet, "… from neurons, one component each", "%", 66.9},
	{"neurons-2pc", ImageNet, "… from neurons, two components each", "%", 69.0},
	{"neurons-4pc", ImageNet, "… from neurons, four components each", "%", 70.0},
	{"sparse-pairs", ImageNet, "accuracy lost when all but the strongest 20 % of pairs are held at their mean", "points", 5},
	{"sparse-neurons", ImageNet, "accuracy lost when all but the strongest 20 % of neurons are held at their mean", "points", 25},
	{"polysemanticity", ImageNet, "neurons whose strongest pair stands for fewer things than the neuron", "%", none},
	{"sink", ImageNet, "attention of the last place over that of its neighbours", "", none},
	{"butterfly", ImageNet, "pair (624,21) is “butterfly costume”, neuron 624 “butterfly”", "", none},
	{"context-nap", Context, "PASCAL Context-59 mIoU: pairs", "%", 26.2},
	{"context-maskclip", Context, "… MaskCLIP", "%", 22.8},
	{"context-selfself", Context, "… self-self attention", "%", 22.2},
	{"context-heads", Context, "… heads alone", "%", 24.7},
	{"context-neurons", Context, "… neurons alone", "%", 16.5},
	{"cars-yellow", Cars, "Stanford Cars: correlation of the score of “yellow” with yellow cars", "r", 0.85},
	{"cars-convertible", Cars, "… of “convertible” with convertibles", "r", 0.71},
}

// Measured is a value with its 95 % interval; NaN ends where there is none.
type Measured struct {
	Value, Low, High float64
	Of               int    // pictures
	Found            string // in words
}

// Beside puts what was measured beside a published figure. Unlike is [answer.OtherModel] or [answer.OtherData] where the two do not compare, and else empty.
func (f Figure) Beside(m Measured, unlike string) answer.PaperFigure {
	p := f.unmeasured()
	p.Of, p.Found, p.Measured = m.Of, m.Found, number(m.Value)
	if !math.IsNaN(m.Value) {
		p.Low, p.High = number(m.Low), number(m.High)
	}
	p.Verdict = f.judge(m, unlike)
	return p
}

func (f Figure) judge(m Measured, unlike string) string {
	step := map[string]float64{"%": 0.05, "points": 1, "r": 0.005}[f.Unit] // half of the last digit that is printed; losses are given as about so many points
	switch {
	case unlike != "":
		return unlike
	case math.IsNaN(f.Published):
		return answer.Unpublished
	case math.IsNaN(m.Value):
		return answer.NotMeasured
	case math.Abs(m.Value-f.Published) <= step+1e-9, m.Low <= f.Published+step && f.Published-step <= m.High:
		return answer.Agrees
	}
	return answer.Differs
}

// Missing is a figure whose data are missing.
func (f Figure) Missing() answer.PaperFigure {
	p := f.unmeasured()
	p.Verdict = answer.NotMeasured
	return p
}

func (f Figure) unmeasured() answer.PaperFigure {
	return answer.PaperFigure{Key: f.Key, What: f.What, Unit: f.Unit, Published: number(f.Published)}
}

// number is nil for NaN.
func number(x float64) *answer.Number {
	if math.IsNaN(x) {
		return nil
	}
	n := answer.Number(x)
	return &n
}

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Funcs(template.FuncMap{"number": Number, "interval": Interval, "class": class, "size": size}).Parse(pageHTML))

// Write writes the page, which needs nothing beside it.
func Write(w io.Writer, r *answer.Reproduction) error { return page.Execute(w, r) }

// Number writes a value in a figure's unit, a dash for none.
func Number(unit string, x *answer.Number) string {
	switch {
	case x == nil:
		return "–"
	case unit == "r":
		return fmt.Sprintf("%.2f", float64(*x))
	case unit == "":
		return fmt.Sprintf("%.1f", float64(*x))
	}
	return fmt.Sprintf("%.1f %s", float64(*x), unit)
}

// Interval writes the ends of a figure's interval, or nothing.
func Interval(f answer.PaperFigure) string {
	if f.Low == nil || f.High == nil {
		return ""
	}
	format := "%.1f to %.1f"
	if f.Unit == "r" {
		format = "%.2f to %.2f"
	}
	return fmt.Sprintf(format, float64(*f.Low), float64(*f.High))
}

// class is a verdict as a CSS class.
func class(verdict string) string { return strings.ReplaceAll(verdict, " ", "-") }

// size writes bytes for people.
func size(n int64) string {
	if n >= 1e9 {
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
