package lab_test

import (
	"errors"
	"testing"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/labtest"
)

// TestPairDetail: what is told of a pair agrees with the scalars that the atlas keeps, and with what the other questions tell.
func TestPairDetail(t *testing.T) {
	l := open(t, lab.Config{})
	pair := decompose.Pair{Head: 3, Neuron: 64}
	a, err := l.PairDetail(t.Context(), lab.PairDetail{Atlas: labtest.ScenesAtlas(), Pair: pair})
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, n := range a.Histogram.Counts {
		total += n
	}
	if total != a.Images || a.Images == 0 {
		t.Errorf("the histogram counts %d of %d images", total, a.Images)
	}
	all, err := l.PairScalars(t.Context(), lab.PairScalars{Atlas: labtest.ScenesAtlas(), Pair: pair, Least: a.Histogram.Least, Most: a.Histogram.Most, Top: 1000})
	if err != nil || all.Count != a.Images || len(all.Images) != a.Images {
		t.Fatalf("%v: %d images between the ends of the histogram, expected %d", err, all.Count, a.Images)
	}
	var sum float64
	for i, x := range all.Images {
		if sum += *x.Scalar; i > 0 && *x.Scalar > *all.Images[i-1].Scalar {
			t.Errorf("image %d is out of order", i)
		}
	}
	labtest.Near(t, "the mean of the scalars", sum/float64(all.Count), a.Pair.Mean, 2e-3) // float16
	kinds := map[string]int{}
	for _, k := range a.Pictures {
		kinds[k.Kind] = len(k.Images)
	}
	for _, kind := range []string{"top", "bottom", "quantile", "random"} {
		if kinds[kind] != 8 {
			t.Errorf("%s: %d pictures", kind, kinds[kind])
		}
	}
	if top := a.Pictures[0].Images[0]; top.Image != all.Images[0].Image {
		t.Errorf("the first picture is %d, expected %d", top.Image, all.Images[0].Image)
	}
	checkBeside(t, l, pair)
}

// checkBeside: the pairs beside a pair are none of its own, and the nearest one is as like it as a comparison of the two tells.
func checkBeside(t *testing.T, l *lab.Lab, pair decompose.Pair) {
	t.Helper()
	a, err := l.PairDetail(t.Context(), lab.PairDetail{Atlas: labtest.ScenesAtlas(), Pair: pair, Images: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range a.SameNeuron {
		if n.Neuron != pair.Neuron || n.Head == pair.Head {
			t.Errorf("(%d,%d) is no other pair of neuron %d", n.Neuron, n.Head, pair.Neuron)
		}
	}
	for _, n := range a.SameHead {
		if n.Head != pair.Head || n.Neuron == pair.Neuron {
			t.Errorf("(%d,%d) is no other pair of head %d", n.Neuron, n.Head, pair.Head)
		}
	}
	first := a.Near[0]
	like, err := l.ComparePairs(t.Context(), labtest.ScenesAtlas(), pair, decompose.Pair{Head: first.Head, Neuron: first.Neuron})
	if err != nil {
		t.Fatal(err)
	}
	labtest.Near(t, "the cosine of the nearest pair", first.Cosine, like.Direction, 1e-5)
	if self, err := l.ComparePairs(t.Context(), labtest.ScenesAtlas(), pair, pair); err != nil || self.Scalars == nil {
		t.Errorf("with itself: %v", err)
	} else {
		labtest.Near(t, "the correlation with itself", *self.Scalars, 1, 1e-9)
	}
}

// TestDetailMistakes: a pair, a head or an image that is not there is a mistake of the question.
func TestDetailMistakes(t *testing.T) {
	l := open(t, lab.Config{})
	_, one := l.PairDetail(t.Context(), lab.PairDetail{Atlas: labtest.ScenesAtlas(), Pair: decompose.Pair{Head: 99}})
	_, two := l.HeadDetail(t.Context(), lab.HeadDetail{Atlas: labtest.ScenesAtlas(), Head: -1})
	_, three := l.AtlasMap(t.Context(), labtest.ScenesAtlas(), 0, nil)
	for i, err := range []error{one, two, three} {
		if !errors.Is(err, lab.ErrQuestion) || errors.Is(err, atlas.ErrFormat) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// TestHeadDetail: the most used pairs of a head are in order, and its components hold no more than all.
func TestHeadDetail(t *testing.T) {
	a, err := open(t, lab.Config{}).HeadDetail(t.Context(), lab.HeadDetail{Atlas: labtest.ScenesAtlas(), Head: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range a.Pairs {
		if p.Head != 3 || i > 0 && p.Norm > a.Pairs[i-1].Norm {
			t.Errorf("(%d,%d) in place %d", p.Neuron, p.Head, i)
		}
	}
	sum := 0.0
	for _, c := range a.Components {
		sum += c.Share
	}
	if !(sum > 0 && sum <= 1) || !(a.Share > 0 && a.Share < 1) || len(a.Components) == 0 {
		t.Errorf("components hold %v, the head %v", sum, a.Share)
	}
}
