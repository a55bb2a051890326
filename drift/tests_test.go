package drift

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/npy"
)

// near compares numbers, and slices of them, to a relative 1e-9; a NaN fails.
func near(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 1e-12)); d != "" {
		t.Errorf("%s: (-want +got)\n%s", what, d)
	}
}

type peers struct {
	TwoSamples []struct {
		X, Y           []float32
		Welch          [2]float64
		MannWhitney    [2]float64 `json:"mann_whitney"`
		Skew, Kurtosis float64
		Pearson        *float64
		Interval       [2]float64
	} `json:"two_samples"`
	A, B            []float32
	Embed           int
	Frechet, Energy float64
	P, Adjusted     []float64
}

func readPeers(t *testing.T) peers {
	t.Helper()
	data, err := os.ReadFile("testdata/scipy.json")
	if err != nil {
		t.Fatal(err)
	}
	var p peers
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func momentsOf(x []float32) *Moments {
	m := NewMoments(1)
	for i := range x {
		m.Add(x[i : i+1])
	}
	return m
}

func TestStatisticsAreSciPys(t *testing.T) {
	p := readPeers(t)
	for _, s := range p.TwoSamples {
		a, b := momentsOf(s.X), momentsOf(s.Y)
		tt, pt := Welch(a.Count, a.Mean[0], a.Variance(0), b.Count, b.Mean[0], b.Variance(0))
		near(t, "Welch", [2]float64{tt, pt}, s.Welch)
		u, pu := MannWhitney(s.X, s.Y)
		near(t, "Mann–Whitney", [2]float64{u, pu}, s.MannWhitney)
		low, high := MeanInterval(a.Count, a.Mean[0], a.Variance(0))
		if math.Abs(low-s.Interval[0]) > 1e-8 || math.Abs(high-s.Interval[1]) > 1e-8 { // gonum's quantiles are good to some 1e-9
			t.Errorf("interval of the mean: %v to %v, expected %v", low, high, s.Interval)
		}
		skew, kurtosis := shape(s.X)
		near(t, "skewness and kurtosis", [2]float64{skew, kurtosis}, [2]float64{s.Skew, s.Kurtosis})
		if s.Pearson != nil {
			g := NewGaussian(2)
			for i, x := range s.X {
				g.Add([]float32{x, s.Y[i]})
			}
			near(t, "Pearson", g.Correlation(1, 0), *s.Pearson)
		}
	}
	near(t, "Benjamini–Hochberg", BenjaminiHochberg(p.P), p.Adjusted)
}

func gaussianOf(x []float32, embed int) *Gaussian {
	g := NewGaussian(embed)
	for i := 0; i < len(x); i += embed {
		g.Add(x[i : i+embed])
	}
	return g
}

func TestGlobalDistancesAreSciPys(t *testing.T) {
	p := readPeers(t)
	f, err := Fréchet(gaussianOf(p.A, p.Embed), gaussianOf(p.B, p.Embed))
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(f-p.Frechet) > 1e-7 {
		t.Errorf("Fréchet distance %v, expected %v", f, p.Frechet)
	}
	e, _ := Energy(p.A, p.B, p.Embed, 1, 1)
	if math.Abs(e-p.Energy) > 1e-6 { // distances of float32 numbers
		t.Errorf("energy distance %v, expected %v", e, p.Energy)
	}
	if _, err := Fréchet(NewGaussian(4), gaussianOf(p.B, 4)); err == nil {
		t.Error("Fréchet distance of no image: expected an error")
	}
}

func TestVarianceAlongADirection(t *testing.T) {
	g := gaussianOf(readPeers(t).A, 4)
	near(t, "variance along a direction", g.Variance([]float64{0, 1, 0, 0}), g.covariance().At(1, 1))
}

func TestTestsOfNothingSayNothing(t *testing.T) {
	if _, p := Welch(1, 0, 0, 10, 1, 1); p != 1 {
		t.Errorf("Welch with one image: p %v", p)
	}
	if _, p := Welch(5, 1, 0, 5, 2, 0); p != 1 {
		t.Errorf("Welch without spread: p %v", p)
	}
	if _, p := MannWhitney(nil, []float32{1, 2}); p != 1 {
		t.Errorf("Mann–Whitney of nothing: p %v", p)
	}
	if _, p := MannWhitney([]float32{1, 1}, []float32{1, 1}); p != 1 {
		t.Errorf("Mann–Whitney of equals: p %v", p)
	}
	if _, p := Energy(nil, []float32{1}, 1, 9, 1); p != 1 {
		t.Errorf("energy test of nothing: p %v", p)
	}
}

// normals are n vectors of independent standard normal numbers [n,embed].
func normals(random *rand.Rand, n, embed int) []float32 {
	x := make([]float32, n*embed)
	for i := range x {
		x[i] = float32(random.NormFloat64())
	}
	return x
}

// uniform fails when values, of which there are many, are not spread evenly over 0 to 1 (Kolmogorov and Smirnov, at level 0.001). A test with
// discrete p-values is given the step they come in.
func uniform(t *testing.T, what string, p []float64, step float64) {
	t.Helper()
	slices.Sort(p)
	worst := 0.0
	for i, v := range p {
		n := float64(len(p))
		worst = max(worst, float64(i+1)/n-v, v-float64(i)/n)
	}
	if limit := 1.95/math.Sqrt(float64(len(p))) + step; worst > limit {
		t.Errorf("%s: p-values under no drift are %.3f away from uniform, at most %.3f is chance", what, worst, limit)
	}
}

func TestNullsAreUniform(t *testing.T) {
	const runs = 2000
	random := rand.New(rand.NewPCG(3, 4))
	var welch, ranked, energy []float64
	for i := range runs {
		x, y := normals(random, 30, 1), normals(random, 50, 1)
		a, b := momentsOf(x), momentsOf(y)
		_, p := Welch(a.Count, a.Mean[0], a.Variance(0), b.Count, b.Mean[0], b.Variance(0))
		welch = append(welch, p)
		_, p = MannWhitney(x, y)
		ranked = append(ranked, p)
		_, p = Energy(normals(random, 12, 3), normals(random, 20, 3), 3, 99, uint64(i))
		energy = append(energy, p)
	}
	uniform(t, "Welch", welch, 0)
	uniform(t, "Mann–Whitney", ranked, 0.002)
	uniform(t, "energy", energy, 0.01)
}

// TestNullsOfRealScalars: scalars of the demo model over scenes, dealt to two sides at random, have small p-values as rarely as they say, into the tail.
// Welch's test alone has not.
func TestNullsOfRealScalars(t *testing.T) {
	runs := 12_000
	if testing.Short() {
		runs = 500
	}
	data, err := os.ReadFile("testdata/scalars.npy")
	if err != nil {
		t.Fatal(err)
	}
	a, err := npy.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	values, images, pairs := a.Data, a.Shape[0], a.Shape[1]
	levels := []float64{1e-2, 1e-3, 1e-4, 1e-5}
	welch, fits := make([]int, len(levels)), make([]int, len(levels))
	var middle []float64
	random := rand.New(rand.NewPCG(31, 32))
	x, y := make([]float32, 400), make([]float32, 60)
	for run := range runs * pairs {
		pair := run % pairs
		order := some(random, images, len(x)+len(y))
		for k, i := range order {
			if v := values[i*pairs+pair]; k < len(x) {
				x[k] = v
			} else {
				y[k-len(x)] = v
			}
		}
		b, c := momentsOf(x), momentsOf(y)
		_, p := Welch(c.Count, c.Mean[0], c.Variance(0), b.Count, b.Mean[0], b.Variance(0))
		q, _ := byShape(p, x, y)
		if run < 2000 {
			middle = append(middle, q)
		}
		for i, level := range levels {
			if p <= level {
				welch[i]++
			}
			if q <= level {
				fits[i]++
			}
		}
	}
	uniform(t, "real scalars", middle, 0.002)
	for i, level := range levels {
		expected := level * float64(runs*pairs)
		t.Logf("p ≤ %g: %d of %d by the test that fits, %d by Welch's, expected %.1f", level, fits[i], runs*pairs, welch[i], expected)
		if float64(fits[i]) > expected+4*math.Sqrt(expected)+1 {
			t.Errorf("p ≤ %g: %d of %d, expected %.1f", level, fits[i], runs*pairs, expected)
		}
		if i < 2 && float64(fits[i]) < 0.7*expected {
			t.Errorf("p ≤ %g: only %d of %d, expected %.1f: the test is too shy", level, fits[i], runs*pairs, expected)
		}
	}
}

// some are k of n indexes by lot.
func some(random *rand.Rand, n, k int) []int {
	order := numeric.Indices(n)
	for i := range k {
		j := i + random.IntN(n-i)
		order[i], order[j] = order[j], order[i]
	}
	return order[:k]
}

func TestEnergyFindsAShift(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	y := normals(random, 100, 3)
	for i := range y {
		y[i] += 0.6
	}
	if _, p := Energy(normals(random, 100, 3), y, 3, 199, 1); p > 0.01 {
		t.Errorf("energy test of two samples 0.6 apart: p %v", p)
	}
}

// TestFamiliesTogether: three years, of which one changed much, one a little, one not.
func TestFamiliesTogether(t *testing.T) {
	much, little, none := []float64{1e-9, 1e-8, 1e-7, 1e-6}, []float64{0.004, 0.3, 0.5, 0.9}, []float64{0.03, 0.4, 0.6, 0.8}
	got := Together([][]float64{much, little, none}, 0.05)
	// Least adjusted p-values are 4e-9, 0.016 and 0.12: two families are chosen, so the price is 3/2.
	near(t, "much", got[0], []float64{6e-9, 3e-8, 2e-7, 1.5e-6})
	near(t, "little", got[1][0], 0.024)
	near(t, "none", got[2][0], 0.18)
	near(t, "one family", Together([][]float64{little}, 0.05)[0], BenjaminiHochberg(little))
	if got := Together([][]float64{{}, {0.5}}, 0.05); len(got[0]) != 0 || got[1][0] != 1 {
		t.Errorf("a family without tests: %v", got)
	}
}

// TestFalseDiscoveriesOfFamilies simulates years, half of them with some changed pairs: the share of false discoveries, averaged over
// the years in which anything is found, and how often a year without change is accused.
func TestFalseDiscoveriesOfFamilies(t *testing.T) {
	const runs, years, pairs = 300, 10, 100
	random := rand.New(rand.NewPCG(7, 8))
	share, accused := 0.0, 0
	for range runs {
		families := make([][]float64, years)
		for y := range families {
			for i := range pairs {
				z := random.NormFloat64()
				if y%2 == 0 && i < 20 {
					z += 4
				}
				families[y] = append(families[y], 2*distuv.UnitNormal.CDF(-math.Abs(z)))
			}
		}
		found, sum := 0, 0.0
		for y, adjusted := range Together(families, 0.05) {
			all, wrong := 0, 0
			for i, p := range adjusted {
				if p <= 0.05 {
					all++
					if y%2 == 1 || i >= 20 {
						wrong++
					}
				}
			}
			if all > 0 {
				found, sum = found+1, sum+float64(wrong)/float64(all)
				if y%2 == 1 {
					accused++
				}
			}
		}
		share += sum / float64(max(found, 1)) / runs
	}
	if share > 0.05 {
		t.Errorf("mean share of false discoveries %.3f at level 0.05", share)
	}
	if rate := float64(accused) / (runs * years / 2); rate > 0.05 {
		t.Errorf("%.3f of the years without change are accused of one", rate)
	}
}
