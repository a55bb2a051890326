package clip_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/internal/golden"
)

// plainTexts encodes texts as the published code does, 32 at a time, padded to a length, or where that is 0 each batch of texts of one length.
type plainTexts struct {
	session engine.Session
	embed   int
}

func newPlainTexts(t testing.TB, m *clip.Model) plainTexts {
	t.Helper()
	g, err := clip.PlainTextTower(m.Checkpoint(), m.Config, m.Activation)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Engine().Compile(g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return plainTexts{s, m.Config.Embed}
}

func (p plainTexts) encode(t testing.TB, sequences [][]int64, padded int) []float32 {
	t.Helper()
	byLength := map[int][]int{}
	for i, s := range sequences {
		byLength[len(s)] = append(byLength[len(s)], i)
	}
	out := make([]float32, len(sequences)*p.embed)
	for length, places := range byLength {
		for batch := range slices.Chunk(places, 32) {
			T := max(length, padded)
			ids, positions, mask := make([]int64, len(batch)*T), make([]int64, T), make([]float32, T*T)
			for b, i := range batch {
				copy(ids[b*T:], sequences[i])
			}
			for i := range T {
				positions[i] = int64(i)
				for j := i + 1; j < T; j++ {
					mask[i*T+j] = float32(math.Inf(-1))
				}
			}
			results, err := p.session.Run(context.Background(), map[string]graph.Tensor{
				"ids": graph.Ints(ids, len(batch), T), "positions": graph.Ints(positions, T), "mask": graph.Floats(mask, T, T),
				"end": graph.Ints([]int64{int64(length - 1)}, 1),
			})
			if err != nil {
				t.Fatal(err)
			}
			for b, i := range batch {
				copy(out[i*p.embed:(i+1)*p.embed], results[string(clip.Embedding)].Floats[b*p.embed:])
			}
		}
	}
	return out
}

// TestTextsShareBeginnings: texts that begin alike, end within one another and come in any order are encoded as one by one without sharing.
func TestTextsShareBeginnings(t *testing.T) {
	config := toy
	config.Text = clip.TextConfig{Width: 128, Layers: 3, Heads: 2, Vocabulary: 20, Context: 40}
	random := rand.New(rand.NewPCG(1, 2))
	var texts [][]int64
	for range 200 { // far more tokens than run at once
		text := make([]int64, 1+random.IntN(config.Text.Context))
		for i := range text {
			text[i] = int64(random.IntN(2))
		}
		texts = append(texts, text)
	}
	random.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	for _, e := range engines(t) {
		m, err := clip.New(checkpointOf(t, config, nil), e, clip.QuickGELU)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.EncodeTexts(t.Context(), texts, nil)
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, e.Name(), got.Floats, newPlainTexts(t, m).encode(t, texts, 0), 1e-5, 1e-5)
		golden.Compare(t, e.Name()+", padded", got.Floats, newPlainTexts(t, m).encode(t, texts, config.Text.Context), 1e-5, 1e-5)
	}
}

// words are n texts of one to three tokens between the tokens of start and end, as single words are in CLIP's vocabulary.
func words(n int) [][]int64 {
	out := make([][]int64, n)
	for i := range out {
		out[i] = append([]int64{49406}, make([]int64, 1+i%3)...)
		for j := range out[i][1:] {
			out[i][1+j] = int64(150*i + j)
		}
		out[i] = append(out[i], 49407)
	}
	return out
}

// ensembles are the words in facet's own templates, a token for every word and point.
func ensembles(words [][]int64) [][]int64 {
	vocabulary := map[string]int64{}
	var out [][]int64
	for _, template := range concept.DefaultTemplates() {
		for _, word := range words {
			prompt := []int64{49406}
			for _, part := range strings.Fields(strings.NewReplacer(".", " .", ",", " ,").Replace(template)) {
				if part == "{}" {
					prompt = append(prompt, word[1:len(word)-1]...)
					continue
				}
				if _, known := vocabulary[part]; !known {
					vocabulary[part] = int64(40_000 + len(vocabulary))
				}
				prompt = append(prompt, vocabulary[part])
			}
			out = append(out, append(prompt, 49407))
		}
	}
	return out
}

// BenchmarkBank encodes 256 single words with RN50's tower, and 64 words in all of facet's templates; beside them in the same run, by the plain
// tower, batches by length, and a part of the texts in batches padded to 77 as the published code has them. It reports medians of the time a text and
// how many times faster the former is.
func BenchmarkBank(b *testing.B) {
	benchmarkModel(b, func(b *testing.B, m *clip.Model) {
		plain := newPlainTexts(b, m)
		for _, bank := range []struct {
			name  string
			texts [][]int64
		}{{"words", words(256)}, {"ensembles", ensembles(words(64))}} {
			b.Run(bank.name, func(b *testing.B) {
				var shared, byLength, padded []float64
				timed := func(times *[]float64, n int, f func()) {
					start := time.Now()
					f()
					*times = append(*times, time.Since(start).Seconds()*1000/float64(n))
				}
				for b.Loop() {
					timed(&shared, len(bank.texts), func() {
						if _, err := m.EncodeTexts(b.Context(), bank.texts, nil); err != nil {
							b.Fatal(err)
						}
					})
					timed(&byLength, len(bank.texts), func() { plain.encode(b, bank.texts, 0) })
					timed(&padded, 32, func() { plain.encode(b, bank.texts[:32], 77) })
				}
				for _, times := range [][]float64{shared, byLength, padded} {
					slices.Sort(times)
				}
				median := func(times []float64) float64 { return times[len(times)/2] }
				b.ReportMetric(median(shared), "ms/text")
				b.ReportMetric(median(byLength)/median(shared), "×by-length")
				b.ReportMetric(median(padded)/median(shared), "×padded")
			})
		}
	})
}
