package drift

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/numeric"
)

// across are words that a pair's direction has no part of: random directions less their part along it.
func (w world) across(t *testing.T, pair, n int) *concept.Dictionary {
	t.Helper()
	along := concept.Unit(w.ov.Direction(w.ov.Pair(pair)))
	var texts []string
	var e []float32
	for i := range n {
		word, dot := normals(w.random, w.ov.Embed, 1), float32(0)
		for k, v := range along {
			dot += v * word[k]
		}
		for k, v := range along {
			word[k] -= dot * v
		}
		texts, e = append(texts, fmt.Sprint("word ", i)), append(e, word...)
	}
	return w.dictionary(t, texts, e)
}

// moved is a profile, and images of which its strongest pair moved.
func (w world) moved(t *testing.T) (*Profile, *Summary) {
	t.Helper()
	reference := NewSummary(w.pairs(), w.ov.Embed, 0, 200)
	w.fill(t, reference, "before", 400, nil, 0, 0)
	p := NewProfile(reference, w.ov.Norms(), nil)
	images := NewSummary(w.pairs(), w.ov.Embed, 0, 200)
	w.fill(t, images, "after", 300, p.Strong, p.Strong[0], -3)
	return p, images
}

func TestWhatNoWordFitsIsUnnamed(t *testing.T) {
	w := newWorld(t)
	p, images := w.moved(t)
	c, err := Compare(context.Background(), p, images, w.ov, w.across(t, p.Strong[0], 6), Options{Level: 1e-6})
	if err != nil {
		t.Fatal(err)
	}
	if c.Changed == 0 || len(c.Changes) > 0 {
		t.Fatalf("%d pairs changed, named %+v; expected a change without a name", c.Changed, c.Changes)
	}
	if c.Rest == nil || c.Unnamed != c.Rest.Share || math.Abs(c.Unnamed-c.Explained) > 1e-12 || len(c.Rest.Pairs) != c.Changed || len(c.Rest.After) != examples {
		t.Errorf("the rest: %+v, explained %g", c.Rest, c.Explained)
	}
}

func TestAQualityNamesWhatNoWordFits(t *testing.T) {
	w := newWorld(t)
	p, images := w.moved(t)
	p.Labels = make([]string, len(p.Strong))
	p.Labels[0] = "grain"
	less, more := make([]float32, w.ov.Embed), w.ov.Direction(w.ov.Pair(p.Strong[0]))
	q, blind := NewQuality("noise", "mild", w.ov.Embed), NewQuality("what the model does not see", "", w.ov.Embed)
	q.Add(less, more)
	q.Add(less, more)
	blind.Add(less, less)
	p.Qualities = []Quality{blind, q}
	c, err := Compare(context.Background(), p, images, w.ov, w.across(t, p.Strong[0], 6), Options{Level: 1e-6})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Changes) == 0 || c.Changes[0].Word != "noise" || c.Changes[0].More || !c.Changes[0].Quality {
		t.Fatalf("changes %+v, expected less noise", c.Changes)
	}
	if first := c.Changes[0]; first.Effect > -0.5 || first.Pairs[0].Label != "grain" {
		t.Errorf("less noise: effect %g, strongest pair %+v", first.Effect, first.Pairs[0])
	}
}

func TestSharesOfChangesAddUp(t *testing.T) {
	w := newWorld(t)
	p, images := w.moved(t)
	c, err := Compare(context.Background(), p, images, w.ov, w.words(t, p.Strong[0], p.Strong[1], p.Strong[2]), Options{Level: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	sum, pairs := c.Unnamed, 0
	if c.Rest != nil {
		pairs = len(c.Rest.Pairs)
	}
	for _, change := range c.Changes {
		sum, pairs = sum+change.Share, pairs+len(change.Pairs)
	}
	if math.Abs(sum-c.Explained) > 1e-12 || pairs != c.Changed {
		t.Errorf("shares sum to %v of %v, over %d pairs of %d", sum, c.Explained, pairs, c.Changed)
	}
}

// TestSetsAreCorrectedTogether: each set is a family of tests.
func TestSetsAreCorrectedTogether(t *testing.T) {
	w := newWorld(t)
	p, images := w.moved(t)
	calm := NewSummary(w.pairs(), w.ov.Embed, 0, 200)
	w.fill(t, calm, "calm", 100, p.Strong, 0, 0)
	v, err := NewVocabulary(context.Background(), p, w.ov, w.words(t, 1, 2, 3))
	if err != nil {
		t.Fatal(err)
	}
	both, err := v.Compare(context.Background(), []*Summary{calm, images}, Options{Level: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	raw, got := make([][]float64, 2), make([][]float64, 2)
	for k, c := range both {
		for _, test := range c.Tests {
			raw[k], got[k] = append(raw[k], test.P), append(got[k], test.Adjusted)
		}
	}
	if d := cmp.Diff(Together(raw, 0.05), got); d != "" {
		t.Errorf("adjusted p-values: (-together +got)\n%s", d)
	}
}

// sameBits compares profiles, their samples in order.
var sameBits = cmp.Options{
	cmp.AllowUnexported(Image{}, Concept{}, numeric.Sums{}),
	cmp.Transformer("sample", func(s Summary) []any { return []any{s.Pairs, s.Embedding, s.Scores, s.Size, s.Sample()} }),
}

// TestProfilesMergeInAnyOrder: seven profiles, joined in random orders and steps, give the same numbers to the last bit, and those of
// a profile of all images to rounding.
func TestProfilesMergeInAnyOrder(t *testing.T) {
	w := newWorld(t)
	score := func(x []float32) []Score { return []Score{{Signed: float64(x[0]), Norm: float64(x[1])}} }
	watched, err := NewConcept("a text", w.ov.Direction(w.ov.Pair(3)), w.ov)
	if err != nil {
		t.Fatal(err)
	}
	whole := NewSummary(w.pairs(), w.ov.Embed, 1, 15)
	var profiles []*Profile
	for k := range 7 {
		s := NewSummary(w.pairs(), w.ov.Embed, 1, 15+k)
		for i := range 5 + 9*k {
			scalars := normals(w.random, w.pairs(), 1)
			for p := range scalars {
				scalars[p] = (scalars[p] + 3) * float32(1+p%10)
			}
			image := Image{Path: fmt.Sprint(k, " ", i), Embedding: scalars[:w.ov.Embed], Scores: score(scalars)}
			for _, to := range []*Summary{s, whole} {
				if err := to.Add(image, scalars, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		p := NewProfile(s, w.ov.Norms(), []Concept{watched})
		q := NewQuality("noise", "mild", w.ov.Embed)
		q.Add(make([]float32, w.ov.Embed), normals(w.random, w.ov.Embed, 1))
		q.Pictures *= k // of one profile none
		p.Qualities, p.Labels = []Quality{q}, make([]string, len(p.Strong))
		profiles = append(profiles, p)
	}
	want, err := Merge(profiles, w.ov.Norms())
	if err != nil {
		t.Fatal(err)
	}
	near(t, "pairs", want.Pairs, whole.Pairs)
	near(t, "embedding", want.Embedding, whole.Embedding)
	near(t, "scores", want.Scores, whole.Scores)
	if len(want.Strong) == 0 || want.Qualities[0].Pictures != 21 {
		t.Fatalf("%d strong pairs, %d pictures of noise", len(want.Strong), want.Qualities[0].Pictures)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		left := slices.Clone(profiles)
		for len(left) > 1 {
			r.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
			n := 2 + r.IntN(len(left)-1)
			some, err := Merge(left[:n], w.ov.Norms())
			if err != nil {
				t.Fatal(err)
			}
			left = append(left[n:], some)
		}
		if d := cmp.Diff(want, left[0], sameBits); d != "" {
			t.Fatalf("in another order: %s", d)
		}
	}
}

func TestProfilesMerge(t *testing.T) {
	w := newWorld(t)
	whole, parts := NewSummary(w.pairs(), w.ov.Embed, 0, 20), []*Summary{NewSummary(w.pairs(), w.ov.Embed, 0, 20), NewSummary(w.pairs(), w.ov.Embed, 0, 30)}
	for i := range 300 {
		scalars := normals(w.random, w.pairs(), 1)
		for k := range scalars { // so that the same pairs are strong everywhere
			scalars[k] *= float32(1 + k%10)
		}
		for _, s := range []*Summary{whole, parts[i%2]} {
			if err := s.Add(Image{Path: fmt.Sprint(i), Embedding: scalars[:w.ov.Embed]}, scalars, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	var profiles []*Profile
	for k, s := range parts {
		p := NewProfile(s, w.ov.Norms(), nil)
		q := NewQuality("noise", "mild", w.ov.Embed)
		for range k + 1 {
			more := make([]float32, w.ov.Embed)
			more[0] = float32(3 * k)
			q.Add(make([]float32, w.ov.Embed), more)
		}
		p.Qualities, p.Labels = []Quality{q}, make([]string, len(p.Strong))
		for i, pair := range p.Strong {
			p.Labels[i] = fmt.Sprint("pair ", pair)
		}
		profiles = append(profiles, p)
	}
	got, err := Merge(profiles, w.ov.Norms())
	if err != nil {
		t.Fatal(err)
	}
	near(t, "pairs", got.Pairs, whole.Pairs)
	near(t, "embedding", got.Embedding, whole.Embedding)
	if len(got.Strong) < 4 {
		t.Fatalf("%d strong pairs in common", len(got.Strong))
	}
	want := *whole
	for i := range want.kept {
		want.kept[i].Scalars = pick(want.kept[i].Scalars, got.Strong)
	}
	if d := cmp.Diff(want.Sample(), got.Sample(), cmp.AllowUnexported(Image{})); d != "" {
		t.Errorf("sample: (-whole +merged)\n%s", d)
	}
	for k, i := range got.Strong {
		if got.Labels[k] != fmt.Sprint("pair ", i) {
			t.Errorf("pair %d is labelled %q", i, got.Labels[k])
		}
	}
	if q := got.Qualities[0]; q.Pictures != 3 || math.Abs(float64(q.Shift[0])-2) > 1e-6 {
		t.Errorf("noise of 1 and 2 pictures: %+v", q)
	}
	other, err := Merge([]*Profile{profiles[1], profiles[0]}, w.ov.Norms())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got, other, sameBits); d != "" {
		t.Errorf("the parts in another order: %s", d)
	}
	profiles[1].Qualities = nil
	if _, err := Merge(profiles, w.ov.Norms()); err == nil {
		t.Error("other qualities: expected an error")
	}
	if _, err := Merge(nil, nil); err == nil {
		t.Error("no profiles: expected an error")
	}
}
