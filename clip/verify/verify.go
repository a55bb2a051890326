// Package verify tells whether a model is the one that it is taken for. Meta's torchmultimodal publishes, for OpenAI's five CLIP-ResNets, what they answer to
// noise that anybody can draw: the mean over the components of the unit-length embedding, of a picture and of a text.
//
// # How much that says
//
// The components of a random unit vector of width D have a mean that is about normal around 0 with a standard deviation of 1/D. RN50s of random
// weights have 0.00085 for pictures and 0.00096 for texts over 20 seeds, beside 1/1024 = 0.00098. So a random RN50 passes both answers with a chance
// of 0.3 %: see [Answers.Chance]. Two right answers are strong evidence, and a digest is stronger. One wrong answer is
// proof: the weights or their reading differ.
//
// Source of the answers: facebookresearch/multimodal, tests/models/clip/test_checkpoint.py.
package verify

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/internal/torchrand"
)

// Tolerance is how far a mean may lie from the published one. The published ones have four decimals, so half of it is their rounding.
const Tolerance = 1e-4

// Answers are the published means of a model.
type Answers struct {
	Model       string // its published name
	image, text float64
	pixels      int // side of the noise
}

var published = []Answers{
	{"RN50", -0.0012, -0.0001, 224},
	{"RN101", -0.0012, -0.0017, 224},
	{"RN50x4", 0.0006, 0.0002, 288},
	{"RN50x16", 0.0017, 0.0012, 384},
	{"RN50x64", 0.0004, -0.0004, 448},
}

// Published are the answers of OpenAI's weights for an architecture, if any are published. Others have trained weights of the same architectures:
// theirs answer otherwise.
func Published(c clip.Config) (Answers, bool) {
	i := slices.IndexFunc(published, func(a Answers) bool { return a.Model == c.Architecture() && a.pixels == c.Image })
	if i < 0 || c.Text.Vocabulary != vocabulary || c.Text.Context != context77 {
		return Answers{}, false
	}
	return published[i], true
}

// Chance is how probable it is that embeddings of random directions in D dimensions pass all answers.
func (a Answers) Chance(D int) float64 {
	below := func(x float64) float64 { return math.Erfc(-x*float64(D)/math.Sqrt2) / 2 } // of a normal variable of deviation 1/D
	passes := func(published float64) float64 { return below(published+Tolerance) - below(published-Tolerance) }
	return passes(a.image) * passes(a.text)
}

// Value is a published mean beside the one that was measured.
type Value struct {
	What      string // picture or text
	Published float64
	Measured  float64
}

// Right is true within the [Tolerance].
func (v Value) Right() bool { return math.Abs(v.Measured-v.Published) <= Tolerance }

// Check asks a model for the published answers.
func (a Answers) Check(ctx context.Context, m *clip.Model) ([]Value, error) {
	pictures, tokens, err := draw()
	if err != nil {
		return nil, err
	}
	m.Expect(1)
	out, err := m.EncodeImages(ctx, graph.Floats(pictures[a.pixels], 1, 3, a.pixels, a.pixels), clip.Embedding)
	if err != nil {
		return nil, err
	}
	text, err := m.EncodeTexts(ctx, [][]int64{tokens}, nil)
	if err != nil {
		return nil, err
	}
	return []Value{
		{"picture", a.image, unitMean(out[clip.Embedding].Floats)},
		{"text", a.text, unitMean(text.Floats)},
	}, nil
}

const (
	seed       = 0
	vocabulary = 49408
	context77  = 77 // tokens of a text
)

// sides are those of the pictures of noise, in the order in which they are drawn.
var sides = []int{224, 288, 384, 448}

// draw is the noise: normalised pixels [3,S,S] by their side, and a text, which ends at its largest token.
func draw() (pictures map[int][]float32, tokens []int64, err error) {
	g := torchrand.New(seed)
	pictures = map[int][]float32{}
	for _, s := range sides {
		if pictures[s], err = g.Randn(3 * s * s); err != nil {
			return nil, nil, fmt.Errorf("a picture of %d×%d: %w", s, s, err)
		}
	}
	return pictures, untilEnd(g.Randint(context77, vocabulary)), nil
}

// unitMean is the mean over the components of an embedding, at unit length.
func unitMean(embedding []float32) float64 {
	var sum, squares float64
	for _, x := range embedding {
		sum += float64(x)
		squares += float64(x) * float64(x)
	}
	return sum / (math.Sqrt(squares) * float64(len(embedding)))
}
