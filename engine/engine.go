// Package engine is what runs a [graph.Graph].
//
// There are two engines: engine/ort, ONNX Runtime at full speed, and engine/portable, the same
// graph interpreted in Go, which needs no shared library and is the oracle the fast one is tested
// against. Both pass the contract test in engine/enginetest.
package engine

import (
	"context"

	"github.com/facet-clip/facet/engine/graph"
)

// Engine makes sessions.
type Engine interface {
	// Name is "ort" or "portable", with a version where there is one.
	Name() string
	// Compile prepares a graph. The graph must not change afterwards. A graph with a
	// building error, or without outputs, is an error.
	Compile(g *graph.Graph) (Session, error)
}

// Session runs one graph, from any number of goroutines at once.
type Session interface {
	// Run takes every input of the graph by name and gives every output by name; the results belong to the
	// caller. A missing or misshaped input is an error that names it; so is a token id out of range.
	Run(ctx context.Context, inputs map[string]graph.Tensor) (map[string]graph.Tensor, error)
	// Close frees what the session holds. No Run may be under way or follow.
	Close() error
}
