package compare

import (
	_ "embed"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/edit"
)

func numbers(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func pool(r *rand.Rand, M, C, D int) decompose.Weights {
	return decompose.Weights{Heads: M, Channels: C, Embed: D, Value: numbers(r, C*C), ValueBias: numbers(r, C), Output: numbers(r, D*C), OutputBias: numbers(r, D)}
}

func ovOf(t *testing.T, w decompose.Weights) *decompose.OV {
	t.Helper()
	ov, err := decompose.New(w)
	if err != nil {
		t.Fatal(err)
	}
	return ov
}

// images are scalars as a model may have them: each pair has its own mean, spread and skew.
func images(r *rand.Rand, pairs, N int) (scalars [][]float32, means []float64) {
	means = make([]float64, pairs)
	centre, width := numbers(r, pairs), numbers(r, pairs)
	for range N {
		s := make([]float32, pairs)
		for p := range s {
			s[p] = centre[p] + width[p]*float32(r.ExpFloat64())
			means[p] += float64(s[p]) / float64(N)
		}
		scalars = append(scalars, s)
	}
	return scalars, means
}

func embedding(t *testing.T, ov *decompose.OV, s []float32) []float32 {
	t.Helper()
	x, err := ov.Scalars(s)
	if err != nil {
		t.Fatal(err)
	}
	return x.Embedding()
}

// TestSharesSumToTheDifference: of any two models, the four terms sum to 1, term by term those of the pairs sum to the whole, and each is what its formula says,
// formed here by whole vectors.
func TestSharesSumToTheDifference(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		M := 1 + r.IntN(4)
		C, D, N := M*(1+r.IntN(4)), 2+r.IntN(12), 6
		A, B := ovOf(t, pool(r, M, C, D)), ovOf(t, pool(r, M, C, D))
		a, means := images(r, M*C, N)
		b, _ := images(r, M*C, N)
		d, err := NewDifference(A, B, means)
		if err != nil {
			t.Fatal(err)
		}
		var fires, says, both, constant, total float64
		for i := range N {
			eA, eB := embedding(t, A, a[i]), embedding(t, B, b[i])
			if err := d.Add(a[i], b[i], eA, eB); err != nil {
				t.Fatal(err)
			}
			for o := range D {
				Δe := float64(eB[o]) - float64(eA[o])
				total += Δe * Δe
				constant += (float64(B.Bias()[o]) - float64(A.Bias()[o])) * Δe
				for p := range M * C {
					u, v := float64(A.Direction(A.Pair(p))[o]), float64(B.Direction(B.Pair(p))[o])
					Δs := float64(b[i][p]) - float64(a[i][p])
					fires, says, both = fires+Δs*u*Δe, says+float64(a[i][p])*(v-u)*Δe, both+Δs*(v-u)*Δe
				}
			}
		}
		s := d.Shares()
		for name, v := range map[string][2]float64{
			"sum": {s.Fires + s.Says + s.Both + s.Constant, 1}, "fires": {s.Fires, fires / total}, "says": {s.Says, says / total}, "both": {s.Both, both / total},
			"constant": {s.Constant, constant / total}, "pairs": {sum(s.PairFires) + sum(s.PairSays) + sum(s.PairBoth), s.Fires + s.Says + s.Both},
		} {
			if !(math.Abs(v[0]-v[1]) < 1e-4*(1+math.Abs(v[1]))) {
				t.Errorf("seed %d: %s is %.8f, want %.8f", seed, name, v[0], v[1])
			}
		}
		if !(math.Abs(s.Residual) < 1e-4) {
			t.Errorf("seed %d: residual %g", seed, s.Residual)
		}
	}
}

// planted scales pairs about their means, by package edit.
func planted(t *testing.T, r *rand.Rand, w decompose.Weights, means []float64, α float64, n int) (decompose.Weights, []int) {
	t.Helper()
	pairs := r.Perm(w.Heads * w.Channels)[:n]
	slices.Sort(pairs)
	var of []decompose.Pair
	for _, p := range pairs {
		of = append(of, decompose.Pair{Head: p / w.Channels, Neuron: p % w.Channels})
	}
	e := edit.New(w.Heads, w.Channels, w.Embed)
	if err := e.Scale(of, α, means); err != nil {
		t.Fatal(err)
	}
	edited, err := e.Weights(w)
	if err != nil {
		t.Fatal(err)
	}
	return edited, pairs
}

// TestPlantedEditIsFound: pairs that were scaled about their mean are those that turned, all of them and no others; they and the constant make up all of
// the difference; and the average image gets nothing of it.
func TestPlantedEditIsFound(t *testing.T) {
	for _, α := range []float64{0, 0.5, 0.9, 0.99, 1.01, 2, -1} {
		r := rand.New(rand.NewPCG(3, 9))
		w := pool(r, 4, 16, 12)
		scalars, means := images(r, 64, 300)
		edited, want := planted(t, r, w, means, α, 6)
		A, B := ovOf(t, w), ovOf(t, edited)
		turns, err := Turns(A, B)
		if err != nil {
			t.Fatal(err)
		}
		var found []int
		for p, x := range turns {
			if x.Change > Rounding {
				found = append(found, p)
			}
		}
		if !slices.Equal(found, want) {
			t.Errorf("α = %g: found %v, planted %v", α, found, want)
		}
		d, err := NewDifference(A, B, means)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range scalars {
			if err := d.Add(s, s, embedding(t, A, s), embedding(t, B, s)); err != nil {
				t.Fatal(err)
			}
		}
		s, own := d.Shares(), 0.0
		for _, p := range want {
			own += s.Pair(p)
		}
		if s.Fires != 0 || s.Both != 0 || !(math.Abs(own+s.Constant-1) < 1e-3) || !(math.Abs(s.Average) < 1e-3) {
			t.Errorf("α = %g: %+v of the pairs %g", α, []float64{s.Fires, s.Says, s.Both, s.Constant, s.Average}, own)
		}
	}
}

// doing runs the test of what pairs do.
func doing(t *testing.T, turns []Turn, a, b [][]float32, meansA, meansB []float64, z [][]float64) []Done {
	t.Helper()
	axes := 0
	if z != nil {
		axes = len(z[0])
	}
	d, err := NewDoing(turns, meansA, meansB, axes)
	if err != nil {
		t.Fatal(err)
	}
	for i := range a {
		var at []float64
		if z != nil {
			at = z[i]
		}
		if err := d.Add(i, a[i], b[i], at); err != nil {
			t.Fatal(err)
		}
	}
	return d.Done()
}

// TestWhatPairsDo: with pairs halved, doubled or taken out, 95 % of what is found is planted and 95 % of what is planted is found; of one checkpoint on two halves
// of the images, 5 % of the pairs at most have p ≤ 0.05.
func TestWhatPairsDo(t *testing.T) {
	for _, α := range []float64{0, 0.5, 2} {
		r := rand.New(rand.NewPCG(8, 2))
		w := pool(r, 8, 64, 12)
		scalars, means := images(r, 512, 400)
		edited, want := planted(t, r, w, means, α, 40)
		turns, err := Turns(ovOf(t, w), ovOf(t, edited))
		if err != nil {
			t.Fatal(err)
		}
		right, found, low := 0, 0, 0
		for p, x := range doing(t, turns, scalars, scalars, means, means, nil) {
			for _, v := range x.Null {
				if v <= 0.05 {
					low++
				}
			}
			if x.P*512 > 0.05 { // Bonferroni's level, which is stricter than what facet compare uses
				continue
			}
			if found++; slices.Contains(want, p) {
				right++
			}
		}
		if !(float64(right) >= 0.95*float64(len(want))) || !(float64(right) >= 0.95*float64(found)) || low > 512*Halves/20 {
			t.Errorf("α = %g: %d found, %d of the %d planted; %d of %d in the null", α, found, right, len(want), low, 512*Halves)
		}
	}
}

// TestFiresForOtherImages: a pair that keeps its mean and its spread, and fires for other images, is found by the axes alone.
func TestFiresForOtherImages(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	const N = 400
	a, b, z, e := make([][]float32, N), make([][]float32, N), [][]float64(nil), []float32(nil)
	for i := range N {
		x, y := float32(r.NormFloat64()), float32(r.NormFloat64())
		e = append(e, 3*x, 2*y, float32(r.NormFloat64()))
		a[i], b[i] = []float32{x, y}, []float32{y, y} // the first pair of B does what the second does
	}
	z, err := Axes(e, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	means := []float64{0, 0}
	for _, s := range a {
		means[0] += float64(s[0]) / N
		means[1] += float64(s[1]) / N
	}
	turns := []Turn{{1, 1, 0, 1, 1}, {1, 1, 0, 1, 1}}
	with, without := doing(t, turns, a, b, means, []float64{means[1], means[1]}, z), doing(t, turns, a, b, means, []float64{means[1], means[1]}, nil)
	if !(with[0].P < 1e-6) || without[0].P < 1e-3 || with[1].P != 1 || !(math.Abs(with[0].Alike) < 0.2) || !(with[1].Alike > 0.999999) {
		t.Errorf("with axes %+v, without %+v", with, without)
	}
}

//go:embed testdata/scipy.json
var scipy []byte

// TestAssignmentLikeSciPy: the sum of the gains is that of SciPy's assignment, with each row and column used once.
func TestAssignmentLikeSciPy(t *testing.T) {
	var golden struct {
		Cases []struct {
			Rows, Cols int
			Gain       []float32
			Row, Col   []int
		}
	}
	if err := json.Unmarshal(scipy, &golden); err != nil || len(golden.Cases) == 0 {
		t.Fatal(err)
	}
	for _, c := range golden.Cases {
		want, got, used := 0.0, 0.0, map[int]bool{}
		for k, r := range c.Row {
			want += float64(c.Gain[r*c.Cols+c.Col[k]])
		}
		for r, col := range Assignment(c.Gain, c.Rows, c.Cols) {
			if col < 0 {
				continue
			}
			if used[col] {
				t.Fatalf("%d × %d: column %d twice", c.Rows, c.Cols, col)
			}
			used[col] = true
			got += float64(c.Gain[r*c.Cols+col])
		}
		if len(used) != min(c.Rows, c.Cols) || !(math.Abs(got-want) < 1e-6) {
			t.Errorf("%d × %d: %d columns with a sum of %g, SciPy has %g", c.Rows, c.Cols, len(used), got, want)
		}
	}
}

// TestPairsAreMatched: pairs of B that are those of A in another order, with noise, are found; pairs of B that are new have no partner above chance.
func TestPairsAreMatched(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	const N, P, known = 300, 40, 30
	order := r.Perm(P)
	a, b := make([]float32, N*P), make([]float32, N*P)
	for i := range N {
		for p := range P {
			v := r.NormFloat64()
			a[i*P+p] = float32(v)
			if p >= known { // A's last ten are in B no more
				v = r.NormFloat64()
			}
			b[i*P+order[p]] = float32(2*v + 0.5*r.NormFloat64() + 3)
		}
	}
	m, err := Pairs(a, b, N)
	if err != nil {
		t.Fatal(err)
	}
	right, strangers := 0, 0
	for _, x := range m.Matches {
		switch {
		case x.A < known && x.B == order[x.A] && x.Held > m.Chance:
			right++
		case x.A >= known && x.Held > m.Chance:
			strangers++
		}
	}
	if right != known || strangers > 2 || len(m.Matches) != P || !(m.Chance < 0.3) {
		t.Errorf("%d of %d are found, %d of 10 without a partner have one; chance %g", right, known, strangers, m.Chance)
	}
}

// TestOtherShapes are errors.
func TestOtherShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	A, B := ovOf(t, pool(r, 2, 4, 3)), ovOf(t, pool(r, 2, 6, 3))
	if _, err := Turns(A, B); err == nil {
		t.Error("directions of other shapes are compared")
	}
	if _, err := NewDifference(A, B, make([]float64, 8)); err == nil {
		t.Error("a difference of other shapes")
	}
	d, err := NewDifference(A, A, make([]float64, 8))
	if err != nil {
		t.Fatal(err)
	}
	if d.Add(make([]float32, 8), make([]float32, 7), make([]float32, 3), make([]float32, 3)) == nil {
		t.Error("scalars of another shape are added")
	}
	if _, err := NewDoing(make([]Turn, 3), make([]float64, 3), make([]float64, 2), 0); err == nil {
		t.Error("means of another shape")
	}
	if _, err := Axes(make([]float32, 7), 3, 2); err == nil {
		t.Error("embeddings of another width")
	}
	if _, err := Pairs(make([]float32, 14), make([]float32, 14), 7); err == nil {
		t.Error("seven images are matched on")
	}
}

// TestTurns: a direction against itself, its double, its opposite, and nothing.
func TestTurns(t *testing.T) {
	u := []float32{3, 4}
	for _, c := range []struct {
		v    []float32
		want Turn
	}{
		{[]float32{3, 4}, Turn{1, 1, 0, 5, 5}}, {[]float32{6, 8}, Turn{1, 2, 0.5, 10, 5}}, {[]float32{-3, -4}, Turn{-1, 1, 2, -5, 5}},
		{[]float32{0, 0}, Turn{0, 0, 1, 0, 5}}, {[]float32{-4, 3}, Turn{0, 1, math.Sqrt2, 0, 5}},
	} {
		if got := turn(u, c.v); !(math.Abs(got.Change-c.want.Change) < 1e-12) || got.Cosine != c.want.Cosine || got.Ratio != c.want.Ratio || got.Along != c.want.Along || got.Length != 5 {
			t.Errorf("%v: %+v, want %+v", c.v, got, c.want)
		}
	}
	if got := turn([]float32{0, 0}, u); got != (Turn{0, 0, 1, 0, 0}) {
		t.Errorf("from nothing: %+v", got)
	}
}
