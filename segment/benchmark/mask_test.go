package benchmark_test

import (
	"encoding/json"
	"errors"
	"image"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/segment"
	"github.com/facet-clip/facet/segment/benchmark"
)

// TestReadMaskKinds: labels are those of np.array(Image.open(mask)); what gives no labels there is refused by name (testdata/masks.py).
func TestReadMaskKinds(t *testing.T) {
	var want map[string][]int
	data, err := os.ReadFile("testdata/masks.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil || len(want) < 15 {
		t.Fatalf("%d masks, %v", len(want), err)
	}
	refused := map[string]string{"rgb.png": "pixels of RGB are colours", "rgba.png": "pixels of RGB and alpha", "greyalpha.png": "pixels of grey and alpha", "large.png": "label 300 at 0,0"}
	for name, labels := range want {
		f, err := os.Open("testdata/masks/" + name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got, err := benchmark.ReadMask(name, f, image.Pt(5, 3))
		if labels == nil {
			if !errors.Is(err, benchmark.ErrMask) || !strings.HasPrefix(err.Error(), name) || !strings.Contains(err.Error(), refused[name]) || refused[name] == "" {
				t.Errorf("%s: %v, want %q", name, err, refused[name])
			}
			continue
		}
		var ints []int
		for _, v := range got {
			ints = append(ints, int(v))
		}
		if diff := cmp.Diff(labels, ints); diff != "" || err != nil {
			t.Errorf("%s: %v, %s", name, err, diff)
		}
	}
}

// TestMaskCases: what stands in testdata/cases/masks.
func TestMaskCases(t *testing.T) {
	for name, label := range map[string]uint8{"voc20:../../testdata/cases/masks/bool": 0, "voc21:../../testdata/cases/masks/bom": 15} {
		set, err := benchmark.Open(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, truth, err := set.Load(t.Context(), 0, dataset.NewDecoder(1<<20))
		if err != nil || set.Len() != 1 {
			t.Errorf("%s: %d pictures, %v", name, set.Len(), err)
			continue
		}
		seen := map[uint8]int{}
		for _, v := range truth {
			seen[v]++
		}
		delete(seen, segment.Ignore)
		if seen[label] == 0 {
			t.Errorf("%s: labels %v, want some %d", name, seen, label)
		}
	}
}
