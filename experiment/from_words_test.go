package experiment

import (
	"fmt"
	"testing"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/numeric"
)

// TestReconstructFromWords compares with testdata/from_words.py: embeddings rebuilt from a few texts for each pair, or for each neuron, as the published
// code does it.
func TestReconstructFromWords(t *testing.T) {
	s := gather(t, "tiny")
	D := s.OV.Embed
	var want map[string][]float64
	truths(t, "from_words.json", &want)
	texts := &concept.Bank{Embed: D}
	for i, v := range want["texts"] {
		if i%D == 0 {
			texts.Texts = append(texts.Texts, fmt.Sprint("text ", i/D))
		}
		texts.Embeddings = append(texts.Embeddings, float32(v))
	}
	dictionary, err := concept.NewDictionary(texts, concept.UnitColumns)
	if err != nil {
		t.Fatal(err)
	}
	images := []int{0, 1, 2, 3, 4, 5} // those of the script
	stats, err := s.Fit(t.Context(), images)
	if err != nil {
		t.Fatal(err)
	}
	neurons, err := s.ReferenceComponents(t.Context(), stats, images, Neuron, 1, 50)
	if err != nil {
		t.Fatal(err)
	}
	row := make([]float32, len(s.Norms))
	for unit, own := range map[Unit]Basis{Pair: s.PairDirections(), Neuron: neurons} {
		for _, words := range []int{0, 1, 4} {
			basis := own
			if words > 0 {
				labels, err := dictionary.OMP(t.Context(), own.First(D), concept.Options{Terms: words})
				if err != nil {
					t.Fatal(err)
				}
				var sums []float32
				for _, l := range labels {
					sums = append(sums, dictionary.Sum(l)...)
				}
				basis = Along(unit, sums, D)
			}
			name := fmt.Sprintf("%s_%d", unit, words)
			for i := range 2 {
				if err := s.Row(i, row); err != nil {
					t.Fatal(err)
				}
				near(t, name, s.Embedding(stats.Mean, basis, 1, row), numeric.Float32(want[name][i*D:(i+1)*D]), 2e-5)
			}
		}
	}
}
