package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/clip/tokenizer"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
)

const demoName = "demo"

// model is a loaded model with what the command line knows about it.
type model struct {
	*clip.Model
	name    string
	assumed bool   // the activation is a guess, of which whoever embeds a text is told
	folder  string // of the checkpoint
	app     *app
}

// modelRecord is how results name the model that made them.
type modelRecord struct {
	Name       string      `json:"name"`
	SHA256     string      `json:"sha256"`
	Format     string      `json:"format"`
	Activation string      `json:"activation"`
	Engine     string      `json:"engine"`
	Config     clip.Config `json:"config"`
}

// open loads the model of --model on the engine of --engine.
func (a *app) open() (*model, error) {
	name, ck, err := a.openCheckpoint()
	if err != nil {
		return nil, err
	}
	m, err := a.bind(name, ck)
	if err != nil {
		ck.Close()
		return nil, err
	}
	return m, nil
}

func (a *app) bind(name string, ck *checkpoint.Checkpoint) (*model, error) {
	act, assumed, err := a.chooseActivation(name, ck)
	if err != nil {
		return nil, err
	}
	e, err := a.chooseEngine()
	if err != nil {
		return nil, err
	}
	m, err := clip.New(ck, e, act)
	if err != nil {
		return nil, err
	}
	if a.engine == "auto" {
		m.StartOn(portable.New())
	}
	return &model{m, name, assumed, folderOf(ck), a}, nil
}

func folderOf(ck *checkpoint.Checkpoint) string { return filepath.Dir(ck.Path()) }

// openCheckpoint finds what --model names: the demo, a file, or a pulled model.
func (a *app) openCheckpoint() (name string, ck *checkpoint.Checkpoint, err error) {
	switch a.model {
	case "":
		slog.Warn("no --model given: using the built-in demo model. " + demo.Notice)
		fallthrough
	case demoName:
		ck, err = demo.Checkpoint()
		return demoName, ck, err
	}
	if _, err := os.Stat(a.model); err == nil {
		if ck, err = checkpoint.Open(a.model); err == nil {
			tellWeights(ck)
		}
		return a.model, ck, err
	}
	known, err := registry.Lookup(a.model)
	if err != nil {
		return "", nil, fmt.Errorf("--model %s: there is no such file, and %w", a.model, err)
	}
	cache, err := registry.CacheDir()
	if err != nil {
		return "", nil, err
	}
	if !known.Installed(cache) {
		return "", nil, fmt.Errorf("--model %s: not on this machine yet; get it with: facet model pull %s", known.Name, known.Name)
	}
	ck, err = checkpoint.Open(known.Path(cache))
	return known.Name, ck, err
}

// tellWeights says which weights are taken, where a file holds several sets.
func tellWeights(ck *checkpoint.Checkpoint) {
	if taken, others := ck.Weights(); len(others) > 0 {
		slog.Warn("the checkpoint holds several sets of weights; those as trained are taken before averages (ema)", "file", ck.Path(), "taken", taken, "left", others)
	}
}

// chooseActivation is what the user says, else what is known of the checkpoint, else QuickGELU, assumed.
func (a *app) chooseActivation(name string, ck *checkpoint.Checkpoint) (act clip.Activation, assumed bool, err error) {
	switch act := clip.Activation(a.activation); act {
	case clip.QuickGELU, clip.GELU:
		return act, false, nil
	case "":
	default:
		return "", false, usagef("--activation %s: expected %s or %s", a.activation, clip.QuickGELU, clip.GELU)
	}
	if known, err := registry.Lookup(name); err == nil {
		if known.QuickGELU {
			return clip.QuickGELU, false, nil
		}
		return clip.GELU, false, nil
	}
	return clip.QuickGELU, name != demoName && ck.Naming() != checkpoint.NamingOpenAI, nil
}

// chooseEngine is what --engine names. By default it is ONNX Runtime where it is there, which is found out when it is first needed:
// what is little work runs without it ([clip.Model.StartOn]).
func (a *app) chooseEngine() (engine.Engine, error) {
	switch a.engine {
	case "portable":
		return portable.New(), nil
	case "ort":
		return ort.New(ort.Options{})
	case "auto":
		return lateEngine(sync.OnceValues(fastest)), nil
	}
	return nil, usagef("--engine %s: expected auto, ort or portable", a.engine)
}

// fastest is ONNX Runtime, else the portable engine, aloud.
func fastest() (engine.Engine, error) {
	e, err := ort.New(ort.Options{})
	if err == nil || !errors.Is(err, ort.ErrUnavailable) {
		return e, err
	}
	slog.Info("ONNX Runtime is not at hand", "reason", err)
	slog.Warn("ONNX Runtime not found: using the portable engine, which is slower (make onnxruntime installs it; --engine portable hides this line)")
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

// tokenizer loads the vocabulary: --vocab, the demo's own, or one found beside the checkpoint or in the cache.
func (m *model) tokenizer() (*tokenizer.Tokenizer, error) {
	if !m.Config.HasText() {
		return nil, fmt.Errorf("%s: %w: texts need a checkpoint with both towers", m.name, clip.ErrNoText)
	}
	if m.assumed {
		slog.Warn("the checkpoint does not say which activation its text tower uses: taking quickgelu, as every published CLIP-ResNet does; " +
			"say --activation quickgelu or gelu if you know")
	}
	if m.app.vocabulary != "" {
		return tokenizer.Load(m.app.vocabulary)
	}
	if m.name == demoName {
		return demo.Tokenizer()
	}
	folders := []string{m.folder}
	if cache, err := registry.CacheDir(); err == nil {
		folders = append(folders, cache)
	}
	path, err := tokenizer.Find(folders...)
	if err != nil {
		return nil, err
	}
	return tokenizer.Load(path)
}

// encodeTexts gives the embeddings [T,D] of texts, not normalised.
func (m *model) encodeTexts(ctx context.Context, texts []string, truncate bool) ([]float32, error) {
	tok, err := m.tokenizer()
	if err != nil {
		return nil, err
	}
	sequences, err := m.Sequences(tok, texts, truncate)
	if err != nil {
		return nil, err
	}
	p := m.app.progress("texts", len(texts))
	defer p.done()
	out, err := m.EncodeTexts(ctx, sequences, p.add)
	if err != nil {
		return nil, err
	}
	return out.Floats, nil
}

// record says which model made a result.
func (m *model) record(ctx context.Context) (modelRecord, error) {
	sum, err := m.Checkpoint().SHA256(ctx)
	return modelRecord{
		Name: m.name, SHA256: sum, Format: string(m.Checkpoint().Format()),
		Activation: string(m.Activation), Engine: m.Engines(), Config: m.Config,
	}, err
}
