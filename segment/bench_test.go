package segment_test

import (
	"errors"
	"fmt"
	"image"
	"sync"
	"testing"
	"time"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/internal/randomclip"
	"github.com/facet-clip/facet/segment"
)

// rn50x16 is a checkpoint of RN50x16's image tower with random weights and hardly any text tower.
var rn50x16 = sync.OnceValues(func() ([]byte, error) {
	return randomclip.Checkpoint(clip.Config{
		Image: 384, Width: 96, Blocks: [4]int{6, 8, 18, 8}, Channels: 3072, Heads: 48, Embed: 768,
		Text: clip.TextConfig{Width: 64, Layers: 1, Heads: 1, Vocabulary: 16, Context: 8},
	}, 1)
})

// many are n classes of random texts.
func many(b *testing.B, n, embed int) *segment.Classes {
	names, of, texts := make([]string, n), make([]int, n), make([]float32, n*embed)
	state := uint32(1)
	for i := range texts {
		state = state*1664525 + 1013904223
		texts[i] = float32(state>>8)/(1<<23) - 1
	}
	for i := range n {
		names[i], of[i] = fmt.Sprint("class ", i), i
	}
	c, err := segment.NewClasses(names, of, names, texts, embed)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// BenchmarkWindow is one window of RN50x16, 59 classes, 20,000 pairs each: what the image tower takes for a plain embedding, and what segmenting
// takes beyond that (the values of all tokens, the logits, upsampling, labels), measured in turn.
func BenchmarkWindow(b *testing.B) {
	e, err := ort.New(ort.Options{})
	if errors.Is(err, ort.ErrUnavailable) {
		b.Skip("without ONNX Runtime: ", err)
	}
	if err != nil {
		b.Fatal(err)
	}
	data, err := rn50x16()
	if err != nil {
		b.Fatal(err)
	}
	plain, all := tower(b, data, e), tower(b, data, e)
	p, err := segment.Preset("native", 384)
	if err != nil {
		b.Fatal(err)
	}
	pool, err := poolOf(all, p.Window)
	if err != nil {
		b.Fatal(err)
	}
	pixels := graph.Floats(make([]float32, 3*384*384), 1, 3, 384, 384)
	for i := range pixels.Floats {
		pixels.Floats[i] = float32(i%255)/100 - 1
	}
	for _, method := range []segment.Method{segment.NAP, segment.Facet} {
		s, err := segment.New(pool, many(b, 59, 768), method, segment.Options{Pairs: 20_000})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(method.String(), func(b *testing.B) { benchmarkWindow(b, plain, all, s, p, pixels) })
	}
}

func tower(b *testing.B, data []byte, e engine.Engine) *clip.Model {
	ck, err := checkpoint.OpenBytes("rn50x16", data)
	if err != nil {
		b.Fatal(err)
	}
	m, err := clip.New(ck, e, clip.QuickGELU)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.Close() })
	return m
}

func benchmarkWindow(b *testing.B, plain, all *clip.Model, s *segment.Segmenter, p segment.Protocol, pixels graph.Tensor) {
	plan, err := segment.NewPlan(image.Pt(384, 384), p)
	if err != nil {
		b.Fatal(err)
	}
	var encoding, tokens, logits, labels time.Duration
	step := func(total *time.Duration, f func() error) {
		started := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		*total += time.Since(started)
	}
	var out map[clip.Output]graph.Tensor
	encode := func() (err error) {
		_, err = plain.EncodeImages(b.Context(), pixels, clip.Embedding)
		return err
	}
	see := func() (err error) {
		out, err = all.EncodeImages(b.Context(), pixels, clip.Attention, clip.Tokens, clip.Values)
		return err
	}
	var ignored time.Duration
	step(&ignored, encode) // builds the towers
	step(&ignored, see)
	for b.Loop() {
		step(&encoding, encode)
		step(&tokens, see)
		w := segment.Window{Tokens: out[clip.Tokens].Floats, Attention: out[clip.Attention].Floats, Values: out[clip.Values].Floats}
		var maps []float32
		step(&logits, func() (err error) {
			maps, err = s.Logits(w)
			return err
		})
		step(&labels, func() error {
			m, err := segment.NewMaps(plan, s.Classes, s.Pool.H, s.Pool.W)
			if err != nil {
				return err
			}
			if err := m.Set(0, maps); err != nil {
				return err
			}
			m.Labels()
			return nil
		})
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(b.N) }
	b.ReportMetric(each(encoding), "ms-encoding")
	b.ReportMetric(each(tokens)-each(encoding), "ms-values")
	b.ReportMetric(each(logits), "ms-logits")
	b.ReportMetric(each(labels), "ms-labels")
	b.ReportMetric(100*(each(tokens+logits+labels)-each(encoding))/each(encoding), "%beyond")
}

// BenchmarkLogits is the method alone, for bench/segment.py to compare with the gather formulation in PyTorch on the same shapes.
func BenchmarkLogits(b *testing.B) {
	data, err := rn50x16()
	if err != nil {
		b.Fatal(err)
	}
	m := tower(b, data, nil)
	pool, err := poolOf(m, 384)
	if err != nil {
		b.Fatal(err)
	}
	s, err := segment.New(pool, many(b, 59, 768), segment.NAP, segment.Options{Pairs: 20_000})
	if err != nil {
		b.Fatal(err)
	}
	w := segment.Window{Tokens: make([]float32, 145*3072), Attention: make([]float32, 48*145), Values: make([]float32, 145*3072)}
	for i := range w.Tokens {
		w.Tokens[i], w.Values[i] = float32(i%101)/50, float32(i%97)/50-1
	}
	for i := range w.Attention {
		w.Attention[i] = 1.0 / 145
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Logits(w); err != nil {
			b.Fatal(err)
		}
	}
}

func poolOf(m *clip.Model, side int) (*segment.Pool, error) {
	w, err := m.PoolWeights()
	if err != nil {
		return nil, err
	}
	return segment.PoolOf(m, w, side)
}
