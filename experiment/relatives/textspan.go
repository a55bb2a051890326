package relatives

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

// Span is a text that describes a head.
type Span struct {
	Text      int     // in the bank
	Deviation float64 // standard deviation over images of the head's contribution along the text, after those before it are taken off
	Explained float64 // share of the head's variance that this text and those before it hold
}

// errFlat is returned for a head whose contribution is the same in every image.
var errFlat = errors.New("its contribution does not differ between images")

// TextSpan writes a head in k texts of a bank. Each is the text t of largest variance tᵀΣt of the head's contributions; then its direction is taken off the
// contributions and off all texts. Texts are first projected on the span of the head's output map, as published.
//
// Contributions are W_O^h (W_V^h s_h), so Σ = W_O^h Cov(W_V^h s_h) W_O^hᵀ, and statistics hold that covariance [d,d]. With W_O^h = QR everything happens in the r ≤ d
// dimensions of Q.
func TextSpan(w decompose.Weights, s *decompose.Stats, h int, bank *concept.Bank, k int) ([]Span, error) {
	if h < 0 || h >= s.Heads || k < 1 || bank.Embed != w.Embed || s.Channels != w.Channels || s.Heads != w.Heads || s.Embed != w.Embed {
		return nil, fmt.Errorf("head %d in %d texts: expected a head from 0 to %d, at least one text, and a bank and statistics of the model", h, k, s.Heads-1)
	}
	Q, R := span(w, h)
	var half, Σ mat.Dense
	half.Mul(R, s.HeadCovariance(h))
	Σ.Mul(&half, R.T()) // [r,r]
	total := mat.Trace(&Σ)
	if !(total > 0) {
		return nil, fmt.Errorf("head %d: %w", h, errFlat)
	}
	t := newTexts(bank, Q)
	t.measure(&Σ)
	left := total
	var out []Span
	for range min(k, len(bank.Texts)) {
		best := slices.Index(t.variance, slices.Max(t.variance))
		a := t.take(best)
		if a == nil {
			break // nothing is left that a text could hold
		}
		var Σa mat.VecDense
		Σa.MulVec(&Σ, a)
		held := mat.Dot(a, &Σa)
		left -= held
		out = append(out, Span{best, math.Sqrt(max(t.variance[best], 0)), 1 - max(left, 0)/total})
		t.deflate(a, &Σa, held)
		deflate(&Σ, a, &Σa, held)
	}
	return out, nil
}

// span is an orthonormal basis Q [D,r] of the span of W_O^h, and R [r,d] with W_O^h = QR.
func span(w decompose.Weights, h int) (Q, R *mat.Dense) {
	D, d := w.Embed, w.Channels/w.Heads
	output := mat.NewDense(D, d, nil)
	for o := range D {
		for k, v := range w.Output[o*w.Channels+h*d:][:d] {
			output.Set(o, k, float64(v))
		}
	}
	var svd mat.SVD
	svd.Factorize(output, mat.SVDThin)
	var u mat.Dense
	svd.UTo(&u)
	values := svd.Values(nil)
	r := 0
	for r < len(values) && values[r] > 1e-7*values[0] {
		r++
	}
	Q, R = mat.DenseCopyOf(u.Slice(0, D, 0, max(r, 1))), new(mat.Dense)
	R.Mul(Q.T(), output)
	return Q, R
}

// texts are the texts of a bank in the coordinates of a head's span.
type texts struct {
	rows     *mat.Dense // [T,r], what is left of each
	variance []float64  // tᵀΣt of each
	first    float64    // the longest row at the beginning
}

func newTexts(bank *concept.Bank, Q *mat.Dense) *texts {
	T := len(bank.Texts)
	all := mat.NewDense(T, bank.Embed, nil)
	for i, v := range bank.Embeddings {
		all.Set(i/bank.Embed, i%bank.Embed, float64(v))
	}
	t := &texts{rows: new(mat.Dense), variance: make([]float64, T)}
	t.rows.Mul(all, Q)
	for i := range T {
		t.first = max(t.first, mat.Norm(t.rows.RowView(i), 2))
	}
	return t
}

// measure computes tᵀΣt of all texts, once: later only what changes.
func (t *texts) measure(Σ *mat.Dense) {
	var product mat.Dense
	product.Mul(t.rows, Σ)
	for i := range t.variance {
		t.variance[i] = mat.Dot(product.RowView(i), t.rows.RowView(i))
	}
}

// take is the unit direction of a text; nil when nothing of it is left but rounding.
func (t *texts) take(i int) *mat.VecDense {
	a := mat.VecDenseCopyOf(t.rows.RowView(i))
	length := mat.Norm(a, 2)
	if !(length > 1e-9*t.first) {
		return nil
	}
	a.ScaleVec(1/length, a)
	return a
}

// deflate takes direction a off every text, with c = ⟨t,a⟩: (t − ca)ᵀΣ(t − ca) = tᵀΣt − 2c tᵀΣa + c² aᵀΣa.
func (t *texts) deflate(a, Σa *mat.VecDense, held float64) {
	var along, with mat.VecDense
	along.MulVec(t.rows, a)
	with.MulVec(t.rows, Σa)
	for i := range t.variance {
		c := along.AtVec(i)
		t.variance[i] -= 2*c*with.AtVec(i) - c*c*held
	}
	t.rows.RankOne(t.rows, -1, &along, a)
}

// deflate makes (I − aaᵀ)Σ(I − aaᵀ) of Σ.
func deflate(Σ *mat.Dense, a, Σa *mat.VecDense, held float64) {
	Σ.RankOne(Σ, -1, a, Σa)
	Σ.RankOne(Σ, -1, Σa, a)
	Σ.RankOne(Σ, held, a, a)
}
