package clip

import (
	"fmt"
	"math"

	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/engine/graph"
)

// PlainTextTower is the text tower as it is published, over batches of texts that share nothing: ids [B,T], positions [T], mask [T,T] and
// end [1], the position of the last token of every text in the batch → embedding [B,1,D]. The tests compare the tower over tries with it.
func PlainTextTower(ck *checkpoint.Checkpoint, c Config, act Activation) (*graph.Graph, error) {
	t := newTower("plain text", ck)
	W, H := c.Text.Width, graph.Dim(c.Text.Heads)
	ids := t.Input("ids", graph.Int64, graph.Batch, graph.Length)
	positions := t.Input("positions", graph.Int64, graph.Length)
	mask := t.Input("mask", graph.Float32, graph.Length, graph.Length)
	end := t.Input("end", graph.Int64, 1)
	heads := func(x *graph.Value) *graph.Value { // [B,T,W] → [B,H,T,d]
		return t.Transpose(t.Reshape(x, graph.Batch, graph.Length, H, graph.Dim(W)/H), 0, 2, 1, 3)
	}
	x := t.Gather(t.weight("token_embedding.weight", c.Text.Vocabulary, W), ids, 0)
	x = t.Add(x, t.Gather(t.weight("positional_embedding", c.Text.Context, W), positions, 0))
	for l := range c.Text.Layers {
		name := fmt.Sprintf("transformer.resblocks.%d.", l)
		y := t.layerNorm(x, name+"ln_1", W)
		weight, bias := t.tensor(name+"attn.in_proj_weight", 3*W, W), t.tensor(name+"attn.in_proj_bias", 3*W)
		part := func(i int, scale float64) *graph.Value {
			w, b := weight[i*W*W:(i+1)*W*W:(i+1)*W*W], bias[i*W:(i+1)*W:(i+1)*W]
			scaled(w, scale)
			scaled(b, scale)
			return heads(t.Linear(y, t.Constant("w", w, W, W), t.Constant("b", b, W)))
		}
		q, k, v := part(0, 1/math.Sqrt(float64(W)/float64(H))), part(1, 1), part(2, 1)
		y = t.MatMul(t.Softmax(t.Add(t.MatMul(q, k, true), mask)), v, false)
		y = t.Reshape(t.Transpose(y, 0, 2, 1, 3), graph.Batch, graph.Length, graph.Dim(W))
		x = t.Add(x, t.linear(y, name+"attn.out_proj", W, W))
		y = t.linear(t.layerNorm(x, name+"ln_2", W), name+"mlp.c_fc", W, 4*W)
		if act == QuickGELU {
			y = t.QuickGELU(y)
		} else {
			y = t.GELU(y)
		}
		x = t.Add(x, t.linear(y, name+"mlp.c_proj", 4*W, W))
	}
	x = t.layerNorm(t.Gather(x, end, 1), "ln_final", W)
	t.Output(string(Embedding), t.MatMul(x, t.weight("text_projection", W, c.Embed), false))
	return t.done()
}

// ImageTower is the image tower's graph.
var ImageTower = imageTower

// ImageOperations are those that the image tower is counted with.
func ImageOperations(c Config, h, w int) int64 { return c.imageOperations(h, w) }

// PicturesAtTurn is the largest number of pictures that is little work.
func PicturesAtTurn(c Config, h, w int) int {
	weights, _ := c.Parameters()
	return int(turn * weights / c.imageOperations(h, w))
}
