package experiment

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/facet-clip/facet/decompose"
)

// Bars counts values [N] in bars of equal width between the smallest and the largest. The last bar holds the largest. All are in the first bar
// where they are alike.
func Bars(values []float32, bars int) (least, most float64, counts []int) {
	counts = make([]int, bars)
	if len(values) == 0 {
		return 0, 0, counts
	}
	least, most = float64(slices.Min(values)), float64(slices.Max(values))
	for _, v := range values {
		at := 0
		if most > least {
			at = min(bars-1, int(float64(bars)*(float64(v)-least)/(most-least)))
		}
		counts[at]++
	}
	return least, most, counts
}

// Ranked are the images of scalars [N], the largest first, ties by image.
func Ranked(scalars []float32) []decompose.Extreme {
	all := make([]decompose.Extreme, len(scalars))
	for i, v := range scalars {
		all[i] = decompose.Extreme{Image: uint32(i), Scalar: v}
	}
	slices.SortFunc(all, func(a, b decompose.Extreme) int {
		return cmp.Or(cmp.Compare(b.Scalar, a.Scalar), cmp.Compare(a.Image, b.Image))
	})
	return all
}

// AtQuantile is where in a list of n, the largest first, a share q of the others is smaller. q is from 0 to 1.
func AtQuantile(n int, q float64) int { return int(math.Round((1 - q) * float64(n-1))) }

// Correlation is that of two lists of scalars [N]; NaN where one of them does not vary.
func Correlation(a, b []float32) float64 {
	x, y := make([]float64, len(a)), make([]float64, len(b))
	for i := range a {
		x[i], y[i] = float64(a[i]), float64(b[i])
	}
	return stat.Correlation(x, y, nil)
}
