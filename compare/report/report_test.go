package report

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
)

// TestPage: all that a comparison has is on the page, escaped, and nothing is fetched from elsewhere.
func TestPage(t *testing.T) {
	name := answer.Names{Fires: &answer.Name{Named: true, Label: []answer.Word{{Text: "<b>cat</b>", Weight: -1}, {Text: "dog", Weight: 1}}}}
	r := &answer.ModelComparison{
		A: answer.Model{Name: "before", SHA256: "0123456789abcdef"}, B: answer.Model{Name: "after", SHA256: "fedcba"},
		Weights: &answer.WeightChange{Pairs: 9, Turned: 1, Tensors: 2, Rounding: 0.002, Top: []answer.TurnedPair{
			{Neuron: 7, Head: 3, Cosine: 0.5, Ratio: 2, More: []concept.Match{{Text: "snow"}}, Less: []concept.Match{{Text: "sand"}}, Names: name}}},
		Difference: &answer.EmbeddingChange{Images: 5, Fires: 0.25, Says: 0.9, Both: -0.25, Constant: 0.1,
			Words: []answer.Group{{Word: "cat", Share: 0.5}, {Word: answer.Others, Share: 0.1, PairCount: 4}},
			Pairs: []answer.ChangedPair{{Neuron: 8, Head: 2, Share: 0.4, Alike: answer.Number(math.NaN()), P: 0.001}}},
		Doing:   &answer.DoingChange{Tested: 9, Changed: 1, Level: 0.05, NullLow: 0.02},
		Classes: []answer.ClassChange{{Class: "bird", Images: 3, Before: answer.Share{Right: 3, Of: 3}, After: answer.Share{Right: 1, Of: 3}, Margin: -0.5, Worse: []answer.ClassPair{{Neuron: 6, Head: 1, Amount: -0.25}}}},
		Matching: &answer.PairMatching{Candidates: [2]int{4, 4}, Partners: 1, Chance: 0.2, Matches: []answer.MatchedPair{
			{A: answer.NamedPair{Neuron: 1}, B: answer.NamedPair{Neuron: 2, Head: 5}, Fit: 0.9, Held: 0.8}}},
	}
	var b bytes.Buffer
	if err := New(r).Write(&b); err != nil {
		t.Fatal(err)
	}
	html := b.String()
	for _, want := range []string{"1 pair says something else, and 1 pair does otherwise", "(7,3)", "−&lt;b&gt;cat&lt;/b&gt;, dog", "× 2.000", "snow", "sand", "25.0 %", "90.0 %", "bar negative",
		"4 other words", "(8,2)", "–", "bird", "33.3 %", "-0.500", "(6,1) -0.250", "(2,5)", "0.800", "2.0 % have p ≤ 0.05"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{"<b>cat", "ZgotmplZ", "http://", "https://", "NaN", "<no value>"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

// TestHeadlines says what is known, whatever is missing.
func TestHeadlines(t *testing.T) {
	for want, r := range map[string]*answer.ModelComparison{
		"Both checkpoints hold the same weights":               {Weights: &answer.WeightChange{}},
		"No pair says anything else":                           {Weights: &answer.WeightChange{Tensors: 1}},
		"3 pairs say something else":                           {Weights: &answer.WeightChange{Tensors: 1, Turned: 3}},
		"2 of 5 pairs have a partner in the other model":       {Matching: &answer.PairMatching{Candidates: [2]int{5, 6}, Partners: 2}},
		"Two architectures":                                    {},
		"0 pairs say something else, and 4 pairs do otherwise": {Weights: &answer.WeightChange{Tensors: 1}, Doing: &answer.DoingChange{Changed: 4}},
	} {
		if got := Headline(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if err := New(r).Write(&bytes.Buffer{}); err != nil {
			t.Errorf("%s: %v", want, err)
		}
	}
}
