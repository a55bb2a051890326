package concept

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// dependent is how much of a word, as a share of its squared length, must be left outside the span of the chosen ones for it to be
// of use; scikit-learn stops at float32's epsilon too.
const dependent = 1.0 / (1 << 23)

// normal are the normal equations A_S A_Sᵀ x = A_S u of a growing set of words S, factored progressively as L Lᵀ.
type normal struct {
	d     *Dictionary
	size  int       // room
	words []int     // S
	gram  []float64 // A_S A_Sᵀ [size,size], lower triangle
	chol  []float64 // L [size,size], lower triangle
	right []float64 // A_S u [size]
	z     []float64 // L⁻¹ A_S u [size]: its squared sum is what S explains
}

func newNormal(d *Dictionary, size int) *normal {
	return &normal{
		d: d, size: size, gram: make([]float64, size*size), chol: make([]float64, size*size),
		right: make([]float64, size), z: make([]float64, size),
	}
}

// add takes a word in, unless it lies in the span of the others.
func (n *normal) add(word int, unit []float32) bool {
	k := len(n.words)
	for i, s := range n.words {
		n.gram[k*n.size+i] = n.d.cross(word, s)
	}
	n.gram[k*n.size+k] = n.d.cross(word, word)
	n.right[k] = exact(n.d.atom(word), unit)
	if !n.factor(k) {
		return false
	}
	n.words = append(n.words, word)
	return true
}

// factor computes row k of L and z from row k of the Gram matrix and of the right side.
func (n *normal) factor(k int) bool {
	row := n.chol[k*n.size:][:k+1]
	copy(row, n.gram[k*n.size:][:k+1])
	left, below := row[k], row[:k]
	if k > 0 {
		blas64.Trsv(blas.NoTrans, n.lower(k), blas64.Vector{N: k, Inc: 1, Data: below})
	}
	z := n.right[k]
	for i, l := range below {
		left -= l * l
		z -= l * n.z[i]
	}
	if left <= dependent*n.gram[k*n.size+k] {
		return false
	}
	row[k] = math.Sqrt(left)
	n.z[k] = z / row[k]
	return true
}

// remove takes the words out for which drop is true, and factors anew. What remains of independent words is independent.
func (n *normal) remove(drop func(i int) bool) {
	kept := n.words[:0]
	for i, word := range n.words {
		if drop(i) {
			continue
		}
		k := len(kept)
		kept = append(kept, word)
		n.right[k] = n.right[i]
		for j, l := 0, 0; j <= i; j++ {
			if !drop(j) {
				n.gram[k*n.size+l] = n.gram[i*n.size+j]
				l++
			}
		}
		n.factor(k)
	}
	n.words = kept
}

// solve gives the coefficients x [k] of the fit with the first k words.
func (n *normal) solve(k int) []float64 {
	x := append([]float64(nil), n.z[:k]...)
	if k > 0 {
		blas64.Trsv(blas.Trans, n.lower(k), blas64.Vector{N: k, Inc: 1, Data: x})
	}
	return x
}

// lower is L [k,k].
func (n *normal) lower(k int) blas64.Triangular {
	return blas64.Triangular{N: k, Stride: n.size, Data: n.chol, Uplo: blas.Lower, Diag: blas.NonUnit}
}

// at is ⟨a_i, a_j⟩ of the words at places i and j.
func (n *normal) at(i, j int) float64 {
	if i < j {
		i, j = j, i
	}
	return n.gram[i*n.size+j]
}
