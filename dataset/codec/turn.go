package codec

import "image"

// Turn gives a picture as an orientation of TIFF or EXIF, 1 to 8, says that it is to be seen; anything else leaves it as it is.
func Turn(img *image.NRGBA, orientation int) *image.NRGBA {
	if orientation < 2 || orientation > 8 {
		return img
	}
	from := img.Rect.Size()
	to := from
	if orientation >= 5 {
		to = image.Pt(from.Y, from.X)
	}
	out := image.NewNRGBA(image.Rectangle{Max: to})
	for y := range to.Y {
		for x := range to.X {
			at := source(orientation, x, y, from)
			copy(out.Pix[out.PixOffset(x, y):][:4], img.Pix[img.PixOffset(at.X, at.Y):])
		}
	}
	return out
}

// source is where the pixel that is seen at (x, y) is stored.
func source(orientation, x, y int, from image.Point) image.Point {
	if orientation >= 5 { // rows are columns
		x, y = y, x
	}
	switch orientation {
	case 2, 3, 7, 8:
		x = from.X - 1 - x
	}
	switch orientation {
	case 3, 4, 6, 7:
		y = from.Y - 1 - y
	}
	return image.Pt(x, y)
}
