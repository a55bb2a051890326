package drift

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// TestPermutationIsSciPys compares with SciPy's enumeration of small deals, and with 400,000 deals of larger ones.
func TestPermutationIsSciPys(t *testing.T) {
	data, err := os.ReadFile("testdata/permutation.json")
	if err != nil {
		t.Fatal(err)
	}
	var samples []struct {
		X, Y  []float32
		P     float64
		Deals float64
	}
	if err := json.Unmarshal(data, &samples); err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		got := Permutation(s.X, s.Y)
		chance := 0.0
		if s.Deals > 100_000 { // by lot, which leaves four deviations open
			chance = 4 / math.Sqrt(s.P*s.Deals)
		}
		if off := math.Abs(math.Log(got / s.P)); off > 0.1+chance {
			t.Errorf("%d and %d numbers: p %.4g, expected %.4g", len(s.X), len(s.Y), got, s.P)
		}
		t.Logf("%d and %d numbers: p %.4g, by deals %.4g", len(s.X), len(s.Y), got, s.P)
	}
	for what, p := range map[string]float64{"equals": Permutation([]float32{1, 1}, []float32{1, 1}), "nothing": Permutation(nil, []float32{1, 2})} {
		if p != 1 {
			t.Errorf("%s: p %g", what, p)
		}
	}
	apart := Permutation(make([]float32, 200), []float32{1, 1, 1, 1, 1, 1, 1, 1}) // no deal is more extreme
	if !(apart < 1e-6) {
		t.Errorf("two samples that are wholly apart: p %g", apart)
	}
}

// TestSkewedTails: of skewed numbers without drift, small p-values are as rare as they say. Welch's are not.
func TestSkewedTails(t *testing.T) {
	const runs, level = 60_000, 1e-3
	random := rand.New(rand.NewPCG(21, 22))
	x, y := make([]float32, 40), make([]float32, 400)
	welch, permutation := 0, 0
	var middle []float64
	for run := range runs {
		for _, s := range [][]float32{x, y} {
			for i := range s { // skewness 2, as scalars after a ReLU often have
				s[i] = float32(random.ExpFloat64())
			}
		}
		a, b := momentsOf(x), momentsOf(y)
		_, p := Welch(a.Count, a.Mean[0], a.Variance(0), b.Count, b.Mean[0], b.Variance(0))
		if p <= level {
			welch++
		}
		if run < 1000 {
			middle = append(middle, Permutation(x, y))
		}
		if p <= 30*level && Permutation(x, y) <= level { // what is that rare by permutation is rare by Welch's test too
			permutation++
		}
	}
	uniform(t, "permutation", middle, 0)
	const most = runs*level + 4*7.75 // four deviations
	if permutation > most || permutation < 30 || welch <= most {
		t.Errorf("p ≤ %g in %d of %d by permutation and %d by Welch, expected %g", level, permutation, runs, welch, runs*level)
	}
	t.Logf("p ≤ %g in %d of %d by permutation and %d by Welch", level, permutation, runs, welch)
}
