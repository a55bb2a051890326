package experiment

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/internal/numeric"
)

// truths reads what a script of testdata found with NumPy.
func truths(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// TestReferenceSink compares with testdata/sink_reference.py, which zeroes one neuron after the other and asks for attention anew.
func TestReferenceSink(t *testing.T) {
	s := gather(t, "tiny")
	var want struct {
		Signed, Size, Pairs []float64
		Zeroed              []int
		ZeroSink            []float64 `json:"zero_sink"`
		ZeroNeurons         []float64 `json:"zero_neurons"`
	}
	truths(t, "sink_reference.json", &want)
	ck, err := checkpoint.Open(filepath.Join(golden.Dir(t, "tiny"), "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer ck.Close()
	x := s.Array("tokens")
	N, C := x.Shape[1], x.Shape[2]
	positions, err := ck.Float32("visual.attnpool.positional_embedding", N, C)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReferenceSink(s.query, s.Weights, positions)
	if err != nil {
		t.Fatal(err)
	}
	var dark, without []float32
	for one := range slices.Chunk(x.Data, N*C) {
		if err := r.Add(one); err != nil {
			t.Fatal(err)
		}
		e, err := r.ZeroSink(one)
		if err != nil {
			t.Fatal(err)
		}
		dark = append(dark, e...)
		if e, err = r.ZeroNeurons(one, want.Zeroed); err != nil {
			t.Fatal(err)
		}
		without = append(without, e...)
	}
	signed, size := r.Neurons()
	golden.Compare(t, "signed", numeric.Float32(signed), numeric.Float32(want.Signed), 1e-4, 1e-8)
	golden.Compare(t, "size", numeric.Float32(size), numeric.Float32(want.Size), 1e-4, 1e-8)
	var some []float64
	for i, v := range r.Pairs() {
		if i%C%8 == 0 {
			some = append(some, v)
		}
	}
	golden.Compare(t, "pairs", numeric.Float32(some), numeric.Float32(want.Pairs), 1e-4, 1e-7)
	golden.Compare(t, "the sink at zero", dark, numeric.Float32(want.ZeroSink), 1e-5, 1e-5)
	golden.Compare(t, "neurons at zero", without, numeric.Float32(want.ZeroNeurons), 1e-5, 1e-5)
	if err := r.Add(x.Data[:C]); err == nil {
		t.Error("a token alone is taken for a picture")
	}
}
