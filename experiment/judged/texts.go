package judged

import "github.com/facet-clip/facet/internal/numeric"

// TextCosine is CLIP-Dissect's score of names: the mean cosine of the word claimed with the word of largest AUC [P][T], as texts [T,D] of unit length. Claims that
// something is missing, and unknown ones, do not count; 0 where none does.
func TextCosine(claims []Claim, aucs [][]float64, texts []float32, embed int) float64 {
	sum, n := 0.0, 0.0
	best := Largest(aucs)
	for p, c := range claims {
		if c.Known() && !c.Not {
			sum += numeric.Dot(texts[c.Word*embed:][:embed], texts[best[p].Word*embed:][:embed])
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}
