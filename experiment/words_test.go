package experiment

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/facet-clip/facet/internal/numeric"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment/judged"
	"github.com/facet-clip/facet/internal/golden"
)

// toy is a model of two heads and six neurons whose neuron n sees thing n mod 3 and whose embedding has a dimension for each thing.
func toy(t *testing.T) (*Data, Concepts) {
	t.Helper()
	const M, C, D, N = 2, 6, 4, 300
	r := rand.New(rand.NewPCG(1, 2))
	w := decompose.Weights{Heads: M, Channels: C, Embed: D, Value: make([]float32, C*C), ValueBias: make([]float32, C), Output: make([]float32, D*C), OutputBias: make([]float32, D)}
	for i := range C { // row i is of head i/3
		w.Value[i*C+i%3], w.Value[i*C+i%3+3] = 1, 1
		w.Output[i%3*C+i] = 1
		w.Output[3*C+i] = 0.1
	}
	var scalars [][]float32
	c := Concepts{Present: make([][]bool, 3)}
	for range N {
		s := make([]float32, M*C)
		for p := range s {
			s[p] = float32(0.3 * r.NormFloat64())
		}
		for thing := range 3 {
			is := r.IntN(3) == 0
			c.Present[thing] = append(c.Present[thing], is)
			if is {
				s[thing]++
				s[C+thing+3] += 0.5
			}
		}
		scalars = append(scalars, s)
	}
	d, err := Memory(w, scalars, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scalars {
		d.Embeddings = append(d.Embeddings, d.sum(s)...)
	}
	if c.Bank, err = concept.NewBank([]string{"car", "tree", "boat"}, []float32{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}, D); err != nil {
		t.Fatal(err)
	}
	d.Head = c.Bank
	for i := range N {
		d.Labels = append(d.Labels, slices.IndexFunc(c.Present, func(p []bool) bool { return p[i] }))
	}
	return d, c
}

func everything(d *Data) []int {
	all := make([]int, d.Images())
	for i := range all {
		all[i] = i
	}
	return all
}

func TestTruth(t *testing.T) {
	d, c := toy(t)
	strength := make([]float64, 12)
	names := []Name{
		{Pair: 0, Sign: 1, Word: "car", Label: "car"},
		{Pair: 1, Sign: 1, Word: "car", Label: "car"}, // it sees trees
		{Pair: 2, Sign: -1, Word: "boat", Not: true, Label: "−boat"},
		{Pair: 3, Sign: 1}, // unnamed
		{Pair: 4, Sign: 1, Word: "sand", Label: "sand"},
	}
	truth, err := d.Truth(t.Context(), everything(d), c, names, strength)
	if err != nil {
		t.Fatal(err)
	}
	if truth.Pairs != 5 || truth.Named != 4 || truth.Unknown != 1 || truth.Predictive != 2 {
		t.Errorf("%d pairs, %d named, %d unknown, %d predictive", truth.Pairs, truth.Named, truth.Unknown, truth.Predictive)
	}
	for i, want := range []struct {
		high bool
		best string
	}{{true, "car"}, {false, "tree"}, {true, ""}} {
		row := truth.Rows[i]
		if (row.AUC > 0.9) != want.high || want.best != "" && row.Best != want.best || row.Neuron != i {
			t.Errorf("pair %d: %+v", i, row)
		}
	}
}

// TestCausal: holding what a word names takes its detection down, as holding the pairs one by one in the scalars does, and random pairs do not.
func TestCausal(t *testing.T) {
	d, c := toy(t)
	all := everything(d)
	stats, err := d.Fit(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	strength := make([]float64, 12)
	for p := range strength {
		strength[p] = math.Sqrt(stats.Variance(p)) * float64(d.Norms[p])
	}
	names := []Name{
		{Pair: 0, Sign: 1, Word: "car"}, {Pair: 9, Sign: 1, Word: "car"}, {Pair: 1, Sign: 1, Word: "tree"},
		{Pair: 5, Sign: 1, Word: "boat", Not: true}, {Pair: 3, Sign: 1, Word: "sand"},
	}
	rows, err := d.Causal(t.Context(), stats.Mean, all, c, names, strength)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].Word != "car" || rows[0].Pairs != 2 || rows[1].Pairs != 1 {
		t.Fatalf("%+v", rows)
	}
	for _, r := range rows {
		if r.Own < 0.1 || math.Abs(r.Others) > 0.1 || r.Control > r.Own/2 {
			t.Errorf("%+v", r)
		}
	}
	keep := make([]bool, 12)
	for p := range keep {
		keep[p] = p != 0 && p != 9
	}
	cosines := func(of func(i int) []float32) []float64 {
		values := make([]float64, len(all))
		for i := range values {
			e := of(i)
			axpy(-1, d.centre(stats.Mean), e)
			values[i] = numeric.Dot(e, c.Bank.Embeddings[:4]) / numeric.Norm(e)
		}
		return judged.Ranks(values)
	}
	before := judged.AUC(cosines(func(i int) []float32 { return slices.Clone(d.embedding(i)) }), c.Present[0])
	after := judged.AUC(cosines(func(i int) []float32 {
		s := make([]float32, 12)
		if err := d.Row(i, s); err != nil {
			t.Fatal(err)
		}
		return d.Ablated(stats.Mean, Pair, keep, s)
	}), c.Present[0])
	golden.Compare(t, "AUC before and its fall", []float32{float32(rows[0].Before), float32(rows[0].Own)}, []float32{float32(before), float32(before - after)}, 1e-3, 0)
	if none, err := d.Causal(t.Context(), stats.Mean, all, c, names[3:], strength); err != nil || none != nil {
		t.Errorf("nothing to hold: %v, %v", none, err)
	}
}

// TestAlike: controls are others, each once, and of like strength.
func TestAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	strength := make([]float64, 500)
	for p := range strength {
		strength[p] = r.ExpFloat64()
	}
	order := byStrength(strength)
	place := make([]int, len(order))
	for i, p := range order {
		place[p] = i
	}
	pairs := r.Perm(len(strength))[:40]
	others := alike(order, place, pairs, r)
	sorted := slices.Sorted(slices.Values(others))
	if len(others) != len(pairs) || len(slices.Compact(sorted)) != len(pairs) {
		t.Errorf("%d others of %d pairs, some twice", len(others), len(pairs))
	}
	for i, p := range others {
		if slices.Contains(pairs, p) {
			t.Errorf("pair %d is its own control", p)
		}
		if far := place[p] - place[pairs[i]]; far < -60 || far > 60 {
			t.Errorf("a control %d places from its pair", far)
		}
	}
}

// TestReconstructWords: the directions themselves give the model back, and directions that lack a thing lose its class.
func TestReconstructWords(t *testing.T) {
	d, _ := toy(t)
	means, test := Halves(d.Images())
	stats, err := d.Fit(t.Context(), means)
	if err != nil {
		t.Fatal(err)
	}
	asked := []int{}
	rows, err := d.ReconstructWords(t.Context(), stats.Mean, []int{0, 1, 4}, test, func(_ context.Context, u []float32, terms int) ([]float32, error) {
		asked = append(asked, terms)
		out := slices.Clone(u)
		for i := range out {
			if terms == 1 && i%4 == 0 {
				out[i] = 0 // no cars
			}
		}
		return out, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 4}, asked); diff != "" {
		t.Error(diff)
	}
	reference, err := d.Reconstruct(t.Context(), stats.Mean, Basis{Unit: Pair}, []int{1}, test)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 2} {
		if math.Abs(rows[i].Cosine-1) > 1e-6 || rows[i].Accuracy != reference[0].Accuracy {
			t.Errorf("directions as they are: %+v, want accuracy %+v", rows[i], reference[0].Accuracy)
		}
	}
	if rows[1].Cosine > 0.95 || rows[1].Accuracy.Right >= rows[0].Accuracy.Right {
		t.Errorf("without cars: %+v", rows[1])
	}
}

// TestAUC compares with the definition: the share of couples, one with the thing and one without, in which the former is higher.
func TestAUC(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 1 + r.IntN(30)
		values, present := make([]float64, n), make([]bool, n)
		for i := range values {
			values[i], present[i] = float64(r.IntN(8)), r.IntN(3) == 0 // with ties
		}
		var higher, couples float64
		for i := range values {
			for j := range values {
				if !present[i] || present[j] {
					continue
				}
				couples++
				switch {
				case values[i] > values[j]:
					higher++
				case values[i] == values[j]:
					higher += 0.5
				}
			}
		}
		want := 0.5
		if couples > 0 {
			want = higher / couples
		}
		if got := judged.AUC(judged.Ranks(values), present); math.Abs(got-want) > 1e-12 {
			t.Fatalf("auc(%v, %v) = %g, want %g", values, present, got, want)
		}
	}
}
