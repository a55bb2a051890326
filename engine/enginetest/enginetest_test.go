package enginetest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
)

// naive runs the reference as an engine; break spoils its results.
type naive struct {
	spoil func(outputs map[string]graph.Tensor)
}

type naiveSession struct {
	naive
	g *graph.Graph
}

func (naive) Name() string { return "naive" }

func (n naive) Compile(g *graph.Graph) (engine.Session, error) {
	if len(g.Outputs()) == 0 {
		return nil, errors.New("graph " + g.Name + " has no outputs")
	}
	return naiveSession{n, g}, g.Err()
}

func (naiveSession) Close() error { return nil }

func (s naiveSession) Run(ctx context.Context, inputs map[string]graph.Tensor) (map[string]graph.Tensor, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	free, err := s.g.Bind(inputs)
	if err != nil {
		return nil, err
	}
	outputs := map[string]graph.Tensor{}
	for name, a := range reference(s.g, free, inputs) {
		out := graph.Tensor{DType: graph.Float32, Shape: a.shape}
		for _, v := range a.data {
			out.Floats = append(out.Floats, float32(v))
		}
		outputs[name] = out
	}
	if s.spoil != nil {
		s.spoil(outputs)
	}
	return outputs, nil
}

// The reference is itself an engine that keeps the contract.
func TestReference(t *testing.T) { Test(t, naive{}) }

// TestSpoiled runs only as the child of TestContractCanFail.
func TestSpoiled(t *testing.T) {
	spoil := map[string]func(map[string]graph.Tensor){
		"value": func(o map[string]graph.Tensor) {
			for _, out := range o {
				out.Floats[len(out.Floats)-1] += 1e-3
			}
		},
		"shape": func(o map[string]graph.Tensor) {
			for name, out := range o {
				out.Shape = append([]int{1}, out.Shape...)
				o[name] = out
			}
		},
		"missing": func(o map[string]graph.Tensor) { clear(o) },
	}[os.Getenv("FACET_ENGINETEST_SPOIL")]
	if spoil == nil {
		t.Skip("runs only as a child of TestContractCanFail")
	}
	testOutputs(t, naive{spoil})
}

func TestContractCanFail(t *testing.T) {
	for _, kind := range []string{"value", "shape", "missing"} {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSpoiled$")
		child.Env = append(os.Environ(), "FACET_ENGINETEST_SPOIL="+kind)
		var exit *exec.ExitError
		if out, err := child.CombinedOutput(); !errors.As(err, &exit) {
			t.Errorf("%s: a spoiled engine passes: %v\n%s", kind, err, out)
		}
	}
}
