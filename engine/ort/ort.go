//go:build cgo

package ort

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	onnx "github.com/yalue/onnxruntime_go"

	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/graph"
)

// initialise loads the library once for the whole process.
var initialise = sync.OnceValue(func() error {
	path, err := Find()
	if err != nil {
		return err
	}
	onnx.SetSharedLibraryPath(path)
	if err := onnx.InitializeEnvironment(onnx.WithLogLevelError()); err != nil {
		return fmt.Errorf("%w: %s is no ONNX Runtime 1.24 or later for this system: %w", ErrUnavailable, path, err)
	}
	return nil
})

type ortEngine struct{ threads int }

// New loads ONNX Runtime, which happens once in a process, and makes an engine. Without a usable library the error is [ErrUnavailable].
func New(o Options) (engine.Engine, error) {
	if err := initialise(); err != nil {
		return nil, err
	}
	if o.Threads == 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	return ortEngine{o.Threads}, nil
}

// Name is "ort" and the version of ONNX Runtime.
func (ortEngine) Name() string { return "ort " + onnx.GetVersion() }

// Compile hands the graph to ONNX Runtime, which optimises it for this machine.
func (e ortEngine) Compile(g *graph.Graph) (engine.Session, error) {
	model, err := g.ONNX()
	if err != nil {
		return nil, err
	}
	options, err := e.options()
	if err != nil {
		return nil, err
	}
	defer options.Destroy()
	s := &session{inputs: g.Inputs(), outputs: g.Outputs(), name: g.Name, bind: g.Bind}
	var in, out []string
	for _, v := range s.inputs {
		in = append(in, v.Name)
	}
	for _, o := range s.outputs {
		out = append(out, "out:"+o.Name)
	}
	s.onnx, err = onnx.NewDynamicAdvancedSessionWithONNXData(model, in, out, options)
	if err != nil {
		return nil, fmt.Errorf("graph %s: ONNX Runtime: %w", g.Name, err)
	}
	return s, nil
}

func (e ortEngine) options() (*onnx.SessionOptions, error) {
	o, err := onnx.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("ONNX Runtime: %w", err)
	}
	err = errors.Join(
		o.SetIntraOpNumThreads(e.threads),
		o.SetInterOpNumThreads(1),
		o.SetGraphOptimizationLevel(onnx.GraphOptimizationLevelEnableAll),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("ONNX Runtime: %w", err), o.Destroy())
	}
	return o, nil
}

// session is a graph in ONNX Runtime.
type session struct {
	name    string
	inputs  []*graph.Value
	outputs []graph.Output
	bind    func(map[string]graph.Tensor) (graph.Binding, error)
	onnx    *onnx.DynamicAdvancedSession
}

// Run passes the caller's memory to ONNX Runtime and has the results written into Go's, without copies.
func (s *session) Run(ctx context.Context, inputs map[string]graph.Tensor) (map[string]graph.Tensor, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	binding, err := s.bind(inputs)
	if err != nil {
		return nil, err
	}
	var owned values
	defer owned.destroy()
	in := make([]onnx.Value, len(s.inputs))
	for i, v := range s.inputs {
		if in[i], err = owned.wrap(inputs[v.Name]); err != nil {
			return nil, err
		}
	}
	results := make(map[string]graph.Tensor, len(s.outputs))
	out := make([]onnx.Value, len(s.outputs))
	for i, o := range s.outputs {
		shape := binding.Shape(o.Value)
		n := 1
		for _, d := range shape {
			n *= d
		}
		results[o.Name] = graph.Floats(make([]float32, n), shape...)
		if out[i], err = owned.wrap(results[o.Name]); err != nil {
			return nil, err
		}
	}
	if err := s.run(ctx, in, out); err != nil {
		return nil, err
	}
	return results, nil
}

// run can be interrupted through ctx.
func (s *session) run(ctx context.Context, in, out []onnx.Value) error {
	options, err := onnx.NewRunOptions()
	if err != nil {
		return fmt.Errorf("ONNX Runtime: %w", err)
	}
	var once sync.WaitGroup
	once.Add(1)
	stop := context.AfterFunc(ctx, func() {
		defer once.Done()
		_ = options.Terminate() // the run then fails, which is what is reported
	})
	err = s.onnx.RunWithOptions(in, out, options)
	if !stop() {
		once.Wait()
	}
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), options.Destroy())
	}
	if err != nil {
		return errors.Join(fmt.Errorf("graph %s: ONNX Runtime: %w", s.name, err), options.Destroy())
	}
	return options.Destroy()
}

// Close frees the session.
func (s *session) Close() error { return s.onnx.Destroy() }

// values are ONNX Runtime's handles on memory of Go's, freed together.
type values []onnx.Value

func (v *values) wrap(t graph.Tensor) (value onnx.Value, err error) {
	shape := make(onnx.Shape, len(t.Shape))
	for i, d := range t.Shape {
		shape[i] = int64(d)
	}
	if t.DType == graph.Int64 {
		value, err = onnx.NewTensor(shape, t.Ints)
	} else {
		value, err = onnx.NewTensor(shape, t.Floats)
	}
	if err != nil {
		return nil, fmt.Errorf("ONNX Runtime: %w", err)
	}
	*v = append(*v, value)
	return value, nil
}

func (v *values) destroy() {
	for _, value := range *v {
		_ = value.Destroy() // frees a handle; the memory is Go's
	}
}
