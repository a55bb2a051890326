//go:build cgo

package ort

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	onnx "github.com/yalue/onnxruntime_go"

	"github.com/facet-clip/facet/engine/graph"
)

// session is one graph in ONNX Runtime.
type session struct {
	graph   *graph.Graph
	inputs  []*graph.Value
	outputs []graph.Output
	onnx    *onnx.DynamicAdvancedSession
	closed  atomic.Bool
}

// Run has ONNX Runtime read the caller's memory and write into the results', without copies. A cancelled ctx
// ends the run after the operation under way.
func (s *session) Run(ctx context.Context, inputs map[string]graph.Tensor) (map[string]graph.Tensor, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.closed.Load() {
		return nil, fmt.Errorf("graph %s: the session is closed", s.graph.Name) // ONNX Runtime would crash
	}
	free, err := s.graph.Bind(inputs)
	if err != nil {
		return nil, err
	}
	var lent loan
	defer lent.end()
	in, out := make([]onnx.Value, len(s.inputs)), make([]onnx.Value, len(s.outputs))
	for i, v := range s.inputs {
		if in[i], err = lent.tensor(inputs[v.Name]); err != nil {
			return nil, fmt.Errorf("graph %s: input %s: %w", s.graph.Name, v.Name, err)
		}
	}
	results := make(map[string]graph.Tensor, len(s.outputs))
	for i, o := range s.outputs {
		results[o.Name] = empty(free.Shape(o.Value))
		if out[i], err = lent.tensor(results[o.Name]); err != nil {
			return nil, fmt.Errorf("graph %s: output %s: %w", s.graph.Name, o.Name, err)
		}
	}
	if err := s.run(ctx, in, out); err != nil {
		return nil, fmt.Errorf("graph %s: %w", s.graph.Name, err)
	}
	return results, nil
}

// run gives up when ctx ends.
func (s *session) run(ctx context.Context, in, out []onnx.Value) error {
	options, err := onnx.NewRunOptions()
	if err != nil {
		return fmt.Errorf("ONNX Runtime: %w", err)
	}
	terminated := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = options.Terminate() // fails only when there are no options
		close(terminated)
	})
	err = s.onnx.RunWithOptions(in, out, options)
	if !stop() {
		<-terminated
	}
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	} else if err != nil {
		err = fmt.Errorf("ONNX Runtime: %w", err)
	}
	return errors.Join(err, options.Destroy())
}

// Close frees the session.
func (s *session) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	return s.onnx.Destroy()
}

// empty is a tensor for a result.
func empty(shape []int) graph.Tensor {
	n := 1
	for _, size := range shape {
		n *= size
	}
	return graph.Floats(make([]float32, n), shape...)
}

// loan is Go memory that ONNX Runtime holds pointers to during one run.
type loan struct {
	pinned runtime.Pinner
	values []onnx.Value
}

// tensor lends the data of t.
func (l *loan) tensor(t graph.Tensor) (onnx.Value, error) {
	shape := make(onnx.Shape, len(t.Shape))
	for i, size := range t.Shape {
		shape[i] = int64(size)
	}
	var value onnx.Value
	var err error
	if t.DType == graph.Int64 {
		l.pinned.Pin(&t.Ints[0])
		value, err = onnx.NewTensor(shape, t.Ints)
	} else {
		l.pinned.Pin(&t.Floats[0])
		value, err = onnx.NewTensor(shape, t.Floats)
	}
	if err != nil {
		return nil, fmt.Errorf("ONNX Runtime: %w", err)
	}
	l.values = append(l.values, value)
	return value, nil
}

// end takes everything back.
func (l *loan) end() {
	for _, v := range l.values {
		_ = v.Destroy() // frees ONNX Runtime's handle; the data is Go's
	}
	l.pinned.Unpin()
}
