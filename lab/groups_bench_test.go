package lab

import (
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/internal/randomclip"
)

// BenchmarkGroups is what summing by words adds to an explanation by pairs, for RN50 with a label for each of its 65,536 pairs: encoding one picture
// and splitting its logit, and then the sums, in turn. percent is the median of the sums over the median of the rest.
func BenchmarkGroups(b *testing.B) {
	if _, err := ort.New(ort.Options{}); errors.Is(err, ort.ErrUnavailable) {
		b.Skip("without ONNX Runtime: ", err)
	}
	l := rn50(b)
	ov, err := l.ov()
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	normal := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		return v
	}
	labelled := manyNames(ov.Heads*ov.Channels, rng)
	pixels := batch{graph.Floats(normal(3*224*224), 1, 3, 224, 224), []string{"noise"}, []*image.RGBA{image.NewRGBA(image.Rect(0, 0, 224, 224))}}
	q, err := Explain{Image: pixels.seen[0], Text: "a text", Baseline: AgainstNone}.check()
	if err != nil {
		b.Fatal(err)
	}
	text := normal(ov.Embed)
	explain := func() (plain, sums time.Duration) {
		began := time.Now()
		e, err := l.encode(b.Context(), pixels)
		if err != nil {
			b.Fatal(err)
		}
		e.text, e.scale = text, 100
		e.tell(e.Scalars.ExplainLogit(e.text, e.Embedding, e.scale, q.Top))
		plain, began = time.Since(began), time.Now()
		if e.parts, e.Answer.Against, err = l.contrast(b.Context(), e, q, nil); err != nil {
			b.Fatal(err)
		}
		e.group(q, labelled)
		return plain, time.Since(began)
	}
	explain() // what is prepared once
	var plain, sums []time.Duration
	for b.Loop() {
		p, s := explain()
		plain, sums = append(plain, p), append(sums, s)
	}
	middle := func(d []time.Duration) float64 { slices.Sort(d); return d[len(d)/2].Seconds() * 1000 }
	b.ReportMetric(middle(plain), "ms-plain")
	b.ReportMetric(middle(sums), "ms-sums")
	b.ReportMetric(100*middle(sums)/middle(plain), "percent")
}

// rn50 is a lab of an RN50 that has learnt nothing, with hardly any text tower.
func rn50(b *testing.B) *Lab {
	b.Helper()
	data, err := randomclip.Checkpoint(clip.Config{
		Image: 224, Width: 64, Blocks: [4]int{3, 4, 6, 3}, Channels: 2048, Heads: 32, Embed: 1024,
		Text: clip.TextConfig{Width: 64, Layers: 1, Heads: 1, Vocabulary: 16, Context: 8},
	}, 1)
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "rn50.safetensors")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		b.Fatal(err)
	}
	l, err := Open(b.Context(), Config{Model: path, Engine: "ort", Cache: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	return l
}

// manyNames are labels of n pairs, in up to three of 1,000 words.
func manyNames(n int, rng *rand.Rand) *Names {
	labels := make([]atlas.Label, n)
	for p := range labels {
		labels[p] = atlas.Label{Pair: p, Fires: atlas.Words{Named: rng.IntN(4) > 0}}
		for range 1 + rng.IntN(3) {
			w := atlas.Word{Text: fmt.Sprint("word ", rng.IntN(1000)), Weight: rng.NormFloat64(), Shown: true}
			labels[p].Fires.Terms = append(labels[p].Fires.Terms, w)
		}
	}
	return newNames(labels, true)
}
