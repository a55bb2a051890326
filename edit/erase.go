package edit

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"
	"gonum.org/v1/gonum/mat"
)

// Eraser is an affine map that takes r directions out of vectors: v → v − L R (v − μ) (docs/design.md, formula 33, with A = I − L R and c = L R μ).
type Eraser struct {
	Left  []float64 // the columns of L, one after the other [r,D]
	Right []float64 // the rows of R [r,D]
	Mean  []float64 // μ [D]; nil: 0
}

// check is [ErrMismatch] unless the eraser is of vectors of a width, and an error unless its numbers are finite.
func (x Eraser) check(embed int) error {
	if len(x.Left) != len(x.Right) || len(x.Left)%embed != 0 || x.Mean != nil && len(x.Mean) != embed {
		return fmt.Errorf("%w: an eraser of %d, %d and %d numbers for embeddings of width %d", ErrMismatch, len(x.Left), len(x.Right), len(x.Mean), embed)
	}
	for _, list := range [][]float64{x.Left, x.Right, x.Mean} {
		for _, v := range list {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("an eraser with the number %g: expected finite ones", v)
			}
		}
	}
	return nil
}

// Rank is r, how many directions are taken out, of vectors of width D.
func (x Eraser) Rank(embed int) int { return len(x.Left) / embed }

// one maps a vector [D] in place.
func (x Eraser) one(v []float32) {
	D := len(v)
	amounts := make([]float64, len(x.Left)/D) // R (v − μ)
	for r := range amounts {
		for o, w := range x.Right[r*D : (r+1)*D] {
			value := float64(v[o])
			if x.Mean != nil {
				value -= x.Mean[o]
			}
			amounts[r] += w * value
		}
	}
	for o := range v {
		sum := float64(v[o])
		for r, a := range amounts {
			sum -= x.Left[r*D+o] * a
		}
		v[o] = float32(sum)
	}
}

// rows maps the columns of a matrix [D,C], which are vectors without a constant, in place: W ← (I − L R) W.
func (x Eraser) rows(w []float32, C int) {
	D := len(w) / C
	R := len(x.Left) / D
	amounts := make([]float64, R*C) // R W
	for r := range R {
		into := amounts[r*C : (r+1)*C]
		for o, v := range x.Right[r*D : (r+1)*D] {
			for c, weight := range w[o*C : (o+1)*C] {
				into[c] += v * float64(weight)
			}
		}
	}
	sum := make([]float64, C)
	for o := range D {
		row := w[o*C : (o+1)*C]
		for c, v := range row {
			sum[c] = float64(v)
		}
		for r := range R {
			l := x.Left[r*D+o]
			for c, a := range amounts[r*C : (r+1)*C] {
				sum[c] -= l * a
			}
		}
		for c, v := range sum {
			row[c] = float32(v)
		}
	}
}

// dependent is the length that is left of a unit vector when it counts as one of the span of others.
const dependent = 1e-5

// Project is the orthogonal projection off the span of texts [T,D] (docs/design.md, formula 34). Texts in keep [K,D] do not suffer: only what of the
// others is orthogonal to them is taken out, so ⟨e,t⟩ stays for each text t of keep. It is an error when nothing is left to take out.
func Project(texts, keep []float32, embed int) (Eraser, error) {
	if embed < 1 || len(texts)%embed != 0 || len(keep)%embed != 0 {
		return Eraser{}, fmt.Errorf("%w: texts of %d and %d numbers, expected multiples of %d", ErrMismatch, len(texts), len(keep), embed)
	}
	basis := orthonormal(nil, keep, embed)
	kept := len(basis)
	basis = orthonormal(basis, texts, embed)
	if len(basis) == kept {
		return Eraser{}, errors.New("the texts to erase have no direction beside those to keep")
	}
	return Eraser{Left: basis[kept:], Right: basis[kept:]}, nil
}

// orthonormal adds to an orthonormal basis [·,D] what vectors [·,D] add to its span.
func orthonormal(basis []float64, vectors []float32, D int) []float64 {
	for i := 0; i < len(vectors); i += D {
		v := make([]float64, D)
		for o, x := range vectors[i : i+D] {
			v[o] = float64(x)
		}
		scale(v, length(v))
		for range 2 { // the second time takes out what rounding left
			for b := 0; b < len(basis); b += D {
				along := 0.0
				for o, q := range basis[b : b+D] {
					along += q * v[o]
				}
				for o, q := range basis[b : b+D] {
					v[o] -= along * q
				}
			}
		}
		if l := length(v); l > dependent {
			scale(v, l)
			basis = append(basis, v...)
		}
	}
	return basis
}

func length(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x * x
	}
	return math.Sqrt(sum)
}

// scale divides by a length, unless that is 0.
func scale(v []float64, by float64) {
	if by == 0 {
		return
	}
	for i := range v {
		v[i] /= by
	}
}

// Moments are what least-squares erasure asks of labelled embeddings.
type Moments struct {
	Count int
	Mean  []float64     // μ [D]
	Cov   *mat.SymDense // Σ_xx [D,D]
	Cross *mat.Dense    // Σ_xz [D,k]
}

// NewMoments takes embeddings [N,D] with the class of each, 0 to k−1, of the concept z that is to be erased; −1 is an embedding without one, which is
// left out. z is the class as k zeros and ones. It is an error unless two classes occur.
func NewMoments(embeddings []float32, embed int, labels []int, classes int) (*Moments, error) {
	if embed < 1 || len(embeddings) != len(labels)*embed {
		return nil, fmt.Errorf("%w: %d numbers for %d embeddings of width %d", ErrMismatch, len(embeddings), len(labels), embed)
	}
	m := &Moments{Mean: make([]float64, embed), Cross: mat.NewDense(embed, max(classes, 1), nil)}
	share := make([]float64, max(classes, 1)) // mean of z
	var rows []float64
	var of []int
	for i, l := range labels {
		if l >= classes {
			return nil, fmt.Errorf("embedding %d is of class %d of %d", i, l, classes)
		}
		if l < 0 {
			continue
		}
		of = append(of, l)
		share[l]++
		for o, v := range embeddings[i*embed : (i+1)*embed] {
			m.Mean[o] += float64(v)
			rows = append(rows, float64(v))
		}
	}
	m.Count = len(of)
	if n := float64(m.Count); n > 0 {
		scale(m.Mean, n)
		scale(share, n)
	}
	occur := 0
	for _, s := range share {
		if s > 0 {
			occur++
		}
	}
	if occur < 2 {
		return nil, fmt.Errorf("%d classes occur among %d labelled embeddings: expected at least two to erase the difference of", occur, m.Count)
	}
	m.fill(rows, of, share)
	return m, nil
}

// fill centres the rows [n,D] and forms the second moments.
func (m *Moments) fill(rows []float64, of []int, share []float64) {
	D, k := len(m.Mean), len(share)
	z := mat.NewDense(len(of), k, nil)
	for i, l := range of {
		for o, μ := range m.Mean {
			rows[i*D+o] -= μ
		}
		for c := range k {
			z.Set(i, c, -share[c])
		}
		z.Set(i, l, 1-share[l])
	}
	x := mat.NewDense(len(of), D, rows)
	m.Cov = mat.NewSymDense(D, nil)
	m.Cov.SymOuterK(1/float64(len(of)), x.T())
	m.Cross.Mul(x.T(), z)
	m.Cross.Scale(1/float64(len(of)), m.Cross)
}

// Numbers below which, against the largest, a direction counts as empty.
const (
	flat = 1e-12 // eigenvalues of the covariance
	none = 1e-9  // singular values of the whitened cross-covariance
)

// DefaultRidge is what is added to a singular covariance, in parts of the mean of its eigenvalues.
const DefaultRidge = 1e-3

// Singular tells whether the covariance has empty directions, so that [LEACE] needs a ridge to be steady.
func (m *Moments) Singular() bool {
	var eig mat.EigenSym
	if !eig.Factorize(m.Cov, false) {
		return true
	}
	v := eig.Values(nil)
	return v[0] <= flat*v[len(v)-1]
}

// LEACE is the eraser after which no linear map of an embedding tells z better than a constant does, and that changes embeddings least, in the metric of
// their covariance (Belrose et al., NeurIPS 2023; docs/design.md, formula 35). ridge, in parts of the mean eigenvalue, is added to the covariance
// (formula 36): the promise holds with any ridge, the least change for the covariance with it. With ridge 0 empty directions of the covariance are left
// alone. The promise is for the embeddings of the moments, and for e, not for e/‖e‖.
func LEACE(m *Moments, ridge float64) (Eraser, error) {
	D, k := m.Cross.Dims()
	if !(ridge >= 0) || math.IsInf(ridge, 0) {
		return Eraser{}, fmt.Errorf("a ridge of %g: expected 0 or more", ridge)
	}
	whiten, colour, err := roots(m.Cov, ridge)
	if err != nil {
		return Eraser{}, err
	}
	var white mat.Dense
	white.Mul(whiten, m.Cross) // W Σ_xz [D,k]
	var svd mat.SVD
	if !svd.Factorize(&white, mat.SVDThinU) {
		return Eraser{}, errors.New("the singular values of the cross-covariance do not converge")
	}
	values := svd.Values(nil)
	var u mat.Dense
	svd.UTo(&u)
	rank := 0
	for rank < min(k, len(values)) && values[rank] > none*values[0] && values[rank] > 0 {
		rank++
	}
	if rank == 0 {
		return Eraser{}, errors.New("the embeddings do not tell the classes apart: nothing is to be erased")
	}
	basis := u.Slice(0, D, 0, rank) // an orthonormal basis of the columns of W Σ_xz: P = basis·basisᵀ
	var left, right mat.Dense
	left.Mul(colour, basis)      // W⁺ basis [D,r]
	right.Mul(basis.T(), whiten) // basisᵀ W [r,D]
	x := Eraser{Left: make([]float64, 0, rank*D), Right: make([]float64, 0, rank*D), Mean: m.Mean}
	for r := range rank {
		x.Left = append(x.Left, mat.Col(nil, r, &left)...)
		x.Right = append(x.Right, mat.Row(nil, r, &right)...)
	}
	return x, nil
}

// roots are W = (Σ+λI)^(−1/2) and its pseudo-inverse, λ = ridge times the mean eigenvalue; in empty directions both are 0.
func roots(cov *mat.SymDense, ridge float64) (whiten, colour *mat.Dense, err error) {
	D := cov.SymmetricDim()
	var eig mat.EigenSym
	if !eig.Factorize(cov, true) {
		return nil, nil, errors.New("the eigenvalues of the covariance do not converge")
	}
	values := eig.Values(nil) // rising
	λ := ridge * mat.Trace(cov) / float64(D)
	least := flat * (values[D-1] + λ)
	var vectors, scaled mat.Dense
	eig.VectorsTo(&vectors)
	by := func(power float64) *mat.Dense {
		scaled.Apply(func(_, c int, v float64) float64 {
			if values[c]+λ <= least {
				return 0
			}
			return v * math.Pow(values[c]+λ, power)
		}, &vectors)
		out := new(mat.Dense)
		out.Mul(&scaled, vectors.T())
		return out
	}
	return by(-0.5), by(0.5), nil
}

// Calibrate is the second half of the calibrated projection of Chuang et al. (2023): (I + λ/S Σ d dᵀ)⁻¹ over the differences d [S,D] of texts that say the
// same of different groups, by Woodbury's identity (docs/design.md, formula 50). Projected off the groups afterwards, such texts come to lie together.
func Calibrate(pairs []float32, lambda float64, embed int) (Eraser, error) {
	if embed < 1 || len(pairs) == 0 || len(pairs)%embed != 0 || !(lambda > 0) {
		return Eraser{}, fmt.Errorf("%w: differences of %d numbers and a weight of %g, expected multiples of %d and a weight above 0", ErrMismatch, len(pairs), lambda, embed)
	}
	S := len(pairs) / embed
	d := mat.NewDense(S, embed, numeric.Float64(pairs))
	weight := lambda / float64(S)
	inner := mat.NewSymDense(S, nil)
	inner.SymOuterK(weight, d)
	for i := range S {
		inner.SetSym(i, i, inner.At(i, i)+1)
	}
	var root mat.Cholesky
	if !root.Factorize(inner) {
		return Eraser{}, errors.New("the differences of texts are not finite")
	}
	var left mat.Dense
	if err := root.SolveTo(&left, d); err != nil {
		return Eraser{}, fmt.Errorf("calibrate: %w", err)
	}
	left.Scale(weight, &left)
	return Eraser{Left: left.RawMatrix().Data, Right: slices.Clone(d.RawMatrix().Data)}, nil
}

// RoboShot is the closed form of Adila et al. (ICLR 2024) for embeddings of pictures, with the texts of groups [G,D] for what is harmful and those of
// classes [L,D] for what helps: first the span of the differences of group texts is rejected, then what lies along the differences of class texts is
// added once more. The two erasers work one after the other.
func RoboShot(groups, classes []float32, embed int) (reject, increase Eraser, err error) {
	harmful, helpful := orthonormal(nil, differences(groups, embed), embed), orthonormal(nil, differences(classes, embed), embed)
	if len(harmful) == 0 || len(helpful) == 0 {
		return reject, increase, errors.New("expected two texts of groups and two of classes that differ")
	}
	minus := make([]float64, len(helpful))
	for i, v := range helpful {
		minus[i] = -v
	}
	return Eraser{Left: harmful, Right: harmful}, Eraser{Left: minus, Right: helpful}, nil
}

// differences of the first of some vectors [T,D] and each other one, which span those of any two.
func differences(vectors []float32, D int) []float32 {
	var out []float32
	for i := D; i < len(vectors); i += D {
		for o := range D {
			out = append(out, vectors[o]-vectors[i+o])
		}
	}
	return out
}
