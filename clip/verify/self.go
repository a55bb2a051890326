package verify

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/internal/torchrand"
)

// Embeddings are what a model makes of noise: of a picture and, with a text tower, of a text.
type Embeddings struct{ Picture, Text []float32 } // [D]

// Self is how far a model's answers to one picture of noise are from what they must be. All four are rounding alone.
type Self struct {
	Residual  float64 // ‖Σ s·u + b − embedding‖ / ‖embedding‖
	Attention float64 // largest difference to the attention of the plain pool
	Pool      float64 // ‖embedding of the plain pool − embedding‖ / ‖embedding‖
	Rows      float64 // largest distance of a head's attention from summing to 1
}

// Embed encodes noise of the model's own size and vocabulary.
func Embed(ctx context.Context, m *clip.Model) (e Embeddings, err error) {
	pixels, tokens, err := noise(m.Config)
	if err != nil {
		return e, err
	}
	m.Expect(1)
	out, err := m.EncodeImages(ctx, pixels, clip.Embedding)
	if err != nil {
		return e, err
	}
	if e.Picture = out[clip.Embedding].Floats; !m.Config.HasText() {
		return e, nil
	}
	text, err := m.EncodeTexts(ctx, [][]int64{tokens}, nil)
	e.Text = text.Floats
	return e, err
}

// CheckSelf computes what a picture's pairs sum to, and the attention pool in the plain way, with a query, a key and a value for each token.
func CheckSelf(ctx context.Context, m *clip.Model) (s Self, err error) {
	pixels, _, err := noise(m.Config)
	if err != nil {
		return s, err
	}
	weights, err := m.PoolWeights()
	if err != nil {
		return s, err
	}
	ov, err := decompose.New(weights)
	if err != nil {
		return s, err
	}
	m.Expect(1)
	out, err := m.EncodeImages(ctx, pixels, clip.Embedding, clip.Attention, clip.Scalars, clip.Queries, clip.Keys, clip.Values)
	if err != nil {
		return s, err
	}
	scalars, err := ov.Scalars(out[clip.Scalars].Floats)
	if err != nil {
		return s, err
	}
	embedding, attention := out[clip.Embedding].Floats, out[clip.Attention].Floats
	plain := plainPool{weights, out[clip.Queries].Floats, out[clip.Keys].Floats, out[clip.Values].Floats}
	a := plain.attention()
	return Self{
		Residual: scalars.Residual(embedding), Attention: largest(a, attention), Pool: Distance(plain.embedding(a), embedding), Rows: rows(attention, weights.Heads),
	}, nil
}

// noise is a picture [1,3,S,S] of normal numbers, and a text of random tokens that ends at its largest.
func noise(c clip.Config) (pixels graph.Tensor, tokens []int64, err error) {
	g := torchrand.New(seed)
	data, err := g.Randn(3 * c.Image * c.Image)
	if err != nil {
		return pixels, nil, fmt.Errorf("a picture of %d×%d: %w", c.Image, c.Image, err)
	}
	if c.HasText() {
		tokens = untilEnd(g.Randint(c.Text.Context, uint32(c.Text.Vocabulary)))
	}
	return graph.Floats(data, 1, 3, c.Image, c.Image), tokens, nil
}

// untilEnd is a text up to its largest token, which is its end.
func untilEnd(tokens []int64) []int64 { return tokens[:slices.Index(tokens, slices.Max(tokens))+1] }

// plainPool is an attention pool before it is absorbed, for one picture.
type plainPool struct {
	decompose.Weights
	queries, keys, values []float32 // [K+1,C], queries over √d
}

// attention is a^h = softmax_i(q^h·k_i^h) of the class query, [M,K+1].
func (p plainPool) attention() []float64 {
	C, d := p.Channels, p.Channels/p.Heads
	tokens := len(p.keys) / C
	a := make([]float64, 0, p.Heads*tokens)
	for h := range p.Heads {
		row := make([]float64, tokens)
		for i := range row {
			for c := h * d; c < (h+1)*d; c++ {
				row[i] += float64(p.queries[c]) * float64(p.keys[i*C+c])
			}
		}
		a = append(a, numeric.Softmax(row)...)
	}
	return a
}

// embedding is W_O [Σ_i a_i^h v_i^h]_h + b_O, [D], of attention [M,K+1].
func (p plainPool) embedding(a []float64) []float64 {
	C, d := p.Channels, p.Channels/p.Heads
	tokens := len(p.values) / C
	mixed := make([]float64, C)
	for c := range mixed {
		for i := range tokens {
			mixed[c] += a[c/d*tokens+i] * float64(p.values[i*C+c])
		}
	}
	e := make([]float64, p.Embed)
	for j := range e {
		e[j] = float64(p.OutputBias[j])
		for c, v := range mixed {
			e[j] += float64(p.Output[j*C+c]) * v
		}
	}
	return e
}

// rows is how far a head's attention [M,K+1] is from a distribution: from a sum of 1.
func rows(attention []float32, heads int) (worst float64) {
	for row := range slices.Chunk(attention, len(attention)/heads) {
		sum := 0.0
		for _, v := range row {
			sum += float64(v)
		}
		worst = math.Max(worst, math.Abs(sum-1))
	}
	return worst
}

// largest is the largest difference of two lists of one length.
func largest(a []float64, b []float32) (worst float64) {
	for i, v := range b {
		worst = math.Max(worst, math.Abs(a[i]-float64(v)))
	}
	return worst
}

// Distance is ‖a − b‖ / ‖b‖.
func Distance[F float32 | float64](a []F, b []float32) float64 {
	var difference, length float64
	for i, v := range b {
		difference += (float64(a[i]) - float64(v)) * (float64(a[i]) - float64(v))
		length += float64(v) * float64(v)
	}
	return math.Sqrt(difference / length)
}
