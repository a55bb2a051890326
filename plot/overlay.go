package plot

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// Entry is a line of a legend.
type Entry struct {
	Colour color.Color
	Label  string
	Note   string
}

// Overlay lays a picture of coloured areas, half transparent, over a photograph of the same size, with a legend below. The photograph loses most of its
// own colour, so that a green area shows on grass. It is enlarged when the photograph
// is smaller than the legend needs, and shrunk when it is wider than 1600 pixels or higher than that.
func Overlay(photo, areas image.Image, legend []Entry) *image.RGBA {
	const edge, line, column, least, most = 16, 24, 220, 480, 1600
	b := photo.Bounds()
	w, h := max(b.Dx(), 1), max(b.Dy(), 1)
	width, height := min(max(w, least), most), 0
	if height = h * width / w; height > most {
		width, height = max(w*most/h, 1), most
	}
	columns := max((max(width, least)-edge)/column, 1)
	lines := (len(legend) + columns - 1) / columns
	c := newCanvas(max(width, least)+2*edge, max(height, 1)+3*edge+lines*line)
	place := image.Rect(edge, edge, edge+width, edge+max(height, 1))
	sheet := c.Image().(draw.Image)
	draw.CatmullRom.Scale(sheet, place, faded(photo), image.Rectangle{Max: b.Size()}, draw.Src, nil)
	painted := image.NewRGBA(place)
	draw.NearestNeighbor.Scale(painted, place, areas, areas.Bounds(), draw.Src, nil)
	draw.DrawMask(sheet, place, painted, place.Min, image.NewUniform(color.Alpha{160}), image.Point{}, draw.Over)
	for i, e := range legend {
		x, y := float64(edge+i%columns*column), float64(place.Max.Y+edge+i/columns*line)
		c.SetColor(e.Colour)
		c.DrawRectangle(x, y, 14, 14)
		c.Fill()
		c.write(e.Label, x+22, y-2, column-90, style{size: 15, color: ink})
		c.writeRight(e.Note, x+column-16, y-2, 60, style{size: 13, color: muted})
	}
	return c.done()
}

// BarChart is a chart alone: a title, a line below it, bars of shares, and a footer.
func BarChart(title, subtitle string, bars []Bar, footer string) *image.RGBA {
	const width = 1200
	return drawn(width, func(c canvas) int {
		y := margin + c.paragraph(title, margin, margin, width-2*margin, 3, titleStyle) + 6
		y += c.paragraph(subtitle, margin, y, width-2*margin, 4, subtle)
		c.bars("", bars, margin, y, width-2*margin)
		y += 44 + len(bars)*barHeight + gap
		return y + c.paragraph(footer, margin, y, width-2*margin, 4, noteStyle) + margin
	})
}
