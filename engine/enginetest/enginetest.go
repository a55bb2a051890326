// Package enginetest is the contract of an [engine.Engine] as a test that every engine runs.
//
// Each operation is compared with a naive implementation in float64, which shares no code with
// any engine, and with a few values computed by hand. The other tests hold an engine to what
// [engine.Session] promises: free sizes, concurrent runs, results that belong to the caller, and
// errors where a panic would be easier.
package enginetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
)

// tolerance is absolute and relative to the largest expected value: ten times the largest difference that either engine has shown.
const tolerance = 5e-6

// Test fails t where e breaks the contract.
func Test(t *testing.T, e engine.Engine) {
	if e.Name() == "" {
		t.Error("the engine has no name")
	}
	t.Run("known values", func(t *testing.T) { testKnownValues(t, e) })
	t.Run("operations", func(t *testing.T) { testOperations(t, e) })
	t.Run("outputs", func(t *testing.T) { testOutputs(t, e) })
	t.Run("ownership", func(t *testing.T) { testOwnership(t, e) })
	t.Run("concurrency", func(t *testing.T) { testConcurrency(t, e) })
	t.Run("bad graphs", func(t *testing.T) { testBadGraphs(t, e) })
	t.Run("bad inputs", func(t *testing.T) { testBadInputs(t, e) })
	t.Run("bad ids", func(t *testing.T) { testBadIDs(t, e) })
	t.Run("cancelled", func(t *testing.T) { testCancelled(t, e) })
}

// bindings are the free sizes at which each session is run, in this order: growing and shrinking.
var bindings = []graph.Binding{{Batch: 2, Length: 3}, {Batch: 1, Length: 1}, {Batch: 3, Length: 5}}

func testOperations(t *testing.T, e engine.Engine) {
	for _, c := range operations {
		t.Run(c.name, func(t *testing.T) {
			b := newBuilder(c.name)
			b.Output("result", c.build(b))
			checkAgainstReference(t, e, b.Graph)
		})
	}
}

// checkAgainstReference runs one session of g at all free sizes and compares every output.
func checkAgainstReference(t *testing.T, e engine.Engine, g *graph.Graph) {
	t.Helper()
	s := compile(t, e, g)
	for _, free := range bindings {
		inputs := randomInputs(g, free)
		got, err := s.Run(t.Context(), inputs)
		if err != nil {
			t.Fatalf("%+v: %v", free, err)
		}
		compare(t, fmt.Sprintf("%+v", free), got, reference(g, free, inputs))
	}
}

func compile(t *testing.T, e engine.Engine, g *graph.Graph) engine.Session {
	t.Helper()
	if err := g.Err(); err != nil {
		t.Fatalf("the test's graph: %v", err)
	}
	s, err := e.Compile(g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// compare fails t unless got has the names, shapes and values of want.
func compare(t *testing.T, what string, got map[string]graph.Tensor, want map[string]array) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d outputs, expected %d", what, len(got), len(want))
	}
	for name, w := range want {
		g, ok := got[name]
		if !ok {
			t.Errorf("%s: no output %s", what, name)
			continue
		}
		if err := near(g, w); err != nil {
			t.Errorf("%s: output %s: %v", what, name, err)
		}
	}
}

func near(got graph.Tensor, want array) error {
	if got.DType != graph.Float32 || !slices.Equal(got.Shape, want.shape) || len(got.Floats) != len(want.data) {
		return fmt.Errorf("type %d, shape %v, %d elements; expected float32 %v", got.DType, got.Shape, len(got.Floats), want.shape)
	}
	largest := 1.0
	for _, w := range want.data {
		largest = max(largest, math.Abs(w))
	}
	for i, w := range want.data {
		// Written so that NaN fails.
		if !(math.Abs(float64(got.Floats[i])-w) <= tolerance*largest) {
			return fmt.Errorf("element %d of %v is %g, expected %g (± %g)", i, got.Shape, got.Floats[i], w, tolerance*largest)
		}
	}
	return nil
}

// builder makes graphs with random constants.
type builder struct {
	*graph.Graph
	random *rand.Rand
}

func newBuilder(name string) *builder {
	return &builder{Graph: graph.New(name), random: rand.New(rand.NewPCG(1, 2))}
}

// weight is a constant of normal numbers, small enough that sums of a few hundred products stay near one.
func (b *builder) weight(shape ...int) *graph.Value {
	data := make([]float32, product(shape))
	for i := range data {
		data[i] = float32(b.random.NormFloat64() / 8)
	}
	return b.Constant("weight", data, shape...)
}

func (b *builder) input(shape ...graph.Dim) *graph.Value {
	return b.Input("x", graph.Float32, shape...)
}

// randomInputs fills every input of g: normal numbers, and ids which every Gather can take.
func randomInputs(g *graph.Graph, free graph.Binding) map[string]graph.Tensor {
	random := rand.New(rand.NewPCG(uint64(free.Batch), uint64(free.Length)))
	inputs := map[string]graph.Tensor{}
	for _, in := range g.Inputs() {
		shape := free.Shape(in)
		if in.DType == graph.Int64 {
			ids := make([]int64, product(shape))
			for i := range ids {
				ids[i] = random.Int64N(idLimit(g, free, in))
			}
			inputs[in.Name] = graph.Ints(ids, shape...)
			continue
		}
		data := make([]float32, product(shape))
		for i := range data {
			data[i] = float32(random.NormFloat64())
		}
		inputs[in.Name] = graph.Floats(data, shape...)
	}
	return inputs
}

// idLimit is the smallest size that ids index.
func idLimit(g *graph.Graph, free graph.Binding, ids *graph.Value) int64 {
	limit := int64(math.MaxInt64)
	for _, n := range g.Nodes() {
		if n.Op == graph.OpGather && n.Inputs[1] == ids {
			limit = min(limit, int64(free.Shape(n.Inputs[0])[n.Axis]))
		}
	}
	return limit
}

func product(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}
