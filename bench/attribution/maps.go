package main

import (
	"context"
	"image"
	"math/rand/v2"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/scenes"
	"github.com/facet-clip/facet/segment"
)

// view is a scene whose content is known, with what one forward pass of the image tower says of it.
type view struct {
	index     int
	scene     *scenes.Scene
	pixels    []float32 // [3,side,side]
	side      int
	embedding []float32        // e [D]
	tokens    decompose.Tokens // x [K+1,C], a [M,K+1]
	trunk     []float32        // z [K,C]
	window    segment.Window
	logits    map[segment.Method][]float32 // of every word [W,K]
}

// mapper says of every place of a scene how much of a word comes from there [K]. Every one has the same budget: one forward pass, and Grad-CAM
// the gradient of its last step beside.
type mapper struct {
	name string
	draw func(v *view, word int) []float32
}

// cartographer is what the mappers share.
type cartographer struct {
	*study
	grid      int
	positions []float32 // p [K+1,C]
	ask       decompose.Query
	centred   [][]float32 // t − t̄ of every word [W][D]
	methods   []*segment.Segmenter
}

func (s *study) cartographer() (*cartographer, error) {
	c := &cartographer{study: s, grid: s.model.Config.Grid()}
	var err error
	if c.positions, err = s.model.Positions(c.grid, c.grid); err != nil {
		return nil, err
	}
	if c.ask, err = s.model.PoolQuery(); err != nil {
		return nil, err
	}
	weights, err := s.model.PoolWeights()
	if err != nil {
		return nil, err
	}
	pool, err := segment.NewPool(weights, c.positions, c.grid, c.grid)
	if err != nil {
		return nil, err
	}
	of := make([]int, len(s.bank.Texts))
	for w := range of {
		of[w] = w
		c.centred = append(c.centred, s.centred(w))
	}
	classes, err := segment.NewClasses(s.bank.Texts, of, s.bank.Texts, s.bank.Embeddings, s.ov.Embed)
	if err != nil {
		return nil, err
	}
	for _, m := range []segment.Method{segment.MaskCLIP, segment.NAP, segment.Facet} {
		one, err := segment.New(pool, classes, m, segment.Options{})
		if err != nil {
			return nil, err
		}
		c.methods = append(c.methods, one)
	}
	return c, nil
}

// mappers are the word's group first, then its rivals. SpLiCE explains the whole embedding and has no map.
func (c *cartographer) mappers(naming *sight) ([]mapper, error) {
	best, C := c.strongest(naming), c.ov.Channels
	heads, err := c.spanned(naming)
	if err != nil {
		return nil, err
	}
	gradient := func(cam func(z, g []float32, C int) []float32) func(v *view, w int) []float32 {
		return func(v *view, w int) []float32 {
			return cam(v.trunk, gradients(v.tokens, c.ask, v.embedding, c.centred[w], c.scale), C)
		}
	}
	factors := func(fill func(f []float32, w int)) func(v *view, w int) []float32 {
		return func(v *view, w int) []float32 {
			f := make([]float32, c.ov.Heads*C)
			fill(f, w)
			return v.tokens.SumMap(f)[1:]
		}
	}
	list := []mapper{
		{"the word's group", factors(func(f []float32, w int) {
			for _, m := range c.groups[w] {
				f[m.pair] = float32(m.of) * c.gains[w][m.pair]
			}
		})},
		{"all pairs together", factors(func(f []float32, w int) { copy(f, c.gains[w]) })},
		{"the group's strongest pair", factors(func(f []float32, w int) { f[best[w]] = c.gains[w][best[w]] })},
		{"the head that TextSpan names by it first", factors(func(f []float32, w int) { copy(f[heads[w]*C:(heads[w]+1)*C], c.gains[w][heads[w]*C:]) })},
		{"Grad-CAM", gradient(gradCAM)},
		{"HiResCAM", gradient(hiResCAM)},
	}
	for i, name := range []string{"MaskCLIP", "NAP, facet segment --method nap", "facet segment"} {
		m := c.methods[i].Method
		list = append(list, mapper{name, func(v *view, w int) []float32 { return v.logits[m][w*len(v.trunk)/C:][:len(v.trunk)/C] }})
	}
	return append(list, mapper{"the middle of the picture", c.middle}, mapper{"places drawn at random", c.atRandom}), nil
}

// middle is largest in the middle of the picture, whatever is there.
func (c *cartographer) middle(*view, int) []float32 {
	m := make([]float32, c.grid*c.grid)
	for i := range m {
		x, y := float32(i%c.grid)-float32(c.grid-1)/2, float32(i/c.grid)-float32(c.grid-1)/2
		m[i] = -x*x - y*y
	}
	return m
}

// atRandom depends on the scene and the word alone.
func (c *cartographer) atRandom(v *view, w int) []float32 {
	rng := rand.New(rand.NewPCG(drawSeed, uint64(v.index)<<8|uint64(w)))
	m := make([]float32, c.grid*c.grid)
	for i := range m {
		m[i] = rng.Float32()
	}
	return m
}

// views shows the first n scenes of [demo.TruthSeed], one after the other.
func (c *cartographer) views(ctx context.Context, n int, use func(*view) error) error {
	for i := range n {
		v, err := c.view(ctx, i)
		if err != nil {
			return err
		}
		if err := use(v); err != nil {
			return err
		}
	}
	return nil
}

func (c *cartographer) view(ctx context.Context, i int) (*view, error) {
	side := c.model.Config.Image
	spec, err := scenes.Sample(scenes.DefaultWorld(), demo.TruthSeed, uint64(i))
	if err != nil {
		return nil, err
	}
	v := &view{index: i, side: side, logits: map[segment.Method][]float32{}}
	if v.scene, err = scenes.Render(spec, side); err != nil {
		return nil, err
	}
	v.pixels = preprocess.Normalise(v.scene.Image)
	out, err := c.model.EncodeImages(ctx, graph.Floats(v.pixels, 1, 3, side, side), clip.Embedding, clip.Attention, clip.Tokens, clip.Values)
	if err != nil {
		return nil, err
	}
	v.embedding = out[clip.Embedding].Floats
	v.window = segment.Window{Tokens: out[clip.Tokens].Floats, Attention: out[clip.Attention].Floats, Values: out[clip.Values].Floats}
	if v.tokens, err = c.ov.Tokens(v.window.Tokens, v.window.Attention); err != nil {
		return nil, err
	}
	C := c.ov.Channels
	v.trunk = make([]float32, len(v.window.Tokens)-C)
	for k := range v.trunk {
		v.trunk[k] = max(v.window.Tokens[C+k]-c.positions[C+k], 0) // z ≥ 0: less is rounding
	}
	for _, m := range c.methods {
		if v.logits[m.Method], err = m.Logits(v.window); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// place is the middle of a place of the grid in the picture.
func (v *view) place(i, grid int) image.Point {
	cell := v.side / grid
	return image.Pt(i%grid*cell+cell/2, i/grid*cell+cell/2)
}

// logitOf is the word's own logit less that of the average text: what all maps are of.
func (c *cartographer) logitOf(e []float32, w int) float64 {
	return c.scale * numeric.Dot(e, c.centred[w]) / numeric.Norm(e)
}
