package quality

import (
	"hash/fnv"
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
)

// warp takes each pixel from where from says, in half sides from the middle, by bilinear interpolation. Beyond its border a picture goes on
// mirrored.
func warp(from func(x, y float64) (float64, float64)) func(*image.RGBA) (*image.RGBA, error) {
	return func(img *image.RGBA) (*image.RGBA, error) {
		w, h := img.Rect.Dx(), img.Rect.Dy()
		out := image.NewRGBA(image.Rect(0, 0, w, h))
		midX, midY := float64(w-1)/2, float64(h-1)/2
		for y := range h {
			for x := range w {
				u, v := from(float64(x)-midX, float64(y)-midY)
				between(out.Pix[y*out.Stride+4*x:], img, u+midX, v+midY)
			}
		}
		return out, nil
	}
}

// between writes the colour of a place between pixels.
func between(to []uint8, img *image.RGBA, x, y float64) {
	left, top := math.Floor(x), math.Floor(y)
	right, down := x-left, y-top
	var sum [3]float64
	for k, weight := range [4]float64{(1 - right) * (1 - down), right * (1 - down), (1 - right) * down, right * down} {
		if weight == 0 {
			continue
		}
		px, py := mirrored(int(left)+k%2, img.Rect.Dx()), mirrored(int(top)+k/2, img.Rect.Dy())
		p := img.Pix[py*img.Stride+4*px:]
		for c := range sum {
			sum[c] += weight * float64(p[c])
		}
	}
	to[0], to[1], to[2], to[3] = level(sum[0]), level(sum[1]), level(sum[2]), 255
}

// mirrored is a place in 0 … n−1, which goes on mirrored on both sides.
func mirrored(i, n int) int {
	if i = i % (2 * n); i < 0 {
		i += 2 * n
	}
	return min(i, 2*n-1-i)
}

// zoom shows the middle of a picture larger, or with a factor below 1 all of it smaller.
func zoom(by float64) func(*image.RGBA) (*image.RGBA, error) {
	return warp(func(x, y float64) (float64, float64) { return x / by, y / by })
}

// turn turns a picture clockwise.
func turn(degrees float64) func(*image.RGBA) (*image.RGBA, error) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return warp(func(x, y float64) (float64, float64) { return cos*x + sin*y, cos*y - sin*x })
}

// mirror changes left and right.
func mirror() func(*image.RGBA) (*image.RGBA, error) {
	return warp(func(x, y float64) (float64, float64) { return -x, y })
}

// occlude hides a square, of such a share of the side, under one grey. Each picture has a place of its own for it, always the same.
func occlude(share float64, grey uint8) func(*image.RGBA) (*image.RGBA, error) {
	return func(img *image.RGBA) (*image.RGBA, error) {
		hash := fnv.New64a()
		hash.Write(img.Pix)
		random := rand.New(rand.NewPCG(hash.Sum64(), 0x6f63636c756465))
		out := image.NewRGBA(image.Rect(0, 0, img.Rect.Dx(), img.Rect.Dy()))
		draw.Draw(out, out.Rect, img, img.Rect.Min, draw.Src)
		w, h := int(share*float64(out.Rect.Dx())), int(share*float64(out.Rect.Dy()))
		at := image.Pt(random.IntN(out.Rect.Dx()-w+1), random.IntN(out.Rect.Dy()-h+1))
		fill(out, image.Rectangle{at, at.Add(image.Pt(w, h))}, color.RGBA{grey, grey, grey, 255})
		return out, nil
	}
}

func fill(img *image.RGBA, part image.Rectangle, c color.RGBA) {
	draw.Draw(img, part, image.NewUniform(c), image.Point{}, draw.Src)
}

// plain is a frame of one grey in place of the picture.
func plain(grey uint8) func(*image.RGBA) (*image.RGBA, error) {
	return func(img *image.RGBA) (*image.RGBA, error) {
		out := image.NewRGBA(image.Rect(0, 0, img.Rect.Dx(), img.Rect.Dy()))
		fill(out, out.Rect, color.RGBA{grey, grey, grey, 255})
		return out, nil
	}
}
