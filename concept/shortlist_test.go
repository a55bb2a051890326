package concept

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/internal/numeric"
)

// randomPairs are heads of random factors.
type randomPairs struct{ output, value [][]float32 }

func (p randomPairs) Shape() (heads, channels int) { return len(p.output), len(p.value[0]) / width }
func (p randomPairs) Factors(head int) (output, value []float32) {
	return p.output[head], p.value[head]
}

const width, wide = 4, 16

func (p randomPairs) direction(head, n int) []float32 {
	u := make([]float64, wide)
	for k := range width {
		for o := range u {
			u[o] += float64(p.value[head][n*width+k]) * float64(p.output[head][k*wide+o])
		}
	}
	return numeric.Float32(u)
}

// TestShortlist: a list gives what the bank gives, for a direction and its opposite, or says that it does not know.
func TestShortlist(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(rng.NormFloat64())
		}
		return out
	}
	for _, texts := range []int{2, listed, 3000} {
		words := make([]string, texts)
		for i := range words {
			words[i] = fmt.Sprint("word ", i)
		}
		bank, err := NewBank(words, random(texts*wide), wide)
		if err != nil {
			t.Fatal(err)
		}
		p := randomPairs{[][]float32{random(width * wide), random(width * wide)}, [][]float32{random(7 * width), random(7 * width)}}
		clear(p.value[1][:width]) // a pair of no length
		list, err := NewShortlist(t.Context(), bank, p, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		known := 0
		for pair := range 14 {
			for _, by := range []float64{1, -1, -0.3, 2.7} {
				u := p.direction(pair/7, pair%7)
				for i := range u {
					u[i] *= float32(by)
				}
				for _, k := range []int{0, 1, 3, 20, 5000} {
					got, ok := list.Nearest(pair, by, u, k)
					if !ok {
						continue
					}
					known++
					if diff := cmp.Diff(byAll(bank, u, k), got); diff != "" {
						t.Errorf("%d texts, pair %d, times %v, %d (-bank +list):\n%s", texts, pair, by, k, diff)
					}
				}
			}
		}
		if least := 14 * 4 * 4; known < least {
			t.Errorf("%d texts: the list knows %d answers, expected %d", texts, known, least)
		}
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if _, err := NewShortlist(ended, &Bank{Embed: wide}, randomPairs{[][]float32{nil}, [][]float32{nil}}, func(int) {}); err == nil {
		t.Error("a list that nobody waits for is made")
	}
}

// byAll is what is nearest by products in float64 with every text.
func byAll(b *Bank, direction []float32, k int) []Match {
	length := numeric.Norm(direction)
	if length == 0 {
		return nil
	}
	all := make([]int32, len(b.Texts))
	for i := range all {
		all[i] = int32(i)
	}
	return b.ranked(direction, length, all, k)
}

// TestNearestIsExact: leaving out what is far changes no answer, also where texts lie close together.
func TestNearestIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	embeddings := make([]float32, 500*wide)
	for i := range embeddings {
		embeddings[i] = 1 + float32(rng.NormFloat64())*1e-7 // rows that float32 hardly tells apart
	}
	words := make([]string, 500)
	for i := range words {
		words[i] = fmt.Sprint(i)
	}
	bank, err := NewBank(words, embeddings, wide)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []int{0, 1, 10, 499, 600} {
		direction := make([]float32, wide)
		for i := range direction {
			direction[i] = float32(rng.NormFloat64())
		}
		if diff := cmp.Diff(byAll(bank, direction, k), bank.Nearest(direction, k)); diff != "" {
			t.Errorf("%d (-exact +nearest):\n%s", k, diff)
		}
	}
}
