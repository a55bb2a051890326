package lab

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/clip/tokenizer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/drift/profile"
	"github.com/facet-clip/facet/engine/portable"
)

// DemoName names the model inside the program.
const DemoName = "demo"

// Config says what a lab works with. The zero value is the demo model on the fastest engine.
type Config struct {
	// Model is the path of a checkpoint, the name of a published model that is on this machine, or demo. Empty, it is the demo model, or the
	// model that made the atlas or profile that the lab is opened for.
	Model string
	// Engine is auto (also empty), ort or portable.
	Engine string
	// Device is cpu (also empty), or cuda or cuda:N for GPU N: ONNX Runtime runs there, or the lab is not opened.
	Device string
	// Activation of the text tower: quickgelu or gelu. Empty, it is what the checkpoint is known to use.
	Activation string
	// Vocabulary is the file of the text tower's vocabulary. Empty, it is looked for beside the checkpoint and then in the cache.
	Vocabulary string
	// Cache is the folder of models and text banks. Empty, it is [registry.CacheDir].
	Cache string
	// MaxPixels bounds the pictures that are decoded at a time, in pixels; 0 is [dataset.NewDecoder]'s default.
	MaxPixels int64
	// ExifRotate turns pictures as their EXIF data say.
	ExifRotate bool
	// Brief has answers tell no more of the model than its name: its digest takes a reading of the whole checkpoint.
	Brief bool
	// Log takes what is worth knowing and no error. Nil discards it.
	Log *slog.Logger
	// Progress is told of long steps; nil: nobody is. It may be called from several goroutines.
	Progress Progress
}

// Lab is a model with all that is asked of it held open. Safe for concurrent use.
type Lab struct {
	model *clip.Model
	name  string
	// knowsWorld tells that the model is the demo's, or was made of it by edits: the world's words and the vocabulary are its own.
	knowsWorld bool
	words      string // the bank of questions that name none: see [Lab.NameBy]
	assumed    bool   // the activation is a guess, of which whoever embeds a text is told
	config     Config
	log        *slog.Logger
	decoder    *dataset.Decoder

	weights  func() (decompose.Weights, error) // of the attention pool, read once, as ov and query
	ov       func() (*decompose.OV, error)
	query    func() (decompose.Query, error)
	told     sync.Once // of the assumed activation
	texts    cache[string, *tokenizer.Tokenizer]
	concepts cache[string, demo.Concepts]
	atlases  cache[version, *use]
	banks    cache[bankKey, *heldBank]
	single   cache[singleText, *concept.Bank]
	fits     cache[fitKey, *sharedFit]

	norms, neuronDirections, headDirections func() ([]float32, error) // of all pairs [M,C], neurons [C,D] and heads [M,D], by the weights

	segmenting segmenting
}

// Open loads the model of a config. Close the lab after use.
func Open(ctx context.Context, c Config) (*Lab, error) {
	c = c.filled()
	name, ck, err := c.checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	return c.bind(name, ck)
}

// OpenForAtlas loads the model that made the atlas in a folder. Where Config.Model names one, it must be the same.
func OpenForAtlas(ctx context.Context, c Config, dir string) (*Lab, error) {
	m, err := atlas.ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	return c.openMaker(ctx, atlasMaker(dir, m.Model))
}

// OpenForProfile loads the model that made the profile in a folder. Where Config.Model names one, it must be the same.
func OpenForProfile(ctx context.Context, c Config, dir string) (*Lab, error) {
	h, err := profile.ReadHeader(dir)
	if err != nil {
		return nil, err
	}
	return c.openMaker(ctx, maker{"the profile " + dir, dir, h.Model.Name, h.Model.SHA256, h.Model.Bytes, h.Model.File})
}

// filled has a logger, an engine and a cache folder; where there can be no cache, none is named.
func (c Config) filled() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Engine == "" {
		c.Engine = engineAuto
	}
	if c.Cache == "" {
		c.Cache, _ = registry.CacheDir() // whoever needs the cache says what is missing
	}
	return c
}

// cacheDir is the cache folder, or the reason why there is none.
func (c Config) cacheDir() (string, error) {
	if c.Cache != "" {
		return c.Cache, nil
	}
	return registry.CacheDir()
}

// bind puts a checkpoint on an engine. The lab closes it, also when it fails.
func (c Config) bind(name string, ck *checkpoint.Checkpoint) (*Lab, error) {
	edited, err := c.editedBy(name, ck)
	if err != nil {
		return nil, errors.Join(err, ck.Close())
	}
	act, assumed, err := c.activation(name, ck)
	if edited != nil && assumed {
		act, assumed = clip.Activation(edited.Activation), false
	}
	if err != nil {
		return nil, errors.Join(err, ck.Close())
	}
	e, err := c.engine()
	if err != nil {
		return nil, errors.Join(err, ck.Close())
	}
	m, err := clip.New(ck, e, act)
	if err != nil {
		return nil, errors.Join(err, ck.Close())
	}
	m.Log = c.Log
	if gpu, _ := c.gpu(); c.Engine == engineAuto && gpu < 0 {
		m.StartOn(portable.New())
	}
	weights := sync.OnceValues(m.PoolWeights)
	ov := func() (*decompose.OV, error) {
		w, err := weights()
		if err != nil {
			return nil, err
		}
		return decompose.New(w)
	}
	l := &Lab{
		model: m, name: name, knowsWorld: name == DemoName || edited != nil && edited.ofDemo(), assumed: assumed, config: c, log: c.Log,
		decoder: dataset.NewDecoder(c.MaxPixels).Rotating(c.ExifRotate), weights: weights, ov: sync.OnceValues(ov), query: sync.OnceValues(m.PoolQuery),
	}
	l.derive()
	return l, nil
}

// Close waits for the questions under way and frees the model. Later questions give [clip.ErrClosed].
func (l *Lab) Close() error {
	l.fits.forget(func(fitKey) bool { return true })
	return l.model.Close()
}

// Name is what the model is called: a published name, demo, or the path of the checkpoint.
func (l *Lab) Name() string { return l.name }

// Model is the model behind the lab. The lab closes it.
func (l *Lab) Model() *clip.Model { return l.model }

// Describe says which model answers. Its engine is all that ran so far.
func (l *Lab) Describe(ctx context.Context) (answer.Model, error) {
	sum, err := l.model.Checkpoint().SHA256(ctx)
	return answer.Model{
		Name: l.name, SHA256: sum, Format: string(l.model.Checkpoint().Format()),
		Activation: string(l.model.Activation), Engine: l.model.Engines(), Config: l.model.Config,
	}, err
}

// describe says which model answers, or in a brief lab no more than its name.
func (l *Lab) describe(ctx context.Context) (answer.Model, error) {
	if l.config.Brief {
		return answer.Model{Name: l.name}, nil
	}
	return l.Describe(ctx)
}

// folder is the checkpoint's.
func folder(ck *checkpoint.Checkpoint) string { return filepath.Dir(ck.Path()) }
