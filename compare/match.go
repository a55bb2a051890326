package compare

import (
	"errors"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// Match is a pair of A with its partner in B, both by their places in the scalars that were given.
type Match struct {
	A, B int
	Fit  float64 // the correlation of their scalars on the images that they were matched on
	Held float64 // that on the other images
}

// Matching is a one-to-one assignment (docs/design.md, formula 45).
type Matching struct {
	Matches []Match // in the order of A; as many as the shorter list has
	Chance  float64 // the correlation that 95 of 100 matches do not exceed on the other images when B's images are in another order
}

// Pairs matches pairs of two models by their scalars on the same N images, [N,P] and [N,Q]: on the images of odd index the sum of the correlations is as
// large as any assignment's, and on those of even index each match is measured. Chance comes from the same with B's images moved on by a third of them.
func Pairs(a, b []float32, images int) (Matching, error) {
	if images < 8 || len(a) == 0 || len(b) == 0 || len(a)%images != 0 || len(b)%images != 0 {
		return Matching{}, errors.New("compare: expected scalars of the same images, eight at least")
	}
	P, Q := len(a)/images, len(b)/images
	fitA, heldA := halves(a, images, P, 0)
	fitB, heldB := halves(b, images, Q, 0)
	movedFit, movedHeld := halves(b, images, Q, images/3/2*2)
	m := Matching{Matches: assign(fitA, heldA, fitB, heldB)}
	var chance []float64
	for _, x := range assign(fitA, heldA, movedFit, movedHeld) {
		chance = append(chance, x.Held)
	}
	slices.Sort(chance)
	m.Chance = chance[int(0.95*float64(len(chance)-1))]
	return m, nil
}

// columns are standardised scalars of pairs over some images [P,n]: their inner products are correlations. One that never changes is zero.
type columns struct {
	pairs, images int
	data          []float32
}

// halves are the columns over images of odd and of even index, the images moved on by some.
func halves(x []float32, images, pairs, by int) (odd, even columns) {
	take := func(from int) columns {
		n := (images + 1 - from) / 2
		c := columns{pairs, n, make([]float32, pairs*n)}
		numeric.Parallel(pairs, func(p int) {
			row := c.data[p*n : (p+1)*n]
			for k := range row {
				row[k] = x[(from+2*k+by)%images*pairs+p]
			}
			standardise(row)
		})
		return c
	}
	return take(1), take(0)
}

// standardise takes the mean off and makes the length 1.
func standardise(x []float32) {
	mean := 0.0
	for _, v := range x {
		mean += float64(v) / float64(len(x))
	}
	square := 0.0
	for _, v := range x {
		square += (float64(v) - mean) * (float64(v) - mean)
	}
	length := math.Sqrt(square)
	for i, v := range x {
		if x[i] = 0; length > 1e-7*math.Abs(mean)*math.Sqrt(float64(len(x))) && length > 0 {
			x[i] = float32((float64(v) - mean) / length)
		}
	}
}

// assign matches on one half and measures on the other.
func assign(fitA, heldA, fitB, heldB columns) (matches []Match) {
	r := make([]float32, fitA.pairs*fitB.pairs)
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(fitA.data, fitA.pairs, fitA.images), numeric.Matrix(fitB.data, fitB.pairs, fitB.images), 0,
		numeric.Matrix(r, fitA.pairs, fitB.pairs))
	for p, q := range Assignment(r, fitA.pairs, fitB.pairs) {
		if q < 0 {
			continue
		}
		held := numeric.Dot(heldA.data[p*heldA.images:(p+1)*heldA.images], heldB.data[q*heldB.images:(q+1)*heldB.images])
		matches = append(matches, Match{A: p, B: q, Fit: float64(r[p*fitB.pairs+q]), Held: held})
	}
	return matches
}

// Assignment gives each row of a matrix [rows,cols] a column of its own so that the sum of the entries is as large as can be; −1 where there are more rows
// than columns and the row has none. It is the method of shortest augmenting paths (Jonker and Volgenant, 1987), in rows²·cols steps.
func Assignment(gain []float32, rows, cols int) []int {
	if rows > cols {
		turned := make([]float32, len(gain))
		for r := range rows {
			for c := range cols {
				turned[c*rows+r] = gain[r*cols+c]
			}
		}
		of := make([]int, rows)
		for r := range of {
			of[r] = -1
		}
		for c, r := range Assignment(turned, cols, rows) {
			of[r] = c
		}
		return of
	}
	s := &paths{gain: gain, cols: cols, u: make([]float64, rows), v: make([]float64, cols), row: make([]int, cols), way: make([]int, cols)}
	for c := range s.row {
		s.row[c] = -1
	}
	for r := range rows {
		s.add(r)
	}
	of := make([]int, rows)
	for c, r := range s.row {
		if r >= 0 {
			of[r] = c
		}
	}
	return of
}

// paths is an assignment of some of the rows, with the prices that prove it best.
type paths struct {
	gain []float32
	cols int
	u, v []float64 // prices of rows and columns
	row  []int     // that a column belongs to; −1: none
	way  []int     // the column before, on the way to this one; −1: the new row itself
}

// add gives one more row a column, moving others where that is cheaper.
func (s *paths) add(r int) {
	least, done := make([]float64, s.cols), make([]bool, s.cols)
	for c := range least {
		least[c] = math.Inf(1)
	}
	from, at, length := -1, r, 0.0
	for {
		next, best := -1, math.Inf(1)
		for c := range s.cols {
			if done[c] {
				continue
			}
			if d := length - float64(s.gain[at*s.cols+c]) - s.u[at] - s.v[c]; d < least[c] {
				least[c], s.way[c] = d, from
			}
			if least[c] < best {
				next, best = c, least[c]
			}
		}
		done[next], length, from = true, best, next
		if at = s.row[next]; at < 0 {
			break
		}
	}
	s.u[r] += length
	for c := range s.cols {
		if done[c] && c != from {
			s.u[s.row[c]] += length - least[c]
			s.v[c] -= length - least[c]
		}
	}
	for from >= 0 { // move every row on the way to the next column
		before := s.way[from]
		if before < 0 {
			s.row[from] = r
		} else {
			s.row[from] = s.row[before]
		}
		from = before
	}
}
