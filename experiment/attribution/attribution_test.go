package attribution

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/internal/randomclip"
)

// drawn are random scalars of a random model, and a text.
func drawn(t *testing.T, seed uint64) (ov *decompose.OV, one, other decompose.Scalars, text, second []float32) {
	t.Helper()
	data, err := randomclip.Checkpoint(clip.Config{Image: 32, Width: 8, Blocks: [4]int{1, 1, 1, 1}, Channels: 256, Heads: 4, Embed: 32}, seed)
	if err != nil {
		t.Fatal(err)
	}
	ck, err := checkpoint.OpenBytes("random", data)
	if err != nil {
		t.Fatal(err)
	}
	m, err := clip.New(ck, portable.New(), clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	if ov, err = m.Decomposition(); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	scalars := func() decompose.Scalars {
		s := make([]float32, ov.Heads*ov.Channels)
		for i := range s {
			s[i] = float32(rng.NormFloat64())
		}
		bound, err := ov.Scalars(s)
		if err != nil {
			t.Fatal(err)
		}
		return bound
	}
	unit := func() []float32 {
		v := make([]float32, ov.Embed)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		length := float32(numeric.Norm(v))
		for i := range v {
			v[i] /= length
		}
		return v
	}
	return ov, scalars(), scalars(), unit(), unit()
}

// partitions are every way to group pairs that there is.
func partitions(ov *decompose.OV, seed uint64) map[string]Partition {
	rng := rand.New(rand.NewPCG(seed, 2))
	labels := map[int][]Term{}
	for p := range ov.Heads * ov.Channels {
		for range rng.IntN(4) { // some have none
			labels[p] = append(labels[p], Term{fmt.Sprintf("word %d", rng.IntN(9)), rng.NormFloat64()})
		}
	}
	return map[string]Partition{
		"words":      ByWord(labels, false),
		"first word": ByWord(labels, true),
		"heads":      Whole(ov.Heads, strconv.Itoa, func(p int) int { return ov.Pair(p).Head }),
		"neurons":    Whole(ov.Channels, strconv.Itoa, func(p int) int { return ov.Pair(p).Neuron }),
		"pairs":      Whole(ov.Heads*ov.Channels, func(p int) string { return ov.Pair(p).String() }, func(p int) int { return p }),
	}
}

// TestSums: every partition of every split sums to its total, which is that of the embeddings themselves.
func TestSums(t *testing.T) {
	const τ = 100
	for seed := range uint64(6) {
		ov, one, other, text, second := drawn(t, seed)
		e, f := one.Embedding(), other.Embedding()
		logit := func(e, t []float32) float64 { return τ * numeric.Dot(e, t) / numeric.Norm(e) }
		means := make([]float64, len(one.S))
		for i := range means {
			means[i] = float64(one.S[i]+other.S[i]) / 2
		}
		centre, err := NewCentre(ov, means)
		if err != nil {
			t.Fatal(err)
		}
		ē := make([]float32, len(e))
		for i := range ē {
			ē[i] = (e[i] + f[i]) / 2
		}
		own := Logit(one, text, e, τ)
		for name, c := range map[string]struct {
			split Split
			total float64
		}{
			"embedding":        {Embedding(one, e), 1},
			"logit":            {own, logit(e, text)},
			"against a mean":   {centre.LogitOf(one, text, e, τ), logit(e, text) - τ*numeric.Dot(ē, text)/numeric.Norm(e)},
			"more than a mean": {centre.EmbeddingOf(one, e), 1},
			"against another":  {own.Minus(Logit(other, text, f, τ)), logit(e, text) - logit(f, text)},
			"against a text":   {Logit(one, less(text, second), e, τ), logit(e, text) - logit(e, second)},
		} {
			size := math.Abs(c.split.Constant)
			for _, a := range c.split.Pairs {
				size += math.Abs(a)
			}
			if r := c.split.Residual(); r > 1e-5 || math.Abs(c.split.Total-c.total) > 1e-5*size {
				t.Errorf("seed %d, %s: residual %g, total %g, expected %g", seed, name, r, c.split.Total, c.total)
			}
			for how, by := range partitions(ov, seed) {
				sum := 0.0
				for _, g := range c.split.Groups(by) {
					sum += g.Amount
					members := 0.0
					for _, m := range g.Members {
						members += m.Amount
					}
					if g.Name != Constant && math.Abs(members-g.Amount) > 1e-9*size {
						t.Errorf("seed %d, %s by %s: members of %s sum to %g, not %g", seed, name, how, g.Name, members, g.Amount)
					}
				}
				if math.Abs(sum-c.total) > 1e-5*size {
					t.Errorf("seed %d, %s by %s: groups sum to %g, expected %g", seed, name, how, sum, c.total)
				}
			}
		}
	}
}

// less is a − b.
func less(a, b []float32) []float32 {
	d := make([]float32, len(a))
	for i := range d {
		d[i] = a[i] - b[i]
	}
	return d
}

// TestGoldenLogits: by words, the logit of a text of the golden model adds up to PyTorch's.
func TestGoldenLogits(t *testing.T) {
	a := golden.Open(t, "tiny")
	ck, err := checkpoint.Open("../../testdata/tiny/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	m, err := clip.New(ck, portable.New(), clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	ov, err := m.Decomposition()
	if err != nil {
		t.Fatal(err)
	}
	D, P := ov.Embed, ov.Heads*ov.Channels
	s, err := ov.Scalars(a.Array("scalars").Data[:P])
	if err != nil {
		t.Fatal(err)
	}
	e := a.Array("embedding").Data[:D]
	text := make([]float32, D)
	copy(text, e)
	for i := range text {
		text[i] /= float32(numeric.Norm(e))
	}
	sum := 0.0
	for _, g := range Logit(s, text, e, 1).Groups(partitions(ov, 1)["words"]) {
		sum += g.Amount
	}
	if math.Abs(sum-1) > 1e-5 {
		t.Errorf("an embedding's cosine with itself is %g by words", sum)
	}
}

// TestGroups: words share a pair by weight, a minus makes another group, and what nobody names is unnamed.
func TestGroups(t *testing.T) {
	s := Split{Total: -3, Constant: -10, Pairs: []float64{4, 2, 1}}
	by := ByWord(map[int][]Term{0: {{"snow", 3}, {"castle", -1}}, 1: {{"snow", 0.5}}}, false)
	want := map[string]float64{"snow": 3 + 2, "−castle": 1, Unnamed: 1, Constant: -10}
	groups := s.Groups(by)
	if len(groups) != len(want) || groups[0].Name != Constant || groups[1].Name != "snow" {
		t.Fatalf("%+v", groups)
	}
	for _, g := range groups {
		if g.Amount != want[g.Name] || g.Share != g.Amount/3 {
			t.Errorf("%+v, expected %g", g, want[g.Name])
		}
	}
	if m := groups[1].Members; m[0].Pair != 0 || m[0].Of != 0.75 || m[0].Amount != 3 || m[1].Amount != 2 {
		t.Errorf("%+v", m)
	}
	if first := s.Groups(ByWord(map[int][]Term{0: {{"snow", 3}, {"castle", -1}}}, true)); first[1].Amount != 4 {
		t.Errorf("given to the first word: %+v", first)
	}
}

// TestStrongest: the members of largest size, of equal ones the first pair, whatever their sign.
func TestStrongest(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 200 {
		g := Group{Members: make([]Member, rng.IntN(12))}
		for p := range g.Members {
			g.Members[p] = Member{Pair: p, Amount: float64(rng.IntN(9) - 4)}
		}
		want := slices.Clone(g.Members)
		slices.SortStableFunc(want, func(a, b Member) int { return cmp.Compare(math.Abs(b.Amount), math.Abs(a.Amount)) })
		for k := range 14 {
			if got, want := g.Strongest(k), want[:min(k, len(want))]; len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
				t.Fatalf("%d of %+v: %+v, expected %+v", k, g.Members, got, want)
			}
		}
	}
}

// TestCover keeps what is needed and always what has no word.
func TestCover(t *testing.T) {
	groups := []Group{{Name: "a", Amount: 5}, {Name: Constant, Amount: 4}, {Name: "b", Amount: -3}, {Name: "c", Amount: 1, Share: 0.1}, {Name: "d", Amount: -1, Share: -0.1}, {Name: Unnamed}}
	shown, rest := Cover(groups, 0.8, len(groups))
	if len(shown) != 4 || shown[2].Name != "b" || rest.Groups != 2 || rest.Amount != 0 {
		t.Errorf("%+v, %+v", shown, rest)
	}
	if shown, rest := Cover(groups, 1, len(groups)); len(shown) != 6 || rest.Groups != 0 {
		t.Errorf("%+v, %+v", shown, rest)
	}
}

// TestFactors: the map of a group sums to its amount.
func TestFactors(t *testing.T) {
	ov, _, _, text, _ := drawn(t, 3)
	rng := rand.New(rand.NewPCG(5, 5))
	x, a := make([]float32, 5*ov.Channels), make([]float32, ov.Heads*5)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	for i := range a {
		a[i] = rng.Float32()
	}
	tokens, err := ov.Tokens(x, a)
	if err != nil {
		t.Fatal(err)
	}
	one, err := ov.Scalars(tokens.Scalars())
	if err != nil {
		t.Fatal(err)
	}
	split := Logit(one, text, one.Embedding(), 100)
	for _, g := range split.Groups(partitions(ov, 3)["words"]) {
		if g.Name == Constant {
			continue
		}
		sum := 0.0
		for _, v := range tokens.SumMap(g.Factors(split.Per)) {
			sum += float64(v)
		}
		if math.Abs(sum-g.Amount) > 1e-4*(1+math.Abs(g.Amount)) {
			t.Errorf("the map of %s sums to %g, its amount is %g", g.Name, sum, g.Amount)
		}
	}
}
