package preprocess

import (
	"image"

	"golang.org/x/image/draw"
)

// Within is a picture for people to look at: as it is, made smaller where a side has more than most pixels.
func Within(img *image.NRGBA, most int) *image.RGBA {
	size := img.Rect.Size()
	by := min(1, float64(most)/float64(max(size.X, size.Y)))
	out := image.NewRGBA(image.Rect(0, 0, max(1, int(by*float64(size.X))), max(1, int(by*float64(size.Y)))))
	draw.CatmullRom.Scale(out, out.Rect, img, img.Rect, draw.Src, nil)
	return out
}
