package segment

import (
	"image"
	"image/color"
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

// Colours paints every pixel in the [Colour] of its class.
func (l *Labels) Colours() *image.RGBA {
	out := image.NewRGBA(image.Rectangle{Max: l.Size})
	for i, class := range l.Class {
		c := Colour(int(class))
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
