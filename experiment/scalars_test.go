package experiment

import (
	"math"
	"slices"
	"testing"
)

func TestBars(t *testing.T) {
	least, most, counts := Bars([]float32{0, 1, 2, 3, 4, 4}, 4)
	if least != 0 || most != 4 || !slices.Equal(counts, []int{1, 1, 1, 3}) {
		t.Errorf("%v to %v: %v", least, most, counts)
	}
	if _, _, counts := Bars([]float32{2, 2}, 3); !slices.Equal(counts, []int{2, 0, 0}) {
		t.Errorf("values that are alike: %v", counts)
	}
}

func TestRanked(t *testing.T) {
	var order []uint32
	for _, x := range Ranked([]float32{1, 5, 1, -2}) {
		order = append(order, x.Image)
	}
	if !slices.Equal(order, []uint32{1, 0, 2, 3}) {
		t.Errorf("order %v", order)
	}
	if AtQuantile(101, 1) != 0 || AtQuantile(101, 0) != 100 || AtQuantile(101, 0.9) != 10 {
		t.Errorf("quantiles at %d, %d, %d", AtQuantile(101, 1), AtQuantile(101, 0), AtQuantile(101, 0.9))
	}
}

func TestCorrelation(t *testing.T) {
	if r := Correlation([]float32{1, 2, 3}, []float32{3, 2, 1}); math.Abs(r+1) > 1e-12 {
		t.Errorf("opposites correlate with %v", r)
	}
	if r := Correlation([]float32{1, 1}, []float32{1, 2}); !math.IsNaN(r) {
		t.Errorf("with what does not vary: %v", r)
	}
}
