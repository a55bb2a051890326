package lab_test

import (
	"path/filepath"
	"testing"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/lab"
)

// TestDemoAtlas: the atlas of the demo is made once, with labels, and its pictures and maps are there.
func TestDemoAtlas(t *testing.T) {
	if testing.Short() {
		t.Skip("it scans 300 scenes")
	}
	l := open(t, lab.Config{Cache: t.TempDir()})
	dir, err := l.DemoAtlas(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first, err := l.AtlasState(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if first.Manifest.Labels == nil || first.Manifest.Images != 300 {
		t.Errorf("%d images, labels %v: expected 300 with labels", first.Manifest.Images, first.Manifest.Labels)
	}
	if again, err := l.DemoAtlas(t.Context()); again != dir || err != nil {
		t.Errorf("again %s, %v: expected %s", again, err, dir)
	}
	if state, err := l.AtlasState(t.Context(), dir); state.Digest != first.Digest || err != nil {
		t.Errorf("the atlas changed: %v", err)
	}
	if again, whole, err := l.DemoBeginning(t.Context()); again != dir || !whole || err != nil {
		t.Errorf("its beginning %s, %v, %v: expected the whole, which is there", again, whole, err)
	}
}

// TestDemoBeginning: what is shown first is the first scenes of the demo's atlas, with names.
func TestDemoBeginning(t *testing.T) {
	if testing.Short() {
		t.Skip("it scans 32 scenes")
	}
	l := open(t, lab.Config{Cache: t.TempDir()})
	dir, whole, err := l.DemoBeginning(t.Context())
	if err != nil || whole {
		t.Fatal(err)
	}
	state, err := l.AtlasState(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if m := state.Manifest; m.Images != 32 || m.Labels == nil || m.Labels.Units != "top:200" || filepath.Base(dir) != "scenes" {
		t.Errorf("%s: %d images, labels %+v", dir, m.Images, m.Labels)
	}
	images, err := l.AtlasImages(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := dataset.Open("scenes:default?n=300&seed=1", dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for item, err := range all.Items(t.Context(), 0) {
		if err != nil || item.Index == len(images) {
			return
		}
		if got := images[item.Index]; got.Label != item.Label || got.Label == "" {
			t.Errorf("image %d is %s, expected %s, as in the whole atlas", item.Index, got.Label, item.Label)
		}
	}
}
