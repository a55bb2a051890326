package plot

import (
	"image"
	"math"
)

// Bar is one bar of a chart: a signed value with its label, how the value is written and, behind the bar, a note.
type Bar struct {
	Label  string
	Value  float64
	Number string
	Note   string
}

// Panel is a picture with a title and a caption.
type Panel struct {
	Title, Caption string
	Image          image.Image
}

// Summary is one picture that sums up an explanation: the photograph, the chart of shares, the maps of the strongest pairs.
type Summary struct {
	Title, Subtitle string
	Photo           image.Image
	Panels          []Panel
	Bars            []Bar
	BarsTitle       string
	Footer          string
}

// The measures of a sheet, in pixels.
const (
	sheetWidth = 1600
	margin     = 48
	gap        = 24
	wide       = sheetWidth - 2*margin
	leftWidth  = 640
	barHeight  = 40
)

var (
	titleStyle   = style{44, true, ink}
	subtle       = style{27, false, muted}
	headingStyle = style{29, true, ink}
	labelStyle   = style{27, false, ink}
	labelBold    = style{26, true, ink}
	noteStyle    = style{24, false, muted}
)

// Draw makes the picture, 1600 pixels wide and as high as it needs to be.
func (s Summary) Draw() *image.RGBA { return drawn(sheetWidth, s.lay) }

// lay puts everything on a canvas and says how high it is.
func (s Summary) lay(c canvas) int {
	const columns, right = 3, margin + leftWidth + 2*gap
	const cell = (sheetWidth - margin - right - (columns-1)*gap) / columns
	top := margin
	top += c.paragraph(s.Title, margin, top, wide, 3, titleStyle) + 6
	top += c.paragraph(s.Subtitle, margin, top, wide, 2, subtle) + gap
	photo := fitted(s.Photo, leftWidth)
	c.place(s.Photo, margin, top, leftWidth, photo)
	c.bars(s.BarsTitle, s.Bars, margin, top+photo+gap, leftWidth)
	left, y := top+photo+2*gap+40+len(s.Bars)*barHeight, top
	for i := 0; i < len(s.Panels); i += columns {
		y += c.panels(s.Panels[i:min(i+columns, len(s.Panels))], right, y, cell) + gap
	}
	c.legend(right, y+4)
	y = max(left, y+60) + gap
	c.line(y)
	return y + 14 + c.paragraph(s.Footer, margin, y+14, wide, 3, noteStyle) + margin - 14
}

// line divides a sheet.
func (c canvas) line(y int) {
	c.SetColor(rule)
	c.DrawRectangle(margin, float64(y), wide, 1)
	c.Fill()
}

// panels draws pictures side by side, with titles and captions in as many lines as they need, and says how high that is.
func (c canvas) panels(panels []Panel, x, y, cell int) int {
	high, under := 0, 0
	for _, p := range panels {
		high = max(high, fitted(p.Image, cell))
	}
	for i, p := range panels {
		left := x + i*(cell+gap)
		c.place(p.Image, left, y, cell, high)
		title := 8 + c.paragraph(p.Title, left, y+high+8, cell, 3, labelBold)
		under = max(under, title+c.paragraph(p.Caption, left, y+high+title, cell, 3, noteStyle))
	}
	return high + under
}

// legend explains the colours of the maps.
func (c canvas) legend(x, y int) {
	const width, height = 200, 18
	for i := range width {
		v := 2*float64(i)/(width-1) - 1
		pixel := []uint8{225, 225, 225}
		paint(pixel, v, 1)
		c.SetRGB255(int(pixel[0]), int(pixel[1]), int(pixel[2]))
		c.DrawRectangle(float64(x+i), float64(y+4), 1, height)
		c.Fill()
	}
	c.write("takes away – adds, one scale for all maps", float64(x+width+16), float64(y-3), 640, noteStyle)
}

// bars is a horizontal bar chart with a zero line; negative bars go to the left of it.
func (c canvas) bars(title string, bars []Bar, x, y, width int) {
	c.write(title, float64(x), float64(y), float64(width), headingStyle)
	if len(bars) == 0 {
		return
	}
	labels, numbers := 0.0, 124.0
	c.use(labelStyle)
	for _, b := range bars {
		w, _ := c.MeasureString(b.Label)
		labels = max(labels, w)
	}
	labels = min(labels, float64(width)/3)
	var left, right float64 // extent of the values
	for _, b := range bars {
		if !math.IsNaN(b.Value) && !math.IsInf(b.Value, 0) {
			left, right = min(left, b.Value), max(right, b.Value)
		}
	}
	from, span := float64(x)+labels+12, float64(width)-labels-12-numbers
	unit := span / max(right-left, 1e-300)
	zero := from - left*unit
	for i, b := range bars {
		top := float64(y + 44 + i*barHeight)
		c.write(b.Label, float64(x), top-1, labels+1, labelStyle)
		c.writeRight(b.Number, float64(x+width), top-1, numbers, labelStyle)
		length := b.Value * unit
		if math.IsNaN(length) || math.IsInf(length, 0) {
			continue
		}
		c.SetColor(positive)
		if length < 0 {
			c.SetColor(negative)
		}
		c.DrawRectangle(min(zero, zero+length), top+3, math.Abs(length), barHeight-11)
		c.Fill()
		c.note(b, zero, zero+length, from, from+span, top)
	}
	c.SetColor(muted)
	c.DrawRectangle(zero-0.5, float64(y+44), 1, float64(len(bars)*barHeight-4))
	c.Fill()
}

// note writes a bar's note where there is room: beyond the end of the bar, or on the other side of zero.
func (c canvas) note(b Bar, zero, end, from, to, top float64) {
	const least = 70
	switch {
	case b.Note == "":
	case end >= zero && to-end > least:
		c.write(b.Note, end+8, top+1, to-end-12, noteStyle)
	case end >= zero && zero-from > least:
		c.writeRight(b.Note, zero-8, top+1, zero-from-12, noteStyle)
	case end < zero && to-zero > least:
		c.write(b.Note, zero+8, top+1, to-zero-12, noteStyle)
	}
}

// Key says what the two ends of the colours of maps mean, and how much full colour is. The zero Key is of pictures without such colours.
type Key struct{ Less, More string }

// ContactSheet lays panels out in columns under a title, 1600 pixels wide, with the key of their colours below.
func ContactSheet(title string, columns int, panels []Panel, key Key) *image.RGBA {
	columns = max(columns, 1)
	cell := (wide - (columns-1)*gap) / columns
	return drawn(sheetWidth, func(c canvas) int {
		y := margin + c.paragraph(title, margin, margin, wide, 3, titleStyle) + gap
		for i := 0; i < len(panels); i += columns {
			y += c.panels(panels[i:min(i+columns, len(panels))], margin, y, cell) + gap
		}
		if key != (Key{}) {
			y += c.signs(key.Less, key.More, margin, y, wide) + gap
		}
		return y + margin - gap
	})
}
