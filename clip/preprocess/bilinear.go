package preprocess

import (
	"image"

	"golang.org/x/image/draw"
)

// Bilinear is a picture resized to w×h: bilinear, and antialiased where it shrinks. Levels are rounded to the nearest one: x/image/draw cuts off what
// does not fit into 8 bits, so it draws into 16.
func Bilinear(img image.Image, w, h int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if img.Bounds().Size() == out.Rect.Size() {
		draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
		return out
	}
	deep := image.NewRGBA64(out.Rect)
	draw.BiLinear.Scale(deep, deep.Rect, img, img.Bounds(), draw.Src, nil)
	for i := range out.Pix {
		v := uint32(deep.Pix[2*i])<<8 | uint32(deep.Pix[2*i+1])
		out.Pix[i] = uint8((v*255 + 0x7fff) / 0xffff)
	}
	return out
}
