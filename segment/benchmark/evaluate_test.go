package benchmark_test

import (
	"context"
	"errors"
	"github.com/facet-clip/facet/dataset"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/segment"
	"github.com/facet-clip/facet/segment/benchmark"
)

// evaluation is of two methods with the golden model on four scenes.
func evaluation(t *testing.T, journal string) *benchmark.Evaluation {
	t.Helper()
	ck, err := checkpoint.Open("../../testdata/tiny/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	m, err := clip.New(ck, portable.New(), clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	set, err := benchmark.Open("scenes:default?n=4&seed=3&size=64")
	if err != nil {
		t.Fatal(err)
	}
	D := m.Config.Embed
	var names []string
	var of []int
	texts := make([]float32, len(set.Classes)*D)
	for i, c := range set.Classes {
		names, of = append(names, c.Name), append(of, i)
		for j := range D {
			texts[i*D+j] = float32((i*31+j*17)%23) - 11
		}
	}
	classes, err := segment.NewClasses(names, of, names, texts, D)
	if err != nil {
		t.Fatal(err)
	}
	p, err := segment.Preset("native", m.Config.Image)
	if err != nil {
		t.Fatal(err)
	}
	w, err := m.PoolWeights()
	if err != nil {
		t.Fatal(err)
	}
	pool, err := segment.PoolOf(m, w, p.Window)
	if err != nil {
		t.Fatal(err)
	}
	r := &segment.Runner{Model: m, Protocol: p}
	for _, method := range []segment.Method{segment.NAP, segment.MaskCLIP} {
		s, err := segment.New(pool, classes, method, segment.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r.Methods = append(r.Methods, s)
	}
	return &benchmark.Evaluation{Set: set, Runner: r, Decoder: dataset.NewDecoder(1 << 20), Journal: journal, Protocol: "p"}
}

var sameButTimes = cmpopts.IgnoreFields(benchmark.Picture{}, "Encoding")

var sameCounts = cmpopts.IgnoreFields(benchmark.Count{}, "Seconds")

// TestResume: a run that was cut off after two pictures, in the middle of writing the third, ends with the same counts as one that was not.
func TestResume(t *testing.T) {
	want, err := evaluation(t, "").Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	journal := filepath.Join(t.TempDir(), "journal.jsonl")
	e := evaluation(t, journal)
	ctx, cancel := context.WithCancel(t.Context())
	done := 0
	e.Done = func() {
		if done++; done == 2 {
			cancel()
		}
	}
	if _, err := e.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	f, err := os.OpenFile(journal, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"name":"000`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := evaluation(t, journal).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, sameButTimes, sameCounts); diff != "" {
		t.Error(diff)
	}
	again, err := evaluation(t, journal).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("a finished run was run again: %s", diff)
	}
	other := evaluation(t, journal)
	other.Protocol = "q"
	if _, err := other.Run(t.Context()); !errors.Is(err, benchmark.ErrJournal) {
		t.Errorf("another protocol: %v", err)
	}
}

// TestCountsAgree: the counted cells are those of labels compared pixel by pixel.
func TestCountsAgree(t *testing.T) {
	e := evaluation(t, "")
	pictures, err := e.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	img, truth, err := e.Set.Load(t.Context(), 1, e.Decoder)
	if err != nil {
		t.Fatal(err)
	}
	maps, err := e.Runner.Run(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range maps {
		want := map[[2]int]int{}
		for at, c := range m.Labels().Class {
			want[[2]int{int(truth[at]), int(c)}]++
		}
		got := map[[2]int]int{}
		for _, cell := range pictures[1].Methods[i].Cells {
			got[[2]int{cell[0], cell[1]}] = cell[2]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}
