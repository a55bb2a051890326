// Package portable runs graphs in pure Go with gonum's BLAS: no shared library, no cgo. It is the oracle that the fast engine is tested
// against, and what facet falls back to.
//
// A session plans once which values share memory (plan.go) and then walks the nodes (run.go); kernels take whole tensors and use all the cores
// that GOMAXPROCS allows. Sums over channels are gonum's, in float32; means, norms and softmax sums are float64. Results
// do not depend on the number of cores.
package portable

import (
	"fmt"
	"sync"

	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
)

type portableEngine struct{}

// New makes the engine. It uses as many cores as GOMAXPROCS allows.
func New() engine.Engine { return portableEngine{} }

// Name is "portable".
func (portableEngine) Name() string { return "portable" }

// Compile plans the memory of a run.
func (portableEngine) Compile(g *graph.Graph) (engine.Session, error) {
	if err := g.Err(); err != nil {
		return nil, err
	}
	if len(g.Outputs()) == 0 {
		return nil, fmt.Errorf("graph %s has no outputs", g.Name)
	}
	return &session{graph: g, plan: newPlan(g)}, nil
}

// session is a planned graph; arenas of finished runs wait for the next.
type session struct {
	graph  *graph.Graph
	plan   plan
	arenas sync.Pool
}

// Close frees nothing: memory is Go's.
func (*session) Close() error { return nil }
