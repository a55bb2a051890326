package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestArea: the area is that of counting every couple of scenes, with ties and with scenes that were drawn several times or never.
func TestArea(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		n := 2 + rng.IntN(30)
		score, is, times := make([]float64, n), make([]bool, n), make([]int, n)
		for i := range n {
			score[i], is[i], times[i] = float64(rng.IntN(6)), rng.IntN(2) == 0, rng.IntN(3)
		}
		won, couples := 0.0, 0.0
		for i := range n {
			for j := range n {
				if is[i] && !is[j] {
					c := float64(times[i] * times[j])
					couples += c
					switch {
					case score[i] > score[j]:
						won += c
					case score[i] == score[j]:
						won += c / 2
					}
				}
			}
		}
		want := 0.5
		if couples > 0 {
			want = won / couples
		}
		if got := rank(score, is).auc(times); !(math.Abs(got-want) <= 1e-12) {
			t.Fatalf("scores %v, there %v, drawn %v: area %v, counted %v", score, is, times, got, want)
		}
	}
}

// TestTextSpan: a head that says x three times as strongly as y, and nothing of z, is named x, y, z. The head cannot say w, which
// has most of its length outside, and what is left of w inside is x again.
func TestTextSpan(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var outputs [][]float32
	for range 200 {
		outputs = append(outputs, []float32{float32(3*rng.NormFloat64()) + 5, float32(rng.NormFloat64()), 0, 0})
	}
	texts := [][]float32{{0, 0, 1, 0}, {0, 1, 0, 0}, {1, 0, 0, 0}, {0.1, 0, 0.2, 0.9}}
	basis := [][]float32{{1, 0, 0, 0}, {1, 1, 0, 0}, {1, 2, 3, 0}}
	if got, want := textSpan(outputs, texts, basis), []int{2, 1, 0, 3}; !slices.Equal(got, want) {
		t.Errorf("order %v: expected %v", got, want)
	}
}

// TestPartners: a random group has as many pairs, none twice, none of the word's own, all near in strength.
func TestPartners(t *testing.T) {
	order := rand.New(rand.NewPCG(5, 6)).Perm(1000)
	var group []member
	for k := 100; k < 160; k++ {
		group = append(group, member{order[k], 0.5})
	}
	seen := map[int]bool{}
	for _, m := range group {
		seen[m.pair] = true
	}
	got := partnersOf(group, order, rand.New(rand.NewPCG(7, 8)))
	if len(got) != len(group) {
		t.Fatalf("%d partners: expected %d", len(got), len(group))
	}
	for _, m := range got {
		place := slices.Index(order, m.pair)
		if seen[m.pair] || m.of != 0.5 || place < 0 || place > 160+2*near {
			t.Errorf("partner %v at place %d: taken already, another portion, or far away in strength", m, place)
		}
		seen[m.pair] = true
	}
}
