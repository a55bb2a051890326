package numeric

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Ranks are the ranks of values from 1 on [N], the mean rank among equals, and Σ t³ − t over the groups of t equal values.
func Ranks(values []float64) (ranks []float64, ties float64) {
	order := Indices(len(values))
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	ranks = make([]float64, len(values))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && values[order[to]] == values[order[from]] {
			to++
		}
		t := float64(to - from)
		ties += t*t*t - t
		for _, i := range order[from:to] {
			ranks[i] = float64(from+to+1) / 2
		}
		from = to
	}
	return ranks, ties
}

// RankTest is the two-sided p-value of Mann and Whitney's U of n values among n + m: that of the normal limit, with the corrections for ties (see [Ranks]) and for
// continuity. Samples that are empty or all one value say nothing: 1.
func RankTest(u float64, n, m int, ties float64) float64 {
	a, b := float64(n), float64(m)
	N := a + b
	variance := a * b / 12 * (N + 1 - ties/(N*(N-1)))
	if n == 0 || m == 0 || !(variance > 0) {
		return 1
	}
	z := (math.Abs(u-a*b/2) - 0.5) / math.Sqrt(variance)
	return min(1, 2*distuv.UnitNormal.CDF(-z))
}
