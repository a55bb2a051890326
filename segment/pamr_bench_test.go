package segment

import (
	"image"
	"math/rand/v2"
	"testing"
)

// BenchmarkPAMR refines a picture of 500×375 pixels: what is computed once, and one map.
func BenchmarkPAMR(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	photo, logits := image.NewRGBA(image.Rect(0, 0, 500, 375)), make([]float32, 500*375)
	for i := range photo.Pix {
		photo.Pix[i] = uint8(random.IntN(256))
	}
	a := newAffinity(photo)
	b.Run("affinity", func(b *testing.B) {
		for b.Loop() {
			newAffinity(photo)
		}
	})
	b.Run("map", func(b *testing.B) {
		for b.Loop() {
			a.refine(logits)
		}
	})
}
