package concept

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// Hit is a unit found for a text.
type Hit struct {
	Unit   int     // flat index
	Cosine float64 // of the unit's direction with the text
}

// Search ranks units by cosine with a unit text, given their products with it and their lengths, both [U] (for pairs
// decompose.OV.Text and Norms, which need no direction). It gives the k best, largest first; ties in order of index. Units of
// no length are left out.
func Search(products, lengths []float32, k int) []Hit {
	all := func(yield func(Hit) bool) {
		for i, p := range products {
			if lengths[i] > 0 && !yield(Hit{i, float64(p) / float64(lengths[i])}) {
				return
			}
		}
	}
	return best(all, k, len(products), func(a, b Hit) int { return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.Unit, b.Unit)) })
}

// best are the first k of n values in an order that has no ties, sorted. Few of many are kept in order on the way.
func best[T any](all iter.Seq[T], k, n int, order func(a, b T) int) []T {
	k = min(max(k, 0), n)
	if k > n/fewOf {
		sorted := slices.SortedFunc(all, order)
		return sorted[:min(k, len(sorted))]
	}
	kept := make([]T, 0, k+1)
	if k == 0 {
		return kept
	}
	for v := range all {
		if len(kept) == k && order(v, kept[k-1]) > 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(kept, v, order)
		kept = slices.Insert(kept, at, v)
		kept = kept[:min(k, len(kept))]
	}
	return kept
}

// fewOf says what share of all values is worth keeping in order instead of sorting all: one in so many.
const fewOf = 32

// SearchDirections is [Search] over directions [U,D] of any length, for neurons and heads.
func SearchDirections(text, directions []float32, k int) ([]Hit, error) {
	if len(text) == 0 || len(directions)%len(text) != 0 {
		return nil, fmt.Errorf("search: %d numbers are not directions of the text's width %d", len(directions), len(text))
	}
	products, lengths := make([]float32, 0, len(directions)/len(text)), make([]float32, 0, len(directions)/len(text))
	for u := range slices.Chunk(directions, len(text)) {
		products, lengths = append(products, float32(numeric.Dot(u, text))), append(lengths, float32(numeric.Norm(u)))
	}
	return Search(products, lengths, k), nil
}

// Centre takes the mean of the bank, not yet centred, off a text's unit embedding [D] and makes it unit: what all texts share says
// nothing about this one.
func (b *Bank) Centre(text []float32) ([]float32, error) {
	if len(text) != b.Embed {
		return nil, fmt.Errorf("text of width %d against a bank of width %d", len(text), b.Embed)
	}
	mean := b.mean()
	out := make([]float32, b.Embed)
	for d, v := range text {
		out[d] = float32(float64(v) - mean[d])
	}
	if numeric.Norm(out) < 1e-6 {
		return nil, errors.New("the text equals the mean of the bank: nothing is left of it")
	}
	return out, normalise(out)
}

// NeuronDirections are what neurons say when every head passes them alike, Σ_h u[h,n] [C,D], from the directions u[h,:]
// [C,D] of the pairs, head by head (decompose.OV.Directions): weights alone, no data. An atlas' principal components are the truth about
// a data set.
func NeuronDirections(heads iter.Seq2[int, []float32]) []float32 {
	var sum []float32
	for _, u := range heads {
		if sum == nil {
			sum = make([]float32, len(u))
		}
		blas32.Axpy(1, numeric.Vector(u), numeric.Vector(sum))
	}
	return sum
}

// HeadDirections are the directions that heads say most along, from weights alone [M,D]: for each the first principal direction of u[h,:]
// [C,D], that is of equally strong, independent neurons. Neurons are not negative, so the sign is that of Σ_n u[h,n].
func HeadDirections(heads iter.Seq2[int, []float32], embed int) []float32 {
	var out []float32
	for _, u := range heads {
		out = append(out, principal(u, embed)...)
	}
	return out
}

const (
	powerSteps = 300
	powerDone  = 1e-6 // change of a unit vector
)

// principal is the unit v of largest ‖u v‖ for u [C,D], by power iteration from the rows' sum, or zero when there is none.
func principal(u []float32, embed int) []float32 {
	rows := numeric.Matrix(u, len(u)/embed, embed)
	ones, along := make([]float32, rows.Rows), make([]float32, rows.Rows)
	for i := range ones {
		ones[i] = 1
	}
	sum, v, w := make([]float32, embed), make([]float32, embed), make([]float32, embed)
	blas32.Gemv(blas.Trans, 1, rows, numeric.Vector(ones), 0, numeric.Vector(sum))
	for i := range v { // the sum alone could be orthogonal to what is sought
		v[i] = sum[i] + float32(numeric.Norm(sum)/math.Sqrt(float64(embed)))*float32(1+i%3)/4
	}
	if normalise(v) != nil {
		copy(v, u[:embed])
		if normalise(v) != nil {
			return w
		}
	}
	for range powerSteps {
		blas32.Gemv(blas.NoTrans, 1, rows, numeric.Vector(v), 0, numeric.Vector(along))
		blas32.Gemv(blas.Trans, 1, rows, numeric.Vector(along), 0, numeric.Vector(w))
		if normalise(w) != nil {
			break
		}
		change := 0.0
		for i := range v {
			change += float64(w[i]-v[i]) * float64(w[i]-v[i])
		}
		if copy(v, w); change < powerDone*powerDone {
			break
		}
	}
	if numeric.Dot(v, sum) < 0 {
		blas32.Scal(-1, numeric.Vector(v))
	}
	return v
}

// multiply is a [n,k] times b [k,m].
func multiply(a []float32, n int, b []float32, m int) []float32 {
	out := make([]float32, n*m)
	if k := len(b) / m; n > 0 && k > 0 {
		blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, numeric.Matrix(a, n, k), numeric.Matrix(b, k, m), 0, numeric.Matrix(out, n, m))
	}
	return out
}
