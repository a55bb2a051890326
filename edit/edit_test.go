package edit

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/npy"
	"gonum.org/v1/gonum/mat"
)

// world is a pool of random weights with pictures' scalars.
type world struct {
	weights decompose.Weights
	ov      *decompose.OV
	scalars [][]float32
	mean    []float64
}

func normal(r *rand.Rand, n int, deviation float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(deviation * r.NormFloat64())
	}
	return x
}

func newWorld(t *testing.T, heads, channels, embed, pictures int, seed uint64) world {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	w := decompose.Weights{Heads: heads, Channels: channels, Embed: embed,
		Value: normal(r, channels*channels, 0.2), ValueBias: normal(r, channels, 0.2), Output: normal(r, embed*channels, 0.2), OutputBias: normal(r, embed, 0.2)}
	ov, err := decompose.New(w)
	if err != nil {
		t.Fatal(err)
	}
	out := world{weights: w, ov: ov, mean: make([]float64, heads*channels)}
	for range pictures {
		s := normal(r, heads*channels, 1)
		for p := range s {
			s[p] += 0.5 // scalars have a mean
			out.mean[p] += float64(s[p]) / float64(pictures)
		}
		out.scalars = append(out.scalars, s)
	}
	return out
}

func (w world) of(i int) decompose.Scalars { return decompose.Scalars{OV: w.ov, S: w.scalars[i]} }

// same fails unless the edited weights give every picture the predicted embedding.
func (w world) same(t *testing.T, e *Edit) {
	t.Helper()
	edited, err := e.Weights(w.weights)
	if err != nil {
		t.Fatal(err)
	}
	ov, err := decompose.New(edited)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range w.scalars {
		got := decompose.Scalars{OV: ov, S: s}.Embedding()
		want := e.Embedding(w.of(i), w.of(i).Embedding())
		if r := Residual(got, want); !(r <= 1e-6) {
			t.Fatalf("picture %d: the edited weights give an embedding %g away from the predicted one", i, r)
		}
	}
}

// TestRandomEdits: whatever is composed, weights and prediction agree, and what is not edited stays.
func TestRandomEdits(t *testing.T) {
	w := newWorld(t, 4, 24, 16, 12, 3)
	before := slices.Clone(w.weights.Value)
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		e := New(4, 24, 16)
		for range 1 + r.IntN(4) {
			step(t, r, w, e)
		}
		w.same(t, e)
		if again := New(4, 24, 16); again.Change(e.Lines()) == nil {
			for _, x := range e.images {
				if err := again.Erase(x); err != nil {
					t.Fatal(err)
				}
			}
			w.same(t, again)
		}
	}
	if !slices.Equal(before, w.weights.Value) {
		t.Error("the weights that were edited changed in place")
	}
}

// step adds one random edit.
func step(t *testing.T, r *rand.Rand, w world, e *Edit) {
	t.Helper()
	var err error
	switch r.IntN(4) {
	case 0: // pairs
		var pairs []decompose.Pair
		for range 1 + r.IntN(30) {
			pairs = append(pairs, decompose.Pair{Head: r.IntN(4), Neuron: r.IntN(24)})
		}
		err = e.Scale(pairs, 3*r.Float64()-0.5, w.mean)
	case 1: // a head
		var pairs []decompose.Pair
		for n := range 24 {
			pairs = append(pairs, decompose.Pair{Head: 2, Neuron: n})
		}
		err = e.Scale(pairs, 0, w.mean)
	case 2:
		var x Eraser
		if x, err = Project(normal(r, 2*16, 1), nil, 16); err == nil {
			err = e.Erase(x)
		}
	case 3:
		var x Eraser
		m, err := NewMoments(normal(r, 40*16, 1), 16, coins(r, 40), 2)
		if err != nil {
			t.Fatal(err)
		}
		if x, err = LEACE(m, 0); err == nil {
			err = e.Erase(x)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func coins(r *rand.Rand, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = r.IntN(2)
	}
	out[0], out[1] = 0, 1
	return out
}

// TestHeld: a pair that is held at its mean says its mean whatever the picture, and holding it again, by other means, changes nothing.
func TestHeld(t *testing.T) {
	w := newWorld(t, 2, 6, 5, 9, 5)
	p := decompose.Pair{Head: 1, Neuron: 4}
	e := New(2, 6, 5)
	if err := e.Scale([]decompose.Pair{p, p}, 0, w.mean); err != nil {
		t.Fatal(err)
	}
	edited, err := e.Weights(w.weights)
	if err != nil {
		t.Fatal(err)
	}
	for k := 3; k < 6; k++ {
		if edited.Value[k*6+4] != 0 {
			t.Errorf("W_V[%d,4] is %g, want 0", k, edited.Value[k*6+4])
		}
	}
	other := make([]float64, 12)
	for i := range other {
		other[i] = 7
	}
	if err := e.Scale([]decompose.Pair{p}, 0, other); err != nil {
		t.Fatal(err)
	}
	if l := e.Lines(); len(l) != 1 || l[0].Gain != 0 || l[0].Shift != w.mean[1*6+4] {
		t.Errorf("held twice: %+v, want the first mean %g", l, w.mean[10])
	}
	for i := range w.scalars { // the mean of the pictures stays
		want := w.of(i).Embedding()
		for o, u := range w.ov.Direction(p) {
			want[o] += float32((w.mean[10] - float64(w.scalars[i][10])) * float64(u))
		}
		if r := Residual(e.Embedding(w.of(i), w.of(i).Embedding()), want); !(r < 1e-6) {
			t.Errorf("picture %d: %g from mean ablation", i, r)
		}
	}
}

// TestThen: two edits one after the other are their composition.
func TestThen(t *testing.T) {
	w := newWorld(t, 3, 12, 8, 5, 6)
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		first, second := New(3, 12, 8), New(3, 12, 8)
		for _, e := range []*Edit{first, second} {
			for range 2 {
				var pairs []decompose.Pair
				for range 12 {
					pairs = append(pairs, decompose.Pair{Head: r.IntN(3), Neuron: r.IntN(12)})
				}
				if err := e.Scale(pairs, 2*r.Float64(), w.mean); err != nil {
					t.Fatal(err)
				}
				x, err := Project(normal(r, 8, 1), nil, 8)
				if err != nil || e.Erase(x) != nil {
					t.Fatal(err)
				}
			}
		}
		one, err := first.Weights(w.weights)
		if err != nil {
			t.Fatal(err)
		}
		two, err := second.Weights(one)
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Then(second); err != nil {
			t.Fatal(err)
		}
		both, err := first.Weights(w.weights)
		if err != nil {
			t.Fatal(err)
		}
		for i, pair := range [][2][]float32{{both.Value, two.Value}, {both.ValueBias, two.ValueBias}, {both.Output, two.Output}, {both.OutputBias, two.OutputBias}} {
			if r := Residual(pair[0], pair[1]); !(r < 1e-6) {
				t.Errorf("part %d of the weights differs by %g", i, r)
			}
		}
		w.same(t, first)
	}
}

// TestProject: what is erased is gone, the rest stays, and so does what is kept.
// TestCalibrate: the low-rank form is the inverse of the whole matrix.
func TestCalibrate(t *testing.T) {
	const D, S, lambda = 12, 3, 40.0
	r := rand.New(rand.NewPCG(5, 50))
	pairs, text := normal(r, S*D, 1), normal(r, D, 1)
	whole := mat.NewSymDense(D, nil)
	whole.SymOuterK(lambda/S, mat.NewDense(S, D, numeric.Float64(pairs)).T())
	for i := range D {
		whole.SetSym(i, i, whole.At(i, i)+1)
	}
	var want mat.VecDense
	if err := want.SolveVec(whole, mat.NewVecDense(D, numeric.Float64(text))); err != nil {
		t.Fatal(err)
	}
	x, err := Calibrate(pairs, lambda, D)
	if err != nil {
		t.Fatal(err)
	}
	x.one(text)
	if d := Residual(text, numeric.Float32(want.RawVector().Data)); !(d < 1e-6) {
		t.Errorf("%g from the inverse", d)
	}
	for _, bad := range []struct {
		pairs  []float32
		lambda float64
	}{{nil, 1}, {pairs[:D+1], 1}, {pairs, 0}, {[]float32{float32(math.NaN()), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 1}} {
		if _, err := Calibrate(bad.pairs, bad.lambda, D); err == nil {
			t.Errorf("%d numbers with the weight %g are taken", len(bad.pairs), bad.lambda)
		}
	}
}

func TestProject(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	texts, keep := normal(r, 3*20, 1), normal(r, 2*20, 1)
	texts = append(texts, texts[:20]...) // one text twice
	for _, kept := range [][]float32{nil, keep} {
		x, err := Project(texts, kept, 20)
		if err != nil {
			t.Fatal(err)
		}
		if x.Rank(20) != 3 {
			t.Errorf("rank %d of three texts", x.Rank(20))
		}
		e := normal(r, 20, 1)
		after := slices.Clone(e)
		x.one(after)
		again := slices.Clone(after)
		x.one(again)
		if r := Residual(again, after); !(r < 1e-6) {
			t.Errorf("a projection twice differs by %g from once", r)
		}
		for i := 0; i < len(kept); i += 20 {
			if d := numeric.Dot(e, kept[i:i+20]) - numeric.Dot(after, kept[i:i+20]); math.Abs(d) > 1e-5 {
				t.Errorf("a text that is kept loses %g", d)
			}
		}
		for i := 0; kept == nil && i < len(texts); i += 20 {
			if d := numeric.Dot(after, texts[i:i+20]); math.Abs(d) > 1e-5 {
				t.Errorf("of an erased text %g is left", d)
			}
		}
	}
	if _, err := Project(texts[:20], texts[:20], 20); err == nil {
		t.Error("a text that is to be erased and kept: no error")
	}
}

// labelled are embeddings of three classes that differ in mean, in a space of which they fill some dimensions.
func labelled(n, D, filled int, seed uint64) (embeddings []float32, labels []int) {
	r := rand.New(rand.NewPCG(seed, 4))
	mix := normal(r, filled*D, 1)
	for i := range n {
		label := i % 3
		e := make([]float32, D)
		for k := range filled {
			v := r.NormFloat64() / float64(1+k)
			if k < 3 {
				v += 1.5 * float64(label*(k+1))
			}
			for o := range e {
				e[o] += float32(v) * mix[k*D+o]
			}
		}
		embeddings, labels = append(embeddings, e...), append(labels, label)
	}
	return embeddings, labels
}

// TestLEACE: nothing linear is left of the concept, with and without empty directions and ridge, and without them the change is least: the residual
// is uncorrelated with nothing but what had to go.
func TestLEACE(t *testing.T) {
	for _, c := range []struct {
		name      string
		n, filled int
		ridge     float64
		singular  bool
	}{{"full", 400, 20, 0, false}, {"ridge", 400, 20, 0.1, false}, {"flat", 400, 9, 0, true}, {"few", 15, 20, 0, true}, {"few with ridge", 15, 20, DefaultRidge, true}} {
		t.Run(c.name, func(t *testing.T) {
			const D = 20
			embeddings, labels := labelled(c.n, D, c.filled, 11)
			m, err := NewMoments(embeddings, D, labels, 3)
			if err != nil {
				t.Fatal(err)
			}
			if m.Singular() != c.singular && c.filled == D {
				t.Errorf("singular: %v", m.Singular())
			}
			x, err := LEACE(m, c.ridge)
			if err != nil {
				t.Fatal(err)
			}
			if x.Rank(D) != 2 {
				t.Errorf("rank %d, want 2 for three classes", x.Rank(D))
			}
			after := slices.Clone(embeddings)
			for i := 0; i < len(after); i += D {
				x.one(after[i : i+D])
			}
			left, err := NewMoments(after, D, labels, 3)
			if err != nil {
				t.Fatal(err)
			}
			if size := norm(left.Cross.RawMatrix().Data) / norm(m.Cross.RawMatrix().Data); !(size < 1e-5) {
				t.Errorf("%g of the cross-covariance is left", size)
			}
			for o := range left.Mean {
				if math.Abs(left.Mean[o]-m.Mean[o]) > 1e-5*(1+math.Abs(m.Mean[o])) {
					t.Errorf("the mean moves from %g to %g", m.Mean[o], left.Mean[o])
				}
			}
		})
	}
}

func norm(x []float64) float64 { return length(x) }

// TestProbe: a linear probe that is fitted after the erasure tells the classes no better than the most frequent class does; before, it does.
func TestProbe(t *testing.T) {
	const n, D = 600, 20
	embeddings, labels := labelled(n, D, D, 21)
	two := make([]int, n)
	for i, l := range labels {
		if l == 2 {
			two[i] = 1
		}
	}
	m, err := NewMoments(embeddings, D, two, 2)
	if err != nil {
		t.Fatal(err)
	}
	x, err := LEACE(m, 0)
	if err != nil {
		t.Fatal(err)
	}
	after := slices.Clone(embeddings)
	for i := 0; i < len(after); i += D {
		x.one(after[i : i+D])
	}
	before, erased := probe(t, embeddings, two, D), probe(t, after, two, D)
	if !(before > 0.95) {
		t.Errorf("before, a probe is right in %g: the test tests nothing", before)
	}
	if chance := 2.0 / 3; erased > chance+1e-9 { // 400 of 600 are of class 0
		t.Errorf("after, a probe is right in %g, chance is %g", erased, chance)
	}
}

func TestRefuses(t *testing.T) {
	e := New(2, 4, 3)
	mean := make([]float64, 8)
	for name, err := range map[string]error{
		"neuron":        e.Scale([]decompose.Pair{{Neuron: 4}}, 0, mean),
		"head":          e.Scale([]decompose.Pair{{Head: -1}}, 0, mean),
		"means":         e.Scale(nil, 0, mean[1:]),
		"scale":         e.Scale([]decompose.Pair{{}}, math.NaN(), mean),
		"eraser":        e.Erase(Eraser{Left: make([]float64, 4), Right: make([]float64, 4)}),
		"infinite":      e.Erase(Eraser{Left: []float64{math.Inf(1), 0, 0}, Right: make([]float64, 3)}),
		"text constant": e.EraseTexts(Eraser{Left: make([]float64, 3), Right: make([]float64, 3), Mean: make([]float64, 3)}),
		"other pool":    e.Then(New(2, 4, 5)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := e.Weights(decompose.Weights{Heads: 2, Channels: 4, Embed: 4}); !errors.Is(err, ErrMismatch) {
		t.Errorf("weights of another pool: %v", err)
	}
	if _, err := NewMoments(make([]float32, 6), 3, []int{0, -1}, 2); err == nil {
		t.Error("one class: no error")
	}
	m, err := NewMoments(make([]float32, 6), 3, []int{0, 1}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LEACE(m, 0); err == nil {
		t.Error("equal embeddings: no error")
	}
	if len(e.Lines()) != 0 {
		t.Error("what was refused left a trace")
	}
}

// TestLEACEIsConceptErasure compares with the package concept-erasure (scripts/leace_golden.py).
func TestLEACEIsConceptErasure(t *testing.T) {
	read := func(name string) npy.Array {
		f, err := os.Open(filepath.Join("testdata", "leace", name+".npy"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		a, err := npy.Read(f)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	x, want := read("x"), read("erased")
	D := x.Shape[1]
	var labels []int
	for _, l := range read("labels").Data {
		labels = append(labels, int(l))
	}
	m, err := NewMoments(x.Data, D, labels, 3)
	if err != nil {
		t.Fatal(err)
	}
	e, err := LEACE(m, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Clone(x.Data)
	for i := 0; i < len(got); i += D {
		e.one(got[i : i+D])
	}
	golden.Compare(t, "erased embeddings", got, want.Data, 1e-6, 1e-6)
}
