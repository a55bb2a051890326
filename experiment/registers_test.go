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
func pulled(heads [2][6]float64) (decompose.Query, Seen) {
	const M, C, d, N = 2, 6, 3, 10
	query := decompose.Query{Heads: M, Channels: C, Query: make([]float32, C*C), QueryBias: make([]float32, C), Key: make([]float32, C*C)}
	seen := Seen{make([]float32, N*C), nil}
	for n := range C {
		seen.Tokens[(N-1)*C+n] = 1
	}
	for h, pulls := range heads {
		query.QueryBias[h*d] = 1
		sum := 0.0
		for n, v := range pulls {
			query.Key[h*d*C+n] = float32(v * math.Sqrt(d))
			sum += v
		}
		last := math.Exp(sum)
		for range N - 1 {
			seen.Attention = append(seen.Attention, float32(1/(N-1+last)))
		}
		seen.Attention = append(seen.Attention, float32(last/(N-1+last)))
	}
	return query, seen
}

// TestRegisters finds the neurons that make a sink and no others, those of a saturated head too.
func TestRegisters(t *testing.T) {
	for name, c := range map[string]struct {
		heads [2][6]float64
		most  int
		want  []int
	}{
		"no sink":      {[2][6]float64{{0, 0.1}, {0.2}}, 6, nil},
		"one":          {[2][6]float64{{0, 4, 0, 0, 0, -1}, {0, 4}}, 6, []int{1}},
		"saturated":    {[2][6]float64{{0, 0, 30, 0, 25, -3}, {0, 0, 0, 0, 6, 0}}, 6, []int{2, 4}},
		"no more than": {[2][6]float64{{9, 8, 7}, {9, 8, 7}}, 2, []int{0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			query, seen := pulled(c.heads)
			r, got, err := Registers(query, 9, c.most, []Seen{seen, seen, seen})
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
	seen.Tokens = seen.Tokens[1:]
	if _, _, err := Registers(query, 9, 3, []Seen{seen}); err == nil {
		t.Error("tokens missing: no error")
	}
}
