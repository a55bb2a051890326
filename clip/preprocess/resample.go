package preprocess

import (
	"image"
	"math"
)

// precision is the number of fractional bits of the weights, as in Pillow.
const precision = 22

// taps are the source positions that make one destination position: weights over [first, first+len).
type taps struct {
	first   int
	weights []int32
}

// bicubicTaps gives, for destination positions from…to of a side resampled from in to out, the weights of Pillow's antialiased bicubic
// (Keys' kernel with a = −0.5, widened by the scale when shrinking), in fixed point.
func bicubicTaps(in, out, from, to int) []taps {
	ratio := float64(in) / float64(out)
	scale := max(ratio, 1)
	support := 2 * scale
	list := make([]taps, to-from)
	for i := range list {
		center := (float64(from+i) + 0.5) * ratio
		first := max(int(center-support+0.5), 0)
		last := min(int(center+support+0.5), in)
		weights, sum := make([]float64, last-first), 0.0
		for k := range weights {
			weights[k] = keys((float64(first+k) - center + 0.5) / scale)
			sum += weights[k]
		}
		list[i] = taps{first, make([]int32, len(weights))}
		for k, w := range weights {
			list[i].weights[k] = int32(math.Round(w / sum * (1 << precision)))
		}
	}
	return list
}

// keys is Keys' cubic kernel with a = −0.5.
func keys(x float64) float64 {
	const a = -0.5
	x = math.Abs(x)
	switch {
	case x < 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x < 2:
		return (((x-5)*x+8)*x - 4) * a
	}
	return 0
}

// resample scales img to w×h and gives the part of that which lies in the rectangle part: along rows first, then along columns, each
// rounded and clamped to 8 bits, as Pillow does. One pass over both axes, as x/image/draw makes it, is up to 7 levels off at sharp edges.
func resample(img *image.NRGBA, w, h int, part image.Rectangle) *image.RGBA {
	bounds := img.Rect
	columns := bicubicTaps(bounds.Dx(), w, part.Min.X, part.Max.X)
	rows := bicubicTaps(bounds.Dy(), h, part.Min.Y, part.Max.Y)
	top := rows[0].first
	bottom := rows[len(rows)-1].first + len(rows[len(rows)-1].weights)

	narrow := image.NewRGBA(image.Rect(0, 0, part.Dx(), bottom-top)) // all rows that are needed, at their final width
	for y := range narrow.Rect.Dy() {
		source := img.Pix[img.PixOffset(bounds.Min.X, bounds.Min.Y+top+y):]
		for x, t := range columns {
			weigh(narrow.Pix[y*narrow.Stride+4*x:], source[4*t.first:], 4, t.weights)
		}
	}
	out := image.NewRGBA(image.Rect(0, 0, part.Dx(), part.Dy()))
	for y, t := range rows {
		for x := range part.Dx() {
			weigh(out.Pix[y*out.Stride+4*x:], narrow.Pix[(t.first-top)*narrow.Stride+4*x:], narrow.Stride, t.weights)
		}
	}
	return out
}

// weigh sets one opaque pixel to the weighted sum of pixels that lie step bytes apart.
func weigh(dst, src []uint8, step int, weights []int32) {
	const half = 1 << (precision - 1)
	r, g, b := int64(half), int64(half), int64(half)
	for k, w := range weights {
		p := src[k*step : k*step+3 : k*step+3]
		r += int64(w) * int64(p[0])
		g += int64(w) * int64(p[1])
		b += int64(w) * int64(p[2])
	}
	dst[0], dst[1], dst[2], dst[3] = clamp(r), clamp(g), clamp(b), 255
}

func clamp(v int64) uint8 { return uint8(min(max(v>>precision, 0), 255)) }
