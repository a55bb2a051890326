package experiment

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/decompose"
)

// pulled is a model of 2 heads and 6 neurons whose class token always asks for the same, and a 3×3 picture for it whose last token has every neuron at 1,
// the others none: its logit in a head is the sum of the head's pulls.
func pulled(heads [2][6]float64) (decompose.Query, []float32) {
	const M, C, d, N = 2, 6, 3, 10
	query := decompose.Query{Heads: M, Channels: C, Query: make([]float32, C*C), QueryBias: make([]float32, C), Key: make([]float32, C*C)}
	tokens := make([]float32, N*C)
	for n := range C {
		tokens[(N-1)*C+n] = 1
	}
	for h, pulls := range heads {
		query.QueryBias[h*d] = 1
		for n, v := range pulls {
			query.Key[h*d*C+n] = float32(v * math.Sqrt(d))
		}
	}
	return query, tokens
}

// TestRegisters finds the neurons that make a sink and no others, those of a saturated head too.
func TestRegisters(t *testing.T) {
	for name, c := range map[string]struct {
		heads [2][6]float64
		most  int
		want  []int
	}{
		"no sink":                 {[2][6]float64{{0, 0.1}, {0.2}}, 6, nil},
		"one":                     {[2][6]float64{{0, 4, 0, 0, 0, -1}, {0, 4}}, 6, []int{1}},
		"saturated":               {[2][6]float64{{0, 0, 30, 0, 25, -3}, {0, 0, 0, 0, 6, 0}}, 6, []int{2, 4}},
		"of no weight in float32": {[2][6]float64{{0, 0, 90, 0, 80, -3}, {0, 0, 0, 0, 90, 0}}, 6, []int{2, 4}},
		"beyond float64":          {[2][6]float64{{0, 0, 3000, 0, 2500, -3}, {0, 0, 2000, 0, 0, 0}}, 6, []int{2, 4}},
		"no more than":            {[2][6]float64{{9, 8, 7}, {9, 8, 7}}, 2, []int{0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			query, seen := pulled(c.heads)
			r, got, err := Registers(query, 9, c.most, [][]float32{seen, seen, seen})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" || r.Exists != (c.want != nil) {
				t.Errorf("a sink: %v (%.1f times its neighbours), registers: %s", r.Exists, r.Ratio, diff)
			}
		})
	}
	query, seen := pulled([2][6]float64{})
	if _, _, err := Registers(query, 9, 3, [][]float32{seen[1:]}); err == nil {
		t.Error("tokens missing: no error")
	}
}
