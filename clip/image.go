package clip

import (
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/internal/numeric"
)

// Output is a result of the image tower.
type Output string

// The outputs of the image tower, for a batch of B pictures.
const (
	Embedding Output = "embedding" // [B,D], not normalised
	Attention Output = "attention" // [B,M,K+1], a_i^h of the class query
	Tokens    Output = "tokens"    // [B,K+1,C], x_i
	Scalars   Output = "scalars"   // [B,M,C], s[h,n]

	// What the absorbed pool does without: a projection of every token, heads one after the other. Only for those who ask.
	Values  Output = "values"  // [B,K+1,C], W_V x_i + b_V
	Queries Output = "queries" // [B,K+1,C], (W_Q x_i + b_Q)/√d
	Keys    Output = "keys"    // [B,K+1,C], W_K x_i + b_K

	// What the J blocks of the last stage put out, one after the other; the last of them is what the pool takes.
	Blocks Output = "blocks" // [B,J·C,h,w]
)

// outputs are all of them, in the order in which the tower gives them.
var outputs = []Output{Embedding, Attention, Tokens, Scalars, Values, Queries, Keys, Blocks}

// outputList puts outputs into the order of the tower, each once. An unknown one, and none at all, is an error.
func outputList(want []Output) ([]Output, error) {
	for _, o := range want {
		if !slices.Contains(outputs, o) {
			return nil, fmt.Errorf("the image tower has no output %q: expected some of %v", o, outputs)
		}
	}
	if len(want) == 0 {
		return nil, fmt.Errorf("no output of the image tower was asked for: expected some of %v", outputs)
	}
	return slices.DeleteFunc(slices.Clone(outputs), func(o Output) bool { return !slices.Contains(want, o) }), nil
}

// imageTower writes the image tower for a grid of h×w tokens: pixels [B,3,32h,32w] → the wanted outputs.
func imageTower(ck *checkpoint.Checkpoint, c Config, h, w int, want []Output) (*graph.Graph, error) {
	t := newTower("image", ck)
	pixels := t.Input("pixels", graph.Float32, graph.Batch, 3, graph.Dim(h*Stride), graph.Dim(w*Stride))
	z, blocks := t.trunk(pixels, c)
	results := t.absorbedPool(z, c, h, w)
	if slices.Contains(want, Blocks) {
		results[Blocks] = t.Concat(1, blocks...)
	}
	for _, o := range want {
		t.Output(string(o), results[o])
	}
	return t.done()
}

// trunk is the ModifiedResNet: x [B,3,32h,32w] → Z [B,C,h,w], after ReLU, and what each block of the last stage puts out, of which Z is the last.
func (t *tower) trunk(x *graph.Value, c Config) (z *graph.Value, last []*graph.Value) {
	for _, l := range c.stem() {
		x = t.Relu(t.convBN(x, l.conv, l.bn, l.in, l.out, 3, l.stride))
	}
	x = t.AvgPool(x, 2)
	for _, b := range c.bottlenecks() {
		x = t.bottleneck(x, b)
		last = append(last, x)
	}
	return x, last[len(last)-c.Blocks[len(c.Blocks)-1]:]
}

// bottleneck is a residual block; strides are average pools, before the last convolution and before
// the shortcut's (CLIP's "anti-aliased" strides). x [B,in,H,W] → [B,4·planes,H/stride,W/stride].
func (t *tower) bottleneck(x *graph.Value, b bottleneck) *graph.Value {
	y := t.Relu(t.convBN(x, b.name+".conv1", b.name+".bn1", b.in, b.planes, 1, 1))
	y = t.Relu(t.convBN(y, b.name+".conv2", b.name+".bn2", b.planes, b.planes, 3, 1))
	shortcut := x
	if b.stride > 1 {
		y = t.AvgPool(y, b.stride)
		shortcut = t.AvgPool(x, b.stride)
	}
	y = t.convBN(y, b.name+".conv3", b.name+".bn3", b.planes, expansion*b.planes, 1, 1)
	if b.downsample {
		shortcut = t.convBN(shortcut, b.name+".downsample.0", b.name+".downsample.1", b.in, expansion*b.planes, 1, 1)
	}
	return t.Relu(t.Add(y, shortcut))
}

// absorbedPool is the attention pool of docs/design.md, formula 5, with the key map absorbed into the query and the
// value map applied after the mean over tokens, so that no token is projected and the pair scalars
// are an intermediate of the forward pass:
//
//	U_h = W_K^hᵀ q_h/√d,  a^h = softmax_i(U_h·x_i),  s_h = Σ_i a_i^h x_i,
//	embedding = Σ_h W_O^h (W_V^h s_h + b_V^h) + b_O.
//
// b_K shifts all logits of a head alike and drops out. z [B,C,h,w].
func (t *tower) absorbedPool(z *graph.Value, c Config, h, w int) map[Output]*graph.Value {
	const pool = "visual.attnpool."
	C, M, D, K := c.Channels, c.Heads, c.Embed, h*w
	d := C / M
	p := interpolatePositions(t.tensor(pool+"positional_embedding", c.Grid()*c.Grid()+1, C), c.Grid(), h, w, C) // [K+1,C]

	z = t.Transpose(t.Reshape(z, graph.Batch, graph.Dim(C), graph.Dim(K)), 0, 2, 1)                          // [B,K,C]
	mean := t.ReduceMean(z, 1)                                                                               // [B,1,C]
	x := t.Add(t.Concat(1, mean, z), t.Constant(pool+"positions", p, K+1, C))                                // [B,K+1,C]
	x0 := t.Add(t.Reshape(mean, graph.Batch, graph.Dim(C)), t.Constant(pool+"class_position", p[:C:C], C))   // [B,C]
	scale := 1 / math.Sqrt(float64(d))                                                                       // of the logits
	wq := t.Constant(pool+"q_proj.weight", scaled(t.tensor(pool+"q_proj.weight", C, C), scale), C, C)        // [C,C]
	bq := t.Constant(pool+"q_proj.bias", scaled(t.tensor(pool+"q_proj.bias", C), scale), C)                  // [C]
	wk := t.Constant(pool+"k_proj.weight", t.tensor(pool+"k_proj.weight", C, C), M, d, C)                    // W_K^h by head
	wv := t.tensor(pool+"v_proj.weight", C, C)                                                               // W_V^h by head
	wo := t.tensor(pool+"c_proj.weight", D, C)                                                               // W_O
	bias := t.constantTerm(c, wo)                                                                            // b
	heads := func(v *graph.Value) *graph.Value { return t.Transpose(v, 1, 0, 2) }                            // [B,M,·] ↔ [M,B,·]
	q := heads(t.Reshape(t.Linear(x0, wq, bq), graph.Batch, graph.Dim(M), graph.Dim(d)))                     // [M,B,d]
	U := heads(t.MatMul(q, wk, false))                                                                       // [B,M,C]
	a := t.Softmax(t.MatMul(U, x, true))                                                                     // [B,M,K+1]
	s := t.MatMul(a, x, false)                                                                               // [B,M,C]
	v := heads(t.MatMul(heads(s), t.Constant(pool+"v_proj.weight", wv, M, d, C), true))                      // [B,M,d]
	e := t.MatMul(t.Reshape(v, graph.Batch, graph.Dim(C)), t.Constant(pool+"c_proj.weight", wo, D, C), true) // [B,D]
	return map[Output]*graph.Value{
		Embedding: t.Add(e, t.Constant(pool+"bias", bias, D)),
		Attention: a,
		Tokens:    x,
		Scalars:   s,
		Values:    t.project("values", x, wv, t.tensor(pool+"v_proj.bias", C), C),
		Queries:   t.Linear(x, wq, bq),
		Keys:      t.project("keys", x, wk.Floats, t.tensor(pool+"k_proj.bias", C), C),
	}
}

// project is x Wᵀ + b for every token: x [B,K+1,C].
func (t *tower) project(name string, x *graph.Value, w, b []float32, C int) *graph.Value {
	return t.Linear(x, t.Constant("visual.attnpool."+name+".weight", w, C, C), t.Constant("visual.attnpool."+name+".bias", b, C))
}

// constantTerm is b = W_O b_V + b_O [D], given W_O [D,C].
func (t *tower) constantTerm(c Config, wo []float32) []float32 {
	const pool = "visual.attnpool."
	w := decompose.Weights{Channels: c.Channels, Embed: c.Embed, Output: wo,
		ValueBias: t.tensor(pool+"v_proj.bias", c.Channels), OutputBias: t.tensor(pool+"c_proj.bias", c.Embed)}
	return numeric.Float32(w.Constant())
}

// scaled multiplies in place.
func scaled(data []float32, by float64) []float32 {
	for i, v := range data {
		data[i] = float32(float64(v) * by)
	}
	return data
}
