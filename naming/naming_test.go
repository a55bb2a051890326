package naming

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/facet-clip/facet/internal/numeric"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

const (
	embed  = 16
	images = 400
)

// world is a dictionary of the axes of the first eight dimensions.
func world(t *testing.T) (*concept.Dictionary, Fit) {
	t.Helper()
	texts := []string{"car", "tree", "boat", "red", "blue", "sand", "snow", "sky"}
	embeddings := make([]float32, len(texts)*embed)
	for i := range texts {
		embeddings[i*embed+i] = 1
	}
	bank, err := concept.NewBank(texts, embeddings, embed)
	if err != nil {
		t.Fatal(err)
	}
	d, err := concept.NewDictionary(bank, concept.UnitRows)
	if err != nil {
		t.Fatal(err)
	}
	return d, func(ctx context.Context, units concept.Units, done func(int)) ([]concept.Label, error) {
		l, err := d.Labeller(concept.Options{Terms: 5})
		if err != nil {
			return nil, err
		}
		n := 0
		return l.Label(ctx, units, func(labels []concept.Label) error {
			if n += len(labels); done != nil {
				done(n)
			}
			return nil
		})
	}
}

// look makes images that hold each of the eight things or not, and the embeddings of a model that sees them.
func look() (present [][]bool, embeddings []float32) {
	r := rand.New(rand.NewPCG(1, 2))
	present = make([][]bool, 8)
	for range images {
		for d := range embed {
			v := 0.3*r.NormFloat64() + 0.4
			if d < 8 {
				is := r.IntN(5) == 0
				present[d] = append(present[d], is)
				if is {
					v++
				}
			}
			embeddings = append(embeddings, float32(v))
		}
	}
	return present, embeddings
}

// stats are those of one head whose neurons have given scalars [neurons][images].
func stats(scalars [][]float64) *decompose.Stats {
	s := &decompose.Stats{Heads: 1, Channels: len(scalars), Embed: embed, Count: images}
	for _, values := range scalars {
		var list []decompose.Extreme
		mean := 0.0
		for i, v := range values {
			list = append(list, decompose.Extreme{Image: uint32(i), Scalar: float32(v)})
			mean += v / images
		}
		slices.SortFunc(list, func(a, b decompose.Extreme) int { return cmp.Compare(b.Scalar, a.Scalar) })
		largest := slices.Clone(list[:decompose.Extremes])
		slices.Reverse(list)
		s.Mean, s.Largest, s.Smallest = append(s.Mean, mean), append(s.Largest, largest), append(s.Smallest, list[:decompose.Extremes])
	}
	return s
}

// TestFires: pairs that fire for a thing, for its absence, for one with the other sign, and for nothing at all.
func TestFires(t *testing.T) {
	d, fit := world(t)
	present, embeddings := look()
	r := rand.New(rand.NewPCG(3, 4))
	scalars := make([][]float64, 4)
	for i := range images {
		value := func(thing int, by float64) float64 {
			if present[thing][i] {
				return by + 0.2*r.NormFloat64()
			}
			return 0.2 * r.NormFloat64()
		}
		for n, v := range []float64{value(1, 2), value(3, -2), value(5, -2), r.NormFloat64()} {
			scalars[n] = append(scalars[n], v)
		}
	}
	seen, err := NewImages(embeddings, embed)
	if err != nil {
		t.Fatal(err)
	}
	pairs := []decompose.Pair{{Neuron: 0}, {Neuron: 1}, {Neuron: 2}, {Neuron: 3}}
	last := 0
	named, err := Fires(t.Context(), fit, stats(scalars), seen, pairs, []int8{1, 1, -1, 1}, func(n int) { last = n })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range pairs {
		got = append(got, named.Words(i, d.Texts).String())
	}
	if diff := gocmp.Diff([]string{"tree", "−red", "sand", "unnamed"}, got); diff != "" {
		t.Error(diff)
	}
	if last != len(pairs) {
		t.Errorf("%d of %d pairs reported", last, len(pairs))
	}
	again, err := Fires(t.Context(), fit, stats(scalars), seen, pairs, []int8{1, 1, -1, 1}, nil)
	if diff := gocmp.Diff(named, again); err != nil || diff != "" {
		t.Errorf("run again: %v, %s", err, diff)
	}
}

// TestChance: of pairs that have nothing to do with the images about one in twenty is named.
func TestChance(t *testing.T) {
	_, fit := world(t)
	_, embeddings := look()
	seen, err := NewImages(embeddings, embed)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	scalars := make([][]float64, 300)
	pairs := make([]decompose.Pair, len(scalars))
	signs := make([]int8, len(scalars))
	for n := range scalars {
		pairs[n], signs[n] = decompose.Pair{Neuron: n}, 1
		for range images {
			scalars[n] = append(scalars[n], r.NormFloat64())
		}
	}
	named, err := Fires(t.Context(), fit, stats(scalars), seen, pairs, signs, nil)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, l := range named.Labels {
		if named.Null.Names(l) {
			count++
		}
	}
	if count > 30 {
		t.Errorf("%d of %d meaningless pairs are named", count, len(pairs))
	}
}

// TestDisplacement compares with the definition.
func TestDisplacement(t *testing.T) {
	_, embeddings := look()
	seen, err := NewImages(embeddings, embed)
	if err != nil {
		t.Fatal(err)
	}
	unit := func(i, d int) float64 {
		length := 0.0
		for _, v := range embeddings[i*embed : (i+1)*embed] {
			length += float64(v) * float64(v)
		}
		return float64(embeddings[i*embed+d]) / math.Sqrt(length)
	}
	got := seen.displacement([]decompose.Extreme{{Image: 7}, {Image: 399}}, -1)
	for d, v := range got {
		want := -(unit(7, d) + unit(399, d)) / 2
		for i := range images {
			want += unit(i, d) / images
		}
		if math.Abs(float64(v)-want) > 1e-6 {
			t.Errorf("dimension %d: %g, want %g", d, v, want)
		}
	}
	var all []decompose.Extreme
	for i := range images {
		all = append(all, decompose.Extreme{Image: uint32(i)})
	}
	if rest := numeric.Norm(seen.displacement(all, 1)); rest != 0 {
		t.Errorf("all images differ from all images by %g", rest)
	}
	if _, err := NewImages(embeddings[1:], embed); err == nil {
		t.Error("embeddings of another width are taken")
	}
}

// TestSays: a direction in words, turned around by its sign.
func TestSays(t *testing.T) {
	d, fit := world(t)
	const M, C = 2, 8
	w := decompose.Weights{Heads: M, Channels: C, Embed: embed, Value: make([]float32, C*C), ValueBias: make([]float32, C), Output: make([]float32, embed*C), OutputBias: make([]float32, embed)}
	for i := range C { // neuron n of a head goes to place n mod 4 of it, and from there along text 4·head + n mod 4
		h, k := i/4, i%4
		w.Value[i*C+k], w.Value[i*C+k+4] = 1, 0.5
		w.Output[(4*h+k)*C+i] = 1
	}
	ov, err := decompose.New(w)
	if err != nil {
		t.Fatal(err)
	}
	pairs := []decompose.Pair{{Head: 1, Neuron: 2}, {Head: 0, Neuron: 5}, {Head: 1, Neuron: 0}}
	signs := make([]int8, M*C)
	for p := range signs {
		signs[p] = 1
	}
	signs[ov.Index(pairs[1])] = -1
	named, err := Says(t.Context(), fit, ov, pairs, signs, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []concept.Term{{Word: 6}, {Word: 1}, {Word: 4}} {
		sign := []float64{1, -1, 1}[i]
		if first := named.Labels[i].Terms[0]; first.Word != want.Word || first.Coefficient*sign < 0.5 {
			t.Errorf("pair %v: %+v, want %s", pairs[i], first, d.Texts[want.Word])
		}
	}
	asIs, err := Says(t.Context(), fit, ov, pairs, nil, nil)
	if err != nil || asIs.Labels[1].Terms[0].Coefficient < 0.5 {
		t.Errorf("without signs: %v", err)
	}
}
