package drift

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/combin"
	"gonum.org/v1/gonum/stat/distuv"
)

// Permutation is the two-sided permutation test that x and y have one distribution, by the difference of their means. Its p-value is that of all ways
// to deal the n + m numbers, by a saddlepoint: the sum of x is that of a sample without replacement, which is a sum of independent draws given their
// number, and the double saddlepoint approximation of such a conditional tail (Skovgaard, 1987; Booth and Butler, 1990) has a small relative error far
// into the tail, where the normal limit, and Welch's test with it, is wrong for skewed numbers. Samples without spread say nothing: p = 1.
//
// The p-value is twice the smaller of the two tails.
func Permutation(x, y []float32) float64 {
	n, m := len(x), len(y)
	pooled := make([]float64, 0, n+m)
	for _, v := range x {
		pooled = append(pooled, float64(v))
	}
	for _, v := range y {
		pooled = append(pooled, float64(v))
	}
	mean, spread := standardise(pooled)
	if n < 1 || m < 1 || n+m < 4 || spread == 0 {
		return 1
	}
	sum := 0.0
	for _, v := range x {
		sum += (float64(v) - mean) / spread
	}
	t := tail{values: pooled, share: float64(n) / float64(n+m)}
	up, ok := t.above(sum)
	switch {
	case !ok && t.extreme(n, sum):
		return min(1, 2*math.Exp(-combin.LogGeneralizedBinomial(float64(n+m), float64(n))))
	case !ok: // near the mean, where the formula is 0/0
		return t.normal(sum)
	}
	return min(1, 2*min(up, 1-up))
}

// standardise brings numbers to mean 0 and variance 1.
func standardise(x []float64) (mean, spread float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		spread += (v - mean) * (v - mean) / float64(len(x))
	}
	spread = math.Sqrt(spread)
	for i := range x {
		x[i] = (x[i] - mean) / math.Max(spread, math.SmallestNonzeroFloat64)
	}
	return mean, spread
}

// tail is the distribution of the sum of a sample without replacement, of a share of standardised numbers.
type tail struct {
	values []float64
	share  float64
}

// normal is the two-sided p-value by the normal limit.
func (t tail) normal(sum float64) float64 {
	n := float64(len(t.values))
	z := math.Abs(sum) / math.Sqrt(n*t.share*(1-t.share)*n/(n-1))
	return min(1, 2*distuv.UnitNormal.CDF(-z))
}

// extreme reports whether no deal of n numbers has a sum further out.
func (t tail) extreme(n int, sum float64) bool {
	sorted := slices.Sorted(slices.Values(t.values))
	if sum > 0 {
		slices.Reverse(sorted)
	}
	most := 0.0
	for _, v := range sorted[:n] {
		most += v
	}
	return math.Abs(sum) >= math.Abs(most)*(1-1e-9)
}

// The saddlepoint is found by Newton's method.
const (
	saddleSteps = 60
	saddleNear  = 1e-9 // of what is solved for, per number
	leastRoot   = 1e-4 // of w, below which the formula is 0/0
)

// above is the probability of a sum as large as this one or larger.
func (t tail) above(sum float64) (p float64, ok bool) {
	u, s := 0.0, 0.0
	n := float64(len(t.values))
	for range saddleSteps {
		k := t.cumulants(u, s)
		du, ds := n*t.share-k.u, sum-k.s
		determinant := k.uu*k.ss - k.us*k.us
		if math.Abs(du)+math.Abs(ds) < saddleNear*n {
			w := math.Copysign(math.Sqrt(math.Max(0, 2*(u*n*t.share+s*sum-k.value))), s)
			v := s * math.Sqrt(determinant/(n*t.share*(1-t.share)))
			if math.Abs(w) < leastRoot || v == 0 {
				return 0, false
			}
			p := distuv.UnitNormal.CDF(-w) + distuv.UnitNormal.Prob(w)*(1/v-1/w)
			return min(max(p, 0), 1), p-p == 0
		}
		if !(determinant > 1e-12*n*n*1e-6) {
			return 0, false
		}
		stepU, stepS := (k.ss*du-k.us*ds)/determinant, (k.uu*ds-k.us*du)/determinant
		scale := min(1, 1/math.Max(math.Abs(stepU), math.Abs(stepS))) // convex: short steps are safe
		u, s = u+scale*stepU, s+scale*stepS
	}
	return 0, false
}

// cumulants are those of independent draws of numbers, each taken with the share, at (u, s): of their number and of their sum.
type cumulants struct{ value, u, s, uu, us, ss float64 }

func (t tail) cumulants(u, s float64) (k cumulants) {
	for _, x := range t.values {
		e := t.share * math.Exp(u+s*x)
		total := 1 - t.share + e
		π := e / total
		k.value += math.Log(total)
		v := π * (1 - π)
		k.u, k.s = k.u+π, k.s+π*x
		k.uu, k.us, k.ss = k.uu+v, k.us+v*x, k.ss+v*x*x
	}
	return k
}
