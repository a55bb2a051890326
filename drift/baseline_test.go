package drift

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestBaseline: without drift, the numbers of a comparison are those of its baseline, whatever the number of images.
func TestBaseline(t *testing.T) {
	s := &stream{random: rand.New(rand.NewPCG(31, 1)), strong: 1, embed: 40}
	p := s.profile(t, 1200)
	for _, n := range []int{20, 200, 1000} {
		b, err := p.Baseline(n)
		if err != nil {
			t.Fatal(err)
		}
		distance, shift := 0.0, 0.0
		const draws = 20
		for range draws {
			g := NewGaussian(40)
			for range n {
				g.Add(s.image(nil).Embedding)
			}
			for i, v := range g.Mean {
				shift += (v - p.Embedding.Mean[i]) * (v - p.Embedding.Mean[i]) / draws
			}
			d, err := Fréchet(p.Embedding, g)
			if err != nil {
				t.Fatal(err)
			}
			distance += d / draws
		}
		if off := math.Abs(b.Shift/math.Sqrt(shift) - 1); off > 0.15 {
			t.Errorf("%d images: a shift of %.3g, expected %.3g", n, b.Shift, math.Sqrt(shift))
		}
		if off := math.Abs(b.Distance/distance - 1); n <= 600 && off > 0.15 || b.Images != min(n, 600) {
			t.Errorf("%d images: a Fréchet distance of %.3g by %d images, expected %.3g", n, b.Distance, b.Images, distance)
		}
	}
	g := p.Embedding.clone()
	x := s.image(nil).Embedding
	g.Add(x)
	g.remove(x)
	near(t, "added and removed", g, p.Embedding)
}

func BenchmarkBaseline(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	summary := NewSummary(1, 1024, 0, 400)
	for range 400 {
		if err := summary.Add(Image{Path: string(rune(random.IntN(1 << 20))), Embedding: normals(random, 1024, 1)}, []float32{0}, nil); err != nil {
			b.Fatal(err)
		}
	}
	p := &Profile{Summary: *summary}
	for b.Loop() {
		if _, err := p.Baseline(200); err != nil {
			b.Fatal(err)
		}
	}
}
