package clip_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/internal/randomclip"
)

// rn50 is a checkpoint of OpenAI's RN50's shapes with random weights.
var rn50 = sync.OnceValues(func() ([]byte, error) {
	return randomclip.Checkpoint(clip.Config{
		Image: 224, Width: 64, Blocks: [4]int{3, 4, 6, 3}, Channels: 2048, Heads: 32, Embed: 1024,
		Text: clip.TextConfig{Width: 512, Layers: 12, Heads: 8, Vocabulary: 49408, Context: 77},
	}, 1)
})

// benchmarkModel loads that on each engine at hand.
func benchmarkModel(b *testing.B, f func(*testing.B, *clip.Model)) {
	data, err := rn50()
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range engines(b) {
		b.Run(e.Name(), func(b *testing.B) {
			ck, err := checkpoint.OpenBytes("rn50", data)
			if err != nil {
				b.Fatal(err)
			}
			m, err := clip.New(ck, e, clip.QuickGELU)
			if err != nil {
				b.Fatal(err)
			}
			defer m.Close()
			f(b, m)
		})
	}
}

// BenchmarkImages encodes and decomposes pictures with RN50.
func BenchmarkImages(b *testing.B) {
	benchmarkModel(b, func(b *testing.B, m *clip.Model) {
		for _, batch := range []int{1, 8} {
			x := graph.Floats(make([]float32, batch*3*224*224), batch, 3, 224, 224)
			for i := range x.Floats {
				x.Floats[i] = float32(i%255)/100 - 1
			}
			b.Run(fmt.Sprint("batch", batch), func(b *testing.B) {
				if _, err := m.EncodeImages(context.Background(), x, clip.Embedding, clip.Attention, clip.Scalars); err != nil {
					b.Fatal(err) // builds the tower
				}
				for b.Loop() {
					if _, err := m.EncodeImages(context.Background(), x, clip.Embedding, clip.Attention, clip.Scalars); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*batch), "ms/image")
			})
		}
	})
}
