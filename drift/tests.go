package drift

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/facet-clip/facet/internal/numeric"
)

// Welch is Welch's test of equal means from two samples' sizes, means and unbiased variances: the statistic t and its two-sided
// p-value. Samples without spread, or of fewer than two, say nothing: 0 and 1.
func Welch(n1 int, mean1, var1 float64, n2 int, mean2, var2 float64) (t, p float64) {
	if n1 < 2 || n2 < 2 {
		return 0, 1
	}
	a, b := var1/float64(n1), var2/float64(n2)
	if a+b <= 0 {
		return 0, 1
	}
	t = (mean1 - mean2) / math.Sqrt(a+b)
	ν := (a + b) * (a + b) / (a*a/float64(n1-1) + b*b/float64(n2-1))
	return t, min(1, 2*distuv.StudentsT{Mu: 0, Sigma: 1, Nu: ν}.CDF(-math.Abs(t)))
}

// MannWhitney is the rank test that x and y have one distribution: U of x, and the two-sided p-value of the normal limit with the
// corrections for ties and continuity. Samples that are empty or all one value say nothing: p = 1.
func MannWhitney(x, y []float32) (u, p float64) {
	n := len(x)
	rankSum, ties := ranks(x, y)
	u = rankSum - float64(n)*float64(n+1)/2
	return u, numeric.RankTest(u, n, len(y), ties)
}

// ranks is the sum of the mid-ranks of x among x and y, and Σ t³ − t over the groups of t equal values.
func ranks(x, y []float32) (sum, ties float64) {
	all, ties := numeric.Ranks(numeric.Float64(slices.Concat(x, y)))
	for _, rank := range all[:len(x)] {
		sum += rank
	}
	return sum, ties
}

// BenjaminiHochberg adjusts p-values so that rejecting those up to q keeps the expected share of false ones among the rejected at q or
// less (Benjamini and Hochberg, 1995; for independent or positively dependent tests).
func BenjaminiHochberg(p []float64) []float64 {
	order := numeric.Indices(len(p))
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
	adjusted, least := make([]float64, len(p)), 1.0
	for i, k := range order {
		least = min(least, p[k]*float64(len(p))/float64(len(p)-i))
		adjusted[k] = least
	}
	return adjusted
}

// Together adjusts the p-values of several families of tests, such as those of each year, so that rejecting those up to level keeps the expected
// share of false ones at the level on average over the families that have any (Benjamini and Bogomolov, 2014): families are
// chosen by Benjamini and Hochberg's procedure on their least adjusted p-values (Simes' test that nothing in a family is true), and R of m
// chosen ones are then tested at level·R/m. A family in which nothing changed is so mostly left alone, however much others
// changed. One family is [BenjaminiHochberg].
func Together(families [][]float64, level float64) [][]float64 {
	out, least := make([][]float64, len(families)), make([]float64, len(families))
	for k, p := range families {
		out[k], least[k] = BenjaminiHochberg(p), 1
		if len(p) > 0 {
			least[k] = slices.Min(out[k])
		}
	}
	chosen := 0
	for _, p := range BenjaminiHochberg(least) {
		if p <= level {
			chosen++
		}
	}
	price := float64(len(families)) / float64(max(chosen, 1)) // a family that is not chosen has nothing below the level then
	for _, adjusted := range out {
		for i, p := range adjusted {
			adjusted[i] = min(1, p*price)
		}
	}
	return out
}

// shape is the skewness and the excess kurtosis of a sample; 0 without spread.
func shape(x []float32) (skewness, kurtosis float64) {
	n, mean := float64(len(x)), 0.0
	for _, v := range x {
		mean += float64(v) / n
	}
	var m2, m3, m4 float64
	for _, v := range x {
		δ := float64(v) - mean
		m2, m3, m4 = m2+δ*δ/n, m3+δ*δ*δ/n, m4+δ*δ*δ*δ/n
	}
	if m2 == 0 || n == 0 {
		return 0, 0
	}
	return m3 / math.Pow(m2, 1.5), m4/(m2*m2) - 3
}

// MeanInterval is the 95 % confidence interval of a mean by Student's t; infinite for fewer than two images.
func MeanInterval(n int, mean, variance float64) (low, high float64) {
	if n < 2 {
		return math.Inf(-1), math.Inf(1)
	}
	half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(0.975) * math.Sqrt(variance/float64(n))
	return mean - half, mean + half
}
