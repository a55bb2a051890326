package attribution

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// numpyCase is what bootstrap.py writes.
type numpyCase struct {
	Amounts   []float64
	Constant  float64
	Labels    [][]numpyTerm
	Draws     map[int][][]numpyTerm
	Shown     []string
	Intervals map[string][][2]float64
}

type numpyTerm Term

func (t *numpyTerm) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&t.Word, &t.Weight})
}

func terms(of []numpyTerm) (out []Term) {
	for _, t := range of {
		out = append(out, Term(t))
	}
	return out
}

// TestIntervals: those of NumPy, which sums every draw from nothing.
func TestIntervals(t *testing.T) {
	data, err := os.ReadFile("testdata/bootstrap.json")
	if err != nil {
		t.Fatal(err)
	}
	var g numpyCase
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	labels, redrawn := map[int][]Term{}, Redrawn{Draws: 40, Labels: map[int][][]Term{}}
	split := Split{Pairs: g.Amounts, Constant: g.Constant, Total: g.Constant}
	for p, l := range g.Labels {
		labels[p] = terms(l)
		split.Total += g.Amounts[p]
	}
	for p, draws := range g.Draws {
		for _, l := range draws {
			redrawn.Labels[p] = append(redrawn.Labels[p], terms(l))
		}
	}
	for how, want := range g.Intervals {
		first := how == "first"
		var listed []Group
		all := split.Groups(ByWord(labels, first))
		for _, name := range append(slices.Clone(g.Shown), Constant) {
			i := slices.IndexFunc(all, func(g Group) bool { return g.Name == name })
			if i < 0 {
				t.Fatalf("%s: no group %s", how, name)
			}
			listed = append(listed, all[i])
		}
		of, rest := split.Intervals(listed, labels, first, redrawn)
		if c := of[len(of)-1]; c != (Interval{g.Constant, g.Constant}) {
			t.Errorf("%s: the constant is drawn: %v", how, c)
		}
		widths := 0.0
		for i, got := range append(of[:len(of)-1], rest) {
			if math.Abs(got.Low-want[i][0]) > 1e-12 || math.Abs(got.High-want[i][1]) > 1e-12 {
				t.Errorf("%s, %s: %v, NumPy has %v", how, strings.Join(g.Shown, " "), got, want[i])
			}
			widths += got.High - got.Low
		}
		if widths < 1 {
			t.Errorf("%s: no interval is wide: the test shows nothing", how)
		}
	}
}

// TestIntervalsOfNothingDrawn: without draws that differ, an interval is the amount.
func TestIntervalsOfNothingDrawn(t *testing.T) {
	_, one, _, text, _ := drawn(t, 1)
	split := Logit(one, text, one.Embedding(), 100)
	labels, same := map[int][]Term{3: {{"a", 2}, {"b", -1}}, 5: {{"a", 1}}}, Redrawn{Draws: 10, Labels: map[int][][]Term{}}
	same.Labels[3] = slices.Repeat([][]Term{labels[3]}, 10)
	groups := split.Groups(ByWord(labels, false))
	of, rest := split.Intervals(groups, labels, false, same)
	for i, g := range groups {
		if math.Abs(of[i].Low-g.Amount) > 1e-9 || math.Abs(of[i].High-g.Amount) > 1e-9 {
			t.Errorf("%s: %v is not %g", g.Name, of[i], g.Amount)
		}
	}
	if math.Abs(rest.Low)+math.Abs(rest.High) > 1e-4 {
		t.Errorf("rest %v", rest)
	}
}
