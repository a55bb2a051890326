package experiment

import (
	"cmp"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"

	"github.com/facet-clip/facet/decompose"
)

// biasShare is what the reference adds to each contribution of a head's pairs, an even share of the biases: c_h = W_O^h b_V^h/C + b_O/(C·M) [D].
func biasShare(w decompose.Weights, h int) []float64 {
	d, C := w.Channels/w.Heads, w.Channels
	c := make([]float64, w.Embed)
	for o := range c {
		c[o] = (numeric.Dot(w.Output[o*C+h*d:][:d], w.ValueBias[h*d:][:d]) + float64(w.OutputBias[o])/float64(w.Heads)) / float64(C)
	}
	return c
}

// BiasCentre says how long the reference's contribution s·u + c of a pair is: ‖s·u + c‖² = (s − from)²·‖u‖² + rest, c being an even share of the biases.
// So its images of largest contribution are those of scalar farthest from from = −⟨u,c⟩/‖u‖². A pair of no direction has 0 for from.
func BiasCentre(w decompose.Weights, ov *decompose.OV, p int) (from, rest float64) {
	c, u := biasShare(w, ov.Pair(p).Head), ov.Direction(ov.Pair(p))
	var uc, cc float64
	for o, v := range c {
		uc += v * float64(u[o])
		cc += v * v
	}
	uu := numeric.Dot(u, u)
	if uu == 0 {
		return 0, cc
	}
	return -uc / uu, cc - uc*uc/uu
}

// ReferenceTopOfNeuron are the k of n images in which a neuron's contribution is longest as the reference counts it: not centred, with an even share
// of the biases. Longest first, with its length for a scalar.
func (d *Data) ReferenceTopOfNeuron(images, n, k int) ([]decompose.Extreme, error) {
	M, C := d.OV.Heads, d.OV.Channels
	directions := make([][]float32, M)
	share := make([]float64, d.OV.Embed)
	for h := range directions {
		directions[h] = d.OV.Direction(decompose.Pair{Head: h, Neuron: n})
		for o, v := range biasShare(d.Weights, h) {
			share[o] += v
		}
	}
	all := make([]decompose.Extreme, images)
	s := make([]float32, M*C)
	for i := range all {
		if err := d.Row(i, s); err != nil {
			return nil, err
		}
		sum := numeric.Float32(share)
		for h, u := range directions {
			axpy(float64(s[h*C+n]), u, sum)
		}
		all[i] = decompose.Extreme{Image: uint32(i), Scalar: float32(numeric.Norm(sum))}
	}
	slices.SortStableFunc(all, func(a, b decompose.Extreme) int { return cmp.Compare(b.Scalar, a.Scalar) })
	return all[:min(k, len(all))], nil
}
