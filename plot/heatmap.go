// Package plot draws what facet shows: heat maps over photographs, bar charts and sheets of pictures. It takes numbers and pictures and
// gives pictures; it knows no files.
//
// Colours are those of Okabe and Ito, which people with any colour vision tell apart: vermilion for what is added, blue for what is
// taken away.
package plot

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"
)

var (
	positive = color.RGBA{213, 94, 0, 255}
	negative = color.RGBA{0, 114, 178, 255}
)

// HeatMap paints values [h,w], row-major, over a photograph: vermilion where they are positive, blue where negative, the stronger the
// larger, up to full colour at ±scale (0: the largest |value|). Between the centres of cells values are interpolated linearly. The photograph
// loses most of its own colour, so that what is coloured is the map. NaNs and infinities are left blank. The result has the photograph's size.
func HeatMap(photo image.Image, values []float32, h, w int, scale float32) *image.RGBA {
	if h < 1 || w < 1 || len(values) != h*w {
		panic("plot: values do not fill their grid")
	}
	if scale <= 0 {
		scale = largest(values)
	}
	out := faded(photo)
	H, W := out.Rect.Dy(), out.Rect.Dx()
	for y := range H {
		y0, y1, fy := between(y, H, h)
		for x := range W {
			x0, x1, fx := between(x, W, w)
			top := mix(at(values, y0*w+x0), at(values, y0*w+x1), fx)
			bottom := mix(at(values, y1*w+x0), at(values, y1*w+x1), fx)
			paint(out.Pix[out.PixOffset(x, y):], mix(top, bottom, fy), float64(scale))
		}
	}
	return out
}

// between gives the two cells of n around pixel i of size, and how far it is towards the second (half-pixel centres).
func between(i, size, n int) (first, second int, part float64) {
	at := min(max((float64(i)+0.5)*float64(n)/float64(size)-0.5, 0), float64(n-1))
	first = int(at)
	return first, min(first+1, n-1), at - float64(first)
}

func mix(a, b, part float64) float64 { return a + (b-a)*part }

// at is a value, 0 when it is not finite.
func at(values []float32, i int) float64 {
	v := float64(values[i])
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

func largest(values []float32) float32 {
	m := 0.0
	for i := range values {
		m = max(m, math.Abs(at(values, i)))
	}
	return float32(m)
}

// paint blends the colour of a value over one pixel.
func paint(pixel []uint8, value, scale float64) {
	if scale == 0 || value == 0 {
		return
	}
	over := positive
	if value < 0 {
		over = negative
	}
	strength := 0.85 * math.Pow(min(math.Abs(value)/scale, 1), 0.8)
	for c, v := range []uint8{over.R, over.G, over.B} {
		pixel[c] = uint8(math.Round(mix(float64(pixel[c]), float64(v), strength)))
	}
}

// faded is a picture with a fifth of its colour, brightened.
func faded(photo image.Image) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, photo.Bounds().Dx(), photo.Bounds().Dy()))
	draw.Draw(out, out.Rect, photo, photo.Bounds().Min, draw.Src)
	for i := 0; i < len(out.Pix); i += 4 {
		p := out.Pix[i : i+4]
		grey := 0.299*float64(p[0]) + 0.587*float64(p[1]) + 0.114*float64(p[2])
		for c := range 3 {
			p[c] = uint8(90 + 0.64*mix(grey, float64(p[c]), 0.2))
		}
		p[3] = 255
	}
	return out
}

// Beside puts two pictures of one height next to each other.
func Beside(left, right image.Image) *image.RGBA {
	l, r := left.Bounds(), right.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, l.Dx()+r.Dx(), max(l.Dy(), r.Dy())))
	draw.Draw(out, image.Rect(0, 0, l.Dx(), l.Dy()), left, l.Min, draw.Src)
	draw.Draw(out, image.Rect(l.Dx(), 0, l.Dx()+r.Dx(), r.Dy()), right, r.Min, draw.Src)
	return out
}
