package experiment

import (
	"context"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// EditParts are products of what some units of pairs add to embeddings: all that is needed to tell what scaling the units about their means does
// to logits. N images, L texts, K units; d_k = Σ (s − s̄)·u over the pairs of unit k.
type EditParts struct {
	Products     []float32 // ⟨e,t⟩ [N,L]
	Lengths      []float32 // ‖e‖² [N]
	UnitProducts []float32 // ⟨d,t⟩ [N,K,L]
	UnitLengths  []float32 // ⟨d,e⟩ [N,K]
	Grams        []float32 // ⟨d_k,d_l⟩ [N,K,K]
}

// manyPairs is from where a unit's sum goes through whole heads, which costs the same for any number of pairs.
const manyPairs = 256

// unitSum adds up Σ (s − s̄)·u of a unit.
type unitSum struct {
	ov    *decompose.OV
	pairs []int
	heads []int       // those that the pairs are in
	u     [][]float32 // the direction of each pair; nil where they are many
}

func newUnitSum(ov *decompose.OV, pairs []int) unitSum {
	sum := unitSum{ov: ov, pairs: pairs}
	in := map[int]bool{}
	for _, p := range pairs {
		if pair := ov.Pair(p); !in[pair.Head] {
			in[pair.Head] = true
			sum.heads = append(sum.heads, pair.Head)
		}
		if len(pairs) < manyPairs {
			sum.u = append(sum.u, ov.Direction(ov.Pair(p)))
		}
	}
	return sum
}

// of is d [D] of an image whose centred scalars are δ [M,C].
func (u unitSum) of(δ []float32) []float32 {
	d := make([]float64, u.ov.Embed)
	if u.u != nil {
		for k, p := range u.pairs {
			for o, v := range u.u[k] {
				d[o] += float64(δ[p]) * float64(v)
			}
		}
		return numeric.Float32(d)
	}
	own := make([]float32, len(δ))
	for _, p := range u.pairs {
		own[p] = δ[p]
	}
	for _, h := range u.heads {
		for o, v := range (decompose.Scalars{OV: u.ov, S: own}).Head(h) {
			d[o] += float64(v)
		}
	}
	return numeric.Float32(d)
}

// EditParts takes the products of units with texts [L,D] in some images. mean [M,C] is s̄. No pair may be in two units.
func (d *Data) EditParts(ctx context.Context, mean []float64, images []int, texts []float32, units [][]int) (EditParts, error) {
	D := d.OV.Embed
	N, L, K := len(images), len(texts)/D, len(units)
	out := EditParts{make([]float32, N*L), make([]float32, N), make([]float32, N*K*L), make([]float32, N*K), make([]float32, N*K*K)}
	sums := make([]unitSum, K)
	for k, pairs := range units {
		sums[k] = newUnitSum(d.OV, pairs)
	}
	err := d.each(ctx, mean, images, func(n, image int, δ []float32) error {
		e := d.embedding(image)
		out.Lengths[n] = float32(numeric.Dot(e, e))
		for l := range L {
			out.Products[n*L+l] = float32(numeric.Dot(e, texts[l*D:(l+1)*D]))
		}
		parts := make([][]float32, K)
		for k := range K {
			parts[k] = sums[k].of(δ)
			out.UnitLengths[n*K+k] = float32(numeric.Dot(parts[k], e))
			for l := range L {
				out.UnitProducts[(n*K+k)*L+l] = float32(numeric.Dot(parts[k], texts[l*D:(l+1)*D]))
			}
			for other := range k + 1 {
				v := float32(numeric.Dot(parts[k], parts[other]))
				out.Grams[(n*K+k)*K+other], out.Grams[(n*K+other)*K+k] = v, v
			}
		}
		return nil
	})
	return out, err
}
