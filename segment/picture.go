package segment

import (
	"image"
	"image/color"
	"math"
)

// Colour is the colour of a class in PASCAL VOC's masks: the bits of its number spread over the high bits of red, green and blue.
func Colour(class int) color.RGBA {
	var c [3]uint8
	for bit := range 24 {
		c[bit%3] |= uint8(class>>bit&1) << (7 - bit/3)
	}
	return color.RGBA{c[0], c[1], c[2], 255}
}

// Image is the labels as a picture whose values are the classes: indexed in [Colour]s for at most 255 classes, so that 255 stays free for "nothing", and
// 16-bit grey for more.
func (l *Labels) Image(classes int) image.Image {
	r := image.Rectangle{Max: l.Size}
	if classes > Ignore {
		grey := image.NewGray16(r)
		for i, c := range l.Class {
			grey.Pix[2*i], grey.Pix[2*i+1] = uint8(c>>8), uint8(c)
		}
		return grey
	}
	palette := make(color.Palette, 256)
	for i := range palette {
		palette[i] = Colour(i)
	}
	indexed := image.NewPaletted(r, palette)
	for i, c := range l.Class {
		indexed.Pix[i] = uint8(c)
	}
	return indexed
}

// okabeIto are colours that people with any colour vision tell apart (Okabe and Ito).
var okabeIto = []color.RGBA{{86, 180, 233, 255}, {213, 94, 0, 255}, {0, 158, 115, 255}, {240, 228, 66, 255}, {204, 121, 167, 255}, {0, 114, 178, 255}, {230, 159, 0, 255}}

// Shown is the colour of a class in pictures for people: none is black or grey, which vanish in shadows and on roads. After seven colours they go
// around the circle of hues by the golden angle, in three lightnesses.
func Shown(class int) color.RGBA {
	if class < len(okabeIto) {
		return okabeIto[class]
	}
	hue := math.Mod(float64(class)*0.618034, 1) * 6
	light := []float64{0.3, 0.75, 0.5}[class%3]
	chroma := 0.75 * (1 - math.Abs(2*light-1))
	channel := func(shift float64) uint8 {
		x := math.Abs(math.Mod(hue+shift, 6) - 3)
		return uint8(255 * (light + chroma*(min(max(x-1, 0), 1)-0.5)))
	}
	return color.RGBA{channel(0), channel(4), channel(2), 255}
}

// Colours paints every pixel in the colour in which its class is [Shown].
func (l *Labels) Colours() *image.RGBA {
	out := image.NewRGBA(image.Rectangle{Max: l.Size})
	for i, class := range l.Class {
		c := Shown(int(class))
		copy(out.Pix[4*i:], []uint8{c.R, c.G, c.B, c.A})
	}
	return out
}

// NewLabels are the labels of a mask.
func NewLabels(size image.Point, mask []uint8) *Labels {
	l := &Labels{size, make([]uint16, len(mask))}
	for i, v := range mask {
		l.Class[i] = uint16(v)
	}
	return l
}
