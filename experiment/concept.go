package experiment

import (
	"math"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// ConceptPairs is how many pairs carry a concept: the paper's number.
const ConceptPairs = 5

// ConceptScore is how much of a concept a picture of embedding [D] holds: ‖Σ s·u‖ / ‖e‖ over the concept's pairs (docs/design.md, 21).
func ConceptScore(s decompose.Scalars, embedding []float32, pairs []decompose.Pair) float64 {
	sum := make([]float64, len(embedding))
	for _, p := range pairs {
		for d, v := range s.Contribution(p) {
			sum[d] += float64(v)
		}
	}
	squares := 0.0
	for _, v := range sum {
		squares += v * v
	}
	return math.Sqrt(squares) / numeric.Norm(embedding)
}
