package record

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
)

func TestNoListIsNull(t *testing.T) {
	for _, c := range []*drift.Comparison{{}, {Changes: []drift.Change{{Word: "a"}}, Rest: &drift.Change{}}} {
		b, err := json.Marshal(Comparison(c))
		if err != nil || strings.Contains(string(b), ":null") {
			t.Errorf("%s, %v", b, err)
		}
	}
}

func TestChangeThereAndBack(t *testing.T) {
	c := drift.Change{Word: "red", More: true, Share: 0.5, Before: []string{"b.png"}}
	for n := range 12 {
		c.Pairs = append(c.Pairs, drift.PairTest{Pair: decompose.Pair{Head: 3, Neuron: n}, Label: "a label", Share: 0.1})
	}
	want := Comparison(&drift.Comparison{Changes: []drift.Change{c}, Rest: &drift.Change{}})
	if first := want.Changes[0]; len(first.Pairs) != 10 || first.Count != 12 || first.Pairs[2].Neuron != 2 || first.String() != "more red" {
		t.Errorf("%+v", first)
	}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), `{"neuron":1,"head":3,"label":"a label"`) {
		t.Errorf("%s", b)
	}
	var got answer.Comparison
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Stores hold windows and alerts of format 1.
func TestFormatOneIsRead(t *testing.T) {
	const change = `{"word":"red","more":true,"share":0.1234567890123456789,"pairs":17,"before":null,"after":["a.png"]}`
	want := answer.Change{Word: "red", More: true, Share: 0.12345678901234568, Pairs: []answer.PairTest{}, Count: 17, Before: []string{}, After: []string{"a.png"}}
	w, err := Window([]byte(`{"window":3,"watched":null,"compared":{"pairs_tested":4,"changes":[` + change + `],"unnamed_change":` + change + `},"alerts":[{"window":3,"changes":[` + change + `]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&answer.Window{Number: 3, Watched: []answer.WatchedText{}, Compared: &answer.Comparison{Tested: 4, Changes: []answer.Change{want}, Rest: &want},
		Alerts: []answer.Alert{{Window: 3, Changes: []answer.Change{want}}}}, w); d != "" {
		t.Error(d)
	}
	a, err := Alert([]byte(`{"window":3,"changes":[` + change + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&answer.Alert{Window: 3, Changes: []answer.Change{want}}, a); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{``, `[]`, `{"changes":[{"pairs":"many"}]}`, `{"changes":[{"pairs":[1]}]}`, `{"format":2,"changes":[{"pairs":17}]}`} {
		if _, err := Alert([]byte(bad)); err == nil {
			t.Errorf("%s: expected an error", bad)
		}
	}
}
