package plot

import (
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// Curve is a chart of lines over numbers.
type Curve struct {
	Title, X, Y string // of the chart and its axes
	Series      []Series
	Above       bool // the legend stands above the lines, in room made for it; else in the lower left corner
}

// Series is a line with, where they are known, intervals. Low and High are empty or as long as X and Y.
type Series struct {
	Name         string
	X, Y         []float64
	Low, High    []float64
	Dashed, Dots bool // Dots: points and no line
}

// okabeIto are colours that people with any colour vision tell apart (Okabe and Ito).
var okabeIto = []color.RGBA{
	{0, 114, 178, 255}, {213, 94, 0, 255}, {0, 158, 115, 255}, {204, 121, 167, 255}, {230, 159, 0, 255}, {86, 180, 233, 255}, {90, 90, 96, 255},
}

// Formats are the formats in which charts are written, by the ending of a file's name without the dot.
func Formats() []string { return []string{"png", "svg"} }

// Write draws the chart in one of [Formats], 18 by 11 centimetres.
func (c Curve) Write(w io.Writer, format string) error {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.Title, c.X, c.Y
	p.Title.Padding, p.Legend.Left, p.Legend.Padding = vg.Points(8), true, vg.Points(2)
	p.Add(plotter.NewGrid())
	for i, s := range c.Series {
		if err := s.draw(p, okabeIto[i%len(okabeIto)]); err != nil {
			return fmt.Errorf("chart %q, series %q: %w", c.Title, s.Name, err)
		}
	}
	if c.Above {
		p.Legend.Top = true
		p.Y.Max += float64(len(c.Series)) * 0.08 * (p.Y.Max - p.Y.Min)
	}
	out, err := p.WriterTo(18*vg.Centimeter, 11*vg.Centimeter, format)
	if err != nil {
		return fmt.Errorf("chart %q: %w", c.Title, err)
	}
	_, err = out.WriteTo(w)
	return err
}

// points are a series as gonum's plot takes it.
type points struct {
	plotter.XYs
	plotter.YErrors
}

func (s Series) draw(p *plot.Plot, c color.RGBA) error {
	pts := points{XYs: make(plotter.XYs, len(s.X))}
	for i, x := range s.X {
		pts.XYs[i].X, pts.XYs[i].Y = x, s.Y[i]
		if len(s.Low) > 0 {
			pts.YErrors = append(pts.YErrors, struct{ Low, High float64 }{s.Y[i] - s.Low[i], s.High[i] - s.Y[i]})
		}
	}
	if len(s.Low) > 0 {
		bars, err := plotter.NewYErrorBars(pts)
		if err != nil {
			return err
		}
		bars.Color = c
		p.Add(bars)
	}
	line, dots, err := plotter.NewLinePoints(pts.XYs)
	if err != nil {
		return err
	}
	line.Color, line.Width, dots.Color, dots.Radius = c, vg.Points(1.6), c, vg.Points(2.4)
	if s.Dashed {
		line.Dashes = []vg.Length{vg.Points(5), vg.Points(3)}
	}
	if s.Dots {
		p.Add(dots)
		p.Legend.Add(s.Name, dots)
		return nil
	}
	p.Add(line, dots)
	p.Legend.Add(s.Name, line, dots)
	return nil
}
