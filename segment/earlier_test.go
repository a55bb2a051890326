package segment_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"os"
	"testing"

	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/segment"
)

// TestEarlier compares maps from earlier blocks with testdata/earlier.json, computed by earlier.py with NumPy as the published segmentor does.
func TestEarlier(t *testing.T) {
	data, err := os.ReadFile("testdata/earlier.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Neurons, Heads int
		Logits         []float64
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	s := load(t, "tiny")
	e := segment.Earlier{}
	if e.Query, err = s.model.PoolQuery(); err != nil {
		t.Fatal(err)
	}
	nap, err := segment.New(s.pool, s.classes, segment.NAP, segment.Options{Pairs: 200, Signs: s.signs()})
	if err != nil {
		t.Fatal(err)
	}
	trunk := s.Array("trunk")
	one := len(trunk.Data) / trunk.Shape[0]
	for _, c := range cases {
		e.Neurons, e.Heads = c.Neurons, c.Heads
		var got []float32
		for i := range seen {
			next := (i + 1) % seen // stands for the block before the last
			z := append(append([]float32(nil), trunk.Data[next*one:][:one]...), trunk.Data[i*one:][:one]...)
			w, err := e.Window(s.pool, z)
			if err != nil {
				t.Fatal(err)
			}
			logits, err := nap.Logits(w)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, logits...)
		}
		golden.Compare(t, fmt.Sprintf("neurons %d, heads %d", c.Neurons, c.Heads), got, numeric.Float32(c.Logits), 1e-5, 1e-6)
	}
	if _, err := e.Window(s.pool, trunk.Data[:one]); !errors.Is(err, segment.ErrWindow) {
		t.Errorf("a block before the only one: %v", err)
	}
	if _, err := e.Window(s.pool, trunk.Data[:one+1]); !errors.Is(err, segment.ErrWindow) {
		t.Errorf("half a block: %v", err)
	}
}

// TestEarlierIsTheLast: computed from its output, the last block gives what the image tower gives, for all methods that may look earlier.
func TestEarlierIsTheLast(t *testing.T) {
	s := load(t, "tiny")
	r := runner(t, s)
	var kept []*segment.Segmenter
	for _, m := range r.Methods {
		if m.Method != segment.SelfSelf {
			kept = append(kept, m)
		}
	}
	r.Methods = kept
	img := picture(150, 90)
	want, err := r.Run(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	q, err := s.model.PoolQuery()
	if err != nil {
		t.Fatal(err)
	}
	r.Earlier = &segment.Earlier{Query: q}
	got, err := r.Run(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range r.Methods {
		golden.Compare(t, m.Method.String(), got[i].Logits(0, 1, 2, 3), want[i].Logits(0, 1, 2, 3), 2e-5, 1e-5)
	}
	why, err := r.Why(t.Context(), img, got[0], 0, image.Rect(10, 10, 40, 40))
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, p := range why.Parts {
		sum += float64(p)
	}
	golden.Compare(t, "parts", []float32{float32(sum)}, []float32{float32(why.Logit)}, 1e-4, 1e-6)
}

func TestEarlierCheck(t *testing.T) {
	for _, e := range []segment.Earlier{{Neurons: 3}, {Heads: 3}, {Neurons: -1}} {
		if err := e.Check(3, nil); err == nil {
			t.Errorf("%+v of 3 blocks: no error", e)
		}
	}
	e := segment.Earlier{Neurons: 2}
	if err := e.Check(3, []segment.Method{segment.NAP, segment.Facet}); err != nil {
		t.Error(err)
	}
	if err := e.Check(3, []segment.Method{segment.SelfSelf}); err == nil {
		t.Error("selfself has no keys of an earlier block, and no error")
	}
}
