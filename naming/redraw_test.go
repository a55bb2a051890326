package naming

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

// TestRedraw: draws scatter about the displacement of the end itself as the mean of 50 images drawn with replacement does: without bias, with the
// variance of one image over 50.
func TestRedraw(t *testing.T) {
	_, embeddings := look()
	all, err := NewImages(embeddings, embed)
	if err != nil {
		t.Fatal(err)
	}
	scalars := make([]float64, images)
	for i := range scalars {
		scalars[i] = float64(embeddings[i*embed+2]) // fires for boats
	}
	s := stats([][]float64{scalars})
	const draws = 2000
	var seen []float32
	fit := func(_ context.Context, units concept.Units, _ func(int)) ([]concept.Label, error) {
		seen = units[0].Basis
		return make([]concept.Label, 2*draws), nil
	}
	redraw := func() {
		t.Helper()
		labels, err := Redraw(t.Context(), fit, s, all, []decompose.Pair{{}}, []int8{1}, draws, nil)
		if err != nil || len(labels) != 1 || len(labels[0]) != draws {
			t.Fatalf("%d labels, %v", len(labels), err)
		}
	}
	redraw()
	once := slices.Clone(seen)
	if redraw(); !slices.Equal(once, seen) {
		t.Error("drawn twice, it is otherwise")
	}
	for end, of := range [][]decompose.Extreme{s.Largest[0], s.Smallest[0]} {
		sign := 1 - 2*float64(end)
		want := all.displacement(of, sign)
		for d := range embed {
			mean, square, image := 0.0, 0.0, 0.0
			for i := range draws {
				v := float64(seen[(2*i+end)*embed+d])
				mean, square = mean+v/draws, square+v*v/draws
			}
			for _, x := range of {
				v := sign*(float64(all.units[int(x.Image)*embed+d])-all.mean[d]) - float64(want[d])
				image += v * v / float64(len(of))
			}
			spread := math.Sqrt(image / float64(len(of)))
			if off := math.Abs(mean - float64(want[d])); off > 4*spread/math.Sqrt(draws) {
				t.Errorf("end %d, dimension %d: the mean is off by %g of %g", end, d, off, spread)
			}
			if ratio := math.Sqrt(square-mean*mean) / spread; math.Abs(ratio-1) > 0.08 { // five standard errors
				t.Errorf("end %d, dimension %d: spread %g of what it should be", end, d, ratio)
			}
		}
	}
}

// TestRedrawNames: a pair that fires for boats keeps its name in every draw; one that fires for nothing does not.
func TestRedrawNames(t *testing.T) {
	d, fit := world(t)
	_, embeddings := look()
	all, err := NewImages(embeddings, embed)
	if err != nil {
		t.Fatal(err)
	}
	boats, noise := make([]float64, images), make([]float64, images)
	for i := range boats {
		boats[i], noise[i] = float64(embeddings[i*embed+2]), float64((i*7919)%images)
	}
	labels, err := Redraw(t.Context(), fit, stats([][]float64{boats, noise}), all, []decompose.Pair{{}, {Neuron: 1}}, []int8{1, 1}, 60, nil)
	if err != nil {
		t.Fatal(err)
	}
	words := func(of []concept.Label) map[string]int {
		counts := map[string]int{}
		for i := range of {
			counts[d.Texts[of[i].Terms[0].Word]]++
		}
		return counts
	}
	if got := words(labels[0]); got["boat"] != 60 {
		t.Errorf("boats: %v", got)
	}
	if got := words(labels[1]); len(got) < 2 {
		t.Errorf("noise: %v", got)
	}
}
