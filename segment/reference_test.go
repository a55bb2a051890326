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
