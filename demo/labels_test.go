package demo

import (
	"testing"

	"github.com/facet-clip/facet/scenes"
)

// TestLook: what a model is shown is what an atlas of it would hold: scalars that sum to the embedding, classes, and what is there.
func TestLook(t *testing.T) {
	seen := 0
	d, specs, err := Look(t.Context(), open(t), scenes.DefaultWorld().Single(), 5, 20, func(n int) { seen += n })
	if err != nil {
		t.Fatal(err)
	}
	if d.Images() != 20 || len(specs) != 20 || len(d.Labels) != 20 || seen != 20 {
		t.Fatalf("%d images, %d scenes, %d labels, %d reported", d.Images(), len(specs), len(d.Labels), seen)
	}
	words := append(append([]string{}, d.Head.Texts...), "red", "grass", "nothing of the kind")
	present := Present(words, specs)
	s := make([]float32, len(d.Norms))
	for i, spec := range specs {
		if err := d.Row(i, s); err != nil {
			t.Fatal(err)
		}
		bound, err := d.OV.Scalars(s)
		if err != nil {
			t.Fatal(err)
		}
		if r := bound.Residual(d.Embeddings[i*d.OV.Embed : (i+1)*d.OV.Embed]); !(r < 1e-5) {
			t.Errorf("scene %d: scalars miss the embedding by %g", i, r)
		}
		o := spec.Main()
		if name := o.Category.String(); d.Head.Texts[d.Labels[i]] != name || !present[d.Labels[i]][i] {
			t.Errorf("scene %d of a %s: class %d", i, name, d.Labels[i])
		}
		red := o.Colour == scenes.Red || o.Print != scenes.NoCategory && o.PrintColour == scenes.Red
		if present[len(words)-3][i] != red || present[len(words)-2][i] != (spec.Background == scenes.Grass) || present[len(words)-1][i] {
			t.Errorf("scene %d: %+v on %s: present %t, %t, %t", i, o, spec.Background, present[len(words)-3][i], present[len(words)-2][i], present[len(words)-1][i])
		}
	}
	if err := d.Row(20, s); err == nil {
		t.Error("a twenty-first scene")
	}
}

func TestPhrases(t *testing.T) {
	bank, err := Phrases(t.Context(), open(t))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(bank.Texts); n < 500 || len(bank.Embeddings) != n*bank.Embed {
		t.Errorf("%d phrases", n)
	}
}
