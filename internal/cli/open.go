package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/tokenizer"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/lab"
)

const demoName = lab.DemoName

// modelRecord is how results name the model that made them.
type modelRecord = answer.Model

// model is a loaded model with what the command line knows about it.
type model struct {
	*clip.Model
	lab  *lab.Lab
	name string
	app  *app
}

// config is what the common flags say.
func (a *app) config() lab.Config {
	return lab.Config{
		Model: a.model, Engine: a.engine, Activation: a.activation, Vocabulary: a.vocabulary,
		MaxPixels: a.maxPixels, ExifRotate: a.exifRotate, Brief: a.brief, Log: slog.Default(), Progress: a.tell,
	}
}

// openLab opens the lab of --model, or of the model that made an atlas.
func (a *app) openLab(ctx context.Context, atlas string) (*lab.Lab, error) {
	if atlas == "" {
		a.tellDemo()
		l, err := lab.Open(ctx, a.config())
		return l, asUsage(err)
	}
	l, err := lab.OpenForAtlas(ctx, a.config(), atlas)
	return l, asUsage(withHint(err))
}

// tellDemo says which model is used where none is named.
func (a *app) tellDemo() {
	if a.model == "" {
		slog.Warn("no --model given: using the built-in demo model. " + demo.Notice)
	}
}

// withHint adds to an error what the command line can do about it.
func withHint(err error) error {
	switch {
	case errors.Is(err, lab.ErrMakerGone):
		return fmt.Errorf("%w; or say where it lies now: --model FILE", err)
	case errors.Is(err, lab.ErrUnfinished):
		return fmt.Errorf("%w: --resume goes on", err)
	case errors.Is(err, lab.ErrStrict):
		return fmt.Errorf("%w: without --strict it would be counted and left out", err)
	}
	return err
}

// asUsage makes a usage error of a mistake in a question; its field is a flag.
func asUsage(err error) error {
	var m *lab.Mistake
	switch {
	case errors.As(err, &m) && m.Field != "":
		return usagef("--%w", err)
	case errors.Is(err, lab.ErrQuestion):
		return usageError{err}
	}
	return err
}

// rootFlag lets a verb that opens the pictures of an atlas be told where they lie now.
func rootFlag(f *pflag.FlagSet, roots *[]string) {
	f.StringArrayVar(roots, "root", nil, "the `FOLDER` in which the pictures lie now, if they were moved; of a merged atlas one for each dataset, or one for all")
}

// open loads the model of --model on the engine of --engine.
func (a *app) open(ctx context.Context) (*model, error) { return a.wrap(a.openLab(ctx, "")) }

// openFor opens the model that an atlas was made with, or without an atlas the model of --model.
func (a *app) openFor(ctx context.Context, dir string) (*model, error) {
	return a.wrap(a.openLab(ctx, dir))
}

func (a *app) wrap(l *lab.Lab, err error) (*model, error) {
	if err != nil {
		return nil, err
	}
	return &model{l.Model(), l, l.Name(), a}, nil
}

func (m *model) tokenizer(ctx context.Context) (*tokenizer.Tokenizer, error) {
	return m.lab.Tokenizer(ctx)
}

// encodeTexts gives the embeddings [T,D] of texts, not normalised.
func (m *model) encodeTexts(ctx context.Context, texts []string, truncate bool) ([]float32, error) {
	return m.lab.EncodeTexts(ctx, texts, truncate)
}

// record says which model made a result.
func (m *model) record(ctx context.Context) (modelRecord, error) { return m.lab.Describe(ctx) }
