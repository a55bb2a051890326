// Package preprocess turns pictures into what a CLIP image tower sees: short side to the model's size with antialiased bicubic
// resampling, the square in the middle, CLIP's normalisation. It follows torchvision's Resize, CenterCrop and Normalize over Pillow, level for level
// on lossless pictures (tested).
package preprocess

import (
	"fmt"
	"image"
	"math"
)

// Mean and Deviation are those of CLIP's training pictures, for red, green and blue in 0…1.
var (
	Mean      = [3]float64{0.48145466, 0.4578275, 0.40821073}
	Deviation = [3]float64{0.26862954, 0.26130258, 0.27577711}
)

// Crop is the square that the model sees: short side to size, then the middle. Opaque, size×size.
func Crop(img *image.NRGBA, size int) *image.RGBA {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	nw, nh := size, size
	if w < h {
		nh = size * h / w
	} else {
		nw = size * w / h
	}
	// torchvision rounds the offset as Python does, to even
	left, top := int(math.RoundToEven(float64(nw-size)/2)), int(math.RoundToEven(float64(nh-size)/2))
	return resample(img, nw, nh, image.Rect(left, top, left+size, top+size))
}

// Whole is the whole picture, for towers with interpolated positions: short side to size, both sides rounded to the nearest multiple of 32, at
// least 32. A picture more than 16 times as long as it is short is an error.
func Whole(img *image.NRGBA, size int) (*image.RGBA, error) {
	const multiple, longest = 32, 16
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if max(w, h) > longest*min(w, h) {
		return nil, fmt.Errorf("a picture of %d×%d is too long for the whole-picture mode: expected at most %d times its short side", w, h, longest)
	}
	fit := func(side int) int {
		exact := float64(size) * float64(side) / float64(min(w, h))
		return max(multiple, multiple*int(math.Round(exact/multiple)))
	}
	return resample(img, fit(w), fit(h), image.Rect(0, 0, fit(w), fit(h))), nil
}

// Normalise gives [3,H,W]: (v/255 − mean)/deviation by channel.
func Normalise(img *image.RGBA) []float32 {
	h, w := img.Rect.Dy(), img.Rect.Dx()
	var table [3][256]float32
	for c := range table {
		for v := range table[c] {
			table[c][v] = float32((float64(v)/255 - Mean[c]) / Deviation[c])
		}
	}
	out := make([]float32, 3*h*w)
	for y := range h {
		row := img.Pix[y*img.Stride:]
		for x := range w {
			for c := range 3 {
				out[(c*h+y)*w+x] = table[c][row[4*x+c]]
			}
		}
	}
	return out
}

// Native is Normalise of Crop: [3,size,size].
func Native(img *image.NRGBA, size int) []float32 { return Normalise(Crop(img, size)) }

// Picture is the inverse of [Normalise], for showing pixels [3,h,w] that came as numbers; out of range is clamped.
func Picture(pixels []float32, h, w int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range h * w {
		for c := range 3 {
			v := 255 * (float64(pixels[c*h*w+i])*Deviation[c] + Mean[c])
			out.Pix[4*i+c] = uint8(math.Round(min(max(v, 0), 255))) // NaN becomes some grey
		}
		out.Pix[4*i+3] = 255
	}
	return out
}
