package decompose

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"
)

// Scalars are the pair scalars s[h,n] of one image [M,C], with the map that gives them their meaning.
type Scalars struct {
	*OV
	S []float32 // [M,C]
}

// Scalars binds the pair scalars s [M,C] of an image. It is an error when s has another size, or holds a NaN or an infinity.
func (ov *OV) Scalars(s []float32) (Scalars, error) {
	if len(s) != ov.Heads*ov.Channels {
		return Scalars{}, fmt.Errorf("pair scalars: expected %d (%d heads × %d neurons), found %d", ov.Heads*ov.Channels, ov.Heads, ov.Channels, len(s))
	}
	for i, v := range s {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return Scalars{}, fmt.Errorf("pair scalars: pair %v is %v", ov.Pair(i), v)
		}
	}
	return Scalars{ov, s}, nil
}

// Pair is the pair at a flat index head·C + neuron.
func (ov *OV) Pair(index int) Pair { return Pair{index / ov.Channels, index % ov.Channels} }

// Index is the flat index head·C + neuron of a pair.
func (ov *OV) Index(p Pair) int { return p.Head*ov.Channels + p.Neuron }

// At is s[h,n].
func (s Scalars) At(p Pair) float32 { return s.S[s.Index(p)] }

// Contribution is s[h,n]·u[h,n] [D].
func (s Scalars) Contribution(p Pair) []float32 {
	u := s.direction(p)
	for o := range u {
		u[o] *= float64(s.At(p))
	}
	return numeric.Float32(u)
}

// Head is Σ_n s[h,n]·u[h,n] = W_O^h (W_V^h s_h) [D]: what passes through a head.
func (s Scalars) Head(h int) []float32 {
	e := make([]float64, s.Embed)
	s.addHead(h, e)
	return numeric.Float32(e)
}

// addHead adds W_O^h (W_V^h s_h) to e [D].
func (s Scalars) addHead(h int, e []float64) {
	d, C := s.Width, s.Channels
	scalars, value := s.S[h*C:(h+1)*C], s.value(h)
	v := make([]float32, d) // W_V^h s_h
	for k := range d {
		v[k] = float32(numeric.Dot(value.Data[k*C:(k+1)*C], scalars))
	}
	for o := range e {
		e[o] += numeric.Dot(s.weights.Output[o*C+h*d:][:d], v)
	}
}

// Neuron is Σ_h s[h,n]·u[h,n] [D]: what a neuron says through all heads.
func (s Scalars) Neuron(n int) []float32 {
	sum := make([]float64, s.Embed)
	for h := range s.Heads {
		p := Pair{h, n}
		for o, u := range s.direction(p) {
			sum[o] += float64(s.At(p)) * u
		}
	}
	return numeric.Float32(sum)
}

// Embedding is Σ_h Σ_n s[h,n]·u[h,n] + b [D], the right-hand side of the decomposition.
func (s Scalars) Embedding() []float32 {
	e := slices.Clone(s.bias)
	for h := range s.Heads {
		s.addHead(h, e)
	}
	return numeric.Float32(e)
}

// Residual is ‖Σ s·u + b − embedding‖ / ‖embedding‖: rounding alone (≤ 1e-5) when both are of one image.
func (s Scalars) Residual(embedding []float32) float64 {
	sum := s.Embedding()
	for o := range sum {
		sum[o] -= embedding[o]
	}
	return numeric.Norm(sum) / numeric.Norm(embedding)
}

// Shares are ⟨s·u, e⟩/‖e‖² for every pair [M,C]: the signed part of the embedding's squared length that a pair
// brings. With the bias' share ([Scalars.BiasShare]) they sum to 1.
func (s Scalars) Shares(embedding []float32) []float32 {
	return s.scaledBy(s.Text(embedding), 1/numeric.Dot(embedding, embedding))
}

// BiasShare is ⟨b, e⟩/‖e‖².
func (s Scalars) BiasShare(embedding []float32) float64 {
	return numeric.Dot(s.Bias(), embedding) / numeric.Dot(embedding, embedding)
}

// Logits are τ·s[h,n]⟨u[h,n],t⟩/‖embedding‖ for every pair [M,C]: the parts of the class logit
// τ·⟨embedding,t⟩/‖embedding‖ (docs/design.md, formula 10). t [D] of unit norm. With [Scalars.BiasLogit] they
// sum to the logit.
func (s Scalars) Logits(t, embedding []float32, τ float64) []float32 {
	return s.scaledBy(s.Text(t), τ/numeric.Norm(embedding))
}

// BiasLogit is τ·⟨b,t⟩/‖embedding‖.
func (s Scalars) BiasLogit(t, embedding []float32, τ float64) float64 {
	return τ * numeric.Dot(s.Bias(), t) / numeric.Norm(embedding)
}

// scaledBy multiplies each product ⟨·,u[h,n]⟩ by its scalar and by a factor, in place.
func (s Scalars) scaledBy(products []float32, by float64) []float32 {
	for i, v := range s.S {
		products[i] = float32(float64(products[i]) * float64(v) * by)
	}
	return products
}

// ContributionNorms are |s[h,n]|·‖u[h,n]‖ [M,C], given ‖u‖ of [OV.Norms].
func (s Scalars) ContributionNorms(norms []float32) []float32 {
	out := make([]float32, len(norms))
	for i, v := range s.S {
		out[i] = float32(math.Abs(float64(v)) * float64(norms[i]))
	}
	return out
}

// Top are the k pairs of largest value by the given measure of [M,C], largest first; ties in order of index.
func (ov *OV) Top(values []float32, k int, measure func(float32) float32) []Pair {
	order := numeric.Indices(len(values))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(measure(values[b]), measure(values[a])) })
	pairs := make([]Pair, min(k, len(order)))
	for i := range pairs {
		pairs[i] = ov.Pair(order[i])
	}
	return pairs
}
