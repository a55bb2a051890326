package atlas

import (
	"math/rand/v2"

	"github.com/facet-clip/facet/decompose"
)

// weights are random maps of an attention pool.
func weights(heads, channels, embed int, seed uint64) decompose.Weights {
	r := rand.New(rand.NewPCG(seed, 0))
	fill := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64()) / 16
		}
		return x
	}
	return decompose.Weights{
		Heads: heads, Channels: channels, Embed: embed,
		Value: fill(channels * channels), ValueBias: fill(channels), Output: fill(embed * channels), OutputBias: fill(embed),
	}
}
