package gate

import (
	"bytes"
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
)

func drifted() *answer.Drift {
	calm := answer.Comparison{Tested: 40}
	snow := answer.Comparison{Tested: 40, Changed: 3, Changes: []answer.Change{
		{Word: "snow", More: true, Share: 0.4, Effect: 0.9}, {Word: "yellow", Share: 0.1, Effect: -0.2}}}
	return &answer.Drift{Source: "photos\x01<2016>", Profile: "reference.profile", All: snow, Groups: []answer.GroupComparison{{Name: "may", Comparison: calm}, {Name: "june", Comparison: snow}}}
}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		rule   string
		broken bool
	}{
		{"changed", true}, {`named:"snow"`, true}, {"named:Snow", true}, {`named:"more snow"`, true}, {`named:"less snow"`, false},
		{"named:cat", false}, {"effect>0.3", true}, {"effect>0.9", false}, {"effect > 1", false},
	} {
		r, err := Parse(strings.ReplaceAll(c.rule, " > ", ">"))
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		results := Check(drifted(), []Rule{r})
		if len(results) != 3 || (results[0].Why != "") != c.broken || results[1].Why != "" || (results[2].Why != "") != c.broken {
			t.Errorf("%s: %+v", c.rule, results)
		}
	}
	for _, text := range []string{"", "change", "named:", `named:""`, "effect>", "effect>x", "effect>-1", "effect>NaN", "effect>Inf", "effect<0.3"} {
		if _, err := Parse(text); !errors.Is(err, ErrRule) {
			t.Errorf("%q: %v, expected ErrRule", text, err)
		}
	}
}

// TestJUnit reads the report back: what a pipeline counts is what was checked.
func TestJUnit(t *testing.T) {
	var rules []Rule
	for _, text := range []string{"changed", "effect>2"} {
		r, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r)
	}
	d := drifted()
	results := Check(d, rules)
	var b bytes.Buffer
	if err := WriteJUnit(&b, d, results); err != nil {
		t.Fatal(err)
	}
	var s suite
	if err := xml.Unmarshal(b.Bytes(), &s); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if s.Tests != 6 || s.Failures != 2 || len(s.Cases) != 6 || s.Cases[0].Failure == nil || s.Cases[2].Failure != nil || s.Cases[4].Class != "june" {
		t.Errorf("%s", b.String())
	}
	if lines := Broken(results); len(lines) != 2 || lines[1] != "june: changed: 3 of 40 pairs changed: more snow, less yellow" {
		t.Errorf("%q", lines)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"changed", `named:"snow"`, "effect>0.3", "effect>1e309", "named:\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		d := drifted()
		var b bytes.Buffer
		if err := WriteJUnit(&b, d, Check(d, []Rule{r})); err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(b.Bytes(), new(suite)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
