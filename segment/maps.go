package segment

import (
	"fmt"
	"image"
	"math"
	"slices"
	"time"

	"github.com/facet-clip/facet/internal/numeric"
)

// maxLogits is the most numbers that the maps of a picture may hold: 1 GB.
const maxLogits = 1 << 28

// Maps are the logits of a picture, kept as small as the windows' grids: 12,000 × 200 pixels with 59 classes take 2 MB and not 570.
// Pixels are computed row by row when they are asked for.
type Maps struct {
	Plan
	Classes *Classes
	H, W    int // of a window's grid

	Encoding time.Duration // what the image tower took, for all methods together
	Scoring  time.Duration // what the method took besides

	windows [][]float32 // [Q,h,w] each
	refined []float32   // the logits of every pixel [Q,H,W], where the protocol refines them
}

// NewMaps makes room for the logits of a plan's windows on grids of h×w tokens.
func NewMaps(p Plan, c *Classes, h, w int) (*Maps, error) {
	if n := float64(p.Windows()) * float64(len(c.Queries)) * float64(h*w); n > maxLogits {
		return nil, fmt.Errorf("%d windows with %d texts would take %.1f GB: give fewer texts or a shorter side", p.Windows(), len(c.Queries), n/(1<<28))
	}
	return &Maps{Plan: p, Classes: c, H: h, W: w, windows: make([][]float32, p.Windows())}, nil
}

// Set brings the logits [Q,h,w] of window i.
func (m *Maps) Set(i int, logits []float32) error {
	if len(logits) != len(m.Classes.Queries)*m.H*m.W {
		return fmt.Errorf("window %d: expected logits [%d,%d,%d], found %d numbers", i, len(m.Classes.Queries), m.H, m.W, len(logits))
	}
	m.windows[i] = logits
	return nil
}

// tap is a point between two samples: (1−f)·x[a] + f·x[b].
type tap struct {
	a, b int
	f    float32
}

// taps are where n pixels fall on size samples: bilinear with half-pixel centres, the border repeated (PyTorch's align_corners=False).
func taps(n, size int) []tap {
	out := make([]tap, n)
	for i := range out {
		at := max((float64(i)+0.5)*float64(size)/float64(n)-0.5, 0)
		a := min(int(at), size-1)
		out[i] = tap{a, min(a+1, size-1), float32(at - float64(a))}
	}
	return out
}

func (t tap) of(x []float32) float32 { return x[t.a] + t.f*(x[t.b]-x[t.a]) }

// rows computes rows of pixels, one after the other; not safe for concurrent use.
type rows struct {
	*Maps
	queries          []int // to compute, of the classes' queries
	across, down     []tap // pixels of the picture on the canvas
	columns, lines   []tap // pixels of a window on its grid
	covering         []float32
	above, below     canvasRow
	out, line, mixed []float32
}

// canvasRow is one row of the canvas for each query [Q,width].
type canvasRow struct {
	y      int
	logits []float32
}

func (m *Maps) rows(queries []int) *rows {
	r := &rows{
		Maps: m, queries: queries, across: taps(m.Size.X, m.Canvas.X), down: taps(m.Size.Y, m.Canvas.Y),
		columns: taps(m.Window, m.W), lines: taps(m.Window, m.H), covering: make([]float32, m.Canvas.X),
		above: canvasRow{-1, make([]float32, len(queries)*m.Canvas.X)}, below: canvasRow{-1, make([]float32, len(queries)*m.Canvas.X)},
		out: make([]float32, len(queries)*m.Size.X), line: make([]float32, m.W), mixed: make([]float32, m.Canvas.X),
	}
	for _, x := range m.Xs {
		for i := range m.Window {
			r.covering[x+i]++
		}
	}
	return r
}

// row is the logits of row y of the picture [Q,width], overwritten by the next.
func (r *rows) row(y int) []float32 {
	if r.refined != nil {
		W, H := r.Size.X, r.Size.Y
		for i, q := range r.queries {
			copy(r.out[i*W:(i+1)*W], r.refined[(q*H+y)*W:][:W])
		}
		return r.out
	}
	t := r.down[y]
	a := r.canvas(t.a)
	if r.Canvas == r.Size {
		return a
	}
	b := r.canvas(t.b)
	w, W := r.Canvas.X, r.Size.X
	for q := range r.queries {
		above, below, out := a[q*w:(q+1)*w], b[q*w:(q+1)*w], r.out[q*W:(q+1)*W]
		for x, v := range above {
			r.mixed[x] = v + t.f*(below[x]-v)
		}
		for x, t := range r.across {
			out[x] = t.of(r.mixed)
		}
	}
	return r.out
}

// canvas is row y of the canvas, from the last two if it is there.
func (r *rows) canvas(y int) []float32 {
	switch y {
	case r.above.y:
		return r.above.logits
	case r.below.y:
		return r.below.logits
	}
	r.above, r.below = r.below, canvasRow{y, r.above.logits}
	r.fill(r.below.logits, y)
	return r.below.logits
}

// fill computes row y of the canvas: the mean over the windows that cover a pixel.
func (r *rows) fill(out []float32, y int) {
	clear(out)
	w, K := r.Canvas.X, r.H*r.W
	deep := float32(0)
	for row, top := range r.Ys {
		if y < top || y >= top+r.Window {
			continue
		}
		deep++
		t := r.lines[y-top]
		for column, left := range r.Xs {
			grid := r.windows[row*len(r.Xs)+column]
			for i, q := range r.queries {
				for x := range r.line {
					v := grid[q*K+t.a*r.W+x]
					r.line[x] = v + t.f*(grid[q*K+t.b*r.W+x]-v)
				}
				dst := out[i*w+left:][:r.Window]
				for x, t := range r.columns {
					dst[x] += t.of(r.line)
				}
			}
		}
	}
	for i := range r.queries {
		for x, n := range r.covering {
			out[i*w+x] /= n * deep
		}
	}
}

// Logits are the logits of some queries for every pixel of the picture [len(queries),H,W].
func (m *Maps) Logits(queries ...int) []float32 {
	W, H := m.Size.X, m.Size.Y
	out := make([]float32, len(queries)*H*W)
	m.bands(func(y0, y1 int) {
		r := m.rows(queries)
		for y := y0; y < y1; y++ {
			row := r.row(y)
			for q := range queries {
				copy(out[(q*H+y)*W:][:W], row[q*W:(q+1)*W])
			}
		}
	})
	return out
}

// Class is the logit map of a class [H,W]: the largest of its queries'; nil for a class without any.
func (m *Maps) Class(class int) []float32 {
	var queries []int
	for q, c := range m.Classes.Of {
		if c == class {
			queries = append(queries, q)
		}
	}
	if len(queries) == 0 {
		return nil
	}
	best := m.Logits(queries[0])
	for _, q := range queries[1:] {
		for i, v := range m.Logits(q) {
			best[i] = max(best[i], v)
		}
	}
	return best
}

// bands calls f for bands of rows, in parallel.
func (m *Maps) bands(f func(y0, y1 int)) {
	const height = 64
	numeric.Parallel((m.Size.Y+height-1)/height, func(i int) { f(i*height, min((i+1)*height, m.Size.Y)) })
}

// Labels are the classes of pixels.
type Labels struct {
	Size  image.Point
	Class []uint16 // [H,W], row-major
}

// Labels gives each pixel the class of its largest logit; with a threshold, class 0 where the probability of that, by the softmax over all
// queries of the scaled logits, stays below it. With an area, classes that are smaller are left out first.
func (m *Maps) Labels() *Labels {
	keep := slices.Repeat([]bool{true}, len(m.Classes.Names))
	if m.Area > 0 {
		counts := m.labels(keep, 0).Counts(len(keep))
		shown := 0
		for _, n := range counts[1:] {
			shown += n
		}
		for c, n := range counts {
			keep[c] = c == 0 || float64(n) > m.Area*float64(shown)
		}
	}
	return m.labels(keep, m.Threshold)
}

// labels are of the classes to keep. A pixel none of whose queries is kept is class 0.
func (m *Maps) labels(keep []bool, threshold float64) *Labels {
	Q, W := len(m.Classes.Queries), m.Size.X
	l := &Labels{m.Size, make([]uint16, W*m.Size.Y)}
	queries, kept := make([]int, Q), []int(nil)
	for q := range queries {
		if queries[q] = q; keep[m.Classes.Of[q]] {
			kept = append(kept, q)
		}
	}
	if len(kept) == 0 {
		return l
	}
	m.bands(func(y0, y1 int) {
		r, best, of := m.rows(queries), make([]float32, W), make([]int, W)
		for y := y0; y < y1; y++ {
			row := r.row(y)
			largest(row, kept, best, of)
			for x, q := range of {
				if threshold == 0 || m.probability(row[x:], W, best[x]) >= threshold {
					l.Class[y*W+x] = uint16(m.Classes.Of[q])
				}
			}
		}
	})
	return l
}

// largest finds for each pixel of a row [Q,W] the largest logit of some queries and which it is; ties go to the first.
func largest(row []float32, queries []int, best []float32, of []int) {
	W := len(best)
	copy(best, row[queries[0]*W:])
	for x := range of {
		of[x] = queries[0]
	}
	for _, q := range queries[1:] {
		for x, v := range row[q*W : (q+1)*W] {
			if v > best[x] {
				best[x], of[x] = v, q
			}
		}
	}
}

// probability is the softmax of one of the logits row[0], row[stride], ….
func (m *Maps) probability(row []float32, stride int, one float32) float64 {
	sum := 0.0
	for i := 0; i < len(row); i += stride {
		sum += math.Exp(m.Scale * float64(row[i]-one))
	}
	return 1 / sum
}

// Counts are how many pixels each of n classes has.
func (l *Labels) Counts(n int) []int {
	counts := make([]int, n)
	for _, c := range l.Class {
		counts[c]++
	}
	return counts
}
