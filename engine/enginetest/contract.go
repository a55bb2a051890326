package enginetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
)

// aliases names results that an engine is tempted to give the same memory: an intermediate value, a
// reshape of it, the same value twice, and a reshape of an input. One input serves no output.
func aliases() *graph.Graph {
	b := newBuilder("aliases")
	x := b.input(batch, 6)
	b.Input("unused", graph.Float32, batch)
	y := b.Relu(b.Linear(x, b.weight(6, 6), b.weight(6)))
	b.Output("y", y)
	b.Output("again", y)
	b.Output("y reshaped", b.Reshape(y, batch, 2, 3))
	b.Output("x reshaped", b.Reshape(x, batch, 3, 2))
	b.Output("last", b.Relu(b.Add(y, y)))
	b.Softmax(y) // serves no output either
	return b.Graph
}

func testOutputs(t *testing.T, e engine.Engine) { checkAgainstReference(t, e, aliases()) }

func testOwnership(t *testing.T, e engine.Engine) {
	g := aliases()
	free := graph.Binding{Batch: 2, Length: 1}
	s := compile(t, e, g)
	inputs := randomInputs(g, free)
	want := reference(g, free, inputs)
	kept := map[string]graph.Tensor{}
	for name, in := range inputs {
		kept[name] = in.Clone()
	}
	first, err := s.Run(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range inputs {
		if !slices.Equal(in.Floats, kept[name].Floats) {
			t.Errorf("the run changed input %s", name)
		}
	}
	second, err := s.Run(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	// Overwriting one result must not show in any other, nor in the inputs, nor in a later run.
	for _, name := range slices.Sorted(maps.Keys(first)) {
		compare(t, "before it is overwritten", map[string]graph.Tensor{name: first[name]}, map[string]array{name: want[name]})
		for i := range first[name].Floats {
			first[name].Floats[i] = 1e6
		}
	}
	compare(t, "another run's results", second, want)
	third, err := s.Run(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "a later run", third, want)
}

func testConcurrency(t *testing.T, e engine.Engine) {
	b := newBuilder("concurrency")
	b.Output("result", textBlock(b))
	s := compile(t, e, b.Graph)
	// Closed while the other is in use: sessions are independent.
	other, err := e.Compile(aliases())
	if err != nil {
		t.Fatal(err)
	}
	var group errgroup.Group
	for worker := range 8 {
		group.Go(func() error {
			for round := range 6 {
				free := graph.Binding{Batch: 1 + worker%3, Length: 1 + (worker+round)%5}
				inputs := randomInputs(b.Graph, free)
				got, err := s.Run(t.Context(), inputs)
				if err != nil {
					return err
				}
				if err := near(got["result"], reference(b.Graph, free, inputs)["result"]); err != nil {
					return fmt.Errorf("%+v: %w", free, err)
				}
			}
			return nil
		})
	}
	group.Go(other.Close)
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

func testBadGraphs(t *testing.T, e engine.Engine) {
	wrong := newBuilder("wrong")
	wrong.Output("result", wrong.Add(wrong.input(2, 3), wrong.weight(2)))
	empty := newBuilder("empty")
	empty.Relu(empty.input(2, 3))
	for _, g := range []*graph.Graph{wrong.Graph, empty.Graph} {
		if s, err := e.Compile(g); err == nil {
			t.Errorf("%s: no error", g.Name)
			_ = s.Close()
		} else if !strings.Contains(err.Error(), g.Name) {
			t.Errorf("the error does not name the graph %s: %v", g.Name, err)
		}
	}
}

func testBadInputs(t *testing.T, e engine.Engine) {
	b := newBuilder("inputs")
	image := b.Input("image", graph.Float32, batch, 2, 3)
	ids := b.Input("ids", graph.Int64, batch)
	b.Output("result", b.Add(b.Reshape(image, batch, 6), b.Gather(b.weight(4, 6), ids, 0)))
	s := compile(t, e, b.Graph)
	ok := graph.Ints([]int64{0, 3}, 2)
	floats := func(n int) []float32 { return make([]float32, n) }
	tests := []struct {
		name   string
		inputs map[string]graph.Tensor
		naming string // what the error must contain; "" when the run must succeed
	}{
		{"right", map[string]graph.Tensor{"image": graph.Floats(floats(12), 2, 2, 3), "ids": ok}, ""},
		{"none", nil, "image"},
		{"one is missing", map[string]graph.Tensor{"image": graph.Floats(floats(12), 2, 2, 3)}, "ids"},
		{"wrong size", map[string]graph.Tensor{"image": graph.Floats(floats(16), 2, 2, 4), "ids": ok}, "image"},
		{"wrong rank", map[string]graph.Tensor{"image": graph.Floats(floats(12), 2, 6), "ids": ok}, "image"},
		{"too few numbers", map[string]graph.Tensor{"image": graph.Floats(floats(11), 2, 2, 3), "ids": ok}, "image"},
		{"too many numbers", map[string]graph.Tensor{"image": graph.Floats(floats(13), 2, 2, 3), "ids": ok}, "image"},
		{"no numbers", map[string]graph.Tensor{"image": graph.Floats(nil, 0, 2, 3), "ids": ok}, "image"},
		{"another batch", map[string]graph.Tensor{"image": graph.Floats(floats(18), 3, 2, 3), "ids": ok}, "ids"},
		{"another type", map[string]graph.Tensor{"image": graph.Ints(make([]int64, 12), 2, 2, 3), "ids": ok}, "image"},
		{"type without its data", map[string]graph.Tensor{"ids": ok,
			"image": {DType: graph.Float32, Shape: []int{2, 2, 3}, Ints: make([]int64, 12)}}, "image"},
		{"sizes that overflow", map[string]graph.Tensor{"ids": ok,
			"image": {DType: graph.Float32, Shape: []int{1 << 62, 2, 2}}}, "image"},
		{"right again", map[string]graph.Tensor{"image": graph.Floats(floats(12), 2, 2, 3), "ids": ok}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { checkError(t, s, test.inputs, test.naming) })
	}
}

func testBadIDs(t *testing.T, e engine.Engine) {
	b := newBuilder("ids")
	words := b.Input("words", graph.Int64, length)
	ends := b.Input("ends", graph.Int64, batch)
	b.Output("result", b.Gather(b.Gather(b.weight(5, 6), words, 0), ends, 0))
	s := compile(t, e, b.Graph)
	tests := []struct {
		name        string
		words, ends []int64
		naming      string
	}{
		{"in range", []int64{0, 1, 2, 3, 4, 0}, []int64{0, 5}, ""},
		{"word too large", []int64{0, 1, 2, 3, 5, 0}, []int64{0, 5}, "words"},
		{"negative word", []int64{0, 1, -1, 3, 4, 0}, []int64{0, 5}, "words"},
		{"huge word", []int64{0, 1, 1 << 62, 3, 4, 0}, []int64{0, 5}, "words"},
		{"end outside of this run's rows", []int64{0, 1, 2, 3, 4, 0}, []int64{0, 6}, "ends"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inputs := map[string]graph.Tensor{"words": graph.Ints(test.words, 6), "ends": graph.Ints(test.ends, 2)}
			checkError(t, s, inputs, test.naming)
		})
	}
}

// checkError runs s and expects an error that contains naming, or none when naming is empty.
func checkError(t *testing.T, s engine.Session, inputs map[string]graph.Tensor, naming string) {
	t.Helper()
	_, err := s.Run(t.Context(), inputs)
	switch {
	case naming == "" && err != nil:
		t.Error(err)
	case naming != "" && err == nil:
		t.Error("no error")
	case naming != "" && !strings.Contains(err.Error(), naming):
		t.Errorf("the error does not name %s: %v", naming, err)
	}
}

func testCancelled(t *testing.T, e engine.Engine) {
	b := newBuilder("cancelled")
	b.Output("result", b.Relu(b.input(batch, 3)))
	s := compile(t, e, b.Graph)
	inputs := randomInputs(b.Graph, graph.Binding{Batch: 1, Length: 1})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Run(ctx, inputs); !errors.Is(err, context.Canceled) {
		t.Errorf("a run after its context was cancelled gives %v", err)
	}
	if _, err := s.Run(t.Context(), inputs); err != nil {
		t.Errorf("the run after it: %v", err)
	}
}
