package judged

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/facet-clip/facet/internal/numeric"
)

// The settings of CLIP-Dissect's published code.
const (
	dissectTop   = 100   // pictures of largest value
	dissectSharp = 10    // what cosines are multiplied by before the softmax over words
	dissectFirst = 0.998 // how surely the picture of largest value is one of the unit's
	dissectLast  = 0.97  // how surely the last of the top ones is
	dissectLeast = 1e-7
)

// SoftWPMI is CLIP-Dissect's score of each word for each pair [P][T]: the soft weighted pointwise mutual information of Oikarinen and Weng (ICLR 2023,
// docs/design.md, 68), with the settings of their code. cosines are those of pictures and words [N][T], values those of pairs [P][N].
func SoftWPMI(cosines, values [][]float64) [][]float64 {
	words := make([][]float64, len(cosines)) // of each picture, a distribution over words
	for i, row := range cosines {
		sharp := slices.Clone(row)
		floats.Scale(dissectSharp, sharp)
		numeric.Softmax(sharp)
		words[i] = sharp
	}
	out := make([][]float64, len(values))
	numeric.Parallel(len(out), func(p int) {
		top := numeric.Largest(values[p], dissectTop)
		out[p] = make([]float64, len(cosines[0]))
		for k, i := range top {
			sure := dissectFirst - float64(k)/float64(len(top))*(dissectFirst-dissectLast)
			for t, share := range words[i] {
				out[p][t] += math.Log(1 + sure*(share-1) + dissectLeast)
			}
		}
	})
	for t := range cosines[0] {
		column := make([]float64, len(out))
		for p := range out {
			column[p] = out[p][t]
		}
		any := floats.LogSumExp(column) - math.Log(float64(len(out)))
		for p := range out {
			out[p][t] -= any
		}
	}
	return out
}

// Largest is for each pair the word of largest score [P][T], of equal ones the first.
func Largest(scores [][]float64) []Claim {
	claims := make([]Claim, len(scores))
	for p, row := range scores {
		claims[p] = Claim{Word: floats.MaxIdx(row)}
	}
	return claims
}
