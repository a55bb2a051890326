package editing_test

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/edit"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/editing"
	"github.com/facet-clip/facet/lab/labtest"
)

// TestEditParts: logits from the products are those of the embeddings that package edit predicts.
func TestEditParts(t *testing.T) {
	l := labtest.Open(t, lab.Config{})
	a, err := editing.Of(l).EditParts(t.Context(), editing.EditParts{Atlas: labtest.ScenesAtlas(), Units: []string{"pair:64,3", "head:3", "pair:5,7"}, Texts: []string{"a castle"}, Images: []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	if a.Scored != 7 || len(a.Images) != 8 || a.Units[1].Pairs != 767 {
		t.Fatalf("%d of %d images, %d pairs in the head without the one that is named", a.Scored, len(a.Images), a.Units[1].Pairs)
	}
	scales := []float64{0.25, 0, 2}
	at, err := atlas.Open(labtest.ScenesAtlas())
	if err != nil {
		t.Fatal(err)
	}
	scalars, err := at.Scalars()
	if err != nil {
		t.Fatal(err)
	}
	defer scalars.Close()
	text, err := l.EncodeTexts(t.Context(), []string{"a castle"}, false)
	if err != nil {
		t.Fatal(err)
	}
	ov, edited := planned(t, l, scalars, scales)
	embeddings, err := at.Embeddings()
	if err != nil {
		t.Fatal(err)
	}
	row := make([]float32, scalars.Pairs)
	for n, image := range a.Images {
		if err := scalars.Row(image.Image, row); err != nil {
			t.Fatal(err)
		}
		own := embeddings[image.Image*ov.Embed : (image.Image+1)*ov.Embed]
		after := edited.Embedding(decompose.Scalars{OV: ov, S: row}, own)
		want := a.LogitScale * numeric.Dot(after, text) / (numeric.Norm(after) * numeric.Norm(text))
		labtest.Near(t, "a logit after the edit", logitOf(a, scales, n, len(a.Classes)-1), want, 1e-4)
	}
}

// planned is the edit of [TestEditParts] with the means of the images of odd number.
func planned(t *testing.T, l *lab.Lab, scalars *atlas.Scalars, scales []float64) (*decompose.OV, *edit.Edit) {
	t.Helper()
	ov, err := l.Model().Decomposition()
	if err != nil {
		t.Fatal(err)
	}
	from, _ := experiment.Halves(scalars.Images)
	mean, err := (&experiment.Data{Row: scalars.Row, Norms: make([]float32, scalars.Pairs)}).Mean(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	var head []decompose.Pair
	for n := range ov.Channels {
		if n != 64 {
			head = append(head, decompose.Pair{Head: 3, Neuron: n})
		}
	}
	e := edit.New(ov.Heads, ov.Channels, ov.Embed)
	for k, pairs := range [][]decompose.Pair{{{Head: 3, Neuron: 64}}, head, {{Head: 7, Neuron: 5}}} {
		if err := e.Scale(pairs, scales[k], mean); err != nil {
			t.Fatal(err)
		}
	}
	return ov, e
}

// logitOf is the logit of image n for text c by the formula of [answer.EditParts].
func logitOf(a *answer.EditParts, scales []float64, n, c int) float64 {
	number := func(table []byte, i int) float64 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(table[4*i:])))
	}
	K, L := len(a.Units), len(a.Classes)
	product, square := number(a.Products, n*L+c), number(a.Lengths, n)
	for k := range K {
		product -= (1 - scales[k]) * number(a.UnitProducts, (n*K+k)*L+c)
		square -= 2 * (1 - scales[k]) * number(a.UnitLengths, n*K+k)
		for o := range K {
			square += (1 - scales[k]) * (1 - scales[o]) * number(a.Grams, (n*K+k)*K+o)
		}
	}
	return a.LogitScale * product / math.Sqrt(square)
}

// TestEditPartsMistakes: a unit that is not there is a mistake of the question, an image that is not there is not found.
func TestEditPartsMistakes(t *testing.T) {
	l := labtest.Open(t, lab.Config{})
	for _, unit := range []string{"pair:1", "pair:1,99", "head:12", "word:castle", "castle", ""} {
		if _, err := editing.Of(l).EditParts(t.Context(), editing.EditParts{Atlas: labtest.ScenesAtlas(), Units: []string{unit}}); !errors.Is(err, lab.ErrQuestion) {
			t.Errorf("%q: %v", unit, err)
		}
	}
	if _, err := editing.Of(l).EditParts(t.Context(), editing.EditParts{Atlas: labtest.ScenesAtlas(), Images: []int{13}}); !errors.Is(err, lab.ErrNoImage) {
		t.Errorf("image 13 of 13: %v", err)
	}
}
