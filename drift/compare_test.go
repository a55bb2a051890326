package drift

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

// world is a small attention pool of random weights and images whose scalars are random, some of them moved.
type world struct {
	ov     *decompose.OV
	random *rand.Rand
}

func newWorld(t *testing.T) world {
	t.Helper()
	random := rand.New(rand.NewPCG(11, 12))
	const M, C, D = 3, 30, 8
	ov, err := decompose.New(decompose.Weights{
		Heads: M, Channels: C, Embed: D,
		Value: normals(random, C, C), ValueBias: normals(random, C, 1), Output: normals(random, D, C), OutputBias: normals(random, D, 1),
	})
	if err != nil {
		t.Fatal(err)
	}
	return world{ov, random}
}

func (w world) pairs() int { return w.ov.Heads * w.ov.Channels }

// fill adds n images; pair moved has its scalar raised by up.
func (w world) fill(t *testing.T, s *Summary, name string, n int, keep []int, moved int, up float32) {
	t.Helper()
	for i := range n {
		scalars := normals(w.random, w.pairs(), 1)
		scalars[moved] += up
		bound, err := w.ov.Scalars(scalars)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Add(Image{Path: fmt.Sprint(name, i), Embedding: bound.Embedding()}, scalars, keep); err != nil {
			t.Fatal(err)
		}
	}
}

// words are a dictionary in which word i of the pairs asked for points along that pair.
func (w world) words(t *testing.T, pairs ...int) *concept.Dictionary {
	t.Helper()
	var texts []string
	var e []float32
	for _, p := range pairs {
		texts = append(texts, fmt.Sprint("pair ", p))
		e = append(e, w.ov.Direction(w.ov.Pair(p))...)
	}
	return w.dictionary(t, texts, e)
}

func (w world) dictionary(t *testing.T, texts []string, e []float32) *concept.Dictionary {
	t.Helper()
	bank, err := concept.NewBank(texts, e, w.ov.Embed)
	if err != nil {
		t.Fatal(err)
	}
	d, err := concept.NewDictionary(bank, concept.UnitRows)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestCompareFindsAndNamesAPlantedChange(t *testing.T) {
	w := newWorld(t)
	reference := NewSummary(w.pairs(), w.ov.Embed, 0, 200)
	w.fill(t, reference, "before", 400, nil, 0, 0)
	p := NewProfile(reference, w.ov.Norms(), nil)
	if len(p.Strong) != 9 {
		t.Fatalf("%d strong pairs of %d, expected a tenth", len(p.Strong), w.pairs())
	}
	moved := p.Strong[0]
	words := w.words(t, moved, p.Strong[1], p.Strong[2], p.Strong[3], p.Strong[4], p.Strong[5])
	for _, up := range []float32{2, -2} {
		images := NewSummary(w.pairs(), w.ov.Embed, 0, 200)
		w.fill(t, images, "after", 300, p.Strong, moved, up)
		c, err := Compare(context.Background(), p, images, w.ov, words, Options{Level: 0.01})
		if err != nil {
			t.Fatal(err)
		}
		if c.Residual > 1e-5 {
			t.Errorf("the pairs' shifts miss the embedding's by %g of it", c.Residual)
		}
		if len(c.Changes) == 0 || c.Changes[0].Word != fmt.Sprint("pair ", moved) || c.Changes[0].More != (up > 0) {
			t.Fatalf("pair %d moved by %g, found %+v", moved, up, c.Changes)
		}
		first := c.Changes[0]
		if first.Pairs[0].Pair != w.ov.Pair(moved) || math.Abs(first.Pairs[0].Effect-float64(up)) > 0.3 {
			t.Errorf("strongest pair of the change: %+v, expected %v moved by %g deviations", first.Pairs[0], w.ov.Pair(moved), up)
		}
		if c.EnergyP > 0.01 || c.Explained < 0.5 || len(first.Before) != examples || len(first.After) != examples {
			t.Errorf("energy p %g, explained %g, %d and %d examples", c.EnergyP, c.Explained, len(first.Before), len(first.After))
		}
	}
}

func TestSharesSumToOne(t *testing.T) {
	w := newWorld(t)
	a, b := NewSummary(w.pairs(), w.ov.Embed, 0, 10), NewSummary(w.pairs(), w.ov.Embed, 0, 10)
	w.fill(t, a, "before", 20, nil, 0, 0)
	w.fill(t, b, "after", 20, nil, 3, 1)
	parts := newShift(&Profile{Summary: *a}, b, w.ov)
	sum := 0.0
	for p := range w.pairs() {
		sum += parts.share(p)
	}
	if math.Abs(sum-1) > 1e-5 {
		t.Errorf("shares of the shift sum to %v", sum)
	}
}

func TestNoChangeIsNotNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("compares forty times")
	}
	w := newWorld(t)
	reference := NewSummary(w.pairs(), w.ov.Embed, 0, 200)
	w.fill(t, reference, "before", 400, nil, 0, 0)
	p := NewProfile(reference, w.ov.Norms(), nil)
	named := 0
	for range 40 {
		images := NewSummary(w.pairs(), w.ov.Embed, 0, 50)
		w.fill(t, images, "after", 50, p.Strong, 0, 0)
		c, err := Compare(context.Background(), p, images, w.ov, w.words(t, 1, 2, 3), Options{Level: 0.05})
		if err != nil {
			t.Fatal(err)
		}
		if c.Changed > 0 {
			named++
		}
	}
	if named > 6 { // 5 % of 40 is 2; more than 6 would come once in two hundred
		t.Errorf("%d of 40 comparisons without drift found a change", named)
	}
}

// TestSampleIsRandom checks that members do not depend on the order of their paths' numbers.
func TestSampleIsRandom(t *testing.T) {
	s := NewSummary(1, 1, 0, 100)
	for i := range 1000 {
		if err := s.Add(Image{Path: fmt.Sprintf("scenes:x#%d", i), Embedding: []float32{float32(i)}}, []float32{1}, nil); err != nil {
			t.Fatal(err)
		}
	}
	mean := 0.0
	for _, image := range s.Sample() {
		mean += float64(image.Embedding[0]) / 100
	}
	if math.Abs(mean-500) > 100 { // 3.5 standard errors
		t.Errorf("mean number of the sampled images: %v of 0 to 999", mean)
	}
}

func TestBadImages(t *testing.T) {
	s := NewSummary(2, 1, 0, 3)
	nan := float32(math.NaN())
	for _, scalars := range [][]float32{{1}, {1, nan}} {
		if s.Add(Image{Path: "x", Embedding: []float32{1}}, scalars, nil) == nil {
			t.Errorf("scalars %v: expected an error", scalars)
		}
	}
	if s.Add(Image{Path: "x", Embedding: []float32{1, 2}}, []float32{1, 2}, nil) == nil {
		t.Error("an embedding of another length: expected an error")
	}
	if s.Count() != 0 {
		t.Errorf("refused images are counted: %d", s.Count())
	}
	if _, err := Compare(context.Background(), &Profile{Summary: *s}, s, nil, nil, Options{}); err == nil {
		t.Error("a comparison of nothing: expected an error")
	}
}

func TestGroupsFollowTheTruth(t *testing.T) {
	w := newWorld(t)
	direction := concept.Unit(w.ov.Direction(decompose.Pair{Head: 1, Neuron: 5}))
	c, err := NewConcept("it", direction, w.ov)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Pairs) != ConceptPairs || c.Pairs[0] != (decompose.Pair{Head: 1, Neuron: 5}) {
		t.Fatalf("pairs of a pair's own direction: %v", c.Pairs)
	}
	var groups []*Group
	for year := range 6 {
		g := NewGroup(fmt.Sprint(year), w.pairs(), w.ov.Embed, 1, 10)
		for i := range 200 {
			scalars := normals(w.random, w.pairs(), 1)
			truth := "false"
			if i < 30*year {
				scalars[w.ov.Index(c.Pairs[0])] += 5
				truth = "1"
			}
			s, err := w.ov.Scalars(scalars)
			if err != nil {
				t.Fatal(err)
			}
			image := Image{Path: fmt.Sprint(year, i), Embedding: s.Embedding()}
			image.Scores = []Score{c.Score(s, image.Embedding)}
			if err := g.Add(image, scalars, nil, truth); err != nil {
				t.Fatal(err)
			}
		}
		groups = append(groups, g)
	}
	if a := CurveAgreement(groups, 0); a.Signed < 0.95 {
		t.Errorf("correlation of the curve with the truth: %+v", a)
	}
	if a := groups[3].ImageAgreement(0); a.Signed < 0.5 {
		t.Errorf("correlation of images with the truth: %+v", a)
	}
	first, _ := groups[0].Watched(0)
	last, _ := groups[5].Watched(0)
	if first.High > last.Low || first.Low > first.Value {
		t.Errorf("intervals of the first and last year: %+v, %+v", first, last)
	}
	if !slices.ContainsFunc(groups, func(g *Group) bool { return math.IsNaN(g.ImageAgreement(0).Signed) }) {
		t.Error("a year in which nothing varies: expected NaN")
	}
}
