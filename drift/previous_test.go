package drift

import (
	"fmt"
	"testing"
)

// TestPartsAgainstThoseBefore: of a pair that moves once and stays, a part differs from the one before once, from the profile for good, and from two before
// while one of them is of the time before.
func TestPartsAgainstThoseBefore(t *testing.T) {
	w := newWorld(t)
	all := NewSummary(w.pairs(), w.ov.Embed, 0, 400)
	w.fill(t, all, "profile", 400, nil, 0, 0)
	p := NewProfile(all, w.ov.Norms(), nil)
	moved := p.Strong[4]
	v, err := NewVocabulary(t.Context(), p, w.ov, w.words(t, moved, p.Strong[0], p.Strong[1]))
	if err != nil {
		t.Fatal(err)
	}
	var sets []*Summary
	for k, up := range []float32{0, 0, 2, 2, 2} {
		s := NewSummary(w.pairs(), w.ov.Embed, 0, 150)
		w.fill(t, s, fmt.Sprint("part ", k, " "), 200, p.Strong, moved, up)
		sets = append(sets, s)
	}
	for last, want := range map[int][]bool{1: {false, false, true, false, false}, 2: {false, false, true, true, false}} {
		got, err := v.Before(t.Context(), sets, nil, last, Options{Level: 0.01})
		if err != nil {
			t.Fatal(err)
		}
		for k, c := range got {
			first, others := false, 0
			for _, test := range c.Tests {
				switch yes := test.Adjusted <= 0.01; {
				case w.ov.Index(test.Pair) == moved:
					first = yes
				case yes:
					others++
				}
			}
			if first != want[k] || others > 0 {
				t.Errorf("against %d before: part %d: the pair changed %v, expected %v; %d others changed", last, k, first, want[k], others)
			}
			images := 400
			if k > 0 {
				images = 200 * min(k, last)
			}
			if c.ProfileImages != images {
				t.Errorf("against %d before: part %d is compared with %d images, expected %d", last, k, c.ProfileImages, images)
			}
		}
	}
	whole, err := v.Compare(t.Context(), sets, Options{Level: 0.01})
	if err != nil || whole[4].Changed == 0 {
		t.Errorf("the last part against the profile: %v", err)
	}
}
