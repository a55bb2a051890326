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
	leftWidth  = 460
	barHeight  = 30
	captions   = 54 // under a panel
)

var (
	titleStyle   = style{34, true, ink}
	subtle       = style{19, false, muted}
	headingStyle = style{19, true, ink}
	labelStyle   = style{17, false, ink}
	labelBold    = style{17, true, ink}
	noteStyle    = style{16, false, muted}
)

// Draw makes the picture, 1600 pixels wide and as high as it needs to be.
func (s Summary) Draw() *image.RGBA {
	const top = margin + 100
	columns := 4
	if len(s.Panels) <= 4 {
		columns = 2
	}
	right := margin + leftWidth + 2*gap
	cell := (sheetWidth - margin - right - (columns-1)*gap) / columns
	rows := (len(s.Panels) + columns - 1) / columns
	photoHeight := min(leftWidth, leftWidth*s.Photo.Bounds().Dy()/max(s.Photo.Bounds().Dx(), 1))
	leftHeight := photoHeight + 2*gap + 40 + len(s.Bars)*barHeight
	height := top + max(leftHeight, rows*(cell+captions+gap)+40) + gap + 40 + margin

	c := newCanvas(sheetWidth, height)
	c.write(s.Title, margin, margin, sheetWidth-2*margin, titleStyle)
	c.write(s.Subtitle, margin, margin+48, sheetWidth-2*margin, subtle)
	c.place(s.Photo, margin, top, leftWidth, photoHeight)
	c.bars(s.BarsTitle, s.Bars, margin, top+photoHeight+gap, leftWidth)
	for i, p := range s.Panels {
		c.panel(p, right+i%columns*(cell+gap), top+i/columns*(cell+captions+gap), cell, cell)
	}
	c.legend(right, top+rows*(cell+captions+gap)+4)
	c.SetColor(rule)
	c.DrawRectangle(margin, float64(height-margin-40), sheetWidth-2*margin, 1)
	c.Fill()
	c.write(s.Footer, margin, float64(height-margin-24), sheetWidth-2*margin, noteStyle)
	return c.done()
}

func (c canvas) panel(p Panel, x, y, width, height int) {
	if p.Image != nil {
		c.place(p.Image, x, y, width, height)
	}
	c.write(p.Title, float64(x), float64(y+height+8), float64(width), labelBold)
	c.write(p.Caption, float64(x), float64(y+height+30), float64(width), noteStyle)
}

// legend explains the colours of the maps.
func (c canvas) legend(x, y int) {
	const width, height = 200, 12
	for i := range width {
		v := 2*float64(i)/(width-1) - 1
		pixel := []uint8{225, 225, 225}
		paint(pixel, v, 1)
		c.SetRGB255(int(pixel[0]), int(pixel[1]), int(pixel[2]))
		c.DrawRectangle(float64(x+i), float64(y+4), 1, height)
		c.Fill()
	}
	c.write("takes away – adds, one scale for all maps", float64(x+width+16), float64(y-1), 500, noteStyle)
}

// bars is a horizontal bar chart with a zero line; negative bars go to the left of it.
func (c canvas) bars(title string, bars []Bar, x, y, width int) {
	c.write(title, float64(x), float64(y), float64(width), headingStyle)
	if len(bars) == 0 {
		return
	}
	labels, numbers := 0.0, 84.0
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
		top := float64(y + 36 + i*barHeight)
		c.write(b.Label, float64(x), top+1, labels+1, labelStyle)
		c.writeRight(b.Number, float64(x+width), top+1, numbers, labelStyle)
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
	c.DrawRectangle(zero-0.5, float64(y+36), 1, float64(len(bars)*barHeight-4))
	c.Fill()
}

// note writes a bar's note where there is room: beyond the end of the bar, or on the other side of zero.
func (c canvas) note(b Bar, zero, end, from, to, top float64) {
	const least = 50
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

// ContactSheet lays panels out in columns under a title, 1600 pixels wide.
func ContactSheet(title string, columns int, panels []Panel) *image.RGBA {
	columns = max(columns, 1)
	cell := (sheetWidth - 2*margin - (columns-1)*gap) / columns
	height := 1
	for _, p := range panels {
		if p.Image == nil {
			continue
		}
		if b := p.Image.Bounds(); !b.Empty() {
			height = max(height, min(cell, cell*b.Dy()/b.Dx()))
		}
	}
	rows := (len(panels) + columns - 1) / columns
	c := newCanvas(sheetWidth, margin+64+rows*(height+captions+gap)+margin)
	c.write(title, margin, margin, sheetWidth-2*margin, titleStyle)
	for i, p := range panels {
		c.panel(p, margin+i%columns*(cell+gap), margin+64+i/columns*(height+captions+gap), cell, height)
	}
	return c.done()
}
