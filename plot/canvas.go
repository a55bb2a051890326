package plot

import (
	"image"
	"image/color"
	"strings"
	"sync"
	"unicode/utf8"

	"git.sr.ht/~sbinet/gg"
	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
)

var (
	ink   = color.RGBA{34, 34, 34, 255}
	muted = color.RGBA{110, 110, 110, 255}
	rule  = color.RGBA{215, 215, 215, 255}
	paper = color.White
)

// fonts are part of the program, so that parsing them cannot fail.
var fonts = sync.OnceValue(func() map[bool]*opentype.Font {
	parsed := map[bool]*opentype.Font{}
	for bold, data := range map[bool][]byte{false: goregular.TTF, true: gobold.TTF} {
		f, err := opentype.Parse(data)
		if err != nil {
			panic(err)
		}
		parsed[bold] = f
	}
	return parsed
})

// style is how a text looks.
type style struct {
	size  float64 // pixels
	bold  bool
	color color.Color
}

// canvas is a white sheet that texts and pictures are put on; y is the top of what is put.
type canvas struct {
	*gg.Context
}

func newCanvas(width, height int) canvas {
	c := canvas{gg.NewContext(width, height)}
	c.SetColor(paper)
	c.Clear()
	return c
}

func (c canvas) use(s style) {
	face, err := opentype.NewFace(fonts()[s.bold], &opentype.FaceOptions{Size: s.size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(err) // the options are constants of this package
	}
	c.SetFontFace(face)
	c.SetColor(s.color)
}

// write puts a line of text with its left end at x, cut with an ellipsis where it would be wider than width.
func (c canvas) write(text string, x, y, width float64, s style) {
	c.use(s)
	c.DrawString(c.fit(text, width), x, y+s.size)
}

// writeRight puts a line of text with its right end at x.
func (c canvas) writeRight(text string, x, y, width float64, s style) {
	c.use(s)
	c.DrawStringAnchored(c.fit(text, width), x, y+s.size, 1, 0)
}

// paragraph writes a text in lines no wider than width, as many as lines at most, and says how high they are. What does not fit in them is cut.
func (c canvas) paragraph(text string, x, y, width, lines int, s style) int {
	c.use(s)
	list := c.wrap(text, float64(width))
	if len(list) > lines {
		list = append(list[:lines-1], strings.Join(list[lines-1:], " "))
	}
	height := int(1.3 * s.size)
	for i, line := range list {
		c.write(line, float64(x), float64(y+i*height), float64(width), s)
	}
	return len(list) * height
}

// wrap breaks a text at spaces into lines of a width in the current face, and a word that is wider where it must.
func (c canvas) wrap(text string, width float64) (lines []string) {
	line := ""
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }) { // a no-break space holds
		longer := strings.TrimSpace(line + " " + word)
		if c.wide(longer) > width && line != "" {
			lines, longer = append(lines, line), word
		}
		for c.wide(longer) > width && utf8.RuneCountInString(longer) > 1 {
			head := c.head(longer, width)
			lines, longer = append(lines, head), longer[len(head):]
		}
		line = longer
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// wide is the width of a text in the current face.
func (c canvas) wide(text string) float64 {
	w, _ := c.MeasureString(text)
	return w
}

// head is as much of a text as fits into a width, one letter at least.
func (c canvas) head(text string, width float64) string {
	for end := range text {
		if _, size := utf8.DecodeRuneInString(text[end:]); end > 0 && c.wide(text[:end+size]) > width {
			return text[:end]
		}
	}
	return text
}

// fit cuts a text to a width in the current face.
func (c canvas) fit(text string, width float64) string {
	if w, _ := c.MeasureString(text); w <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 {
		runes = runes[:len(runes)-1]
		if w, _ := c.MeasureString(string(runes) + "…"); w <= width {
			return string(runes) + "…"
		}
	}
	return ""
}

// place puts a picture into a box, as large as fits with its own aspect, in the middle, framed with a hairline. Small pictures are enlarged smoothly.
func (c canvas) place(picture image.Image, x, y, width, height int) {
	if picture == nil || picture.Bounds().Empty() {
		return
	}
	b := picture.Bounds()
	w, h := width, width*b.Dy()/b.Dx()
	if h > height {
		w, h = height*b.Dx()/b.Dy(), height
	}
	w, h = max(w, 1), max(h, 1)
	r := image.Rect(0, 0, w, h).Add(image.Pt(x+(width-w)/2, y+(height-h)/2))
	draw.CatmullRom.Scale(c.Image().(draw.Image), r, picture, b, draw.Src, nil)
	c.SetColor(rule)
	c.SetLineWidth(1)
	c.DrawRectangle(float64(r.Min.X)-0.5, float64(r.Min.Y)-0.5, float64(w)+1, float64(h)+1)
	c.Stroke()
}

// done is the sheet.
func (c canvas) done() *image.RGBA { return c.Image().(*image.RGBA) }

// drawn is a sheet as high as it needs to be. lay puts everything on a canvas and says how high it is.
func drawn(width int, lay func(canvas) int) *image.RGBA {
	c := newCanvas(width, lay(newCanvas(width, 1))) // where nothing shows, it is measured
	lay(c)
	return c.done()
}
