package demo

import (
	"errors"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
)

func open(t *testing.T) *clip.Model {
	t.Helper()
	ck, err := Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	m, err := clip.New(ck, fastest(t), clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func fastest(t *testing.T) engine.Engine {
	e, err := ort.New(ort.Options{})
	if errors.Is(err, ort.ErrUnavailable) {
		return portable.New()
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestCheckpoint: what the issue of the demo model promises of its shapes.
func TestCheckpoint(t *testing.T) {
	ck, err := Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	c, err := clip.InferConfig(ck)
	if err != nil {
		t.Fatal(err)
	}
	if c.Image < 192 || c.Grid() < 6 || c.Channels < 768 || c.Heads < 12 || c.Embed < 128 {
		t.Errorf("too small: %+v", c)
	}
	if len(weights) > 12<<20 {
		t.Errorf("%d bytes, want at most 12 MiB", len(weights))
	}
	tok, err := Tokenizer()
	if err != nil {
		t.Fatal(err)
	}
	if tok.Size() != c.Text.Vocabulary {
		t.Errorf("vocabulary of %d tokens, trained with %d", tok.Size(), c.Text.Vocabulary)
	}
	if ck.Format() != checkpoint.FormatSafetensors {
		t.Errorf("format %s", ck.Format())
	}
}

// TestKnowsItsWorld measures on a part of the held-out scenes: docs/reference/demo-model.md has the figures of all of them.
func TestKnowsItsWorld(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes 512 scenes")
	}
	m, err := Evaluate(t.Context(), open(t), Gallery, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what  string
		score answer.Score
		least float64 // below the recorded figure by what 256 scenes may miss it
	}{
		{"category", m.Category, 90}, {"body style", m.BodyStyle, 75}, {"colour", m.Colour, 95}, {"background", m.Background, 97},
		{"retrieval", m.Retrieval, 85},
	} {
		if got := 100 * float64(c.score.Right) / float64(c.score.Of); !(got >= c.least) {
			t.Errorf("%s: %.1f %% of %d, want at least %g %%", c.what, got, c.score.Of, c.least)
		}
	}
	if !(m.Residual <= 1e-5) {
		t.Errorf("residual %g", m.Residual)
	}
	last := answer.KeptVariance{}
	for _, v := range m.Variance {
		if v.Summed < last.Summed || v.Summed > 1 || v.Explained > 1 {
			t.Errorf("%+v after %+v", v, last)
		}
		last = v
	}
}

// TestKnownPairs: the table is of every pair of the model, and half of them have a name.
func TestKnownPairs(t *testing.T) {
	known, err := KnownPairs()
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for i, l := range known.Labels {
		if l.Pair != i || len(l.Fires.Terms) == 0 {
			t.Fatalf("%+v", l)
		}
		if l.Fires.Named {
			named++
		}
	}
	if len(known.Means) != len(known.Labels) || len(known.Means) != 12*768 || named < len(known.Labels)/2 {
		t.Errorf("%d means, %d labels, %d named", len(known.Means), len(known.Labels), named)
	}
}
