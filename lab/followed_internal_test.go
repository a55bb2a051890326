package lab

import (
	"cmp"
	"slices"
	"testing"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// TestFollowedAsPublished: the published code's pairs are the five of largest ⟨û,t⟩ with the text as it is, the mean over 80 prompts. The mean of a bank off, others are.
func TestFollowedAsPublished(t *testing.T) {
	l, err := Open(t.Context(), Config{Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	ov, err := l.ov()
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{"a red car", "snow", "a cat", "something yellow"}
	published, err := l.followed(t.Context(), texts, "", true, ov)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := l.followed(t.Context(), texts, "", false, ov)
	if err != nil {
		t.Fatal(err)
	}
	shared := 0
	for i, text := range texts {
		if want := mostAlike(t, l, ov, text); !slices.Equal(published[i].Pairs, want) {
			t.Errorf("%s: pairs %v, by the published rule %v", text, published[i].Pairs, want)
		}
		for _, p := range ours[i].Pairs {
			if slices.Contains(published[i].Pairs, p) {
				shared++
			}
		}
	}
	t.Logf("of %d pairs %d are the same", 5*len(texts), shared)
	if shared > 4*len(texts) {
		t.Errorf("both ways take the same %d of %d pairs", shared, 5*len(texts))
	}
}

// mostAlike are the five pairs by the published rule, in float64 and from directions formed one by one.
func mostAlike(t *testing.T, l *Lab, ov *decompose.OV, text string) []decompose.Pair {
	t.Helper()
	templates, err := publishedPrompts()
	if err != nil {
		t.Fatal(err)
	}
	prompts := concept.Templates(templates).Fill(text)
	rows, err := l.EncodeTexts(t.Context(), prompts, false)
	if err != nil {
		t.Fatal(err)
	}
	mean := make([]float64, ov.Embed)
	for row := range slices.Chunk(rows, ov.Embed) {
		length := numeric.Norm(row)
		for o, v := range row {
			mean[o] += float64(v) / length
		}
	}
	type scored struct {
		pair decompose.Pair
		cos  float64
	}
	var all []scored
	for h := range ov.Heads {
		for n := range ov.Channels {
			p := decompose.Pair{Head: h, Neuron: n}
			u := ov.Direction(p)
			all = append(all, scored{p, numeric.Dot(u, numeric.Float32(mean)) / numeric.Norm(u)})
		}
	}
	slices.SortFunc(all, func(a, b scored) int { return cmp.Compare(b.cos, a.cos) })
	var pairs []decompose.Pair
	for _, s := range all[:5] {
		pairs = append(pairs, s.pair)
	}
	return pairs
}
