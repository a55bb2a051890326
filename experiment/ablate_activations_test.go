package experiment

import (
	"context"
	"testing"

	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/internal/numeric"
)

// TestAblateActivations compares with testdata/ablate_activations.py, and with nothing held the embedding is the model's own.
func TestAblateActivations(t *testing.T) {
	s := gather(t, "tiny")
	var want struct{ Embeddings []float64 }
	truths(t, "ablate_activations.json", &want)
	x := s.Array("tokens")
	one, C, D := x.Shape[1]*x.Shape[2], x.Shape[2], s.OV.Embed
	sums := make([]float64, one)
	for i, v := range x.Data {
		sums[i%one] += float64(v) / float64(x.Shape[0])
	}
	mean, keep, all := numeric.Float32(sums), make([]bool, C), make([]bool, C)
	scores := make([]float64, C)
	for n := range keep {
		keep[n], all[n] = n%3 != 0, true
		scores[n] = float64(min(n%3, 1))
	}
	tokens := func(_ context.Context, i int) ([]float32, error) { return x.Data[i*one : (i+1)*one], nil }
	for i := range x.Shape[0] {
		image, _ := tokens(t.Context(), i)
		e, err := s.AblatedActivations(s.query, mean, keep, image)
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, "every third neuron held", e, numeric.Float32(want.Embeddings[i*D:(i+1)*D]), 1e-4, 1e-5)
		if e, err = s.AblatedActivations(s.query, mean, all, image); err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, "nothing held", e, s.embedding(i), 1e-4, 1e-5)
	}
	rows, err := s.AblateActivations(t.Context(), s.query, mean, scores, s.images()[:4], AblationOptions{Percentiles: []float64{0, 50}, Draws: 2, Seed: 1}, tokens)
	if err != nil {
		t.Fatal(err)
	}
	if rows[0].Held != 0 || rows[0].Cosine < 0.9999 || rows[1].Held != (C+2)/3 || !(rows[1].Cosine < rows[0].Cosine) || rows[1].Random == nil {
		t.Errorf("%+v", rows)
	}
	if _, err := s.AblatedActivations(s.query, mean[1:], keep, x.Data[:one]); err == nil {
		t.Error("means of another size are taken")
	}
}
