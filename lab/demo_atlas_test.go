package lab_test

import (
	"testing"

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
}
