package drift

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestClassifierIsScikits: components, weights and the AUC of pictures held out are those of scikit-learn.
func TestClassifierIsScikits(t *testing.T) {
	data, err := os.ReadFile("testdata/classifier.json")
	if err != nil {
		t.Fatal(err)
	}
	var samples []struct {
		N, M, Embed, Components int
		Z, Whole                []float64
		AUC                     float64
		Weights                 [][]float64
	}
	if err := json.Unmarshal(data, &samples); err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		sides := make([]bool, s.N+s.M)
		for i := range sides {
			sides[i] = i >= s.N
		}
		fold := foldsOf(sides)
		z := components(mat.NewDense(len(sides), s.Embed, slices.Clone(s.Z)), s.Components, rand.New(rand.NewPCG(1, 1)))
		whole := mat.NewDense(len(sides), s.Components, s.Whole)
		for j := range s.Components { // a component may have either sign
			sign := math.Copysign(1, z.At(0, j)*whole.At(0, j))
			for i := range sides {
				if δ := math.Abs(sign*z.At(i, j) - whole.At(i, j)); δ > 1e-6 {
					t.Fatalf("component %d of row %d is off by %g", j, i, δ)
				}
			}
		}
		areas, err := aucs(z, [][]bool{sides}, fold)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(areas[0]-s.AUC) > 1e-9 {
			t.Errorf("AUC %.9f, scikit-learn has %.9f", areas[0], s.AUC)
		}
		for f, want := range s.Weights {
			var learn []int
			for i := range sides {
				if fold[i] != f {
					learn = append(learn, i)
				}
			}
			w, err := logistic(withOne(whole, learn), [][]bool{sides}, learn)
			if err != nil {
				t.Fatal(err)
			}
			for j, v := range want {
				if math.Abs(w.At(j, 0)-v) > 1e-4*(1+math.Abs(v)) {
					t.Errorf("fold %d: weight %d is %.7f, scikit-learn has %.7f", f, j, w.At(j, 0), v)
				}
			}
		}
	}
}

// TestClassifierNull: without a change p is uniform, and a change that no single number shows is found.
func TestClassifierNull(t *testing.T) {
	if testing.Short() {
		t.Skip("fits some 100,000 regressions")
	}
	random := rand.New(rand.NewPCG(3, 4))
	draw := func(n, embed int, bend bool) []Image {
		out := make([]Image, n)
		for i := range out {
			e := normals(random, embed, 1)
			if bend {
				e[0] += 0.6
				e[1] -= 0.6
			}
			out[i] = Image{Path: fmt.Sprint(i), Embedding: e}
		}
		return out
	}
	const runs = 200
	below := map[float64]int{}
	for seed := range runs {
		c, err := Classify(draw(40, 12, false), draw(30, 12, false), uint64(seed))
		if err != nil {
			t.Fatal(err)
		}
		for _, level := range []float64{0.05, 0.2, 0.5, 0.8} {
			if c.P <= level {
				below[level]++
			}
		}
		if c.Null < 0.4 || c.Null > 0.6 || c.NullHigh < c.Null {
			t.Errorf("null of the AUC: %.3f, 95 %% at %.3f", c.Null, c.NullHigh)
		}
	}
	for level, n := range below {
		if sd := math.Sqrt(runs * level * (1 - level)); math.Abs(float64(n)-runs*level) > 3.5*sd {
			t.Errorf("%d of %d p-values up to %g, expected %.0f", n, runs, level, runs*level)
		}
	}
	c, err := Classify(draw(150, 12, false), draw(150, 12, true), 0)
	if err != nil {
		t.Fatal(err)
	}
	if c.P > 0.01 || c.AUC < 0.65 {
		t.Errorf("a change of two numbers: AUC %.3f, p %.3f", c.AUC, c.P)
	}
}

func TestClassifierOfFewImages(t *testing.T) {
	if c, err := Classify(make([]Image, 10), make([]Image, 100), 0); c != nil || err != nil {
		t.Errorf("ten images: %v, %v", c, err)
	}
	same := make([]Image, 60)
	for i := range same {
		same[i].Embedding = []float32{1, 2, 3}
	}
	if c, err := Classify(same[:30], same[30:], 0); c != nil || err != nil {
		t.Errorf("images that do not vary: %v, %v", c, err)
	}
}
