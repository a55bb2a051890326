//go:build cgo

package ort

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"

	onnx "github.com/yalue/onnxruntime_go"

	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
)

// Remedy says in a few words what gives facet ONNX Runtime.
const Remedy = "make onnxruntime installs it"

// loaded is the library of this process: there can be only one, and it is never unloaded.
var loaded struct {
	sync.Mutex
	path string
}

// New loads ONNX Runtime, if no earlier call has, and makes an engine. An error that is [ErrUnavailable] means that facet can go
// on with another engine. A process keeps the library that it loaded first: asking for another by name is an error.
func New(o Options) (engine.Engine, error) {
	if o.Threads < 0 {
		return nil, fmt.Errorf("%d threads for ONNX Runtime: expected 0 or more", o.Threads)
	}
	if err := load(o); err != nil {
		return nil, err
	}
	if o.Threads == 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	e := ortEngine{threads: o.Threads, cuda: o.CUDA, gpu: o.GPU}
	if o.CUDA {
		options, err := e.options() // now, and not when the first graph comes
		if err != nil {
			return nil, err
		}
		return e, options.Destroy()
	}
	return e, nil
}

// load tries one library after the other until one works.
func load(o Options) error {
	loaded.Lock()
	defer loaded.Unlock()
	if loaded.path != "" && o.Library == "" {
		return nil
	}
	paths, err := candidates(o.Library)
	if err != nil {
		return err
	}
	if loaded.path != "" {
		if paths[0] != loaded.path {
			return fmt.Errorf("ONNX Runtime is loaded from %s already; %s cannot take its place", loaded.path, paths[0])
		}
		return nil
	}
	var failures []error
	for _, path := range paths {
		err := initialise(path)
		if err == nil {
			loaded.path = path
			if o.Log != nil {
				o.Log.Debug("loaded ONNX Runtime", "library", path, "version", onnx.GetVersion())
			}
			return nil
		}
		failures = append(failures, err)
	}
	return fmt.Errorf("%w: %w; %s", ErrUnavailable, errors.Join(failures...), advice)
}

func initialise(path string) error {
	if err := silence(); err != nil {
		return err
	}
	onnx.SetSharedLibraryPath(path)
	// Every error comes back to its caller too; logged ones would only stand between a user's lines.
	if err := onnx.InitializeEnvironment(onnx.WithLogLevelFatal()); err != nil {
		return fmt.Errorf("%s is no ONNX Runtime of version 1.24 or later for %s/%s: %w", path, runtime.GOOS, runtime.GOARCH, err)
	}
	return onnx.DisableTelemetry() // of Windows' builds
}

// silence tells ONNX Runtime to send nothing home. Newer builds for Linux and macOS (1.30 was seen) send what they are used for to their maker, and keep an
// identity and a database in the user's cache. They begin when they are loaded, before [onnx.DisableTelemetry] can be called; this variable they read before.
func silence() error { return os.Setenv("ORT_DISABLE_TELEMETRY", "1") }

// Library is the path of the library that [New] loaded, empty before.
func Library() string {
	loaded.Lock()
	defer loaded.Unlock()
	return loaded.path
}

type ortEngine struct {
	threads int
	cuda    bool
	gpu     int
}

// Name is "ort" and the version of ONNX Runtime, and "cuda" where it runs there: it rounds differently.
func (e ortEngine) Name() string {
	if e.cuda {
		return "ort " + onnx.GetVersion() + " cuda"
	}
	return "ort " + onnx.GetVersion()
}

// onCUDA has the sessions of some options run on a GPU.
func (e ortEngine) onCUDA(o *onnx.SessionOptions) error {
	c, err := onnx.NewCUDAProviderOptions()
	if err == nil {
		// TF32 has ten bits of a number's mantissa: too few for a decomposition that adds up.
		if err = c.Update(map[string]string{"device_id": strconv.Itoa(e.gpu), "use_tf32": "0"}); err == nil {
			err = o.AppendExecutionProviderCUDA(c)
		}
		err = errors.Join(err, c.Destroy())
	}
	if err != nil {
		return fmt.Errorf("%w: GPU %d, with %s of version %s: %w; %s", ErrNoCUDA, e.gpu, Library(), onnx.GetVersion(), err, adviceCUDA)
	}
	return nil
}

// Compile hands the graph to ONNX Runtime, which optimises it for this machine and keeps its own copy of the weights: the
// session needs the caller's no longer.
func (e ortEngine) Compile(g *graph.Graph) (engine.Session, error) {
	options, err := e.options()
	if err != nil {
		return nil, fmt.Errorf("graph %s: ONNX Runtime: %w", g.Name, err)
	}
	defer func() { _ = options.Destroy() }() // fails only when destroyed before
	model, lent, err := export(g, options)
	if err != nil {
		return nil, err
	}
	defer lent.end()
	s := &session{graph: g.Signature(), inputs: g.Inputs()}
	s.outputs = s.graph.Outputs()
	in, out := make([]string, len(s.inputs)), make([]string, len(s.outputs))
	for i, v := range s.inputs {
		in[i] = v.Name
	}
	for i, o := range s.outputs {
		out[i] = o.Name
	}
	s.onnx, err = onnx.NewDynamicAdvancedSessionWithONNXData(model, in, out, options)
	if err != nil {
		return nil, fmt.Errorf("graph %s: ONNX Runtime: %w", g.Name, err)
	}
	// What ONNX Runtime needed to rearrange the weights took as much memory as they.
	debug.FreeOSMemory()
	trim()
	return s, nil
}

// export is the graph as bytes. Its weights are lent besides, where that is possible: within the bytes they would take memory three times more
// until the session is made.
func export(g *graph.Graph, options *onnx.SessionOptions) ([]byte, *weightLoan, error) {
	l := newWeightLoan(options)
	if l == nil {
		model, err := g.ONNX()
		return model, nil, err
	}
	model, weights, err := g.ONNXWithout()
	if err != nil {
		return nil, nil, err
	}
	if err := l.lend(weights); err != nil {
		l.end()
		return nil, nil, fmt.Errorf("graph %s: ONNX Runtime: %w", g.Name, err)
	}
	return model, l, nil
}

func (e ortEngine) options() (*onnx.SessionOptions, error) {
	o, err := onnx.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		o.SetIntraOpNumThreads(e.threads),
		o.SetInterOpNumThreads(1), // the towers have no parallel branches worth a thread
		o.SetGraphOptimizationLevel(onnx.GraphOptimizationLevelEnableAll),
		// Idle threads sleep. Spinning, they were 2 % faster on an idle machine and a third slower beside other busy threads.
		o.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
	)
	if err == nil && e.cuda {
		err = e.onCUDA(o)
	}
	if err != nil {
		return nil, errors.Join(err, o.Destroy())
	}
	return o, nil
}
