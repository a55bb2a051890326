package clip_test

import (
	"image"
	"slices"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/internal/golden"
)

// TestEncodePictures: pictures together have the embeddings that their pixels have, in order; other sizes and no picture are refused.
func TestEncodePictures(t *testing.T) {
	const h, w = 64, 96
	var pictures []*image.RGBA
	var pixels []float32
	for i := range 2 {
		p := image.NewRGBA(image.Rect(0, 0, w, h))
		for at := range p.Pix {
			p.Pix[at] = uint8(at*(7+30*i) + at/w)
		}
		pictures, pixels = append(pictures, p), append(pixels, preprocess.Normalise(p)...)
	}
	for _, e := range engines(t) {
		m, err := clip.New(checkpointOf(t, toy, nil), e, clip.QuickGELU)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		want, err := m.EncodeImages(t.Context(), graph.Floats(pixels, 2, 3, h, w), clip.Embedding)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.EncodePictures(t.Context(), pictures, clip.Embedding)
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, e.Name(), got[clip.Embedding].Floats, want[clip.Embedding].Floats, 0, 0)
		if D := len(want[clip.Embedding].Floats) / 2; slices.Equal(got[clip.Embedding].Floats[:D], got[clip.Embedding].Floats[D:]) {
			t.Error("two pictures have one embedding")
		}
		for name, refused := range map[string][]*image.RGBA{"none": nil, "sizes": {pictures[0], image.NewRGBA(image.Rect(0, 0, h, w))}} {
			if _, err := m.EncodePictures(t.Context(), refused, clip.Embedding); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	}
}
