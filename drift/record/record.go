// Package record holds a comparison as JSON: facet drift compare prints it, and facet drift watch prints and keeps it, in one shape.
// docs/json.md describes the fields.
package record

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
)

// Format is the number of the shape. In format 1 a watched window gave the pairs of a change as their number, and null for a list without
// items; facet drift compare gave the pairs of a watched text as strings.
const Format = 2

// Comparison is a [drift.Comparison].
type Comparison struct {
	Images        int      `json:"images"`
	ProfileImages int      `json:"profile_images"`
	Shift         float64  `json:"shift"`            // ‖Δe‖
	Frechet       float64  `json:"frechet_distance"` //
	Energy        float64  `json:"energy_distance"`  // squared
	EnergyP       float64  `json:"energy_p"`         // by permutation
	Tested        int      `json:"pairs_tested"`
	Changed       int      `json:"pairs_changed"`
	Explained     float64  `json:"explained"` // share of the shift that the changed pairs explain
	Unnamed       float64  `json:"unnamed"`   // share that they explain outside the named changes
	Residual      float64  `json:"residual"`  // of the shift, what the pairs whose scalars are known leave
	Changes       []Change `json:"changes"`
	Rest          *Change  `json:"unnamed_change,omitempty"` // without a word; nil where names cover all
}

// Change is a [drift.Change]: a named one, or what no name covers.
type Change struct {
	Word    string     `json:"word"`    // empty for the unnamed
	Quality bool       `json:"quality"` // of pictures, such as noise, whatever they show
	More    bool       `json:"more"`
	Share   float64    `json:"share"`      // of the shift of the mean embedding
	Effect  float64    `json:"effect"`     // in standard deviations of the profile's embeddings along the word
	Pairs   []PairTest `json:"pairs"`      // the ten of largest share
	Count   int        `json:"pair_count"` // of all pairs
	Before  []string   `json:"before"`     // images of the profile most like the word
	After   []string   `json:"after"`      // and of those compared
}

// PairTest is a [drift.PairTest].
type PairTest struct {
	Pair
	Label    string  `json:"label"` // empty: without
	Shift    float64 `json:"shift"`
	Effect   float64 `json:"effect"`
	P        float64 `json:"p"`
	Adjusted float64 `json:"p_adjusted"`
	Ranks    bool    `json:"by_ranks"`
	Share    float64 `json:"share"`
}

// Pair is a neuron–head pair.
type Pair struct {
	Neuron int `json:"neuron"`
	Head   int `json:"head"`
}

const pairsOfAChange = 10

// NewPair gives a pair.
func NewPair(p decompose.Pair) Pair { return Pair{p.Neuron, p.Head} }

// String is "(neuron,head)".
func (p Pair) String() string { return decompose.Pair{Head: p.Head, Neuron: p.Neuron}.String() }

// NewComparison gives a comparison. No list of it is nil.
func NewComparison(c *drift.Comparison) Comparison {
	r := Comparison{
		Images: c.Images, ProfileImages: c.ProfileImages, Shift: c.Shift, Frechet: c.Distance, Energy: c.Energy, EnergyP: c.EnergyP,
		Tested: len(c.Tests), Changed: c.Changed, Explained: c.Explained, Unnamed: c.Unnamed, Residual: c.Residual, Changes: []Change{},
	}
	for _, change := range c.Changes {
		r.Changes = append(r.Changes, newChange(change))
	}
	if c.Rest != nil {
		rest := newChange(*c.Rest)
		r.Rest = &rest
	}
	return r
}

func newChange(c drift.Change) Change {
	r := Change{
		Word: c.Word, Quality: c.Quality, More: c.More, Share: c.Share, Effect: c.Effect, Pairs: []PairTest{}, Count: len(c.Pairs),
		Before: append([]string{}, c.Before...), After: append([]string{}, c.After...),
	}
	for _, t := range c.Pairs[:min(pairsOfAChange, len(c.Pairs))] {
		r.Pairs = append(r.Pairs, PairTest{NewPair(t.Pair), t.Label, t.Shift, t.Effect, t.P, t.Adjusted, t.Ranks, t.Share})
	}
	return r
}

// String is a change in words, as a [drift.Change].
func (c Change) String() string { return drift.Change{Word: c.Word, More: c.More}.String() }

// All are the named changes and then the unnamed one. Their shares and 1 − Explained add up to 1.
func (c Comparison) All() []Change {
	if c.Rest == nil {
		return c.Changes
	}
	return append(slices.Clone(c.Changes), *c.Rest)
}

// Largest are the words of the first changes.
func (c Comparison) Largest() string {
	var words []string
	for _, change := range c.Changes[:min(3, len(c.Changes))] {
		words = append(words, change.String())
	}
	if len(words) == 0 && c.Rest != nil {
		return c.Rest.String()
	}
	return strings.Join(words, ", ")
}

// UnmarshalJSON also reads format 1, of which stores are full.
func (c *Change) UnmarshalJSON(data []byte) error {
	type plain Change
	in := struct {
		*plain
		Pairs json.RawMessage `json:"pairs"`
	}{plain: (*plain)(c)}
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("a change: %w", err)
	}
	c.Pairs = []PairTest{}
	if err := json.Unmarshal(in.Pairs, &c.Count); err == nil {
		return nil
	}
	if in.Pairs == nil {
		return nil
	}
	if err := json.Unmarshal(in.Pairs, &c.Pairs); err != nil {
		return fmt.Errorf("the pairs of a change: %w", err)
	}
	return nil
}
