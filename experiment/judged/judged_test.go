package judged

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// peers are the answers of NumPy, SciPy and scikit-learn, written by testdata/judged.py.
type peers struct {
	Values   [][]float64
	Present  [][]bool
	Cosines  [][]float64
	AUC      [][]float64
	Ranksum  [][]float64
	Variance [][]float64
	Holds    [][]float64
	Certain  [3]json.RawMessage
	SoftWPMI [][]float64 `json:"soft_wpmi"`
	Invert   [][]float64
	Cosy     [][][2]float64
	Marks    [][Features]float64
	Right    []bool
	// Probability is that of each of the marks.
	Probability []float64
	Brier, ECE  float64
}

func readPeers(t *testing.T) (p peers) {
	t.Helper()
	data, err := os.ReadFile("testdata/judged.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Values) == 0 || len(p.Present) == 0 || len(p.Marks) == 0 {
		t.Fatal("nothing to compare")
	}
	return p
}

// agree fails unless two numbers differ by at most a share of the larger one, or by nothing to speak of; NaN agrees with nothing.
func agree(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if !(math.Abs(got-want) <= relative*max(math.Abs(got), math.Abs(want))+1e-15) {
		t.Errorf("%s: %.15g, expected %.15g", what, got, want)
	}
}

func TestScoresAreThePeers(t *testing.T) {
	p := readPeers(t)
	s := Sight{p.Values, p.Present}
	aucs, wpmi := s.AUCs(), SoftWPMI(p.Cosines, p.Values)
	for i, v := range p.Values {
		for w, present := range p.Present {
			agree(t, "AUC", aucs[i][w], p.AUC[i][w], 1e-12)
			agree(t, "Mann and Whitney", RankSum(v, present), p.Ranksum[i][w], 1e-9)
			variance, _ := AUCVariance(v, present)
			agree(t, "DeLong", variance, p.Variance[i][w], 1e-10)
			agree(t, "holds", Holds(v, present, 0.6), p.Holds[i][w], 1e-9)
			agree(t, "SoftWPMI", wpmi[i][w], p.SoftWPMI[i][w], 1e-9)
			with, _ := where(v, present)
			auc, mad := CoSy(with, v[:150])
			agree(t, "CoSy's AUC", auc, p.Cosy[i][w][0], 1e-12)
			agree(t, "CoSy's MAD", mad, p.Cosy[i][w][1], 1e-10)
		}
		for k, want := range p.Invert[i] {
			f := s.Invert(k + 1)[i]
			agree(t, "INVERT", f.AUC, want, 1e-12)
			agree(t, "the formula", AUC(Ranks(v), f.Holds(p.Present)), f.AUC, 0)
		}
	}
	var values []float64
	var present []bool
	var want float64
	for i, into := range []any{&values, &present, &want} {
		if err := json.Unmarshal(p.Certain[i], into); err != nil {
			t.Fatal(err)
		}
	}
	agree(t, "an AUC of 1", Holds(values, present, 0.8), want, 1e-12)
}

func TestCalibrationIsScikitLearns(t *testing.T) {
	p := readPeers(t)
	var examples []Example
	for i, m := range p.Marks {
		examples = append(examples, Example{Marks: m, Right: p.Right[i]})
	}
	l := Calibrate(examples)
	var got []float64
	for i, m := range p.Marks {
		got = append(got, l.Probability(m))
		agree(t, "probability", got[i], p.Probability[i], 1e-6)
	}
	r := Reliable(got, examples)
	agree(t, "Brier", r.Brier, p.Brier, 1e-6)
	agree(t, "ECE", r.ECE, p.ECE, 1e-5)
	if all := Calibrate(examples[:0]); all.Probability(p.Marks[0]) != 0.5 {
		t.Errorf("of no example: %g", all.Probability(p.Marks[0]))
	}
}

// TestNamesAreNotJudgedByThemselves: marks that say nothing but which neuron it is do not help, though the fit could learn them by heart.
func TestNamesAreNotJudgedByThemselves(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var examples []Example
	for range 400 {
		right, fold := random.IntN(2) == 0, random.IntN(2)
		x := 1.0
		if right == (fold == 0) {
			x = -1 // tells it in one half, and the opposite in the other
		}
		for seed := range 3 {
			examples = append(examples, Example{Marks: [Features]float64{x, 0, 0}, Right: right, Seed: seed, Fold: fold})
		}
	}
	if r := Reliable(CrossFit(examples), examples); r.Brier < 0.5 {
		t.Errorf("Brier %g: a fit has seen the neurons that it is judged by", r.Brier)
	}
}

// TestHoldsIsValid: at an AUC of exactly the bound, p-values are not smaller than they may be, and at 0.95 they are small. Values of both kinds are normal.
func TestHoldsIsValid(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	const least, runs = 0.8, 2000
	draw := func(with, without int, apart float64) float64 {
		var values []float64
		var present []bool
		for i := range with + without {
			v := random.NormFloat64()
			if i < with {
				v += apart
			}
			values, present = append(values, v), append(present, i < with)
		}
		return Holds(values, present, least)
	}
	for _, kinds := range [][2]int{{10, 190}, {40, 460}, {100, 100}} {
		below, power := map[float64]int{0.05: 0, 0.01: 0}, 0
		for range runs {
			p := draw(kinds[0], kinds[1], math.Sqrt2*0.8416212335729143) // Φ(d′/√2) = 0.8
			for level := range below {
				if p <= level {
					below[level]++
				}
			}
			if draw(kinds[0], kinds[1], math.Sqrt2*1.6448536269514722) <= 0.05 { // 0.95
				power++
			}
		}
		t.Logf("%v: P(p ≤ 0.05) = %.4f, P(p ≤ 0.01) = %.4f, at 0.95 %.3f", kinds, float64(below[0.05])/runs, float64(below[0.01])/runs, float64(power)/runs)
		for level, n := range below {
			if share := float64(n) / runs; share > level+3*math.Sqrt(level*(1-level)/runs) {
				t.Errorf("%v: P(p ≤ %g) = %.4f", kinds, level, share)
			}
		}
		if kinds[0] > 10 && power < runs*9/10 {
			t.Errorf("%v: found in %d of %d", kinds, power, runs)
		}
	}
}

// TestChanceIsValid: statistics drawn as the draws are have uniform p-values.
func TestChanceIsValid(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	below := 0
	const runs = 20000
	for range runs {
		draws := make([]float64, 19)
		for i := range draws {
			draws[i] = random.Float64()
		}
		if Chance([]float64{random.Float64()}, draws)[0] <= 0.05+1e-12 {
			below++
		}
	}
	if share := float64(below) / runs; math.Abs(share-0.05) > 0.006 {
		t.Errorf("P(p ≤ 0.05) = %.4f", share)
	}
	if p := Chance([]float64{1, 2, 4}, []float64{1, 2, 3}); !slices.Equal(p, []float64{1, 0.75, 0.25}) {
		t.Errorf("ties count as larger: %v", p)
	}
}

func TestBaselines(t *testing.T) {
	aucs := [][]float64{{0.9, 0.5, 0.1}, {0.3, 0.85, 0.5}, {0.6, 0.6, 0.7}}
	claims := []Claim{{Word: 0}, {Word: 2, Not: true}, {Word: -1}}
	for name, c := range map[string]struct{ got, want Score }{
		"the names":    {Judge(aucs, claims), Score{2, 1, 0.7}},
		"random":       {RandomWord(aucs), Score{3, 2.0 / 3, (1.5 + 1.65 + 1.9) / 9}},
		"another pair": {AnotherPair(aucs, claims), Score{2, 1, (0.9 + 0.3) / 2}},
		"the best":     {Judge(aucs, BestWord(aucs)), Score{3, 2, (0.9 + 0.85 + 0.7) / 3}},
		"formulas":     {JudgeAUCs([]float64{0.8, 0.5}), Score{2, 1, 0.65}},
	} {
		agree(t, name+", named", c.got.Named, c.want.Named, 1e-12)
		agree(t, name+", right", c.got.Right, c.want.Right, 1e-12)
		agree(t, name+", AUC", c.got.AUC, c.want.AUC, 1e-12)
	}
	if BestWord([][]float64{{0.4, 0.1}})[0] != (Claim{1, true}) {
		t.Error("a word that is missing is not the best")
	}
}

func TestFormulasAsText(t *testing.T) {
	f := Formula{Atoms: []Claim{{0, false}, {1, true}, {2, false}}, And: []bool{false, true}}
	if got := f.String([]string{"cat", "red", "snow"}); got != "(cat or not red) and snow" {
		t.Error(got)
	}
	f.And[0] = true
	if got := f.String([]string{"cat", "red", "snow"}); got != "cat and not red and snow" {
		t.Error(got)
	}
	if got := f.Holds([][]bool{{true, true, false}, {false, true, false}, {true, true, true}}); !slices.Equal(got, []bool{true, false, false}) {
		t.Error(got)
	}
}
