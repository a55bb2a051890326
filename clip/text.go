package clip

import (
	"fmt"
	"math"

	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/engine/graph"
)

// Activation is the non-linearity of the text tower's MLPs. The image tower has none of the two.
type Activation string

// The activations. OpenAI's, yfcc15m's and cc12m's models use QuickGELU; with the wrong one everything
// runs and every text is slightly wrong.
const (
	QuickGELU Activation = "quickgelu"
	GELU      Activation = "gelu"
)

// textTower writes the text tower over the N tokens of a [trie]: their rows in the table of tokens [N,W], positions [N], mask [N,N] (0 where the row's token sees the
// column's, −∞ elsewhere) and ends [B], the last token of each text → embedding [B,D], not normalised. The table itself,
// more than a third of the weights, stays in the checkpoint.
func textTower(ck *checkpoint.Checkpoint, c Config, act Activation) (*graph.Graph, error) {
	t := newTower("text", ck)
	W := c.Text.Width
	tokens := t.Input("tokens", graph.Float32, graph.Length, graph.Dim(W))
	positions := t.Input("positions", graph.Int64, graph.Length)
	mask := t.Input("mask", graph.Float32, graph.Length, graph.Length)
	ends := t.Input("ends", graph.Int64, graph.Batch)

	x := t.Add(tokens, t.Gather(t.weight("positional_embedding", c.Text.Context, W), positions, 0)) // [N,W]
	for l := range c.Text.Layers {
		x = t.textBlock(x, mask, fmt.Sprintf("transformer.resblocks.%d.", l), c.Text, act)
	}
	x = t.layerNorm(t.Gather(x, ends, 0), "ln_final", W)                                     // [B,W]
	t.Output(string(Embedding), t.MatMul(x, t.weight("text_projection", W, c.Embed), false)) // [B,D]
	return t.done()
}

// textBlock is a pre-norm transformer block, x [N,W].
func (t *tower) textBlock(x, mask *graph.Value, name string, c TextConfig, act Activation) *graph.Value {
	x = t.Add(x, t.selfAttention(t.layerNorm(x, name+"ln_1", c.Width), mask, name+"attn.", c))
	y := t.linear(t.layerNorm(x, name+"ln_2", c.Width), name+"mlp.c_fc", c.Width, 4*c.Width) // [N,4W]
	if act == QuickGELU {
		y = t.QuickGELU(y)
	} else {
		y = t.GELU(y)
	}
	return t.Add(x, t.linear(y, name+"mlp.c_proj", 4*c.Width, c.Width))
}

// selfAttention is PyTorch's MultiheadAttention under a mask, x [N,W]; the logits' 1/√d is folded into the queries.
func (t *tower) selfAttention(x, mask *graph.Value, name string, c TextConfig) *graph.Value {
	W, H := c.Width, c.Heads
	d := W / H
	weight, bias := t.tensor(name+"in_proj_weight", 3*W, W), t.tensor(name+"in_proj_bias", 3*W)
	scaled(weight[:W*W], 1/math.Sqrt(float64(d)))
	scaled(bias[:W], 1/math.Sqrt(float64(d)))
	part := func(i int, part string) *graph.Value { // [H,N,d]
		w := t.Constant(name+part+".weight", weight[i*W*W:(i+1)*W*W:(i+1)*W*W], W, W)
		b := t.Constant(name+part+".bias", bias[i*W:(i+1)*W:(i+1)*W], W)
		return t.Transpose(t.Reshape(t.Linear(x, w, b), graph.Length, graph.Dim(H), graph.Dim(d)), 1, 0, 2)
	}
	q, k, v := part(0, "q"), part(1, "k"), part(2, "v")
	a := t.Softmax(t.Add(t.MatMul(q, k, true), mask)) // [H,N,N]
	y := t.Transpose(t.MatMul(a, v, false), 1, 0, 2)  // [N,H,d]
	y = t.Reshape(y, graph.Length, graph.Dim(W))      // [N,W]
	return t.linear(y, name+"out_proj", W, W)
}
