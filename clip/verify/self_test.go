package verify

import (
	"math"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/portable"
)

// TestSelf: the model with PyTorch's golden answers agrees with itself.
func TestSelf(t *testing.T) {
	ck, err := checkpoint.Open("../../testdata/tiny/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	m, err := clip.New(ck, portable.New(), clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := CheckSelf(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	for what, v := range map[string]float64{"residual": s.Residual, "attention": s.Attention, "pool": s.Pool, "rows": s.Rows} {
		if !(v <= 5e-6) {
			t.Errorf("the %s is %g", what, v)
		}
	}
	t.Logf("%+v", s)
	e, err := Embed(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Picture) != m.Config.Embed || len(e.Text) != m.Config.Embed {
		t.Errorf("embeddings of %d and %d numbers, expected %d", len(e.Picture), len(e.Text), m.Config.Embed)
	}
}

// TestPlainPool: two heads of two channels over three tokens, by hand.
func TestPlainPool(t *testing.T) {
	w := decompose.Weights{Heads: 2, Channels: 4, Embed: 1, Output: []float32{1, 10, 100, 1000}, OutputBias: []float32{0.5}}
	ln2 := float32(math.Ln2)
	p := plainPool{
		w, []float32{1, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9}, // only the class token asks
		[]float32{0, 9, 9, 0, 0, 9, 9, ln2, ln2, 9, 9, 0}, // the first head prefers token 2, the second token 1, twofold
		[]float32{4, 0, 0, 0, 0, 4, 4, 0, 0, 0, 0, 4},
	}
	a := p.attention()
	for i, want := range []float64{0.25, 0.25, 0.5, 0.25, 0.5, 0.25} {
		if math.Abs(a[i]-want) > 1e-7 {
			t.Fatalf("attention %v, expected %v at place %d", a, want, i)
		}
	}
	// head 1: 4·¼ and 4·¼, head 2: 4·½ and 4·¼
	if e := p.embedding(a); math.Abs(e[0]-(1+10+200+1000+0.5)) > 1e-4 {
		t.Errorf("the embedding is %v, expected 1211.5", e)
	}
}

// TestFaultsAreSeen: each figure grows with what it measures.
func TestFaultsAreSeen(t *testing.T) {
	if got := rows([]float32{0.5, 0.5, 0.75, 0.5}, 2); math.Abs(got-0.25) > 1e-9 {
		t.Errorf("rows that sum to 1 and 1.25 are off by %v", got)
	}
	if got := largest([]float64{1, 2}, []float32{1, 2.5}); got != 0.5 {
		t.Errorf("the largest difference is %v, expected 0.5", got)
	}
	if got := Distance([]float32{3, 5}, []float32{3, 4}); math.Abs(got-0.2) > 1e-9 {
		t.Errorf("the distance is %v, expected 0.2", got)
	}
	if got := Distance([]float64{math.NaN()}, []float32{1}); !math.IsNaN(got) {
		t.Errorf("the distance of NaN is %v", got)
	}
}
