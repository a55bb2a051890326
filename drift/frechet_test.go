package drift

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// correlated draws n vectors [n,D] whose directions differ a thousandfold in spread, as embeddings' do.
func correlated(random *rand.Rand, n, embed int) []float32 {
	out := normals(random, n, embed)
	for i := range out {
		j := i % embed
		out[i] *= float32(math.Pow(1000, -float64(j)/float64(embed)))
		if j > 0 {
			out[i] += 0.5 * out[i-1]
		}
	}
	return out
}

// centred is the matrix of a sample [n,D] less its mean, over √(n−1): its Gram matrix is the covariance.
func centred(x []float32, g *Gaussian) *mat.Dense {
	embed := len(g.Mean)
	n := len(x) / embed
	m := mat.NewDense(n, embed, nil)
	for i, v := range x {
		m.Set(i/embed, i%embed, (float64(v)-g.Mean[i%embed])/math.Sqrt(float64(n-1)))
	}
	return m
}

// nuclear is the Fréchet distance without a covariance: for centred samples X and Y, tr((Σ₁^½ Σ₂ Σ₁^½)^½) is the sum of the singular
// values of XYᵀ.
func nuclear(t *testing.T, x, y []float32, a, b *Gaussian) float64 {
	t.Helper()
	X, Y := centred(x, a), centred(y, b)
	var cross mat.Dense
	cross.Mul(X, Y.T())
	var svd mat.SVD
	if !svd.Factorize(&cross, mat.SVDNone) {
		t.Fatal("singular values did not converge")
	}
	sum := 0.0
	for i := range a.Mean {
		sum += (a.Mean[i] - b.Mean[i]) * (a.Mean[i] - b.Mean[i])
	}
	for _, m := range []*mat.Dense{X, Y} {
		sum += mat.Norm(m, 2) * mat.Norm(m, 2)
	}
	for _, s := range svd.Values(nil) {
		sum -= 2 * s
	}
	return sum
}

func TestFréchetIsThatOfTheSamples(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	const exact = 1e-9
	// A square sample's least variance is next to nothing: a covariance keeps it to 1e-16 of the largest, and so its root to 1e-8.
	const square = 1e-7
	for _, tt := range []struct {
		n, m, embed int
		tolerance   float64
	}{{300, 400, 64, exact}, {20, 400, 64, exact}, {400, 20, 64, exact}, {12, 9, 64, exact}, {2, 2, 64, exact}, {3, 3, 1, exact}, {64, 65, 64, square}} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			x, y := correlated(random, tt.n, tt.embed), correlated(random, tt.m, tt.embed)
			a, b := gaussianOf(x, tt.embed), gaussianOf(y, tt.embed)
			got, err := Fréchet(a, b)
			if err != nil {
				t.Fatal(err)
			}
			want := nuclear(t, x, y, a, b)
			if math.Abs(got-want) > tt.tolerance*(1+want) || math.IsNaN(got) {
				t.Errorf("Fréchet distance %.15g, expected %.15g", got, want)
			}
			if back, err := Fréchet(b, a); err != nil || math.Abs(back-got) > tt.tolerance*(1+want) {
				t.Errorf("the other way round: %.15g, %v", back, err)
			}
		})
	}
}

func TestFréchetOfEqualsIsNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	still := gaussianOf(make([]float32, 5*16), 16) // no spread at all
	moving := gaussianOf(correlated(random, 50, 16), 16)
	for name, g := range map[string]*Gaussian{"still": still, "moving": moving} {
		if d, err := Fréchet(g, g); err != nil || !(d < 1e-9) {
			t.Errorf("%s: %g, %v", name, d, err)
		}
	}
	if d, err := Fréchet(still, moving); err != nil || math.IsNaN(d) || d <= 0 {
		t.Errorf("still and moving: %g, %v", d, err)
	}
}

// BenchmarkFréchet is at RN50's width: 200 pictures against a profile of 2,000, and two full ranks.
func BenchmarkFréchet(b *testing.B) {
	const embed = 1024
	random := rand.New(rand.NewPCG(9, 9))
	profile := gaussianOf(correlated(random, 2000, embed), embed)
	for _, n := range []int{200, 2000} {
		images := gaussianOf(correlated(random, n, embed), embed)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Fréchet(images, profile); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
