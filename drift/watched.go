package drift

import (
	"fmt"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas/blas32"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

// ConceptPairs is how many pairs carry a watched concept: the paper's number (docs/design.md, 21).
const ConceptPairs = 5

// Concept is a watched text with the pairs whose directions are most like it.
type Concept struct {
	Text      string
	Direction []float32        // the text as a unit vector [D]
	Pairs     []decompose.Pair // the most alike first

	products   []float32 // ⟨u,t⟩ of each
	directions []float32 // u of each [5,D]
}

// Score is how much of a concept an image holds.
type Score struct {
	Signed float64 // Σ s·⟨u,t⟩ / ‖embedding‖ over the concept's pairs: how far they move the image towards the text, or away
	Norm   float64 // ‖Σ s·u‖ / ‖embedding‖ over the same pairs: the paper's score (docs/design.md, 21)
}

// NewConcept finds the pairs of a text, given as a unit vector [D].
func NewConcept(text string, direction []float32, ov *decompose.OV) (Concept, error) {
	if len(direction) != ov.Embed {
		return Concept{}, fmt.Errorf("%q: a direction of %d numbers, expected %d", text, len(direction), ov.Embed)
	}
	c := Concept{Text: text, Direction: direction}
	products := ov.Text(direction)
	for _, hit := range concept.Search(products, ov.Norms(), ConceptPairs) {
		p := ov.Pair(hit.Unit)
		c.Pairs = append(c.Pairs, p)
		c.products = append(c.products, products[hit.Unit])
		c.directions = append(c.directions, ov.Direction(p)...)
	}
	return c, nil
}

// NewConcepts finds the pairs of texts, given as unit vectors [n,D].
func NewConcepts(texts []string, directions []float32, ov *decompose.OV) ([]Concept, error) {
	concepts := make([]Concept, len(texts))
	for i, text := range texts {
		var err error
		if concepts[i], err = NewConcept(text, directions[i*ov.Embed:(i+1)*ov.Embed], ov); err != nil {
			return nil, err
		}
	}
	return concepts, nil
}

// Score is the concept's score of an image with embedding [D].
func (c Concept) Score(s decompose.Scalars, embedding []float32) Score {
	D := len(embedding)
	sum, signed := make([]float32, D), 0.0
	for i, p := range c.Pairs {
		v := s.At(p)
		signed += float64(v) * float64(c.products[i])
		blas32.Axpy(v, numeric.Vector(c.directions[i*D:(i+1)*D]), numeric.Vector(sum))
	}
	norm := numeric.Norm(embedding)
	if norm == 0 {
		return Score{}
	}
	return Score{Signed: signed / norm, Norm: float64(blas32.Nrm2(numeric.Vector(sum))) / norm}
}

// flatten gives signed and norm of each score in turn [W,2].
func flatten(scores []Score) []float32 {
	out := make([]float32, 0, 2*len(scores))
	for _, s := range scores {
		out = append(out, float32(s.Signed), float32(s.Norm))
	}
	return out
}
