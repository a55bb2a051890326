package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/concept/bank"
	"github.com/facet-clip/facet/internal/regular"
)

// wordsPerPair is how many words name a pair.
const wordsPerPair = 3

// version is a file as it was at one time.
type version struct {
	path  string
	bytes int64
	at    time.Time
}

// versionOf is a regular file as it is now; of anything else it tells nothing.
func versionOf(path string) (v version, ok bool) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return version{}, false
	}
	if path, err = filepath.Abs(path); err != nil {
		return version{}, false
	}
	return version{path, info.Size(), info.ModTime()}, true
}

// bankKey is all that decides a bank of this model.
type bankKey struct {
	file     version
	truncate bool
}

// Words is the centred bank that names directions: what is at path (see [Lab.Bank]), or without one the demo world's concepts, each kind
// centred on its own.
func (l *Lab) Words(ctx context.Context, path string, truncate bool) (*concept.Bank, error) {
	if path == "" {
		if err := l.checkBank(path); err != nil {
			return nil, err
		}
		world, err := l.world(ctx)
		if err != nil {
			return nil, err
		}
		return world.All()
	}
	b, err := l.Bank(ctx, path, truncate)
	if err != nil {
		return nil, err
	}
	if b, err = b.Centred(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

// Bank is the bank in a folder that facet texts wrote, or that of a file with a text a line; not centred. A file's bank is kept in the cache
// folder, so that its texts are embedded once. Texts of a file that are too long are refused, or cut if truncate says so. Without a path it
// is that of the demo world's words.
func (l *Lab) Bank(ctx context.Context, path string, truncate bool) (*concept.Bank, error) {
	if path == "" {
		return l.worldBank(ctx)
	}
	file, kept := versionOf(path)
	open := func(ctx context.Context) (*concept.Bank, error) { return l.fileBank(ctx, path, truncate) }
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		file, kept = versionOf(filepath.Join(path, bank.RecordFile))
		open = func(ctx context.Context) (*concept.Bank, error) { return l.savedBank(ctx, path) }
	}
	if !kept { // a pipe is read once
		return open(ctx)
	}
	return l.banks.get(ctx, bankKey{file, truncate}, open)
}

// checkBank is a mistake where no bank is given and the model has none of its own: only the demo model does.
func (l *Lab) checkBank(path string) error {
	if path == "" && l.name != DemoName {
		return mistake("bank", "is missing: expected a bank of facet texts or a file with a text a line, for the model %s", l.name)
	}
	return nil
}

// worldBank is that of the demo world's words, of all kinds.
func (l *Lab) worldBank(ctx context.Context) (*concept.Bank, error) {
	if err := l.checkBank(""); err != nil {
		return nil, err
	}
	world, err := l.world(ctx)
	if err != nil {
		return nil, err
	}
	var texts []string
	var embeddings []float32
	for _, b := range []*concept.Bank{world.Categories, world.Colours, world.Patterns, world.Backgrounds} {
		texts, embeddings = append(texts, b.Texts...), append(embeddings, b.Embeddings...)
	}
	return concept.NewBank(texts, embeddings, l.model.Config.Embed)
}

// savedBank opens a bank and refuses one that another model made: its directions would mean nothing here.
func (l *Lab) savedBank(ctx context.Context, dir string) (*concept.Bank, error) {
	b, recipe, err := bank.Open(dir)
	if err != nil {
		return nil, err
	}
	sum, err := l.model.Checkpoint().SHA256(ctx)
	if err != nil {
		return nil, err
	}
	if recipe.Model != sum || recipe.Activation != string(l.model.Activation) {
		return nil, fmt.Errorf("%s: a bank of another model (%.12s, %s), expected one of %s (%.12s, %s)",
			dir, recipe.Model, recipe.Activation, l.name, sum, l.model.Activation)
	}
	return b, nil
}

// fileBank is the bank of a file of texts, by the cache folder.
func (l *Lab) fileBank(ctx context.Context, path string, truncate bool) (*concept.Bank, error) {
	recipe, err := l.recipe(ctx, path, nil, truncate)
	if err != nil {
		return nil, err
	}
	cache, err := l.config.cacheDir()
	if err != nil {
		return nil, err
	}
	return l.buildBank(ctx, bank.Builder.Cache, filepath.Join(cache, "banks", recipe.Fingerprint()[:16]), path, recipe)
}

// recipe says what the bank of a file of texts is made of and with.
func (l *Lab) recipe(ctx context.Context, file string, templates concept.Templates, truncate bool) (bank.Recipe, error) {
	texts, err := readText(ctx, file, concept.ReadLines)
	if err != nil {
		return bank.Recipe{}, err
	}
	sum, err := l.model.Checkpoint().SHA256(ctx)
	c := l.model.Config
	return bank.Recipe{
		Model: sum, Activation: string(l.model.Activation), Vocabulary: c.Text.Vocabulary, Embed: c.Embed,
		Truncate: truncate, Templates: templates, Texts: texts,
	}, err
}

// builder is [bank.Builder.Build] or [bank.Builder.Cache].
type builder func(b bank.Builder, ctx context.Context, dir string, r bank.Recipe) (*concept.Bank, error)

func (l *Lab) buildBank(ctx context.Context, build builder, dir, file string, r bank.Recipe) (*concept.Bank, error) {
	tok, err := l.Tokenizer(ctx)
	if err != nil {
		return nil, err
	}
	s := l.step("texts", len(r.Texts))
	defer s.done()
	encode := func(ctx context.Context, texts []string) ([]float32, error) {
		sequences, err := l.model.Sequences(tok, texts, r.Truncate)
		if err != nil {
			return nil, err
		}
		out, err := l.model.EncodeTexts(ctx, sequences, nil)
		return out.Floats, err
	}
	b, err := build(bank.Builder{Encode: encode, Done: s.add, Log: l.log}, ctx, dir, r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return b, nil
}

// readText reads a text file of the user's with a reader that names it in its errors.
func readText[T any](ctx context.Context, path string, read func(name string, r io.Reader) (T, error)) (T, error) {
	f, err := regular.Stream(ctx, path)
	if err != nil {
		var none T
		return none, err
	}
	defer f.Close()
	return read(path, f)
}
