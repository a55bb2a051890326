package segment

import (
	"fmt"
	"image"
	"math"
	"slices"
)

// Refinement says what is done to the logits of pixels before they are labelled.
type Refinement string

// PAMR is pixel-adaptive mask refinement (Araslanov and Roth, CVPR 2020, §3.3): each pixel takes on the logits of pixels around it, the more the more
// they look like it.
const PAMR Refinement = "pamr"

// The settings that training-free segmentation uses (SCLIP and those who follow it).
const pamrSteps = 10

var pamrDilations = []int{8, 16}

// affinity is how much each pixel takes from each of its neighbours.
type affinity struct {
	size   image.Point
	shifts []image.Point // to the neighbours, 8 for each dilation
	weight []float32     // sums to 1 for each pixel [H,len(shifts),W]
}

// newAffinity compares the pixels of a picture with their neighbours: the softmax of the mean over colours of −|difference| in tenths of the
// standard deviation around the pixel. Beyond the border the picture's edge goes on.
func newAffinity(photo image.Image) *affinity {
	a := &affinity{size: photo.Bounds().Size()}
	for _, d := range pamrDilations {
		for _, y := range []int{-d, 0, d} {
			for _, x := range []int{-d, 0, d} {
				if x != 0 || y != 0 {
					a.shifts = append(a.shifts, image.Pt(x, y))
				}
			}
		}
	}
	W, H := a.size.X, a.size.Y
	colours := planes(photo)
	a.weight = make([]float32, W*H*len(a.shifts))
	parallel(H, func(y int) {
		values, out := make([]float64, len(a.shifts)), make([]float32, len(a.shifts))
		for x := range W {
			clear(out)
			for _, plane := range colours {
				a.differences(plane, x, y, values)
				for i, v := range values {
					out[i] -= float32(v) / float32(len(colours))
				}
			}
			softmax(out)
			for k, v := range out {
				a.weight[(y*len(a.shifts)+k)*W+x] = v
			}
		}
	})
	return a
}

// planes are the colours of a picture, 3 of [H,W].
func planes(photo image.Image) (out [3][]float32) {
	b := photo.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, b, _ := photo.At(x, y).RGBA()
			for i, v := range []uint32{r, g, b} {
				out[i] = append(out[i], float32(v>>8))
			}
		}
	}
	return out
}

// neighbour is where a shift leads from a pixel, held inside the picture.
func (a *affinity) neighbour(x, y int, shift image.Point) int {
	return min(max(y+shift.Y, 0), a.size.Y-1)*a.size.X + min(max(x+shift.X, 0), a.size.X-1)
}

// differences are |pixel − neighbour| over a tenth of the standard deviation of the neighbourhoods, each with the pixel itself.
func (a *affinity) differences(plane []float32, x, y int, out []float64) {
	own := float64(plane[y*a.size.X+x])
	n, sum, squares := float64(len(a.shifts)+len(pamrDilations)), 0.0, 0.0
	for i, shift := range a.shifts {
		δ := float64(plane[a.neighbour(x, y, shift)]) - own
		sum, squares = sum+δ, squares+δ*δ
		out[i] = math.Abs(δ)
	}
	deviation := math.Sqrt(max(0, squares-sum*sum/n) / (n - 1))
	for i := range out {
		out[i] /= 1e-8 + 0.1*deviation
	}
}

// refine lets the pixels of a map [H,W] take from their neighbours, step by step.
func (a *affinity) refine(logits []float32) {
	W, H, P := a.size.X, a.size.Y, len(a.shifts)
	margin := slices.Max(pamrDilations)
	wide := make([]float32, H*(W+2*margin)) // the map with its edges going on to both sides
	for range pamrSteps {
		for y := range H {
			widen(wide[y*(W+2*margin):][:W+2*margin], logits[y*W:(y+1)*W])
		}
		clear(logits)
		for y := range H {
			out := logits[y*W:][:W]
			for k, shift := range a.shifts {
				row := min(max(y+shift.Y, 0), H-1)
				from := wide[row*(W+2*margin)+margin+shift.X:][:W]
				for x, w := range a.weight[(y*P+k)*W:][:W] {
					out[x] += w * from[x]
				}
			}
		}
	}
}

// widen puts a row into the middle of a wider one and repeats its ends.
func widen(wide, row []float32) {
	margin := (len(wide) - len(row)) / 2
	for i := range margin {
		wide[i], wide[len(wide)-1-i] = row[0], row[len(row)-1]
	}
	copy(wide[margin:], row)
}

// refine replaces the maps' logits by refined ones of every pixel, for pictures that are not too large for that.
func (m *Maps) refine(a *affinity) error {
	Q, pixels := len(m.Classes.Queries), m.Size.X*m.Size.Y
	if n := float64(Q) * float64(pixels); n > maxLogits {
		return fmt.Errorf("refining %d texts over %d pixels would take %.1f GB: give fewer texts or a smaller picture", Q, pixels, n/(1<<28))
	}
	queries := make([]int, Q)
	for q := range queries {
		queries[q] = q
	}
	refined := m.Logits(queries...)
	parallel(Q, func(q int) { a.refine(refined[q*pixels : (q+1)*pixels]) })
	m.refined = refined
	return nil
}

// checkRefinement bounds the memory of an affinity.
func checkRefinement(size image.Point) error {
	if n := float64(size.X) * float64(size.Y) * 8 * float64(len(pamrDilations)); n > maxLogits {
		return fmt.Errorf("refining %d × %d pixels would take %.1f GB: give a smaller picture", size.X, size.Y, n/(1<<28))
	}
	return nil
}
