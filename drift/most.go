package drift

import (
	"math"

	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/facet-clip/facet/internal/numeric"
)

// carriers are the images of a sample that carry a change most: those whose pairs move furthest along what the change's pairs add to the shift. Of an
// image with scalars s that is Σ_p (s_p − s̄_p)·⟨u_p, d⟩ over the change's pairs, d = Σ_p Δs_p·u_p and s̄ the profile's means; over all images
// compared its mean is ‖d‖². Two images may be equally like a word of which only one has more than the profile's do.
func (v *Vocabulary) carriers(c Change, sample []Image) []string {
	place := map[int]int{} // of a strong pair in an image's scalars
	for k, i := range v.profile.Strong {
		place[i] = k
	}
	d := make([]float32, v.ov.Embed)
	for _, t := range c.Pairs {
		blas32.Axpy(float32(t.Shift), numeric.Vector(v.ov.Direction(t.Pair)), numeric.Vector(d))
	}
	products := v.ov.Text(d)
	carried := make([]float64, len(sample))
	for _, t := range c.Pairs {
		i := v.ov.Index(t.Pair)
		for n, image := range sample {
			carried[n] += (float64(image.Scalars[place[i]]) - v.profile.Pairs.Mean[i]) * float64(products[i])
		}
	}
	return first(sample, carried)
}

// first are the paths of the images of largest values, a few at most; of equal values, in the order of the sample.
func first(sample []Image, values []float64) (paths []string) {
	for _, i := range numeric.Largest(values, examples) {
		paths = append(paths, sample[i].Path)
	}
	return paths
}

// found is the chance with which a change of the size that [Detectable] gives is found.
const found = 0.8

// Detectable is the shift of one pair, in standard deviations, that a comparison of n images with N finds with a chance of 0.8 when it is the only one of so many
// that changed: it must reach p = level/tests then. By Student's t of Welch's degrees of freedom, for two samples of one variance (Cohen, Statistical
// Power Analysis, 1988). Infinite where a side has fewer than two images.
func Detectable(n, N, tests int, level float64) float64 {
	if n < 2 || N < 2 || tests < 1 {
		return math.Inf(1)
	}
	a, b := 1/float64(n), 1/float64(N)
	student := distuv.StudentsT{Sigma: 1, Nu: (a + b) * (a + b) / (a*a/float64(n-1) + b*b/float64(N-1))}
	return (student.Quantile(1-level/float64(2*tests)) + student.Quantile(found)) * math.Sqrt(a+b)
}
