package verify

import (
	"math"
	"testing"
)

// TestGuessing: against the sums written out.
func TestGuessing(t *testing.T) {
	for _, c := range []struct {
		right, pictures, labels int
		want                    float64
	}{
		{0, 10, 10, 1},
		{10, 10, 10, 1e-10},
		{2, 2, 4, 1. / 16},
		{1, 2, 4, 1 - 9./16},
		{5, 10, 10, 0.0016349374}, // Σ_{k≥5} C(10,k) 0.1^k 0.9^(10−k)
	} {
		if got := Guessing(c.right, c.pictures, c.labels); !(math.Abs(got-c.want) <= 1e-9) {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

func TestSharper(t *testing.T) {
	mean, deviation := Sharper([]float64{-1, -2, -3}, []float64{-2, -2, -5})
	if math.Abs(mean-1) > 1e-12 || math.Abs(deviation-1/math.Sqrt(3)) > 1e-12 {
		t.Errorf("got %v ± %v, expected 1 ± 0.577", mean, deviation)
	}
	if _, deviation := Sharper([]float64{-1}, []float64{-2}); !math.IsInf(deviation, 1) {
		t.Errorf("one picture has a deviation of %v", deviation)
	}
}
