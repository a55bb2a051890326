package concept

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// Units are directions to be put into words, those of one block after those of another.
type Units []Block

// Block are n directions that are mixtures of d others, u_i = Σ_k c[i,k]·b[k], as the pairs of an attention head are: u[h,n] = W_O^h W_V^h[:,n]
// (docs/design.md, formula 4). Their correlations with T words cost T·D·d once and T·d a unit, instead of T·D a unit.
type Block struct {
	Basis        []float32 // b [d,D]
	Coefficients []float32 // c [n,d]; nil: the units are the basis
}

// Count is how many units of width embed there are.
func (u Units) Count(embed int) int {
	n := 0
	for _, b := range u {
		n += b.count(embed)
	}
	return n
}

// After is the units without the first n.
func (u Units) After(n, embed int) Units {
	for i, b := range u {
		if have := b.count(embed); n >= have {
			n -= have
			continue
		}
		return append(Units{b.after(n, embed)}, u[i+1:]...)
	}
	return nil
}

func (u Units) check(embed int) error {
	unit := 0
	for _, b := range u {
		d := len(b.Basis) / embed
		if len(b.Basis)%embed != 0 || b.Coefficients != nil && (d == 0 || len(b.Coefficients)%d != 0) {
			return fmt.Errorf("%d numbers are not units of width %d, or %d not coefficients of them", len(b.Basis), embed, len(b.Coefficients))
		}
		row := make([]float32, embed)
		for i := range b.count(embed) {
			if b.fill(row, i); slices.ContainsFunc(row, func(v float32) bool { return v-v != 0 }) {
				return fmt.Errorf("unit %d is not finite", unit)
			}
			unit++
		}
	}
	return nil
}

func (b Block) count(embed int) int {
	if d := len(b.Basis) / embed; b.Coefficients != nil {
		return len(b.Coefficients) / d
	}
	return len(b.Basis) / embed
}

func (b Block) after(n, embed int) Block {
	if b.Coefficients == nil {
		return Block{Basis: b.Basis[n*embed:]}
	}
	return Block{b.Basis, b.Coefficients[n*len(b.Basis)/embed:]}
}

// coefficients are those of unit i [d].
func (b Block) coefficients(i, embed int) []float32 {
	d := len(b.Basis) / embed
	return b.Coefficients[i*d : (i+1)*d]
}

// fill writes unit i to row [D].
func (b Block) fill(row []float32, i int) {
	D := len(row)
	if b.Coefficients == nil {
		copy(row, b.Basis[i*D:])
		return
	}
	clear(row)
	for k, c := range b.coefficients(i, D) {
		blas32.Axpy(c, numeric.Vector(b.Basis[k*D:(k+1)*D]), numeric.Vector(row))
	}
}

// Unit is the block with every unit made one long. Those of no length stay.
func (b Block) Unit(embed int) Block {
	out := Block{b.Basis, slices.Clone(b.Coefficients)}
	row := make([]float32, embed)
	for i := range b.count(embed) {
		b.fill(row, i)
		if length := numeric.Norm(row); length > 0 {
			for k, c := range b.coefficients(i, embed) {
				out.coefficients(i, embed)[k] = float32(float64(c) / length)
			}
		}
	}
	return out
}

// Mix multiplies coefficients c [n,d] with correlations x [d,T]: c·x [n,T], in a new slice. It only proposes words, as a [Product].
type Mix func(ctx context.Context, c, x []float32, d int) ([]float32, error)

// mix is gonum's.
func mix(_ context.Context, c, x []float32, d int) ([]float32, error) {
	n, T := len(c)/d, len(x)/d
	out := make([]float32, n*T)
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, numeric.Matrix(c, n, d), numeric.Matrix(x, d, T), 0, numeric.Matrix(out, n, T))
	return out, nil
}

// queue hands out units with their correlations with all words.
type queue struct {
	labeller *Labeller
	units    Units     // to come
	basis    []float32 // correlations of the first block's basis [d,T], nil while there are none
	lengths  []float64 // of that basis [d]
}

// take gives the next units, at most n, of one block.
func (q *queue) take(ctx context.Context, n int) ([]target, error) {
	T, D := len(q.labeller.d.Texts), q.labeller.d.Embed
	for q.units[0].count(D) == 0 {
		q.drop()
	}
	b := q.units[0]
	n = min(n, b.count(D))
	rows := make([]float32, n*D)
	for i := range n {
		b.fill(rows[i*D:(i+1)*D], i)
	}
	alpha, err := q.correlations(ctx, b, rows)
	if err != nil {
		return nil, err
	}
	out := make([]target, n)
	for i := range out {
		// Their own, so that they are freed with the unit, and so that it starts where memory is aligned: the order in which gonum adds up depends on that.
		u := target{unit: slices.Clone(rows[i*D : (i+1)*D]), alpha: slices.Clone(alpha[i*T : (i+1)*T])}
		u.length = numeric.Norm(u.unit)
		u.size = max(u.length, q.size(b, i))
		out[i] = u
	}
	if q.units[0] = b.after(n, D); q.units[0].count(D) == 0 {
		q.drop()
	}
	return out, nil
}

func (q *queue) drop() { q.units, q.basis, q.lengths = q.units[1:], nil, nil }

// correlations are ⟨a_t, u⟩ of the block's first units, given too as rows [n,D]: [n,T].
func (q *queue) correlations(ctx context.Context, b Block, rows []float32) ([]float32, error) {
	l := q.labeller
	D, n := l.d.Embed, len(rows)/l.d.Embed
	d := len(b.Basis) / D
	if q.basis == nil {
		if b.Coefficients == nil || b.count(D)*(D-d) <= d*D { // T·D·d once and T·d a unit are no less than T·D a unit
			return l.rows.multiply(ctx, rows)
		}
		var err error
		if q.basis, err = l.rows.multiply(ctx, b.Basis); err != nil {
			return nil, err
		}
		for row := range slices.Chunk(b.Basis, D) {
			q.lengths = append(q.lengths, numeric.Norm(row))
		}
	}
	alpha, err := l.o.Mix(ctx, b.Coefficients[:n*d], q.basis, d)
	if want := n * len(l.d.Texts); err == nil && len(alpha) != want {
		err = fmt.Errorf("expected %d numbers, found %d", want, len(alpha))
	}
	if err != nil {
		return nil, fmt.Errorf("sparse labels: correlations of a block: %w", err)
	}
	return alpha, nil
}

// size is Σ_k |c_k|·‖b_k‖ of unit i where correlations were added up so.
func (q *queue) size(b Block, i int) float64 {
	if q.basis == nil {
		return 0
	}
	sum := 0.0
	for k, c := range b.coefficients(i, q.labeller.d.Embed) {
		sum += math.Abs(float64(c)) * q.lengths[k]
	}
	return sum
}
