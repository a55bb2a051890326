package plot

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"sync"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curve is a chart of lines over numbers. What the lines are stands below it.
type Curve struct {
	Title, X, Y string // of the chart and its axes
	Series      []Series
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

// typeface is the family of the fonts of [fonts] in charts.
const typeface = "Go"

// lettering gives the fonts of this package to charts.
var lettering = sync.OnceValue(func() text.Plain {
	var faces font.Collection
	for bold, parsed := range fonts() {
		f := font.Font{Typeface: typeface}
		if bold {
			f.Weight = xfont.WeightBold
		}
		faces = append(faces, font.Face{Font: f, Face: parsed})
	}
	return text.Plain{Fonts: font.NewCache(faces)}
})

// letter makes a style of text that of this package.
func letter(s *text.Style, size float64, weight xfont.Weight, c color.Color) {
	s.Handler, s.Font, s.Color = lettering(), font.Font{Typeface: typeface, Weight: weight, Size: vg.Points(size)}, c
}

// Write draws the chart in one of [Formats], 18 centimetres wide and 11 high, and higher by what the names of the lines need.
func (c Curve) Write(w io.Writer, format string) error {
	p := c.frame()
	legend := plot.NewLegend()
	letter(&legend.TextStyle, 11, xfont.WeightNormal, ink)
	legend.Left, legend.Padding = true, vg.Points(3)
	for i, s := range c.Series {
		if err := s.draw(p, &legend, okabeIto[i%len(okabeIto)]); err != nil {
			return fmt.Errorf("chart %q, series %q: %w", c.Title, s.Name, err)
		}
	}
	widen(&p.X)
	widen(&p.Y)
	const width, height, edge = 18 * vg.Centimeter, 11 * vg.Centimeter, 10
	below := vg.Length(len(c.Series))*vg.Points(18) + edge
	out, err := draw.NewFormattedCanvas(width, height+below, format)
	if err != nil {
		return fmt.Errorf("chart %q: %w", c.Title, err)
	}
	sheet := draw.New(out)
	sheet.SetColor(paper)
	sheet.Fill(sheet.Rectangle.Path())
	p.Draw(draw.Crop(sheet, edge, -edge, below+edge, -edge))
	legend.Draw(draw.Crop(sheet, 4*edge, -edge, edge, below-height))
	return send(w, out, format)
}

// frame is the chart without its lines.
func (c Curve) frame() *plot.Plot {
	p := plot.New()
	p.TextHandler = lettering()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.Title, c.X, c.Y
	p.Title.Padding, p.X.Label.Padding, p.Y.Label.Padding = vg.Points(10), vg.Points(4), vg.Points(6)
	letter(&p.Title.TextStyle, 15, xfont.WeightBold, ink)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		letter(&axis.Label.TextStyle, 12, xfont.WeightNormal, ink)
		letter(&axis.Tick.Label, 11, xfont.WeightNormal, muted)
		axis.LineStyle.Color, axis.Tick.LineStyle.Color = muted, muted
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = rule, rule
	p.Add(grid)
	return p
}

// widen makes room around what an axis spans, so that points at its ends are inside.
func widen(a *plot.Axis) {
	room := 0.03 * (a.Max - a.Min)
	a.Min, a.Max = a.Min-room, a.Max+room
}

// send writes a chart. Programs that show an SVG and have no Go fonts take another font without serifs.
func send(w io.Writer, out vg.CanvasWriterTo, format string) error {
	if format != "svg" {
		_, err := out.WriteTo(w)
		return err
	}
	var b bytes.Buffer
	if _, err := out.WriteTo(&b); err != nil {
		return err
	}
	svg := bytes.ReplaceAll(b.Bytes(), []byte("font-family:Go;"), []byte("font-family:Go,system-ui,sans-serif;"))
	_, err := w.Write(bytes.ReplaceAll(svg, []byte("data:image/jpg;base64,iVBOR"), []byte("data:image/png;base64,iVBOR"))) // what the library calls JPEG is PNG
	return err
}

// mostDots is how many points of a line are marked; more would hide whether it is dashed.
const mostDots = 25

// points are a series as gonum's plot takes it.
type points struct {
	plotter.XYs
	plotter.YErrors
}

func (s Series) draw(p *plot.Plot, legend *plot.Legend, c color.RGBA) error {
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
	line.Color, line.Width, dots.Color, dots.Radius, dots.Shape = c, vg.Points(1.6), c, vg.Points(2.4), draw.CircleGlyph{}
	if s.Dashed {
		line.Dashes = []vg.Length{vg.Points(5), vg.Points(3)}
	}
	if s.Dots {
		p.Add(dots)
		legend.Add(s.Name, dots)
		return nil
	}
	p.Add(line)
	if len(s.X) > mostDots {
		legend.Add(s.Name, line)
		return nil
	}
	p.Add(dots)
	legend.Add(s.Name, line, dots)
	return nil
}
