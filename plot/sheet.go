package plot

import (
	"image"
	"image/color"
	"math"
	"strconv"
)

// Sheet is one picture that shows a sum: what it is of, its steps from one total to another, and where in a photograph they come from. All colours
// mean signs. It is read at half its size.
type Sheet struct {
	Title, Subtitle string
	Photo, Sum      Panel  // the photograph, and the map of all steps together
	Less, More      string // what the two colours mean
	Steps           Waterfall
	Rows            []PanelRow
	Footer          string
}

// PanelRow is a row of pictures of one scale, with a heading.
type PanelRow struct {
	Title   string
	Panels  []Panel
	Columns int // the row is divided into so many; more panels are not drawn
}

// Waterfall is a sum, drawn as steps from one total to another.
type Waterfall struct {
	Title, From, To string // To and From say what the totals are
	Start           float64
	Steps           []Step
}

// Step is one addend of a [Waterfall].
type Step struct {
	Label, Number string
	Value         float64
	Pale          bool // drawn in a paler colour: it stands for what has no name
}

// The measures of a sheet, in pixels.
const (
	pictures = 800                     // the width of the photograph and the map beside it
	steps    = wide - pictures - 2*gap // that of the waterfall
	line     = 34                      // of a label
	rowStep  = line + 8                // of a waterfall
)

// Draw makes the picture, 1600 pixels wide and as high as it needs to be.
func (s Sheet) Draw() *image.RGBA { return drawn(sheetWidth, s.lay) }

// lay puts everything on a canvas and says how high it is.
func (s Sheet) lay(c canvas) int {
	y := margin
	y += c.paragraph(s.Title, margin, y, wide, 3, titleStyle) + 6
	y += c.paragraph(s.Subtitle, margin, y, wide, 2, subtle) + gap
	left := y + s.pictures(c, y)
	right := y + c.waterfall(s.Steps, margin+pictures+2*gap, y, steps)
	y = max(left, right) + gap
	for _, r := range s.Rows {
		y += c.row(r, y) + gap
	}
	c.line(y)
	y += 14
	return y + c.paragraph(s.Footer, margin, y, wide, 3, noteStyle) + margin - 14
}

// pictures are the photograph, beside it the summed map, and below both what colours mean.
func (s Sheet) pictures(c canvas, y int) int {
	const side = (pictures - gap) / 2
	high := 0
	for _, p := range []Panel{s.Photo, s.Sum} {
		high = max(high, fitted(p.Image, side))
	}
	under := 0
	for i, p := range []Panel{s.Photo, s.Sum} {
		x := margin + i*(side+gap)
		c.place(p.Image, x, y, side, high)
		lines := c.paragraph(p.Title, x, y+high+10, side, 2, labelBold)
		under = max(under, lines+c.paragraph(p.Caption, x, y+high+10+lines, side, 3, noteStyle))
	}
	top := y + high + 10 + under + gap
	return top + c.signs(s.Less, s.More, margin, top, pictures) - y
}

// signs explains the two colours.
func (c canvas) signs(less, more string, x, y, width int) int {
	for i := range width {
		pixel := []uint8{225, 225, 225}
		paint(pixel, 2*float64(i)/float64(width-1)-1, 1)
		c.SetRGB255(int(pixel[0]), int(pixel[1]), int(pixel[2]))
		c.DrawRectangle(float64(x+i), float64(y), 1, 18)
		c.Fill()
	}
	room := float64(width)/2 - 12
	c.write("− "+less, float64(x), float64(y+24), room, noteStyle)
	c.writeRight("+ "+more, float64(x+width), float64(y+24), room, noteStyle)
	return 24 + 30
}

// fitted is the height of a picture that is as wide as width, and no higher than that.
func fitted(picture image.Image, width int) int {
	if picture == nil || picture.Bounds().Empty() {
		return 0
	}
	return max(1, min(width, width*picture.Bounds().Dy()/picture.Bounds().Dx()))
}

// row draws a row of pictures under its heading.
func (c canvas) row(r PanelRow, y int) int {
	columns := max(r.Columns, 1)
	cell := (wide - (columns-1)*gap) / columns
	top := y + c.paragraph(r.Title, margin, y, wide, 3, headingStyle) + 12
	return top + c.panels(r.Panels[:min(columns, len(r.Panels))], margin, top, cell) - y
}

// axis places numbers between two edges of a waterfall.
type axis struct{ low, unit, from float64 }

func (a axis) at(v float64) float64 { return a.from + (v-a.low)*a.unit }

// waterfall draws the steps, each from where the one before ends, between two lines that mark the totals.
func (c canvas) waterfall(w Waterfall, x, y, width int) int {
	top := y + c.paragraph(w.Title, x, y, width, 3, headingStyle) + 14
	labels, numbers := c.widths(w.Steps)
	labels = min(labels, float64(width)/2.6)
	low, high := w.extent()
	a := axis{low, (float64(width) - labels - numbers - 28) / max(high-low, 1e-300), float64(x) + labels + 14}
	bottom := top + 2*rowStep
	for _, s := range w.Steps {
		bottom += c.stepHeight(s, labels)
	}
	c.scale(a, low, high, float64(top+rowStep), float64(bottom))
	at, row := w.Start, top+rowStep
	c.total(w.From, a.at(at), x, top, width)
	for _, s := range w.Steps {
		height, next := c.stepHeight(s, labels), at+s.finite()
		c.label(s.Label, x, row+3, labels)
		c.writeRight(s.Number, float64(x+width), float64(row+3), numbers+1, labelStyle)
		c.step(s, a.at(at), a.at(next), float64(row), float64(height))
		at, row = next, row+height
	}
	c.total(w.To, a.at(at), x, row, width)
	return bottom - y + 8 + line
}

// stepHeight is that of a step whose label has a width, in as many lines as it needs.
func (c canvas) stepHeight(s Step, width float64) int {
	c.use(labelStyle)
	return max(1, len(c.wrap(s.Label, width+1)))*line + rowStep - line
}

// label writes a label in as many lines as it needs.
func (c canvas) label(text string, x, y int, width float64) {
	c.use(labelStyle)
	for i, part := range c.wrap(text, width+1) {
		c.write(part, float64(x), float64(y+i*line), width+2, labelStyle)
	}
}

// widths are those of the longest label and the longest number.
func (c canvas) widths(steps []Step) (labels, numbers float64) {
	c.use(labelStyle)
	for _, s := range steps {
		label, _ := c.MeasureString(s.Label)
		number, _ := c.MeasureString(s.Number)
		labels, numbers = max(labels, label), max(numbers, number)
	}
	return labels, numbers
}

// finite is the value of a step, 0 where it is not finite.
func (s Step) finite() float64 {
	if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
		return 0
	}
	return s.Value
}

// extent is all that the running sum passes.
func (w Waterfall) extent() (low, high float64) {
	low, high = w.Start, w.Start
	at := w.Start
	for _, s := range w.Steps {
		at += s.finite()
		low, high = min(low, at), max(high, at)
	}
	return low, high
}

// scale draws faint lines at round numbers, which stand below them.
func (c canvas) scale(a axis, low, high, top, bottom float64) {
	for _, v := range round(low, high) {
		c.SetColor(rule)
		c.DrawRectangle(a.at(v)-0.5, top, 1, bottom-top+4)
		c.Fill()
		c.use(noteStyle)
		c.DrawStringAnchored(strconv.FormatFloat(v, 'g', 4, 64), a.at(v), bottom+8+noteStyle.size, 0.5, 0)
	}
}

// round gives two to seven round numbers between two others.
func round(low, high float64) []float64 {
	if !(high > low) {
		return nil
	}
	step := math.Pow(10, math.Floor(math.Log10(high-low)))
	for _, part := range []float64{0.2, 0.5, 1, 2} {
		if (high-low)/(step*part) <= 6 {
			step *= part
			break
		}
	}
	var list []float64
	for i := math.Ceil(low / step); i*step <= high; i++ {
		list = append(list, i*step)
	}
	return list
}

// step draws one bar and the thread that leads to the next.
func (c canvas) step(s Step, from, to, y, height float64) {
	colour := positive
	if to < from {
		colour = negative
	}
	if s.Pale {
		colour = pale(colour)
	}
	c.SetColor(colour)
	c.DrawRectangle(min(from, to), y+5, max(math.Abs(to-from), 1), rowStep-12)
	c.Fill()
	c.SetColor(muted)
	c.DrawRectangle(to-0.5, y+rowStep-7, 1, height-rowStep+12)
	c.Fill()
}

// pale is a colour halfway to paper.
func pale(c color.RGBA) color.RGBA {
	return color.RGBA{c.R/2 + 128, c.G/2 + 128, c.B/2 + 128, 255}
}

// total marks where a sum stands, with what it is beside the mark, where there is more room.
func (c canvas) total(text string, at float64, x, y, width int) {
	c.SetColor(ink)
	c.DrawRectangle(at-1.5, float64(y+4), 3, rowStep-8)
	c.Fill()
	left, right := at-float64(x)-12, float64(x+width)-at-12
	if left > right {
		c.writeRight(text, at-10, float64(y+3), left, labelBold)
		return
	}
	c.write(text, at+10, float64(y+3), right, labelBold)
}

// Keyed is a map alone, 900 pixels wide, with a title and the scale of its positive values, from 0 to full colour.
func Keyed(title string, picture image.Image, most string) *image.RGBA {
	const width, inner = 900, 900 - 2*margin
	return drawn(width, func(c canvas) int {
		y := margin + c.paragraph(title, margin, margin, inner, 3, headingStyle) + 12
		high := fitted(picture, inner)
		c.place(picture, margin, y, inner, high)
		y += high + gap
		for i := range inner {
			pixel := []uint8{225, 225, 225}
			paint(pixel, float64(i)/(inner-1), 1)
			c.SetRGB255(int(pixel[0]), int(pixel[1]), int(pixel[2]))
			c.DrawRectangle(float64(margin+i), float64(y), 1, 18)
			c.Fill()
		}
		c.write("0", margin, float64(y+24), inner/2, noteStyle)
		c.writeRight(most, margin+inner, float64(y+24), inner/2, noteStyle)
		return y + 24 + line + margin
	})
}
