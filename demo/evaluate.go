package demo

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/scenes"
)

// Seeds of held-out scenes. Training used other seeds (training/README.md).
const (
	singleSeed = 990_001
	worldSeed  = 990_002
)

// Gallery is how many pictures a caption is to pick its own from.
const Gallery = 256

const batch = 8

// Evaluate measures on n scenes with one object, and n (in whole galleries) of the default world. tick, if not nil, is told of each
// batch of scenes done.
func Evaluate(ctx context.Context, m *clip.Model, n int, tick func(scenes int)) (answer.DemoMetrics, error) {
	e := evaluation{ctx: ctx, model: m, tick: tick, keep: varianceScenes}
	if err := e.prepare(); err != nil {
		return answer.DemoMetrics{}, fmt.Errorf("evaluating the demo model: %w", err)
	}
	if err := e.singles(n); err != nil {
		return answer.DemoMetrics{}, fmt.Errorf("evaluating the demo model: %w", err)
	}
	if err := e.retrieval(max(1, n/Gallery)); err != nil {
		return answer.DemoMetrics{}, fmt.Errorf("evaluating the demo model: %w", err)
	}
	if err := e.variance(); err != nil {
		return answer.DemoMetrics{}, fmt.Errorf("evaluating the demo model: %w", err)
	}
	return e.DemoMetrics, nil
}

// evaluation is one run of [Evaluate].
type evaluation struct {
	ctx     context.Context
	model   *clip.Model
	tick    func(int)
	weights decompose.Weights
	ov      *decompose.OV
	answer.DemoMetrics
	concepts Concepts
	styles   []string    // names of the body styles
	keep     int         // how many scenes' scalars to keep
	kept     [][]float32 // scalars [M,C] of the first scenes
}

// varianceScenes is how many scenes the shares of variance are taken over.
const varianceScenes = 1000

func (e *evaluation) prepare() error {
	weights, err := e.model.PoolWeights()
	if err != nil {
		return err
	}
	e.weights = weights
	if e.ov, err = decompose.New(e.weights); err != nil {
		return err
	}
	if e.concepts, err = NewConcepts(e.ctx, e.model); err != nil {
		return err
	}
	for _, c := range scenes.BodyStyles() {
		e.styles = append(e.styles, c.String())
	}
	return nil
}

func count(s *answer.Score, right bool) {
	s.Of++
	if right {
		s.Right++
	}
}

// singles asks what the one object is, what it looks like and where it stands.
func (e *evaluation) singles(n int) error {
	return e.scenes(scenes.DefaultWorld().Single(), singleSeed, n, func(s scenes.Spec, embedding []float32) {
		o, style := s.Main(), s.Main().Category.String()
		is := func(bank *concept.Bank, want string) bool { return bank.Classify(embedding, 1)[0].Label == want }
		count(&e.Category, is(e.concepts.Categories, o.Category.String()))
		count(&e.Colour, is(e.concepts.Colours, o.Colour.String()))
		count(&e.Background, is(e.concepts.Backgrounds, s.Background.String()))
		if slices.Contains(e.styles, style) {
			count(&e.BodyStyle, is(e.concepts.Categories.Some(e.styles), style))
		}
	})
}

// retrieval lets each full caption pick its picture among a gallery's.
func (e *evaluation) retrieval(galleries int) error {
	var captions []string
	var images []float32
	err := e.scenes(scenes.DefaultWorld(), worldSeed, galleries*Gallery, func(s scenes.Spec, embedding []float32) {
		captions = append(captions, s.Full())
		images = append(images, embedding...)
	})
	if err != nil {
		return err
	}
	texts, err := embedTexts(e.ctx, e.model, captions)
	if err != nil {
		return err
	}
	D := e.model.Config.Embed
	for g := range galleries {
		gallery, err := concept.NewBank(numbers(Gallery), images[g*Gallery*D:(g+1)*Gallery*D], D)
		if err != nil {
			return err
		}
		for i, name := range gallery.Texts {
			at := (g*Gallery + i) * D
			count(&e.Retrieval, gallery.Nearest(texts[at:at+D], 1)[0].Text == name)
		}
	}
	return nil
}

func numbers(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint(i)
	}
	return out
}

// scenes renders n scenes of a world, encodes them, checks their decomposition and hands each embedding [D] to use.
func (e *evaluation) scenes(w scenes.World, seed uint64, n int, use func(scenes.Spec, []float32)) error {
	D, pairs := e.model.Config.Embed, e.ov.Heads*e.ov.Channels
	for start := 0; start < n; start += batch {
		if err := e.ctx.Err(); err != nil {
			return err
		}
		specs, pixels, err := render(w, seed, start, min(start+batch, n), e.model.Config.Image)
		if err != nil {
			return err
		}
		out, err := e.model.EncodeImages(e.ctx, pixels, clip.Embedding, clip.Scalars)
		if err != nil {
			return err
		}
		for i, spec := range specs {
			embedding := out[clip.Embedding].Floats[i*D : (i+1)*D]
			s, err := e.ov.Scalars(out[clip.Scalars].Floats[i*pairs : (i+1)*pairs])
			if err != nil {
				return err
			}
			e.Residual = max(e.Residual, s.Residual(embedding))
			if len(e.kept) < e.keep {
				e.kept = append(e.kept, slices.Clone(s.S))
			}
			use(spec, embedding)
		}
		if e.tick != nil {
			e.tick(len(specs))
		}
	}
	return nil
}

// render draws scenes [from, to) of a world in parallel, as the model is to see them: [N,3,size,size].
func render(w scenes.World, seed uint64, from, to, size int) ([]scenes.Spec, graph.Tensor, error) {
	specs := make([]scenes.Spec, to-from)
	one := 3 * size * size
	data := make([]float32, (to-from)*one)
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range specs {
		g.Go(func() (err error) {
			if specs[i], err = scenes.Sample(w, seed, uint64(from+i)); err != nil {
				return err
			}
			s, err := scenes.Render(specs[i], size)
			if err != nil {
				return err
			}
			copy(data[i*one:], preprocess.Normalise(s.Image))
			return nil
		})
	}
	return specs, graph.Floats(data, to-from, 3, size, size), g.Wait()
}

// variance says how few pairs carry how much of the embedding's variance over the scenes that are kept.
func (e *evaluation) variance() error {
	stats, err := decompose.NewAccumulator(e.weights)
	if err != nil {
		return err
	}
	for i, s := range e.kept {
		if err := stats.Add(uint32(i), s); err != nil {
			return err
		}
	}
	e.Variance = variance(e.ov, e.kept, stats.Stats())
	return nil
}

func variance(ov *decompose.OV, scalars [][]float32, stats *decompose.Stats) []answer.KeptVariance {
	mean, norms := stats.Mean, ov.Norms()
	strength := make([]float32, len(norms))
	var all float64
	for p, u := range norms {
		strength[p] = float32(stats.Variance(p)) * u * u
		all += float64(strength[p])
	}
	ranked := ov.Top(strength, len(strength), func(v float32) float32 { return v })
	// What varies of each embedding, e − ē, is linear in s − s̄: mask s − s̄ and map it.
	total := left(ov, scalars, mean, nil)
	var out []answer.KeptVariance
	for _, percent := range []float64{1, 5, 10, 25, 50} {
		keep := make([]bool, len(norms))
		var summed float64
		for _, p := range ranked[:int(float64(len(ranked))*percent/100+0.5)] {
			keep[ov.Index(p)] = true
			summed += float64(strength[ov.Index(p)])
		}
		out = append(out, answer.KeptVariance{Percent: percent, Summed: summed / all, Explained: 1 - left(ov, scalars, mean, keep)/total})
	}
	return out
}

// left is Σ ‖Σ (s − s̄)·u‖² over scenes, the sum within over pairs that are not kept.
func left(ov *decompose.OV, scalars [][]float32, mean []float64, keep []bool) float64 {
	bias := ov.Bias()
	sums := make([]float64, len(scalars))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range scalars {
		g.Go(func() error {
			masked := make([]float32, len(s))
			for p, v := range s {
				if keep == nil || !keep[p] {
					masked[p] = float32(float64(v) - mean[p])
				}
			}
			for d, v := range (decompose.Scalars{OV: ov, S: masked}).Embedding() {
				x := float64(v) - float64(bias[d])
				sums[i] += x * x
			}
			return nil
		})
	}
	_ = g.Wait() // which only waits: none of them can fail
	var total float64
	for _, v := range sums {
		total += v
	}
	return total
}
