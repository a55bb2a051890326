package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
)

// The engines that a config may name.
const (
	engineAuto     = "auto"
	engineORT      = "ort"
	enginePortable = "portable"
)

// checkpoint finds what a config names: the demo, a file, or a pulled model.
func (c Config) checkpoint(ctx context.Context) (name string, ck *checkpoint.Checkpoint, err error) {
	if c.Model == "" || c.Model == DemoName {
		ck, err = demo.Checkpoint()
		return DemoName, ck, err
	}
	if _, err := os.Stat(c.Model); err == nil {
		if ck, err = checkpoint.Open(c.Model); err == nil {
			c.tellWeights(ck)
		}
		return c.Model, ck, err
	}
	known, err := registry.Lookup(c.Model)
	if err != nil {
		return "", nil, fmt.Errorf("model %s: there is no such file, and %w", c.Model, err)
	}
	cache, err := c.cacheDir()
	if err != nil {
		return "", nil, err
	}
	at, err := registry.ThisMachine(cache).Find(ctx, known, c.Log)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, fmt.Errorf("model %s: not on this machine yet; get it with: facet model pull %s", known.Name, known.Name)
	}
	if err != nil {
		return "", nil, err
	}
	ck, err = checkpoint.Open(at.Path)
	return known.Name, ck, err
}

// inferred is the checkpoint of a config with the architecture that its tensors have. The caller closes it.
func (c Config) inferred(ctx context.Context) (name string, ck *checkpoint.Checkpoint, of clip.Config, err error) {
	if name, ck, err = c.checkpoint(ctx); err != nil {
		return name, nil, of, err
	}
	if of, err = clip.InferConfig(ck); err != nil {
		return name, nil, of, errors.Join(err, ck.Close())
	}
	return name, ck, of, nil
}

// tellWeights says which weights are taken, where a file holds several sets.
func (c Config) tellWeights(ck *checkpoint.Checkpoint) {
	if taken, others := ck.Weights(); len(others) > 0 {
		c.Log.Warn("the checkpoint holds several sets of weights; those as trained are taken before averages (ema)", "file", ck.Path(), "taken", taken, "left", others)
	}
}

// activation is what the config says, else what is known of the checkpoint, else QuickGELU, assumed.
func (c Config) activation(name string, ck *checkpoint.Checkpoint) (act clip.Activation, assumed bool, err error) {
	switch act := clip.Activation(c.Activation); act {
	case clip.QuickGELU, clip.GELU:
		return act, false, nil
	case "":
	default:
		return "", false, mistake("activation", "%s: expected %s or %s", c.Activation, clip.QuickGELU, clip.GELU)
	}
	quick, known, err := registry.Activation(name, ck.Path())
	switch {
	case err != nil:
		return "", false, err
	case known && quick:
		return clip.QuickGELU, false, nil
	case known:
		return clip.GELU, false, nil
	}
	return clip.QuickGELU, name != DemoName && ck.Naming() != checkpoint.NamingOpenAI, nil
}

// engine is what the config names. By default it is ONNX Runtime where it is there, which is found out when it is first needed:
// what is little work runs without it ([clip.Model.StartOn]).
func (c Config) engine() (engine.Engine, error) {
	gpu, err := c.gpu()
	if err != nil {
		return nil, err
	}
	if gpu >= 0 && (c.Engine == engineORT || c.Engine == engineAuto) {
		return ort.New(ort.Options{Log: c.Log, CUDA: true, GPU: gpu})
	}
	switch c.Engine {
	case enginePortable:
		return portable.New(), nil
	case engineORT:
		return ort.New(ort.Options{Log: c.Log})
	case engineAuto:
		return lateEngine(sync.OnceValues(c.fastest)), nil
	}
	return nil, mistake("engine", "%s: expected %s, %s or %s", c.Engine, engineAuto, engineORT, enginePortable)
}

// gpu is the number of the GPU that the config names, −1 for the processor.
func (c Config) gpu() (int, error) {
	kind, number, numbered := strings.Cut(c.Device, ":")
	n := 0
	if numbered {
		var err error
		if n, err = strconv.Atoi(number); err != nil || n < 0 || n > 1023 || number != strconv.Itoa(n) {
			kind = ""
		}
	}
	switch {
	case c.Device == "" || c.Device == "cpu":
		return -1, nil
	case kind != "cuda":
		return -1, mistake("device", "%s: expected cpu, cuda, or cuda:N with the number of a GPU", c.Device)
	case c.Engine == enginePortable:
		return -1, mistake("device", "%s: the portable engine runs on the processor alone; leave the engine to facet, or name %s", c.Device, engineORT)
	}
	return n, nil
}

// fastest is ONNX Runtime, else the portable engine, aloud.
func (c Config) fastest() (engine.Engine, error) {
	e, err := ort.New(ort.Options{Log: c.Log})
	if err == nil || !errors.Is(err, ort.ErrUnavailable) {
		return e, err
	}
	c.Log.Info("ONNX Runtime is not at hand", "reason", err)
	c.Log.Warn("ONNX Runtime not found: using the portable engine, which is slower (" + ort.Remedy + "; engine portable hides this line)")
	return portable.New(), nil
}

// lateEngine is an engine that is made when it is first needed.
type lateEngine func() (engine.Engine, error)

func (l lateEngine) Name() string {
	e, err := l()
	if err != nil {
		return "none"
	}
	return e.Name()
}

func (l lateEngine) Compile(g *graph.Graph) (engine.Session, error) {
	e, err := l()
	if err != nil {
		return nil, err
	}
	return e.Compile(g)
}
