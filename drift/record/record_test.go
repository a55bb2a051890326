package record

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
)

func TestNoListIsNull(t *testing.T) {
	for _, c := range []*drift.Comparison{{}, {Changes: []drift.Change{{Word: "a"}}, Rest: &drift.Change{}}} {
		b, err := json.Marshal(NewComparison(c))
		if err != nil || strings.Contains(string(b), "null") {
			t.Errorf("%s, %v", b, err)
		}
	}
}

func TestChangeThereAndBack(t *testing.T) {
	c := drift.Change{Word: "red", More: true, Share: 0.5, Before: []string{"b.png"}}
	for n := range 12 {
		c.Pairs = append(c.Pairs, drift.PairTest{Pair: decompose.Pair{Head: 3, Neuron: n}, Label: "a label", Share: 0.1})
	}
	want := NewComparison(&drift.Comparison{Changes: []drift.Change{c}, Rest: &drift.Change{}})
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
	var got Comparison
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Stores hold windows of format 1.
func TestFormatOneIsRead(t *testing.T) {
	var c Change
	if err := json.Unmarshal([]byte(`{"word":"red","more":true,"share":0.5,"pairs":17,"before":null,"after":["a.png"]}`), &c); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Change{Word: "red", More: true, Share: 0.5, Pairs: []PairTest{}, Count: 17, After: []string{"a.png"}}, c); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{`[]`, `{"pairs":"many"}`, `{"pairs":[1]}`} {
		if err := json.Unmarshal([]byte(bad), &c); err == nil {
			t.Errorf("%s: expected an error", bad)
		}
	}
}
