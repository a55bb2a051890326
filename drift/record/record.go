// Package record makes the record of a comparison that facet drift compare prints, and that facet drift watch prints and keeps. It also reads
// what earlier versions kept.
package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
)

// Format is the number of the shape. In format 1 a watched window gave the pairs of a change as their number, and null for a list without
// items; facet drift compare gave the pairs of a watched text as strings.
const Format = 2

const pairsOfAChange = 10

// Pair is the record of a pair.
func Pair(p decompose.Pair) answer.Pair { return answer.Pair{Neuron: p.Neuron, Head: p.Head} }

// Comparison is the record of a comparison. No list of it is nil.
func Comparison(c *drift.Comparison) answer.Comparison {
	r := answer.Comparison{
		Images: c.Images, ProfileImages: c.ProfileImages, Shift: c.Shift, Frechet: c.Distance, Energy: c.Energy, EnergyP: c.EnergyP,
		Detectable: c.Detectable,
		Tested:     len(c.Tests), Changed: c.Changed, Explained: c.Explained, Unnamed: c.Unnamed, Residual: c.Residual, Changes: []answer.Change{},
	}
	r.ShiftNull, r.FrechetNull, r.FrechetNullImages = c.Baseline.Shift, c.Baseline.Distance, c.Baseline.Images
	if math.IsInf(r.Detectable, 0) {
		r.Detectable = 0
	}
	if c.Shift > 0 {
		r.Chance = min(1, c.Baseline.Shift*c.Baseline.Shift/(c.Shift*c.Shift))
	}
	if n := c.Naming; n.Closest != "" {
		r.Naming = &answer.Naming{Explained: n.Explained, Closest: n.Closest, Needed: n.Needed}
	}
	for _, one := range c.Changes {
		r.Changes = append(r.Changes, change(one))
	}
	if c.Rest != nil {
		rest := change(*c.Rest)
		r.Rest = &rest
	}
	return r
}

// Given is the record of a comparison within the values of something.
func Given(of string, g *drift.Given) *answer.GivenComparison {
	c := Comparison(&g.Comparison)
	r := &answer.GivenComparison{
		Of: of, Values: []answer.GivenValue{}, Images: c.Images, ProfileImages: c.ProfileImages, LeftOut: g.Others, ProfileLeftOut: g.Absent, MixP: g.MixP,
		Mix: g.Mix, Within: g.Within, Whole: g.Total, Shift: c.Shift, ShiftNull: c.ShiftNull, Tested: c.Tested, Changed: c.Changed, Explained: c.Explained,
		Unnamed: c.Unnamed, Naming: c.Naming, Changes: c.Changes, Rest: c.Rest,
	}
	for _, s := range g.Strata {
		r.Values = append(r.Values, answer.GivenValue{Value: s.Value, Images: s.After, ProfileImages: s.Before, Weight: s.Share})
	}
	return r
}

func change(c drift.Change) answer.Change {
	r := answer.Change{
		Word: c.Word, Quality: c.Quality, More: c.More, Share: c.Share, Effect: c.Effect, Pairs: []answer.PairTest{}, Count: len(c.Pairs),
		Before: append([]string{}, c.Before...), After: append([]string{}, c.After...), Carry: c.Carry,
	}
	for _, t := range c.Pairs[:min(pairsOfAChange, len(c.Pairs))] {
		r.Pairs = append(r.Pairs, answer.PairTest{
			Pair: Pair(t.Pair), Label: t.Label, Shift: t.Shift, Effect: t.Effect, P: t.P, Adjusted: t.Adjusted, Ranks: t.Ranks, Share: t.Share,
		})
	}
	return r
}

// Classifier is the record of a domain classifier; nil where there is none.
func Classifier(c *drift.Classifier) *answer.DomainClassifier {
	if c == nil {
		return nil
	}
	return &answer.DomainClassifier{Images: c.Images, ProfileImages: c.Profile, Components: c.Components, AUC: c.AUC, AUCNull: c.Null, AUCNullHigh: c.NullHigh, P: c.P}
}

// Specificity is the record of how much of a text's change is its own; nil where it is not known.
func Specificity(s *drift.Specificity) *answer.Specificity {
	if s == nil {
		return nil
	}
	return &answer.Specificity{Effect: s.Effect, Shared: s.Shared, Specific: s.Specific, P: s.P, Others: s.Others}
}

// Window reads a window that a store kept, of any format.
func Window(data []byte) (*answer.Window, error) {
	w := new(answer.Window)
	if err := read(data, w); err != nil {
		return nil, fmt.Errorf("a window: %w", err)
	}
	return w, nil
}

// Alert reads an alert that a store kept, of any format.
func Alert(data []byte) (*answer.Alert, error) {
	a := new(answer.Alert)
	if err := read(data, a); err != nil {
		return nil, fmt.Errorf("an alert: %w", err)
	}
	return a, nil
}

// read reads a record, which is raised to this format first where it has none.
func read(data []byte, into any) error {
	var of struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &of); err != nil {
		return err
	}
	if of.Format > 0 {
		return json.Unmarshal(data, into)
	}
	var old any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // numbers stay as they are written
	if err := d.Decode(&old); err != nil {
		return err
	}
	raise(old)
	data, err := json.Marshal(old)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// raise makes of records of format 1, wherever they are in a document, those of this one.
func raise(v any) {
	switch v := v.(type) {
	case []any:
		for _, each := range v {
			raise(each)
		}
	case map[string]any:
		for name, each := range v {
			if n, number := each.(json.Number); number && name == "pairs" {
				v["pairs"], v["pair_count"] = []any{}, n
			}
			if each == nil {
				v[name] = []any{} // lists alone were null
			}
			raise(each)
		}
	}
}
