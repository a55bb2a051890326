package concept

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas/blas32"
)

// gramRows are the correlations of some words with all, rows of the Gram matrix AAᵀ. Fits share them.
type gramRows struct {
	d       *Dictionary
	product Product
	limit   int         // rows held at most
	row     [][]float32 // by word [T], nil where not held
	used    []int       // by word: the last turn in which a fit used it
	held    []int       // words
	turn    int
}

// touch keeps the rows of words in this turn.
func (g *gramRows) touch(words []int) {
	for _, t := range words {
		g.used[t] = g.turn
	}
}

// fetch computes the rows of words, dropping the rows longest unused, never ones touched in this turn. A turn ends with it.
func (g *gramRows) fetch(ctx context.Context, words []int) error {
	D, T := g.d.Embed, len(g.d.Texts)
	g.touch(words)
	free := g.drop(len(g.held) + len(words) - g.limit)
	g.turn++
	for chunk := range slices.Chunk(words, rowChunk) {
		x := make([]float32, 0, len(chunk)*D)
		for _, t := range chunk {
			x = append(x, g.d.atom(t)...)
		}
		y, err := g.multiply(ctx, x)
		if err != nil {
			return err
		}
		for i, t := range chunk {
			row := y[i*T : (i+1)*T : (i+1)*T]
			if n := len(free); n > 0 { // y goes, or its memory would be held as long as any row of it
				g.row[t], free = free[n-1], free[:n-1]
				copy(g.row[t], row)
			} else {
				g.row[t] = row
			}
		}
		g.held = append(g.held, chunk...)
	}
	return nil
}

// drop gives up n rows and gives their memory.
func (g *gramRows) drop(n int) (free [][]float32) {
	if n <= 0 {
		return nil
	}
	slices.SortFunc(g.held, func(a, b int) int { return cmp.Or(cmp.Compare(g.used[a], g.used[b]), cmp.Compare(a, b)) })
	for _, t := range g.held[:n] {
		free = append(free, g.row[t])
		g.row[t] = nil
	}
	g.held = slices.Delete(g.held, 0, n)
	return free
}

func (g *gramRows) multiply(ctx context.Context, x []float32) ([]float32, error) {
	y, err := g.product(ctx, x)
	if want := len(x) / g.d.Embed * len(g.d.Texts); err == nil && len(y) != want {
		err = fmt.Errorf("expected %d numbers, found %d", want, len(y))
	}
	if err != nil {
		return nil, fmt.Errorf("sparse labels: product with the dictionary: %w", err)
	}
	return y, nil
}

// worker is the scratch of one goroutine.
type worker struct {
	d     *Dictionary
	rows  *gramRows
	alpha []float32 // [T]
}

// lack are the words whose rows are not held.
func (w *worker) lack(words []int) (missing []int) {
	for _, t := range words {
		if w.rows.row[t] == nil {
			missing = append(missing, t)
		}
	}
	return missing
}

const tile = 1 << 15 // words at a time: 128 KB, which stays in the second cache while all rows pass; long runs of a row come faster from memory than short ones

// residual is ⟨a_t, u − Σ_s x_s a_s⟩ for all words t [T], in the worker's scratch.
func (w *worker) residual(u target, words []int, x []float64) []float32 {
	for from := 0; from < len(w.alpha); from += tile {
		to := min(from+tile, len(w.alpha))
		alpha := numeric.Vector(w.alpha[from:to])
		copy(alpha.Data, u.alpha[from:to])
		for i, s := range words {
			if x[i] != 0 {
				blas32.Axpy(float32(-x[i]), numeric.Vector(w.rows.row[s][from:to]), alpha)
			}
		}
	}
	return w.alpha
}

// rounding bounds by how much a residual correlation in float32 may be off.
func (w *worker) rounding(u target, x []float64) float64 {
	sum := u.size
	for _, v := range x {
		sum += math.Abs(v) * w.d.longest
	}
	return 32.0 / (1 << 24) * sum * w.d.longest
}

// exactResidual is ⟨a_t, u − Σ_s x_s a_s⟩ in float64.
func (w *worker) exactResidual(t int, u target, words []int, x []float64) float64 {
	sum := exact(w.d.atom(t), u.unit)
	for i, s := range words {
		sum -= x[i] * w.d.cross(t, s)
	}
	return sum
}

// order is how correlations compare: by size, or as they are, with only the positive ones taken.
type order uint32

const (
	bySize  order = 0x7fffffff
	byValue order = 0xffffffff
)

// key maps a float to an integer in the same order: the bits of positive floats compare as integers do, and those of negative ones
// are below zero.
func (o order) key(v float32) int32 { return int32(math.Float32bits(v) & uint32(o)) }

func (o order) of(v float64) float64 {
	if o == bySize {
		return math.Abs(v)
	}
	return v
}

// topTwo are the places of the two largest of alpha [T], T ≥ 2; ties in order of place.
func (o order) topTwo(alpha []float32) (first, second int) {
	const none = math.MinInt32
	a, b := int32(none), int32(none)
	for i, v := range alpha {
		k := o.key(v)
		if k <= b {
			continue
		}
		if k > a {
			a, b, first, second = k, a, i, first
		} else {
			b, second = k, i
		}
	}
	return first, second
}

// best is the word of largest residual correlation, and that correlation. What float32 leaves open, float64 decides.
func (w *worker) best(o order, u target, words []int, x []float64) (word int, value float64) {
	alpha := w.residual(u, words, x)
	for _, s := range words {
		alpha[s] = 0 // of chosen words nothing is left but rounding
	}
	first, second := o.topTwo(alpha)
	δ := 2 * w.rounding(u, x)
	top := o.of(float64(alpha[first]))
	if top > nothing*u.length*w.d.longest+δ && top-o.of(float64(alpha[second])) > δ {
		return first, float64(alpha[first])
	}
	value = w.exactResidual(first, u, words, x)
	word = first
	for t, v := range alpha {
		if t == first || o.of(float64(v)) < top-δ || slices.Contains(words, t) {
			continue
		}
		if e := w.exactResidual(t, u, words, x); o.of(e) > o.of(value) || o.of(e) == o.of(value) && t < word {
			word, value = t, e
		}
	}
	return word, value
}
