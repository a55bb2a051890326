package decompose

import (
	"math"

	"github.com/facet-clip/facet/internal/numeric"
)

// Part is what one pair brings to a whole: to the embedding, or to the logit of a text.
type Part struct {
	Pair
	Scalar float64 // s[h,n]
	Norm   float64 // ‖s·u‖, the length of the contribution
	Amount float64 // the part itself: parts and the bias' amount sum to Explanation.Total
	Share  float64 // Amount as a fraction of |Total|, with the sign of the amount: see [Share]
}

// Explanation splits a total exactly into pairs and a constant term.
type Explanation struct {
	Total      float64   // 1 for an embedding (its squared length over itself), the logit for a text
	Bias       float64   // amount of the constant term b, which is the same for every picture
	Amounts    []float32 // of every pair [M,C]
	Top        []Part    // largest |amount| first
	TopPercent float64   // Σ|amount| of Top over Σ|amount| of all pairs, in percent
}

// ExplainEmbedding splits an embedding [D]: a pair's amount is ⟨s·u, e⟩/‖e‖².
func (s Scalars) ExplainEmbedding(embedding []float32, top int) Explanation {
	return s.explain(s.Shares(embedding), 1, s.BiasShare(embedding), top)
}

// ExplainLogit splits the logit τ·⟨e,t⟩/‖e‖ of a unit text t [D]: a pair's amount is τ·s⟨u,t⟩/‖e‖.
func (s Scalars) ExplainLogit(t, embedding []float32, τ float64, top int) Explanation {
	total := τ * numeric.Dot(embedding, t) / numeric.Norm(embedding)
	return s.explain(s.Logits(t, embedding, τ), total, s.BiasLogit(t, embedding, τ), top)
}

func (s Scalars) explain(amounts []float32, total, bias float64, top int) Explanation {
	e := Explanation{Total: total, Bias: bias, Amounts: amounts}
	var sum float64
	for _, a := range amounts {
		sum += math.Abs(float64(a))
	}
	magnitude := func(a float32) float32 { return max(a, -a) }
	for _, p := range s.Top(amounts, top, magnitude) {
		amount := float64(amounts[s.Index(p)])
		e.Top = append(e.Top, Part{
			Pair: p, Scalar: float64(s.At(p)), Norm: numeric.Norm(s.Contribution(p)), Amount: amount, Share: Share(amount, total),
		})
		e.TopPercent += 100 * math.Abs(Share(amount, sum))
	}
	return e
}

// Share is an amount as a fraction of the size of a total, 0 of nothing. It keeps the sign of the amount, also where the total is negative: what is
// positive speaks for a text in every number and picture.
func Share(amount, total float64) float64 {
	if total == 0 {
		return 0
	}
	return amount / math.Abs(total)
}

// PartMap spreads a pair's amount over the grid [K]: amount·m_i/s, so that the map and the class token's part sum to the
// amount. A pair with s = 0 has an empty map.
func (t Tokens) PartMap(p Part) []float32 {
	m := t.Map(p.Pair)[1:]
	for i, v := range m {
		if p.Scalar == 0 {
			m[i] = 0
			continue
		}
		m[i] = float32(float64(v) / p.Scalar * p.Amount)
	}
	return m
}
