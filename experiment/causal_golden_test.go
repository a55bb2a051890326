package experiment

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/facet-clip/facet/concept"
)

// TestCausalGolden compares with testdata/causal.py, which sums every embedding anew and draws the controls from its own transcription of Go's generator.
func TestCausalGolden(t *testing.T) {
	s := gather(t, "tiny")
	var want struct {
		Present               [][]int
		Pairs, Words, Without []int
		Rows                  []float64 // of each word: its number, pairs, AUC before, what its own, the others' and its own by a control fall
	}
	truths(t, "causal.json", &want)
	D := s.OV.Embed
	var texts []string
	for i := range want.Present {
		texts = append(texts, strconv.Itoa(i))
	}
	bank, err := concept.NewBank(texts, slices.Clone(s.Array("word_embedding").Data[:len(texts)*D]), D)
	if err != nil {
		t.Fatal(err)
	}
	c := Concepts{Present: make([][]bool, len(texts))}
	if c.Bank, err = bank.Centred(); err != nil {
		t.Fatal(err)
	}
	for i, row := range want.Present {
		for _, v := range row {
			c.Present[i] = append(c.Present[i], v == 1)
		}
	}
	var names []Name
	for i, p := range want.Pairs {
		names = append(names, Name{Pair: p, Sign: 1, Word: texts[want.Words[i]], Not: want.Without[i] == 1})
	}
	norms := s.Array("pair_norms")
	k := norms.Shape[2]
	strength := make([]float64, len(norms.Data)/k)
	for i, v := range norms.Data {
		strength[i/k] += float64(v) / float64(k)
	}
	rows, err := s.Data.Causal(t.Context(), s.stats.Mean, s.images(), c, names, strength)
	if err != nil {
		t.Fatal(err)
	}
	var got []float64
	for _, r := range rows {
		word, err := strconv.Atoi(r.Word)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, float64(word), float64(r.Pairs), r.Before, r.Own, r.Others, r.Control)
	}
	if len(got) != len(want.Rows) {
		t.Fatalf("%v, expected %v", got, want.Rows)
	}
	for i, w := range want.Rows {
		if math.Abs(got[i]-w) > 1e-7 {
			t.Errorf("word %g, column %d: %g, expected %g", want.Rows[i/6*6], i%6, got[i], w)
		}
	}
}
