package relatives

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// Attribution says how much each pair, neuron and head carries a property.
type Attribution struct {
	Pairs   []float64 // [M,C]
	Neurons []float64 // [C]
	Heads   []float64 // [M]
}

// Basis is an orthonormal basis Q of the texts of a property, by QR in their order: [K][D]. Texts that depend on those before them are an error.
func Basis(property *concept.Bank) ([][]float32, error) {
	K, D := len(property.Texts), property.Embed
	if K > D {
		return nil, fmt.Errorf("%d texts in %d dimensions: expected fewer", K, D)
	}
	m := mat.NewDense(D, K, nil)
	for i, v := range property.Embeddings {
		m.Set(i%D, i/D, float64(v))
	}
	var qr mat.QR
	qr.Factorize(m)
	var q, r mat.Dense
	qr.QTo(&q)
	qr.RTo(&r)
	var out [][]float32
	for k := range K {
		if math.Abs(r.At(k, k)) < 1e-6 {
			return nil, fmt.Errorf("%q says nothing that the texts before it do not say", property.Texts[k])
		}
		out = append(out, numeric.Float32(mat.Col(nil, k, &q)))
	}
	return out, nil
}

// errFew is returned where there are too few images to correlate over.
var errFew = errors.New("expected at least three images that differ")

// Attribute scores pairs, neurons and heads by a property with basis Q:
//
//	score(p) = mean over k of corr((s_p − s̄_p)⟨u_p,Q_k⟩, ⟨e − ē,Q_k⟩)
//
// and likewise for the contribution of a neuron or a head. A pair has one direction, so its k-th correlation is that of s_p with ⟨e,Q_k⟩, times the sign of ⟨u_p,Q_k⟩. row reads the
// scalars [M,C] of an image; embeddings are [N,D]. The published code divides covariances over N by deviations over N − 1, so its scores are (N−1)/N of these.
func Attribute(ov *decompose.OV, Q [][]float32, row func(i int, s []float32) error, embeddings []float32) (*Attribution, error) {
	N, P := len(embeddings)/ov.Embed, ov.Heads*ov.Channels
	if N < 3 {
		return nil, errFew
	}
	f := scores(Q, embeddings, ov.Embed)
	along := make([][]float32, len(Q)) // ⟨u,Q_k⟩ [M,C]
	for k, q := range Q {
		along[k] = ov.Text(q)
	}
	K := len(Q)
	pairs, neurons, heads := newMoments(P, K), newMoments(ov.Channels*K, 1), newMoments(ov.Heads*K, 1)
	s := make([]float32, P)
	for i := range N {
		if err := row(i, s); err != nil {
			return nil, err
		}
		numeric.Parallel(ov.Heads, func(h int) {
			at := h * ov.Channels
			pairs.add(at, s[at:at+ov.Channels], f[i])
			for k := range Q {
				heads.add(h*K+k, []float32{float32(numeric.Dot(s[at:at+ov.Channels], along[k][at:at+ov.Channels]))}, f[i][k:k+1])
			}
		})
		numeric.Parallel(K, func(k int) {
			for n, v := range overHeads(s, along[k], ov.Channels) {
				neurons.add(n*K+k, []float32{v}, f[i][k:k+1])
			}
		})
	}
	a := &Attribution{Pairs: make([]float64, P), Neurons: make([]float64, ov.Channels), Heads: make([]float64, ov.Heads)}
	ff := squares(f, K)
	for p := range a.Pairs {
		for k := range Q {
			a.Pairs[p] += pairs.correlation(p, k, N, ff[k]) * sign(along[k][p]) / float64(K)
		}
	}
	for k := range Q {
		for n := range a.Neurons {
			a.Neurons[n] += neurons.correlation(n*K+k, 0, N, ff[k]) / float64(K)
		}
		for h := range a.Heads {
			a.Heads[h] += heads.correlation(h*K+k, 0, N, ff[k]) / float64(K)
		}
	}
	return a, nil
}

// overHeads are Σ_h s[h,n]·along[h,n] [C].
func overHeads(s, along []float32, C int) []float32 {
	sum := make([]float64, C)
	for p, v := range s {
		sum[p%C] += float64(v) * float64(along[p])
	}
	return numeric.Float32(sum)
}

func sign(v float32) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// scores are ⟨e − ē,Q_k⟩ of every image [N][K].
func scores(Q [][]float32, embeddings []float32, D int) [][]float64 {
	N := len(embeddings) / D
	out, mean := make([][]float64, N), make([]float64, len(Q))
	for i := range out {
		for k, q := range Q {
			v := numeric.Dot(embeddings[i*D:(i+1)*D], q)
			out[i], mean[k] = append(out[i], v), mean[k]+v/float64(N)
		}
	}
	for _, row := range out {
		for k := range row {
			row[k] -= mean[k]
		}
	}
	return out
}

// squares are the sums of the squares of each score [K].
func squares(f [][]float64, K int) []float64 {
	out := make([]float64, K)
	for _, row := range f {
		for k, v := range row {
			out[k] += v * v
		}
	}
	return out
}

// moments are sums over images of values v, shifted by their first, and of their products with scores f.
type moments struct {
	k           int
	first       []float64
	begun       []bool
	sum, square []float64
	product     []float64 // [len,K]
}

func newMoments(n, k int) *moments {
	return &moments{k, make([]float64, n), make([]bool, n), make([]float64, n), make([]float64, n), make([]float64, n*k)}
}

// add takes up values from an index on, with the image's scores [K].
func (m *moments) add(at int, values []float32, f []float64) {
	for j, v := range values {
		i := at + j
		if !m.begun[i] {
			m.begun[i], m.first[i] = true, float64(v)
		}
		x := float64(v) - m.first[i]
		m.sum[i] += x
		m.square[i] += x * x
		for k, y := range f {
			m.product[i*m.k+k] += x * y
		}
	}
}

// correlation is that of value i over N images with its k-th scores, which have mean zero and squares that sum to ff; 0 where one of them does not vary.
func (m *moments) correlation(i, k, N int, ff float64) float64 {
	vv := m.square[i] - m.sum[i]*m.sum[i]/float64(N)
	if !(vv > 1e-12*m.square[i]) || !(ff > 0) {
		return 0
	}
	return m.product[i*m.k+k] / math.Sqrt(vv*ff)
}

// Part is some of a model's pairs: those of some heads, or a list.
type Part struct {
	ov    *decompose.OV
	heads []int
	pairs []decompose.Pair
	u     [][]float32
}

// HeadsPart are some heads.
func HeadsPart(ov *decompose.OV, heads ...int) Part { return Part{ov: ov, heads: heads} }

// PairsPart is a list of pairs.
func PairsPart(ov *decompose.OV, pairs []decompose.Pair) Part {
	p := Part{ov: ov, pairs: pairs}
	for _, one := range pairs {
		p.u = append(p.u, ov.Direction(one))
	}
	return p
}

// Contribution is Σ (s − s̄)·u over the part [D], of centred scalars [M,C].
func (p Part) Contribution(δ []float32) []float32 {
	sum := make([]float64, p.ov.Embed)
	for _, h := range p.heads {
		for o, v := range (decompose.Scalars{OV: p.ov, S: δ}).Head(h) {
			sum[o] += float64(v)
		}
	}
	for i, one := range p.pairs {
		s := float64(δ[p.ov.Index(one)])
		for o, v := range p.u[i] {
			sum[o] += s * float64(v)
		}
	}
	return numeric.Float32(sum)
}

// Near is an image with the cosine of its contribution with that of the image asked for.
type Near struct {
	Image  int
	Cosine float64
}

// Nearest are the k of n images whose centred contribution of a part is most like that of an image, which is left out itself: the other parts of the
// embedding have no say. row reads scalars [M,C]; mean is s̄. An image whose contribution is the mean is like none.
func Nearest(p Part, mean []float64, row func(i int, s []float32) error, n, image, k int) ([]Near, error) {
	if image < 0 || image >= n {
		return nil, fmt.Errorf("image %d: expected one from 0 to %d", image, n-1)
	}
	s := make([]float32, len(mean))
	read := func(i int) ([]float32, error) {
		if err := row(i, s); err != nil {
			return nil, err
		}
		for at, m := range mean {
			s[at] = float32(float64(s[at]) - m)
		}
		return p.Contribution(s), nil
	}
	own, err := read(image)
	if err != nil {
		return nil, err
	}
	cosines := make([]float64, n)
	for i := range n {
		if cosines[i] = math.Inf(-1); i == image {
			continue
		}
		c, err := read(i)
		if err != nil {
			return nil, err
		}
		if length := numeric.Norm(own) * numeric.Norm(c); length > 0 {
			cosines[i] = numeric.Dot(own, c) / length
		}
	}
	var out []Near
	for _, i := range numeric.Largest(cosines, k) {
		if !math.IsInf(cosines[i], -1) {
			out = append(out, Near{i, cosines[i]})
		}
	}
	return out, nil
}
