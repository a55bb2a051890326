package lab_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/lab"
)

// TestLabel: an atlas keeps the labels of its most used pairs, which are read when they are asked for again; other questions go by them.
func TestLabel(t *testing.T) {
	l, dir := open(t, lab.Config{Engine: "portable"}), t.TempDir()
	at := filepath.Join(dir, "at")
	if err := os.CopyFS(at, os.DirFS(scenesAtlas())); err != nil {
		t.Fatal(err)
	}
	q := lab.Label{Atlas: at, Units: "top:20", Terms: 4, Top: -1}
	labels, err := l.Label(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(at, "labels.parquet")); err != nil {
		t.Error(err)
	}
	again, err := l.Label(t.Context(), q)
	if diff := cmp.Diff(labels, again); err != nil || diff != "" {
		t.Errorf("read again: %v %s", err, diff)
	}
	if _, err := l.Label(t.Context(), lab.Label{Atlas: at, Units: "89,5"}); err != nil { // of one pair, which the atlas does not keep
		t.Fatal(err)
	}
	used, err := l.Pairs(t.Context(), lab.Pairs{Atlas: at, Top: 30})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range used.Pairs {
		if i >= 20 {
			if p.Says != nil || p.Fires != nil {
				t.Errorf("pair %d, which has no label, is called %+v", i, p.Names)
			}
			continue
		}
		label := labels.Pairs[i]
		if p.Neuron != label.Neuron || p.Head != label.Head || !cmp.Equal(*p.Says, label.Name) || !cmp.Equal(*p.Fires, label.Fires.Name) {
			t.Errorf("pair %d, which is used so much, is %+v, its label is %+v", i, p, label)
		}
	}
}
