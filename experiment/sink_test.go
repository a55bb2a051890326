package experiment

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/golden"
)

// bits are enough for 1 − e^−300 and a difference of 10⁻¹².
const bits = 1600

// exactly is 1/(1 + e^−z) with 1,600 bits, and what is left of it with a logit less by.
func exactly(z, by float64) (share, fall float64) {
	number := func(x float64) *big.Float { return new(big.Float).SetPrec(bits).SetFloat64(x) }
	of := func(x *big.Float) *big.Float {
		e := bigExp(x.Neg(x))
		return e.Quo(number(1), e.Add(e, number(1)))
	}
	all, left := of(number(z)), of(number(0).Sub(number(z), number(by)))
	share, _ = all.Float64()
	fall, _ = number(0).Sub(all, left).Float64()
	return share, fall
}

// bigExp is e^x by its series, after halving x until it is small.
func bigExp(x *big.Float) *big.Float {
	const halvings = 20
	y := new(big.Float).SetMantExp(x, -halvings)
	sum, term := big.NewFloat(1).SetPrec(bits), big.NewFloat(1).SetPrec(bits)
	for k := 1; k < 120; k++ {
		term.Mul(term, y)
		term.Quo(term, new(big.Float).SetPrec(bits).SetInt64(int64(k)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// TestFall holds what an attention loses with its logit against 1,600 bits, where 1 − a has no digit left.
func TestFall(t *testing.T) {
	for _, z := range []float64{-300, -40, -1, 0, 1e-9, 3, 17, 40, 120, 300} {
		for _, by := range []float64{-200, -30, -1e-12, 0, 1e-12, 0.5, 20, 250} {
			share, want := exactly(z, by)
			if got := logistic(z); math.Abs(got-share) > 1e-14*share {
				t.Errorf("logistic(%g) = %g, want %g", z, got, share)
			}
			if got := fall(z, by); math.Abs(got-want) > 1e-12*math.Abs(want) {
				t.Errorf("fall(%g, %g) = %g, want %g", z, by, got, want)
			}
			if got := logLogistic(z); math.Abs(got-math.Log(share)) > 1e-13*(1+math.Abs(got)) {
				t.Errorf("logLogistic(%g) = %g, want %g", z, got, math.Log(share))
			}
		}
	}
}

// TestWithoutSaturated: a head that looks at the watched token alone, so that all others have an attention of 0 in float32, looks at the others in their own
// proportions when it is left out; nothing is NaN, and the next picture counts as well.
func TestWithoutSaturated(t *testing.T) {
	query := decompose.Query{Heads: 1, Channels: 1, Query: []float32{0}, QueryBias: []float32{1}, Key: []float32{1}} // a token is its logit
	for _, sink := range []float32{5, 50, 200, 5000} {
		x := []float32{0, 1, 0, 1, sink} // a 2×2 picture
		s := NewSink(query, 4, 3)
		without, err := s.Without(x)
		if err != nil {
			t.Fatal(err)
		}
		want := float32(2 * math.E / (2 + 2*math.E)) // tokens 0 and 1, the latter e times as much
		golden.Compare(t, "scalar without the sink", without, []float32{want}, 1e-6, 0)
		for range 2 {
			if err := s.Add(x); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Add([]float32{0, 1, 0, 1, sink - 1}); err != nil {
			t.Fatal(err)
		}
		r, err := s.Report(5)
		if err != nil {
			t.Fatal(err)
		}
		finite := append([]float64{r.Class, r.Ratio, *r.RatioLow, *r.RatioHigh}, r.Mass...)
		if bad := slices.IndexFunc(finite, func(v float64) bool { return !(v >= 0) }); bad >= 0 || !r.Exists || len(r.Registers) != 1 {
			t.Errorf("sink %g: %+v", sink, r)
		}
	}
}

// TestRatioIsPositive: pictures that differ widely give an interval of positive numbers; one picture gives none, and no sink.
func TestRatioIsPositive(t *testing.T) {
	query := decompose.Query{Heads: 1, Channels: 1, Query: []float32{0}, QueryBias: []float32{1}, Key: []float32{1}}
	s := NewSink(query, 4, 3)
	for i, x := range [][]float32{{0, 0, 0, 0, 9}, {0, 3, 0, 0, 0}, {0, 0, 0, 5, 0}} {
		if err := s.Add(x); err != nil {
			t.Fatal(err)
		}
		r, err := s.Report(5)
		if err != nil {
			t.Fatal(err)
		}
		if one := i == 0; one != (r.RatioLow == nil) || one && r.Exists {
			t.Errorf("%d pictures: %+v", i+1, r)
		}
		if i > 0 && !(0 < *r.RatioLow && *r.RatioLow <= r.Ratio && r.Ratio <= *r.RatioHigh) {
			t.Errorf("ratio %g (%g to %g)", r.Ratio, *r.RatioLow, *r.RatioHigh)
		}
		if !r.Exists && len(r.Registers) > 0 {
			t.Errorf("no sink, but registers %v", r.Registers)
		}
	}
	lone := NewSink(query, 1, 0) // a grid of one place has no neighbours to stand out from
	for range 2 {
		if err := lone.Add([]float32{0, 9}); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := lone.Report(1); err != nil || r.Exists || r.Ratio != 1 {
		t.Errorf("one place: %+v, %v", r, err)
	}
	if err := lone.Add([]float32{0, float32(math.NaN())}); err == nil {
		t.Error("tokens that are not finite: no error")
	}
}
