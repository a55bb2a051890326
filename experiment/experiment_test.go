package experiment

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/facet-clip/facet/answer"
)

// TestKept: thresholds are those of numpy.percentile.
func TestKept(t *testing.T) {
	scores := []float64{5, 1, 4, 2, 3}
	for _, c := range []struct {
		q    float64
		want []bool
	}{
		{0, []bool{true, true, true, true, true}},
		{50, []bool{true, false, true, false, true}},
		{60, []bool{true, false, true, false, false}}, // between 3 and 4: 3.4
		{100, []bool{true, false, false, false, false}},
	} {
		if diff := cmp.Diff(c.want, Kept(scores, c.q)); diff != "" {
			t.Errorf("percentile %g: %s", c.q, diff)
		}
	}
}

// TestShare compares with the Wilson interval of SciPy's binomtest(…).proportion_ci(method="wilson").
func TestShare(t *testing.T) {
	for _, c := range []struct {
		right, n  int
		low, high float64
	}{
		{8, 10, 0.4901624715366418, 0.9433178485456248}, {0, 5, 0, 0.43448246478317476}, {50, 100, 0.4038315303659956, 0.5961684696340044},
	} {
		s := NewShare(c.right, c.n)
		if math.Abs(s.Low-c.low) > 1e-9 || math.Abs(s.High-c.high) > 1e-9 {
			t.Errorf("%d of %d: %.10f to %.10f, want %.10f to %.10f", c.right, c.n, s.Low, s.High, c.low, c.high)
		}
	}
}

func TestHalves(t *testing.T) {
	means, test := Halves(5)
	if diff := cmp.Diff([][]int{{1, 3}, {0, 2, 4}}, [][]int{means, test}); diff != "" {
		t.Error(diff)
	}
}

func TestSignTest(t *testing.T) {
	for _, c := range []struct {
		lower, higher int
		want          float64 // scipy.stats.binomtest
	}{{0, 0, 1}, {5, 5, 1}, {10, 0, 0.001953125}, {30, 14, 0.022628841205914796}} {
		if got := signTest(c.lower, c.higher); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%d against %d: %g, want %g", c.lower, c.higher, got, c.want)
		}
	}
}

func TestSpread(t *testing.T) {
	if diff := cmp.Diff(answer.Spread{Low: 1, Quarter: 1.75, Median: 2.5, ThreeQuarters: 3.25, High: 4}, NewSpread([]float64{4, 2, 1, 3}), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Error(diff)
	}
}
