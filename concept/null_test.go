package concept

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/internal/numeric"
)

// TestNullGolden: the thresholds of labels, the words that are shown and the labels that are names are those of testdata/null.py.
func TestNullGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/null.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Embed, Terms               int
		Texts, Chance, Units, Null []float64
		Shown                      []int
		Named                      []bool
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	bank, err := NewBank(numbered(len(want.Texts)/want.Embed), numeric.Float32(want.Texts), want.Embed)
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDictionary(bank, UnitRows)
	if err != nil {
		t.Fatal(err)
	}
	fit := func(units []float64) []Label {
		labels, err := d.OMP(t.Context(), numeric.Float32(units), Options{Terms: want.Terms})
		if err != nil {
			t.Fatal(err)
		}
		return labels
	}
	null := NewNull(fit(want.Chance))
	golden.Compare(t, "thresholds", numeric.Float32(null.Explained), numeric.Float32(want.Null), 1e-6, 1e-6)
	for i, l := range fit(want.Units) {
		if shown, named := len(l.Shown()), null.Names(l); shown != want.Shown[i] || named != want.Named[i] {
			t.Errorf("unit %d: %d words, a name: %v; expected %d, %v", i, shown, named, want.Shown[i], want.Named[i])
		}
	}
}
