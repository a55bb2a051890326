package clip_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/graph"
)

// rn50 is a checkpoint of OpenAI's RN50's shapes with random weights.
var rn50 = sync.OnceValues(func() ([]byte, error) {
	return clip.RandomCheckpoint(clip.Config{
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

// BenchmarkTexts encodes 64 texts of six tokens with RN50, and the same padded to 77: what stopping at the end of a text saves.
func BenchmarkTexts(b *testing.B) {
	benchmarkModel(b, func(b *testing.B, m *clip.Model) {
		for _, length := range []int{6, 77} {
			texts := make([][]int64, 64)
			for i := range texts {
				texts[i] = make([]int64, length)
				for j := range length {
					texts[i][j] = int64(700*i + j)
				}
			}
			b.Run(fmt.Sprint("tokens", length), func(b *testing.B) {
				if _, err := m.EncodeTexts(context.Background(), texts[:1], nil); err != nil {
					b.Fatal(err) // builds the tower
				}
				for b.Loop() {
					if _, err := m.EncodeTexts(context.Background(), texts, nil); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*len(texts)), "ms/text")
			})
		}
	})
}

// BenchmarkBank encodes 256 single words (three to five tokens with start and end, as CLIP's vocabulary has them), and beside it
// the same as the published code does, in batches padded to 77. It reports how many times faster the former is.
func BenchmarkBank(b *testing.B) {
	benchmarkModel(b, func(b *testing.B, m *clip.Model) {
		words, padded := make([][]int64, 256), make([][]int64, 32)
		for i := range words {
			words[i] = make([]int64, 3+i%3)
			for j := range words[i] {
				words[i][j] = int64(150*i + j)
			}
		}
		for i := range padded {
			padded[i] = make([]int64, 77)
			copy(padded[i], words[i])
		}
		encode := func(texts [][]int64) float64 {
			start := time.Now()
			if _, err := m.EncodeTexts(context.Background(), texts, nil); err != nil {
				b.Fatal(err)
			}
			return time.Since(start).Seconds() / float64(len(texts))
		}
		encode(words[:1]) // builds the tower
		var short, long []float64
		for b.Loop() {
			short, long = append(short, encode(words)), append(long, encode(padded))
		}
		slices.Sort(short)
		slices.Sort(long)
		b.ReportMetric(1000*short[len(short)/2], "ms/word")
		b.ReportMetric(1000*long[len(long)/2], "ms/padded")
		b.ReportMetric(long[len(long)/2]/short[len(short)/2], "times-faster")
	})
}
