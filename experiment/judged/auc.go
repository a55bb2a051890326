package judged

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/facet-clip/facet/internal/numeric"
)

// Ranks are the ranks from 1 on [N], the mean rank among equals.
func Ranks(values []float64) []float64 {
	ranks, _ := numeric.Ranks(values)
	return ranks
}

// AUC is the chance that a picture with the thing has the higher value than one without, from the values' ranks [N]; ½ when either kind is missing.
func AUC(ranks []float64, present []bool) float64 {
	var sum, with float64
	for i, p := range present {
		if p {
			sum += ranks[i]
			with++
		}
	}
	without := float64(len(present)) - with
	if with == 0 || without == 0 {
		return 0.5
	}
	return (sum - with*(with+1)/2) / (with * without)
}

// RankSum is the two-sided p-value of Mann and Whitney's test that pictures with and without a thing have the same values: normal, with the correction for
// ties and for continuity, as SciPy's asymptotic method. INVERT and CoSy give it with their AUC. 1 when either kind is missing.
func RankSum(values []float64, present []bool) float64 {
	ranks, ties := numeric.Ranks(values)
	m := count(present)
	n := len(values) - m
	return numeric.RankTest(AUC(ranks, present)*float64(m)*float64(n), m, n, ties)
}

// AUCVariance is the variance of an AUC over draws of pictures, by DeLong et al. (1988): that of the placements of the pictures with the thing among those
// without, and the other way round (docs/design.md, 63), with Welch and Satterthwaite's degrees of freedom. NaN with fewer than two pictures of either kind.
func AUCVariance(values []float64, present []bool) (variance, freedom float64) {
	with, without := where(values, present)
	m, n := float64(len(with)), float64(len(without))
	if m < 2 || n < 2 {
		return math.NaN(), math.NaN()
	}
	all, own, others := Ranks(slices.Concat(with, without)), Ranks(with), Ranks(without)
	above, below := make([]float64, len(with)), make([]float64, len(without))
	for i := range with {
		above[i] = (all[i] - own[i]) / n
	}
	for j := range without {
		below[j] = 1 - (all[len(with)+j]-others[j])/m
	}
	a, b := stat.Variance(above, nil)/m, stat.Variance(below, nil)/n
	return a + b, (a + b) * (a + b) / (a*a/(m-1) + b*b/(n-1))
}

// Holds is the p-value against "the AUC is at most least": small where a name is right beyond doubt. It is the larger of two: Student's t on the
// scale of the log odds with DeLong's variance, and a normal test with the variance that Hanley and McNeil (1982) give an AUC of least, which does not depend on
// the values: with ten pictures of a thing, DeLong's test alone is too bold. Where every picture with the thing is above every one without, it is least to the
// power of the smaller number of pictures, which bounds the chance of that (docs/design.md, 64). 1 with fewer than two pictures of either kind.
func Holds(values []float64, present []bool, least float64) float64 {
	auc := AUC(Ranks(values), present)
	variance, freedom := AUCVariance(values, present)
	m := count(present)
	switch {
	case math.IsNaN(variance) || auc == 0:
		return 1
	case auc == 1:
		return math.Pow(least, float64(min(m, len(present)-m)))
	case variance == 0:
		return 1
	}
	logit := func(x float64) float64 { return math.Log(x / (1 - x)) }
	t := (logit(auc) - logit(least)) * auc * (1 - auc) / math.Sqrt(variance)
	z := (auc - least) / math.Sqrt(hanley(least, float64(m), float64(len(present)-m)))
	return max(distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Survival(t), distuv.UnitNormal.Survival(z))
}

// hanley is the variance of the AUC of m pictures with a thing and n without, where it is a in truth, by Hanley and McNeil (1982).
func hanley(a, m, n float64) float64 {
	return (a*(1-a) + (m-1)*(a/(2-a)-a*a) + (n-1)*(2*a*a/(1+a)-a*a)) / (m * n)
}

// Chance are the p-values of statistics [n] given those of as many draws as there are of what means nothing [B]: (1 + draws at least as large) / (1 + B).
// They are valid, and fit Benjamini and Hochberg's procedure, where a pair that means nothing is exchangeable with a draw (Bates et al., Annals of
// Statistics 2023; docs/design.md, 65).
func Chance(statistics, draws []float64) []float64 {
	sorted := slices.Sorted(slices.Values(draws))
	p := make([]float64, len(statistics))
	for i, x := range statistics {
		below, _ := slices.BinarySearch(sorted, x)
		p[i] = float64(1+len(sorted)-below) / float64(1+len(sorted))
	}
	return p
}
