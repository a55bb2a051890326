// Package quality makes pictures noisier, more blurred, darker and so on, in the ways in which cameras and pipelines do. What a model
// makes of the difference is the direction in which embeddings move when the quality of pictures changes, which no word of a list of
// things says. The distortions know nothing of what is in a picture and depend on nothing but it.
package quality

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"image"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/facet-clip/facet/drift"
)

// Quality is something of which pictures have more or less, whatever they show, in one way of having more of it: what a model makes of a little
// noise may have nothing to do with what it makes of a lot.
type Quality struct {
	Name string // as one says it: more noise, less contrast
	Way  string

	more, less func(*image.RGBA) (*image.RGBA, error) // nil: the picture as it is
}

// All are the qualities that a profile knows, always in the same order; of each the mildest way first.
func All() []Quality {
	return []Quality{
		{"noise", "8 grey levels", noise(8), nil},
		{"noise", "16 grey levels", noise(16), nil},
		{"noise", "32 grey levels", noise(32), nil},
		{"blur", "0.4 % of the side", blur(0.004), nil},
		{"blur", "1.2 % of the side", blur(0.012), nil},
		{"brightness", "a third nearer to white", towards(255), nil},
		{"brightness", "a third further from black", nil, towards(0)},
		{"contrast", "half as much again", contrast(1.5), nil},
		{"contrast", "up from two thirds", nil, contrast(1 / 1.5)},
		{"colour", "half as much again", saturation(1.5), nil},
		{"colour", "up from two thirds", nil, saturation(1 / 1.5)},
		{"colour", "up from none", nil, saturation(0)},
		{"JPEG artefacts", "of quality 30", compress(30), nil},
		{"JPEG artefacts", "of quality 8", compress(8), nil},
		{"zoom", "by a third", zoom(4 / 3.0), nil},
		{"zoom", "by two", zoom(2), nil},
		{"zoom", "up from two thirds", nil, zoom(1 / 1.5)},
		{"rotation", "by 30 degrees", turn(30), nil},
		{"rotation", "by 90 degrees", turn(90), nil},
		{"rotation", "by 180 degrees", turn(180), nil},
		{"mirroring", "of left and right", mirror(), nil},
		{"occlusion", "by a black square of 40 % of the side", occlude(0.4, 0), nil},
		{"occlusion", "by a grey square of 40 % of the side", occlude(0.4, 128), nil},
		{"blank frames", "black", plain(0), nil},
		{"blank frames", "grey", plain(128), nil},
	}
}

// Encode gives the embeddings [n,D] of pictures as a model sees them, cropped and of its size.
type Encode func(ctx context.Context, pictures []*image.RGBA) ([]float32, error)

// Unmeasured are all qualities before any picture was varied, for embeddings of width D.
func Unmeasured(embed int) []drift.Quality {
	var out []drift.Quality
	for _, q := range All() {
		out = append(out, drift.NewQuality(q.Name, q.Way, embed))
	}
	return out
}

// Measure varies a picture in every quality and adds what a model makes of that to qualities, in the order of [All]. A picture is encoded
// as it is and once for each of them, in one batch.
func Measure(ctx context.Context, picture *image.RGBA, encode Encode, qualities []drift.Quality) error {
	pictures := []*image.RGBA{picture}
	place := func(p *image.RGBA) int {
		if p == picture {
			return 0
		}
		pictures = append(pictures, p)
		return len(pictures) - 1
	}
	var places [][2]int
	for _, q := range All() {
		less, more, err := q.Vary(picture)
		if err != nil {
			return fmt.Errorf("%s: %w", q.Name, err)
		}
		places = append(places, [2]int{place(less), place(more)})
	}
	e, err := encode(ctx, pictures)
	if err != nil {
		return err
	}
	D := len(e) / len(pictures)
	for i, at := range places {
		qualities[i].Add(e[at[0]*D:][:D], e[at[1]*D:][:D])
	}
	return nil
}

// Vary gives a picture, as a model sees it (cropped, of its size), with less and with more of the quality. img is not changed.
func (q Quality) Vary(img *image.RGBA) (less, more *image.RGBA, err error) {
	if less, err = apply(q.less, img); err != nil {
		return nil, nil, err
	}
	more, err = apply(q.more, img)
	return less, more, err
}

func apply(f func(*image.RGBA) (*image.RGBA, error), img *image.RGBA) (*image.RGBA, error) {
	if f == nil {
		return img, nil
	}
	return f(img)
}

// each gives a new picture whose pixels are f of the old ones, channels in grey levels.
func each(img *image.RGBA, f func(r, g, b float64) (float64, float64, float64)) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, img.Rect.Dx(), img.Rect.Dy()))
	for y := range out.Rect.Dy() {
		from, to := img.Pix[y*img.Stride:], out.Pix[y*out.Stride:]
		for x := 0; x < 4*out.Rect.Dx(); x += 4 {
			r, g, b := f(float64(from[x]), float64(from[x+1]), float64(from[x+2]))
			to[x], to[x+1], to[x+2], to[x+3] = level(r), level(g), level(b), 255
		}
	}
	return out
}

func level(v float64) uint8 { return uint8(math.Round(min(max(v, 0), 255))) }

// luma is the brightness of a pixel (BT.601, as JPEG has it).
func luma(r, g, b float64) float64 { return 0.299*r + 0.587*g + 0.114*b }

// noise is that of a sensor: each channel of each pixel on its own, with a standard deviation of so many levels in the middle grey, more where
// it is bright and less in the dark, as photons are counted.
func noise(levels float64) func(*image.RGBA) (*image.RGBA, error) {
	return func(img *image.RGBA) (*image.RGBA, error) {
		h := fnv.New64a()
		h.Write(img.Pix) // each picture has noise of its own, always the same
		random := rand.New(rand.NewPCG(h.Sum64(), 0x6e6f697365))
		grain := func(v float64) float64 { return v + levels*math.Sqrt(dark+2*(1-dark)*v/255)*random.NormFloat64() }
		return each(img, func(r, g, b float64) (float64, float64, float64) { return grain(r), grain(g), grain(b) }), nil
	}
}

// dark is the variance of the noise in the dark, as a share of that in the middle grey.
const dark = 0.4

// towards moves every channel a third of the way to black or white.
func towards(end float64) func(*image.RGBA) (*image.RGBA, error) {
	move := func(v float64) float64 { return end + 2*(v-end)/3 }
	return func(img *image.RGBA) (*image.RGBA, error) {
		return each(img, func(r, g, b float64) (float64, float64, float64) { return move(r), move(g), move(b) }), nil
	}
}

// contrast stretches the distances to the picture's mean grey.
func contrast(by float64) func(*image.RGBA) (*image.RGBA, error) {
	return func(img *image.RGBA) (*image.RGBA, error) {
		mean := meanGrey(img)
		move := func(v float64) float64 { return mean + by*(v-mean) }
		return each(img, func(r, g, b float64) (float64, float64, float64) { return move(r), move(g), move(b) }), nil
	}
}

func meanGrey(img *image.RGBA) float64 {
	sum, w, h := 0.0, img.Rect.Dx(), img.Rect.Dy()
	for y := range h {
		for p := range slices.Chunk(img.Pix[y*img.Stride:][:4*w], 4) {
			sum += luma(float64(p[0]), float64(p[1]), float64(p[2]))
		}
	}
	return sum / float64(w*h)
}

// saturation stretches the distances of a pixel's channels to its own grey.
func saturation(by float64) func(*image.RGBA) (*image.RGBA, error) {
	return func(img *image.RGBA) (*image.RGBA, error) {
		return each(img, func(r, g, b float64) (float64, float64, float64) {
			grey := luma(r, g, b)
			return grey + by*(r-grey), grey + by*(g-grey), grey + by*(b-grey)
		}), nil
	}
}

// compress writes a picture as JPEG of a quality and reads it back.
func compress(to int) func(*image.RGBA) (*image.RGBA, error) {
	return func(img *image.RGBA) (*image.RGBA, error) {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: to}); err != nil {
			return nil, err
		}
		decoded, err := jpeg.Decode(&b)
		if err != nil {
			return nil, err
		}
		out := image.NewRGBA(image.Rect(0, 0, img.Rect.Dx(), img.Rect.Dy()))
		draw.Draw(out, out.Rect, decoded, decoded.Bounds().Min, draw.Src)
		return out, nil
	}
}

// blur is a Gaussian out of focus, its deviation a share of the picture's side, first along rows, then along columns; at the border the
// outermost pixel goes on.
func blur(share float64) func(*image.RGBA) (*image.RGBA, error) {
	return func(img *image.RGBA) (*image.RGBA, error) {
		kernel := gaussian(share * float64(img.Rect.Dx()))
		return convolve(convolve(img, kernel, 1, 0), kernel, 0, 1), nil
	}
}

// gaussian are the weights of a Gaussian up to three deviations on both sides, in sum 1.
func gaussian(deviation float64) []float64 {
	reach := int(math.Ceil(3 * deviation))
	kernel, sum := make([]float64, 2*reach+1), 0.0
	for i := range kernel {
		d := float64(i-reach) / deviation
		kernel[i] = math.Exp(-d * d / 2)
		sum += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= sum
	}
	return kernel
}

func convolve(img *image.RGBA, kernel []float64, dx, dy int) *image.RGBA {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out, reach := image.NewRGBA(image.Rect(0, 0, w, h)), len(kernel)/2
	for y := range h {
		for x := range w {
			var sum [3]float64
			for k, weight := range kernel {
				px, py := min(max(x+(k-reach)*dx, 0), w-1), min(max(y+(k-reach)*dy, 0), h-1)
				p := img.Pix[py*img.Stride+4*px:]
				for c := range sum {
					sum[c] += weight * float64(p[c])
				}
			}
			p := out.Pix[y*out.Stride+4*x:]
			p[0], p[1], p[2], p[3] = level(sum[0]), level(sum[1]), level(sum[2]), 255
		}
	}
	return out
}
