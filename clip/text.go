package clip

import (
	"fmt"
	"math"

	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/graph"
)

// Activation is the non-linearity of the text tower's MLPs. The image tower has none of the two.
type Activation string

// The activations. OpenAI's, yfcc15m's and cc12m's models use QuickGELU; with the wrong one everything
// runs and every text is slightly wrong.
const (
	QuickGELU Activation = "quickgelu"
	GELU      Activation = "gelu"
)

// textTower writes the text tower: ids [B,T] (T ≤ context), positions [T] = 0..T−1 and ends [B], the
// row b·T + (position of the end of text) of each text, → embedding [B,D], not normalised.
func textTower(ck *checkpoint.Checkpoint, c Config, act Activation) (*graph.Graph, error) {
	t := newTower("text", ck)
	W, T := c.Text.Width, c.Text.Context
	ids := t.Input("ids", graph.Int64, graph.Batch, graph.Length)
	positions := t.Input("positions", graph.Int64, graph.Length)
	ends := t.Input("ends", graph.Int64, graph.Batch)

	x := t.Gather(t.weight("token_embedding.weight", c.Text.Vocabulary, W), ids, 0) // [B,T,W]
	x = t.Add(x, t.Gather(t.weight("positional_embedding", T, W), positions, 0))    // [B,T,W]
	mask := t.Gather(t.Constant("causal_mask", causalMask(T), T, T), positions, 0)  // [T,context]
	mask = t.Gather(mask, positions, 1)                                             // [T,T]
	for l := range c.Text.Layers {
		x = t.textBlock(x, mask, fmt.Sprintf("transformer.resblocks.%d.", l), c.Text, act)
	}
	x = t.Gather(t.Reshape(x, graph.Rows, graph.Dim(W)), ends, 0) // [B,W]
	x = t.layerNorm(x, "ln_final", W)
	t.Output(string(Embedding), t.MatMul(x, t.weight("text_projection", W, c.Embed), false)) // [B,D]
	return t.done()
}

// textBlock is a pre-norm transformer block, x [B,T,W].
func (t *tower) textBlock(x, mask *graph.Value, name string, c TextConfig, act Activation) *graph.Value {
	x = t.Add(x, t.selfAttention(t.layerNorm(x, name+"ln_1", c.Width), mask, name+"attn.", c))
	y := t.linear(t.layerNorm(x, name+"ln_2", c.Width), name+"mlp.c_fc", c.Width, 4*c.Width) // [B,T,4W]
	if act == QuickGELU {
		y = t.QuickGELU(y)
	} else {
		y = t.GELU(y)
	}
	return t.Add(x, t.linear(y, name+"mlp.c_proj", 4*c.Width, c.Width))
}

// selfAttention is PyTorch's MultiheadAttention with a causal mask, x [B,T,W]; the logits' 1/√d is folded into the queries.
func (t *tower) selfAttention(x, mask *graph.Value, name string, c TextConfig) *graph.Value {
	W, H := c.Width, c.Heads
	d := W / H
	weight, bias := t.tensor(name+"in_proj_weight", 3*W, W), t.tensor(name+"in_proj_bias", 3*W)
	scaled(weight[:W*W], 1/math.Sqrt(float64(d)))
	scaled(bias[:W], 1/math.Sqrt(float64(d)))
	part := func(i int, part string) *graph.Value { // [B,H,T,d]
		w := t.Constant(name+part+".weight", weight[i*W*W:(i+1)*W*W:(i+1)*W*W], W, W)
		b := t.Constant(name+part+".bias", bias[i*W:(i+1)*W:(i+1)*W], W)
		y := t.Reshape(t.Linear(x, w, b), graph.Batch, graph.Length, graph.Dim(H), graph.Dim(d))
		return t.Transpose(y, 0, 2, 1, 3)
	}
	q, k, v := part(0, "q"), part(1, "k"), part(2, "v")
	a := t.Softmax(t.Add(t.MatMul(q, k, true), mask))         // [B,H,T,T]
	y := t.Transpose(t.MatMul(a, v, false), 0, 2, 1, 3)       // [B,T,H,d]
	y = t.Reshape(y, graph.Batch, graph.Length, graph.Dim(W)) // [B,T,W]
	return t.linear(y, name+"out_proj", W, W)
}

// causalMask is [n,n]: −∞ above the diagonal, 0 elsewhere.
func causalMask(n int) []float32 {
	m := make([]float32, n*n)
	for i := range n {
		for j := i + 1; j < n; j++ {
			m[i*n+j] = float32(math.Inf(-1))
		}
	}
	return m
}
