package demo

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestAUC compares with the definition: the share of pairs, one with the thing and one without, in which the former is higher.
func TestAUC(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 1 + r.IntN(30)
		values, present := make([]float64, n), make([]bool, n)
		for i := range values {
			values[i], present[i] = float64(r.IntN(8)), r.IntN(3) == 0 // with ties
		}
		var higher, pairs float64
		for i := range values {
			for j := range values {
				if !present[i] || present[j] {
					continue
				}
				pairs++
				switch {
				case values[i] > values[j]:
					higher++
				case values[i] == values[j]:
					higher += 0.5
				}
			}
		}
		want := 0.5
		if pairs > 0 {
			want = higher / pairs
		}
		if got := auc(ranks(values), present); math.Abs(got-want) > 1e-12 {
			t.Fatalf("auc(%v, %v) = %g, want %g", values, present, got, want)
		}
	}
}

func TestSign(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []float64
		want   int
	}{
		{"up", []float64{3, -1, -1, -1}, -1}, // of four, one lies above
		{"tie", []float64{2, -2, 1, -1}, 1},
		{"above", []float64{2, 1, -1}, 1},
	} {
		if got := sign(c.values); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// TestLabelsHold: the pairs' own directions reconstruct the model, words approach them, and holding a word's pairs hurts that word.
func TestLabelsHold(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes 400 scenes and labels every pair")
	}
	r, err := EvaluateLabels(t.Context(), open(t), 200, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := r.Reconstruction[0]
	if whole.Terms != 0 || math.Abs(whole.Cosine-1) > 1e-6 || whole.Accuracy.Percent() < 90 {
		t.Errorf("the pairs themselves: %+v", whole)
	}
	for i, x := range r.Reconstruction[2:] {
		if x.Cosine <= r.Reconstruction[i+1].Cosine {
			t.Errorf("more words, less like the model: %+v after %+v", x, r.Reconstruction[i+1])
		}
	}
	if last := r.Reconstruction[len(r.Reconstruction)-1]; last.Cosine < 0.9 {
		t.Errorf("64 words: cosine %.3f, want at least 0.9", last.Cosine)
	}
	more, words := 0, 0
	for _, a := range r.Causal {
		if a.Pairs == 0 {
			continue
		}
		if words++; a.Own > a.Others {
			more++
		}
	}
	if words < 30 || 3*more < 2*words {
		t.Errorf("holding a word's pairs hurts it more than others for %d of %d words", more, words)
	}
	if r.Truth.Pairs != StrongestPairs || r.Truth.Named < StrongestPairs/3 || r.Truth.Predictive > r.Truth.Named {
		t.Errorf("%d pairs, %d named, %d predictive", r.Truth.Pairs, r.Truth.Named, r.Truth.Predictive)
	}
}
