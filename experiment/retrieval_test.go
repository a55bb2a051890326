package experiment

import (
	"encoding/json"
	"os"
	"testing"
)

// TestRetrievalIsThePeers: recalls are those that testdata/retrieval.py finds with scikit-learn and NumPy, over more captions than one block.
func TestRetrievalIsThePeers(t *testing.T) {
	data, err := os.ReadFile("testdata/retrieval.json")
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Embed         int
		Images, Texts []int8 // small whole numbers, so that many scores are equal and none is rounded
		Of            []int
		Text, Image   map[int]float64
		Bootstrap     [2]float64
		Mean          [2]float64
	}
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	floats := func(list []int8) (out []float32) {
		for _, v := range list {
			out = append(out, float32(v))
		}
		return out
	}
	seen := 0
	r := Retrieve(floats(p.Images), floats(p.Texts), p.Of, p.Embed, func(n int) { seen += n })
	if seen != len(p.Of) || len(p.Of) <= textBlock || len(p.Text) != 3 {
		t.Fatalf("%d of %d captions, %d recalls", seen, len(p.Of), len(p.Text))
	}
	for k := range p.Text {
		agree(t, "text recall", r.TextRecall(k).Value(), p.Text[k], 1e-15)
		agree(t, "image recall", float64(r.ImageRecall(k, 1).Value), p.Image[k], 1e-15)
	}
	image, mean := r.ImageRecall(5, 1), r.MeanRecall(1, 1)
	agree(t, "bootstrap low", float64(image.Low), p.Bootstrap[0], 0.012) // 1,000 draws against 20,000
	agree(t, "bootstrap high", float64(image.High), p.Bootstrap[1], 0.012)
	agree(t, "mean", float64(mean.Value), (p.Text[1]+p.Image[1])/2, 1e-15)
	agree(t, "mean low", float64(mean.Low), p.Mean[0], 0.012)
	agree(t, "mean high", float64(mean.High), p.Mean[1], 0.012)
}
