package segment

import (
	"cmp"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"
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
	shifts []image.Point // to the neighbours, 8 for each dilation, row by row
	weight []float32     // sums to 1 for each pixel [H,W,len(shifts)]
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
	slices.SortFunc(a.shifts, func(p, q image.Point) int { return cmp.Or(p.Y-q.Y, p.X-q.X) })
	W, H := a.size.X, a.size.Y
	colours := planes(photo)
	a.weight = make([]float32, W*H*len(a.shifts))
	numeric.Parallel(H, func(y int) {
		values := make([]float64, len(a.shifts))
		for x := range W {
			out := a.of(x, y)
			for _, plane := range colours {
				a.differences(plane, x, y, values)
				for i, v := range values {
					out[i] -= float32(v) / float32(len(colours))
				}
			}
			softmax(out)
		}
	})
	return a
}

// of are the weights of a pixel.
func (a *affinity) of(x, y int) []float32 {
	return a.weight[(y*a.size.X+x)*len(a.shifts):][:len(a.shifts)]
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

// refine lets the pixels of some maps [n,H,W], at most 16, take from their neighbours, step by step. All maps of a pixel go together, as the sums of a
// tile: its weights are read once.
func (a *affinity) refine(maps []float32) {
	pixels := a.size.X * a.size.Y
	from, to := make([]float32, pixels*tile), make([]float32, pixels*tile)
	for i, v := range maps {
		from[i%pixels*tile+i/pixels] = v
	}
	for range pamrSteps {
		numeric.Parallel(a.size.Y, func(y int) { a.step(to, from, y) })
		from, to = to, from
	}
	for i := range maps {
		maps[i] = from[i%pixels*tile+i/pixels]
	}
}

// step computes row y of [H,W,16].
func (a *affinity) step(to, from []float32, y int) {
	W, margin := a.size.X, slices.Max(pamrDilations)
	near := make([]uint16, len(a.shifts))
	for x := range W {
		sum, weight := (*[tile]float32)(to[(y*W+x)*tile:]), a.of(x, y)
		clear(sum[:])
		left := max(x-margin, 0)
		for first, next := 0, 0; first < len(near); first = next {
			next = a.together(first)
			corner := a.neighbour(0, y, image.Pt(0, a.shifts[first].Y)) + left
			if x <= margin || x >= W-margin || next < len(near) { // between the borders neighbours lie the same way around every pixel
				for k := first; k < next; k++ {
					near[k] = uint16(a.neighbour(x, y, a.shifts[k]) - corner)
				}
			}
			sumRows(sum, from[corner*tile:], near[first:next], weight[first:next])
		}
	}
}

// together is where the neighbours end that can be counted in 16 bits from the first: all of them, or those of a row where rows are long.
func (a *affinity) together(first int) int {
	if reach := 2 * slices.Max(pamrDilations); reach*(a.size.X+1) <= math.MaxUint16 {
		return len(a.shifts)
	}
	next := first + 1
	for next < len(a.shifts) && a.shifts[next].Y == a.shifts[first].Y {
		next++
	}
	return next
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
	for some := range slices.Chunk(refined, tile*pixels) {
		a.refine(some)
	}
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
