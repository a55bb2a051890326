package relatives

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// truth is testdata/relatives.json, computed by relatives.py with NumPy from contributions formed one by one.
type truth struct {
	Heads, Channels, Embed, Images, Property  int
	Value, Output, Scalars, Texts, Embeddings []float64
	ValueBias                                 []float64 `json:"value_bias"`
	OutputBias                                []float64 `json:"output_bias"`
	AttributePairs                            []float64 `json:"attribute_pairs"`
	AttributeHeads                            []float64 `json:"attribute_heads"`
	AttributeNeurons                          []float64 `json:"attribute_neurons"`
	Spans                                     []struct {
		Texts                 []int
		Deviations, Explained []float64
	}
	Part             [][2]int
	ByHead           []int     `json:"by_head"`
	ByHeadCosines    []float64 `json:"by_head_cosines"`
	ByPairs          []int     `json:"by_pairs"`
	ByPairsCosines   []float64 `json:"by_pairs_cosines"`
	Apart            []int
	ApartProducts    []float64 `json:"apart_products"`
	Labels           [][][2]float64
	Confusing        []int
	ConfusingAmounts []float64 `json:"confusing_amounts"`
	New              []float64
	Notable          []int
	Discovered       []int
	DiscoveredAmount []float64 `json:"discovered_amounts"`

	weights decompose.Weights
	ov      *decompose.OV
	stats   *decompose.Stats
	bank    *concept.Bank
}

func read(t *testing.T) (v truth) {
	t.Helper()
	data, err := os.ReadFile("testdata/relatives.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	v.weights = decompose.Weights{
		Heads: v.Heads, Channels: v.Channels, Embed: v.Embed, Value: numeric.Float32(v.Value), ValueBias: numeric.Float32(v.ValueBias),
		Output: numeric.Float32(v.Output), OutputBias: numeric.Float32(v.OutputBias),
	}
	if v.ov, err = decompose.New(v.weights); err != nil {
		t.Fatal(err)
	}
	a, err := decompose.NewAccumulator(v.weights)
	if err != nil {
		t.Fatal(err)
	}
	s := make([]float32, v.Heads*v.Channels)
	for i := range v.Images {
		if err := v.row(i, s); err != nil {
			t.Fatal(err)
		}
		if err := a.Add(uint32(i), s); err != nil {
			t.Fatal(err)
		}
	}
	v.stats = a.Stats()
	var names []string
	for i := range len(v.Texts) / v.Embed {
		names = append(names, strconv.Itoa(i))
	}
	if v.bank, err = concept.NewBank(names, numeric.Float32(v.Texts), v.Embed); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v truth) row(i int, s []float32) error {
	if i < 0 || i >= v.Images {
		return fmt.Errorf("image %d of %d", i, v.Images)
	}
	copy(s, numeric.Float32(v.Scalars[i*len(s):(i+1)*len(s)]))
	return nil
}

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if !(math.Abs(got[i]-w) <= tolerance) {
			t.Errorf("%s[%d]: %g, want %g", what, i, got[i], w)
		}
	}
}

// TestTextSpan: the texts of every head, their deviations and what they hold are those of the published removal over all contributions.
func TestTextSpan(t *testing.T) {
	v := read(t)
	for h, want := range v.Spans {
		got, err := TextSpan(v.weights, v.stats, h, v.bank, len(want.Texts))
		if err != nil {
			t.Fatal(err)
		}
		var texts []int
		var deviations, explained []float64
		for _, s := range got {
			texts, deviations, explained = append(texts, s.Text), append(deviations, s.Deviation), append(explained, s.Explained)
		}
		if !slices.Equal(texts, want.Texts) {
			t.Errorf("head %d: texts %v, want %v", h, texts, want.Texts)
			continue
		}
		near(t, "deviations", deviations, want.Deviations, 1e-6)
		near(t, "explained", explained, want.Explained, 1e-6)
	}
	whole, err := TextSpan(v.weights, v.stats, 0, v.bank, 20)
	if err != nil || len(whole) != v.Channels/v.Heads || math.Abs(whole[len(whole)-1].Explained-1) > 1e-9 {
		t.Errorf("a head of width %d in %d texts, which hold %v of it: %v", v.Channels/v.Heads, len(whole), whole[len(whole)-1].Explained, err)
	}
	if _, err := TextSpan(v.weights, v.stats, v.Heads, v.bank, 1); err == nil {
		t.Error("a head that is not there has texts")
	}
}

func TestAttribute(t *testing.T) {
	v := read(t)
	Q, err := Basis(v.bank.Some([]string{"0", "1", "2"}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Attribute(v.ov, Q, v.row, numeric.Float32(v.Embeddings))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "pairs", got.Pairs, v.AttributePairs, 1e-5)
	near(t, "neurons", got.Neurons, v.AttributeNeurons, 1e-5)
	near(t, "heads", got.Heads, v.AttributeHeads, 1e-5)
	if _, err := Attribute(v.ov, Q, v.row, numeric.Float32(v.Embeddings[:2*v.Embed])); err == nil {
		t.Error("two images are enough to correlate over")
	}
	twice, _ := concept.NewBank([]string{"a", "b"}, slices.Concat(v.bank.Embeddings[:v.Embed], v.bank.Embeddings[:v.Embed]), v.Embed)
	if _, err := Basis(twice); err == nil {
		t.Error("a text that stands twice makes a basis of two")
	}
}

func TestNearest(t *testing.T) {
	v := read(t)
	var pairs []decompose.Pair
	for _, p := range v.Part {
		pairs = append(pairs, decompose.Pair{Head: p[0], Neuron: p[1]})
	}
	for _, c := range []struct {
		part    Part
		images  []int
		cosines []float64
	}{{HeadsPart(v.ov, 1), v.ByHead, v.ByHeadCosines}, {PairsPart(v.ov, pairs), v.ByPairs, v.ByPairsCosines}} {
		found, err := Nearest(c.part, v.stats.Mean, v.row, v.Images, 5, len(c.images))
		if err != nil {
			t.Fatal(err)
		}
		var images []int
		var cosines []float64
		for _, n := range found {
			images, cosines = append(images, n.Image), append(cosines, n.Cosine)
		}
		if !slices.Equal(images, c.images) {
			t.Errorf("images %v, want %v", images, c.images)
		}
		near(t, "cosines", cosines, c.cosines, 1e-5)
	}
	if _, err := Nearest(HeadsPart(v.ov, 1), v.stats.Mean, v.row, v.Images, v.Images, 3); err == nil {
		t.Error("an image that is not there has neighbours")
	}
}

// labels are those of some pairs, with the numbers of words for texts.
func (v truth) labels(pairs []int) (labels [][]Term) {
	for _, p := range pairs {
		var l []Term
		for _, term := range v.Labels[p] {
			l = append(l, Term{strconv.Itoa(int(term[0])), term[1]})
		}
		labels = append(labels, l)
	}
	return labels
}

func sameWords(t *testing.T, got []Word, texts []int, amounts []float64) {
	t.Helper()
	var values []float64
	for i, w := range got {
		if values = append(values, w.Amount); i < len(texts) && w.Text != strconv.Itoa(texts[i]) {
			t.Errorf("word %d: %s, want %d", i, w.Text, texts[i])
		}
	}
	near(t, "amounts", values, amounts, 1e-5)
}

func TestConfusing(t *testing.T) {
	v := read(t)
	D := v.Embed
	pairs, products := Apart(v.ov, v.ov.Norms(), v.bank.Embeddings[:D], v.bank.Embeddings[D:2*D], len(v.Apart))
	var found []int
	for _, p := range pairs {
		found = append(found, v.ov.Index(p))
	}
	if !slices.Equal(found, v.Apart) {
		t.Fatalf("pairs %v, want %v", found, v.Apart)
	}
	near(t, "products", products, v.ApartProducts, 1e-5)
	sameWords(t, Confusing(products, v.labels(found), "a", "b"), v.Confusing, v.ConfusingAmounts)
	left := Confusing(products, v.labels(found), strconv.Itoa(v.Confusing[0]), "b")
	sameWords(t, left, v.Confusing[1:], v.ConfusingAmounts[1:])
}

func TestDiscover(t *testing.T) {
	v := read(t)
	pairs, amounts := Notable(v.stats, v.ov.Norms(), numeric.Float32(v.New))
	if !slices.Equal(pairs, v.Notable) {
		t.Fatalf("pairs %v, want %v", pairs, v.Notable)
	}
	sameWords(t, Discover(pairs, amounts, v.labels(pairs), nil), v.Discovered, v.DiscoveredAmount)
	some, of := Strongest(pairs, amounts, 2)
	if len(some) != 2 || math.Abs(of[0]) < math.Abs(of[1]) || slices.ContainsFunc(amounts, func(a float64) bool { return math.Abs(a) > math.Abs(of[0]) }) {
		t.Errorf("of pairs %v the strongest are %v, with %v", pairs, some, of)
	}
	signs := make([]int8, len(v.New))
	for i, p := range pairs { // as if every pair's direction pointed to where the picture is
		if signs[p] = 1; amounts[i] < 0 {
			signs[p] = -1
		}
	}
	sameWords(t, Discover(pairs, amounts, v.labels(pairs), signs), v.Discovered, v.DiscoveredAmount)
}
