package cli

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip/tokenizer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/lab"
)

const demoName = lab.DemoName

// config is what the common flags say.
func (a *app) config() lab.Config {
	return lab.Config{
		Model: a.model, Engine: a.engine, Device: a.device, Activation: a.activation, Vocabulary: a.vocabulary,
		MaxPixels: a.maxPixels, ExifRotate: a.exifRotate, Brief: a.brief, Log: slog.Default(), Progress: a.tell,
	}
}

// openLab opens the lab of --model, or of the model that made an atlas.
func (a *app) openLab(ctx context.Context, atlas string) (*lab.Lab, error) {
	return a.openLabTelling(ctx, atlas, nil)
}

// openLabTelling is openLab, whose progress is told to somebody else too, unless that is nil.
func (a *app) openLabTelling(ctx context.Context, atlas string, tell lab.Progress) (*lab.Lab, error) {
	if err := a.offer(ctx); err != nil {
		return nil, err
	}
	c := a.config()
	if tell != nil {
		c.Progress = func(step string, done, total int) {
			a.tell(step, done, total)
			tell(step, done, total)
		}
	}
	if atlas == "" {
		a.tellDemo()
		l, err := lab.Open(ctx, c)
		return l, asUsage(err)
	}
	l, err := lab.OpenForAtlas(ctx, c, atlas)
	return l, asUsage(err)
}

// tellDemo says which model is used where none is named.
func (a *app) tellDemo() {
	if a.model == "" {
		slog.Warn("no --model given: using the built-in demo model. " + demo.Notice)
	}
}

// hints are what the command line can do about an error. Libraries know nothing of flags.
var hints = []struct {
	about error
	hint  string
}{
	{lab.ErrMakerGone, "; or say where it lies now: --model FILE"},
	{lab.ErrUnfinished, ": --resume goes on"},
	{lab.ErrStrict, ": without --strict it would be counted and left out"},
	{atlas.ErrNoPicture, "; say where the pictures lie now with --root FOLDER"},
	{atlas.ErrUnfinishedMerge, "; run facet atlas merge again"},
	{atlas.ErrUnfinished, "; facet scan goes on with --resume"},
	{atlas.ErrNoScalars, "; scan with --keep-scalars"},
	{tokenizer.ErrNotFound, "; say --vocab FILE, or get one with a model: facet model pull RN50"},
	{tokenizer.ErrTooLong, " (--truncate cuts it)"},
	{dataset.ErrTooLarge, " (--max-pixels raises it)"},
	{dataset.ErrTime, "; others with --time-format"},
}

// withHint is what an error says, and what the command line can do about it.
func withHint(err error) string {
	for _, h := range hints {
		if errors.Is(err, h.about) {
			return withoutCall(err) + h.hint
		}
	}
	return withoutCall(err)
}

// asUsage makes a usage error of a mistake in a question; its field is a flag. An error that is one already stays as it is.
func asUsage(err error) error {
	var m *lab.Mistake
	var usage flags.Mistake
	switch {
	case errors.As(err, &usage):
	case errors.As(err, &m) && m.Field != "":
		return flags.Mistakef("--%w", err)
	case errors.Is(err, lab.ErrQuestion):
		return flags.Mistake{Err: err}
	}
	return err
}

// rootFlag lets a verb that opens the pictures of an atlas be told where they lie now.
func rootFlag(f *pflag.FlagSet, roots *[]string) {
	f.StringArrayVar(roots, "root", nil, "the `FOLDER` in which the pictures lie now, if they were moved; of a merged atlas one for each dataset, or one for all")
}
