package directions_test

import (
	"errors"
	"math"
	"testing"

	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/directions"
	"github.com/facet-clip/facet/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// TestComponents: directions are of unit length and orthogonal, the units shown are those of the largest variance, and words explain them.
func TestComponents(t *testing.T) {
	l := labtest.Open(t, lab.Config{})
	for _, unit := range []string{"neuron", "head"} {
		for _, reference := range []bool{false, true} {
			q := directions.Components{Atlas: labtest.ScenesAtlas(), Unit: unit, Rank: 2, Terms: 4, Top: 3, Reference: reference}
			a, rows, err := directions.Of(t.Context(), l, q)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != a.Count*a.Rank*a.Embed || len(a.Units) != 3 || (a.Compat == "reference") != reference {
				t.Fatalf("%s: %d numbers of %d units, %d shown", unit, len(rows), a.Count, len(a.Units))
			}
			for i, u := range a.Units {
				first, second := rows[(u.Unit*2)*a.Embed:][:a.Embed], rows[(u.Unit*2+1)*a.Embed:][:a.Embed]
				if math.Abs(numeric.Norm(first)-1) > 1e-5 || math.Abs(numeric.Dot(first, second)) > 1e-4 {
					t.Errorf("%s %d: length %g, product %g", unit, u.Unit, numeric.Norm(first), numeric.Dot(first, second))
				}
				if len(u.Variance) != 2 || u.Variance[0] < u.Variance[1] || i > 0 && u.Variance[0] > a.Units[i-1].Variance[0] {
					t.Errorf("%s %d: variances %v", unit, u.Unit, u.Variance)
				}
				if len(u.Terms) == 0 || len(u.Terms) > 4 || len(u.Words) == 0 || !(u.Explained > 0.2) {
					t.Errorf("%s %d: %+v", unit, u.Unit, u)
				}
			}
		}
	}
}

// TestReconstruct: pairs in their own directions give the embedding back, in more words more of it, and in few words more than neurons.
func TestReconstruct(t *testing.T) {
	l := labtest.Open(t, lab.Config{})
	cosines := map[string][]float64{}
	for _, unit := range []string{"pair", "neuron"} {
		q := directions.InWords{Study: lab.Study{Atlas: labtest.ScenesAtlas(), Unit: unit}, Words: []int{1, 8}}
		a, err := directions.Reconstruct(t.Context(), l, q)
		if err != nil {
			t.Fatal(err)
		}
		for i, words := range []int{0, 1, 8} {
			if a.Rows[i].Words != words {
				t.Errorf("row %d is of %d words", i, a.Rows[i].Words)
			}
			cosines[unit] = append(cosines[unit], a.Rows[i].Cosine)
		}
	}
	pairs, neurons := cosines["pair"], cosines["neuron"]
	if math.Abs(pairs[0]-1) > 1e-6 || !(pairs[1] < pairs[2]) || !(neurons[1] < neurons[2]) || !(pairs[1] > neurons[1]) || !(pairs[2] > neurons[2]) {
		t.Errorf("pairs %v, neurons %v", pairs, neurons)
	}
}

func TestMistakes(t *testing.T) {
	l := labtest.Open(t, lab.Config{})
	for _, q := range []directions.Components{{Unit: "pair"}, {Unit: "token"}, {Rank: -1}, {Terms: -1}, {Top: -1}} {
		q.Atlas = labtest.ScenesAtlas()
		if _, _, err := directions.Of(t.Context(), l, q); !errors.Is(err, lab.ErrQuestion) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	q := directions.InWords{Study: lab.Study{Atlas: labtest.ScenesAtlas()}, Words: []int{0}}
	if _, err := directions.Reconstruct(t.Context(), l, q); !errors.Is(err, lab.ErrQuestion) {
		t.Errorf("no words: %v", err)
	}
}
