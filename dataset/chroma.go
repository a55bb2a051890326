package dataset

import "image"

// toRGB turns one sample of luma and chroma into red, green and blue.
type toRGB func(y, cb, cr uint8) (r, g, b uint8)

// fromYCbCr fills out with src. Chroma stored at half resolution is interpolated with the weights 9:3:3:1 of the nearest four samples
// (3:1 along one axis), which libjpeg and libwebp, and so Pillow, do as well; image.YCbCr would repeat samples, up to 20 levels off at
// coloured edges. It reports false, and does nothing, for the rare other ratios.
func fromYCbCr(out *image.NRGBA, src *image.YCbCr, convert toRGB) bool {
	halfX, halfY, ok := halved(src.SubsampleRatio)
	if !ok || src.Rect.Min != (image.Point{}) {
		return false
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	cw, ch := half(w, halfX), half(h, halfY)
	mixed, cb, cr := make([]int, cw), make([]uint8, w), make([]uint8, w)
	for y := range h {
		near, far := neighbours(y, ch, halfY)
		interpolate(cb, mixed, src.Cb[near*src.CStride:], src.Cb[far*src.CStride:], halfX)
		interpolate(cr, mixed, src.Cr[near*src.CStride:], src.Cr[far*src.CStride:], halfX)
		luma, row := src.Y[y*src.YStride:][:w], out.Pix[y*out.Stride:][:4*w]
		for x, v := range luma {
			p := row[4*x : 4*x+4 : 4*x+4]
			p[0], p[1], p[2] = convert(v, cb[x], cr[x])
			p[3] = 255
		}
	}
	return true
}

// halved says along which axes chroma has half the resolution.
func halved(ratio image.YCbCrSubsampleRatio) (x, y, ok bool) {
	switch ratio {
	case image.YCbCrSubsampleRatio444:
		return false, false, true
	case image.YCbCrSubsampleRatio422:
		return true, false, true
	case image.YCbCrSubsampleRatio420:
		return true, true, true
	case image.YCbCrSubsampleRatio440:
		return false, true, true
	}
	return false, false, false
}

func half(n int, is bool) int {
	if is {
		return (n + 1) / 2
	}
	return n
}

// neighbours are the nearest and the second nearest of n chroma samples to position i; at the border they are the same.
func neighbours(i, n int, is bool) (near, far int) {
	if !is {
		return i, i
	}
	near = i / 2
	if i%2 == 0 {
		return near, max(near-1, 0)
	}
	return near, min(near+1, n-1)
}

// interpolate fills out with one row of chroma at full resolution, from the nearest and the second nearest stored row; mixed is scratch.
func interpolate(out []uint8, mixed []int, near, far []uint8, halfX bool) {
	for i := range mixed {
		mixed[i] = 3*int(near[i]) + int(far[i])
	}
	if !halfX {
		for x := range out {
			out[x] = uint8((mixed[x] + 2) >> 2)
		}
		return
	}
	last := len(mixed) - 1
	for i, m := range mixed {
		out[2*i] = uint8((3*m + mixed[max(i-1, 0)] + 8) >> 4)
		if 2*i+1 < len(out) {
			out[2*i+1] = uint8((3*m + mixed[min(i+1, last)] + 8) >> 4)
		}
	}
}

// videoRGB converts the colours of VP8 (lossy WebP): BT.601 with luma in 16…235 and chroma in 16…240. image.YCbCr, in which x/image
// hands them over, means JPEG's full range; shown so, pictures are washed out by up to 20 levels (golang.org/issue/40173).
func videoRGB(y, cb, cr uint8) (r, g, b uint8) {
	const (
		luma    = 76309  // 255/219 · 2¹⁶
		redCr   = 104597 // 1.402 · 255/224 · 2¹⁶
		greenCb = 25675  // 0.344136 · 255/224 · 2¹⁶
		greenCr = 53279  // 0.714136 · 255/224 · 2¹⁶
		blueCb  = 132201 // 1.772 · 255/224 · 2¹⁶
	)
	l, u, v := luma*(int(y)-16)+1<<15, int(cb)-128, int(cr)-128
	return level(l + redCr*v), level(l - greenCb*u - greenCr*v), level(l + blueCb*u)
}

func level(v int) uint8 { return uint8(min(max(v>>16, 0), 255)) }
