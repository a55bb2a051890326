package segment_test

import (
	"encoding/json"
	"fmt"
	"image"
	"os"
	"testing"

	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/segment"
)

// published is testdata/reference.json, computed by reference.py with NumPy.
type published struct {
	MaskCLIP []float64
	Cases    []struct {
		Area, Threshold float64
		Labels          string
	}
}

func readPublished(t *testing.T) (p published) {
	t.Helper()
	readJSON(t, "testdata/reference.json", &p)
	return p
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// TestMaskCLIPWithPositions is the published values_only.
func TestMaskCLIPWithPositions(t *testing.T) {
	s := loadOn(t, "tiny", portable.New())
	golden.Compare(t, "maskclip", s.logits(t, segment.MaskCLIP, segment.Options{Published: true}), numeric.Float32(readPublished(t).MaskCLIP), 1e-5, 1e-6)
}

// TestSurgery compares with CLIP Surgery's own code (testdata/surgery.py): with its class token, which attends by values, and with the embedding in that token's place.
func TestSurgery(t *testing.T) {
	s := loadOn(t, "tiny", portable.New())
	var want struct{ Published, Embedding []float64 }
	readJSON(t, "testdata/surgery.json", &want)
	golden.Compare(t, "published", s.logits(t, segment.Surgery, segment.Options{Published: true}), numeric.Float32(want.Published), 1e-5, 1e-6)
	golden.Compare(t, "embedding", s.logits(t, segment.Surgery, segment.Options{}), numeric.Float32(want.Embedding), 1e-5, 1e-6)
}

// TestArea: labels after small classes are left out are the published segmentor's, but for pixels whose logits are equal within rounding.
func TestArea(t *testing.T) {
	want := readTruth(t)
	for _, c := range readPublished(t).Cases {
		t.Run(fmt.Sprint(c.Area, c.Threshold), func(t *testing.T) {
			p := segment.Protocol{ShortSide: 96, Window: 64, Stride: 32, Scale: 40, Area: c.Area, Threshold: c.Threshold}
			plan, err := segment.NewPlan(image.Pt(75, 45), p)
			if err != nil {
				t.Fatal(err)
			}
			m, err := segment.NewMaps(plan, classes(t, "a", "b", "c"), 2, 2)
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range want.Windows {
				if err := m.Set(i, w); err != nil {
					t.Fatal(err)
				}
			}
			wrong := 0
			for i, l := range m.Labels().Class {
				if l != uint16(c.Labels[i]-'0') {
					wrong++
				}
			}
			if wrong > 2 {
				t.Errorf("%d of %d pixels differ", wrong, len(c.Labels))
			}
		})
	}
}

// TestCanvas: pictures are resized as PyTorch resizes them, level for level (testdata/canvas.py).
func TestCanvas(t *testing.T) {
	var want struct {
		Width, Height int
		Pixels        []uint8
		Cases         []struct {
			Width, Height int
			Pixels        []uint8
		}
	}
	readJSON(t, "testdata/canvas.json", &want)
	img := image.NewNRGBA(image.Rect(0, 0, want.Width, want.Height))
	for i, v := range want.Pixels {
		img.Pix[i/3*4+i%3], img.Pix[i/3*4+3] = v, 255
	}
	for _, c := range want.Cases {
		canvas := segment.Plan{Size: img.Rect.Size(), Canvas: image.Pt(c.Width, c.Height)}.Resize(img)
		wrong := 0
		for i, v := range c.Pixels {
			if canvas.Pix[i/3*4+i%3] != v {
				wrong++
			}
		}
		if wrong > 0 || len(c.Pixels) != 3*c.Width*c.Height {
			t.Errorf("%d×%d: %d of %d values differ", c.Width, c.Height, wrong, len(c.Pixels))
		}
	}
}

// TestParts compares with PyTorch's gradients (testdata/cam.py): of cam, where a place's part is its leaves times their gradients; and of the pairs
// behind a region, where a pair's part is its gate's gradient.
func TestParts(t *testing.T) {
	s := loadOn(t, "tiny", portable.New())
	var want struct {
		CAM []float64
		Why []struct {
			Query      int
			Logit, Sum float64
			Pairs      []int
			Parts      []float64
		}
	}
	readJSON(t, "testdata/cam.json", &want)
	golden.Compare(t, "cam", s.logits(t, segment.CAM, segment.Options{}), numeric.Float32(want.CAM), 1e-5, 1e-6)

	nap, err := segment.New(s.pool, s.classes, segment.NAP, segment.Options{Pairs: 200, Signs: s.signs()})
	if err != nil {
		t.Fatal(err)
	}
	r := &segment.Runner{Model: s.model, Protocol: segment.Protocol{ShortSide: 64, Window: 64, Stride: 32, Scale: 40}, Methods: []*segment.Segmenter{nap}}
	images := s.Array("images")
	for i, w := range want.Why {
		img := image.NewNRGBA(image.Rect(0, 0, 64, 64))
		for at := range 64 * 64 {
			for c := range 3 {
				img.Pix[4*at+c] = uint8(images.Data[(i*64*64+at)*3+c])
			}
			img.Pix[4*at+3] = 255
		}
		maps, err := r.Run(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		reason, err := r.Why(t.Context(), img, maps[0], 0, image.Rect(10, 5, 50, 40))
		if err != nil {
			t.Fatal(err)
		}
		if reason.Query != w.Query {
			t.Fatalf("picture %d: query %d, PyTorch's is %d", i, reason.Query, w.Query)
		}
		var parts []float32
		for _, p := range w.Pairs {
			parts = append(parts, reason.Parts[p])
		}
		golden.Compare(t, "the largest parts", parts, numeric.Float32(w.Parts), 1e-5, 1e-6)
		golden.Compare(t, "the logit", []float32{float32(reason.Logit), float32(sum(reason.Parts))}, numeric.Float32([]float64{w.Logit, w.Sum}), 1e-5, 1e-6)
		for k, p := range reason.Top(s.pool.OV, len(w.Pairs)) {
			if s.pool.Index(p) != w.Pairs[k] {
				t.Errorf("picture %d: pair %d of the largest parts is %v, PyTorch's is %d", i, k, p, w.Pairs[k])
			}
		}
	}
}

func sum(x []float32) (total float64) {
	for _, v := range x {
		total += float64(v)
	}
	return total
}
