package lab

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/concept/bank"
	"github.com/facet-clip/facet/concept/words"
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

// The lists of words that come with facet. A file of such a name is given with its folder: ./common.
const (
	// CommonWords are 20,000 nouns and adjectives. Every model but the demo uses them where no bank is given.
	CommonWords = "common"
	// ObjectWords are those of them that name things and places.
	ObjectWords = "objects"
)

// wordList is a list that comes with facet.
func wordList(name string) (texts []string, ok bool) {
	switch name {
	case CommonWords:
		return words.Common(), true
	case ObjectWords:
		return words.Objects(), true
	}
	return nil, false
}

// IsWordList is true for the name of a list that comes with facet.
func IsWordList(name string) bool { return name == CommonWords || name == ObjectWords }

// bankOr is the bank that is asked for. Without one the demo model has the words of its world, for which the name is empty, and other models have the common
// words.
func (l *Lab) bankOr(bank string) string {
	if bank == "" && !l.knowsWorld {
		return cmp.Or(l.words, CommonWords)
	}
	return bank
}

// NameBy has the bank at a path stand in for the common words where a question names no bank, so that nobody waits for those to be embedded. The demo model keeps
// its own words. Call it before the first question.
func (l *Lab) NameBy(bank string) {
	if !l.knowsWorld {
		l.words = bank
	}
}

// namingBank is that of [Lab.NameBy], or else the common words, or no bank where the model cannot embed them: it still answers, without words, and says why.
func (l *Lab) namingBank(ctx context.Context) string {
	if l.words != "" || !l.model.Config.HasText() {
		return l.words
	}
	tok, err := l.Tokenizer(ctx)
	if err == nil && tok.Size() != l.model.Config.Text.Vocabulary {
		err = fmt.Errorf("a vocabulary of %d tokens, expected %d", tok.Size(), l.model.Config.Text.Vocabulary)
	}
	if err != nil {
		l.log.Warn("nothing is named: the common words cannot be embedded", "reason", err)
		return ""
	}
	return CommonWords
}

// nearestWords is the centred bank by which a question shows the words most like a direction; nil where there is none, or where the labels of an
// atlas name pairs already and no bank is asked for.
func (l *Lab) nearestWords(ctx context.Context, bank string, truncate bool, use *use) (*wordBank, error) {
	if bank == "" && !l.knowsWorld {
		if use != nil && use.atlas.Manifest.Labels != nil {
			return nil, nil
		}
		if bank = l.namingBank(ctx); bank == "" {
			return nil, nil
		}
	}
	return l.wordBank(ctx, bank, truncate)
}

// Words is the centred bank that names directions: what is at path (see [Lab.Bank]), or without one for the demo model its world's concepts,
// each kind centred on its own.
func (l *Lab) Words(ctx context.Context, path string, truncate bool) (*concept.Bank, error) {
	w, err := l.wordBank(ctx, path, truncate)
	if err != nil {
		return nil, err
	}
	return w.Bank, nil
}

// wordBank is [Lab.Words], with what is listed of it for each pair.
func (l *Lab) wordBank(ctx context.Context, path string, truncate bool) (*wordBank, error) {
	path = l.bankOr(path)
	if path == "" {
		world, err := l.world(ctx)
		if err != nil {
			return nil, err
		}
		all, err := world.All()
		return &wordBank{Bank: all}, err
	}
	b, err := l.heldBank(ctx, path, truncate)
	if err != nil {
		return nil, err
	}
	centred, err := b.centred()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &wordBank{centred, b.short.Load()}, nil
}

// Bank is [CommonWords], [ObjectWords], the bank in a folder that facet texts wrote, or that of a file with a text a line; not centred. The bank of
// a list or a file is kept in the cache folder, so that its texts are embedded once. Texts of a file that are too long are refused, or cut
// if truncate says so. Without a path it is that of the demo world's words for the demo model, and of the common words for others.
func (l *Lab) Bank(ctx context.Context, path string, truncate bool) (*concept.Bank, error) {
	path = l.bankOr(path)
	if path == "" {
		return l.worldBank(ctx)
	}
	b, err := l.heldBank(ctx, path, truncate)
	if err != nil {
		return nil, err
	}
	return b.Bank, nil
}

// heldBank is the bank at a path, which is not empty, held open with what follows from it.
func (l *Lab) heldBank(ctx context.Context, path string, truncate bool) (*heldBank, error) {
	file, isFile := version{path: path}, true
	open := func(ctx context.Context) (*concept.Bank, error) { return l.fileBank(ctx, path, truncate) }
	if texts, ok := wordList(path); ok {
		open = func(ctx context.Context) (*concept.Bank, error) { return l.cachedBank(ctx, path, texts, nil, truncate) }
	} else if info, err := os.Stat(path); err == nil && info.IsDir() {
		file, isFile = versionOf(filepath.Join(path, bank.RecordFile))
		open = func(ctx context.Context) (*concept.Bank, error) { return l.savedBank(ctx, path) }
	} else {
		file, isFile = versionOf(path)
	}
	held := func(ctx context.Context) (*heldBank, error) {
		b, err := open(ctx)
		if err != nil {
			return nil, err
		}
		return &heldBank{Bank: b, centred: sync.OnceValues(b.Centred), fingerprint: sync.OnceValue(b.Fingerprint)}, nil
	}
	if !isFile { // a pipe is read once
		return held(ctx)
	}
	return l.banks.get(ctx, bankKey{file, truncate}, held)
}

// heldBank is a bank, not centred, with what follows from it.
type heldBank struct {
	*concept.Bank
	centred     func() (*concept.Bank, error)
	fingerprint func() string
	short       atomic.Pointer[concept.Shortlist] // of the centred bank; nil until [Lab.Warm] has made it
}

// worldBank is that of the demo world's words, of all kinds.
func (l *Lab) worldBank(ctx context.Context) (*concept.Bank, error) {
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
	texts, err := regular.Read(ctx, path, concept.ReadLines)
	if err != nil {
		return nil, err
	}
	return l.cachedBank(ctx, path, texts, nil, truncate)
}

// cachedBank is the bank of texts, each put into every template, by the cache folder. Errors call it by name.
func (l *Lab) cachedBank(ctx context.Context, name string, texts []string, templates concept.Templates, truncate bool) (*concept.Bank, error) {
	recipe, err := l.recipe(ctx, texts, templates, truncate)
	if err != nil {
		return nil, err
	}
	cache, err := l.config.cacheDir()
	if err != nil {
		return nil, err
	}
	return l.buildBank(ctx, bank.Builder.Cache, filepath.Join(cache, "banks", recipe.Fingerprint()[:16]), name, recipe)
}

// recipe says what the bank of texts is made of and with.
func (l *Lab) recipe(ctx context.Context, texts []string, templates concept.Templates, truncate bool) (bank.Recipe, error) {
	sum, err := l.model.Checkpoint().SHA256(ctx)
	c := l.model.Config
	return bank.Recipe{
		Model: sum, Activation: string(l.model.Activation), Vocabulary: c.Text.Vocabulary, Embed: c.Embed,
		Truncate: truncate, Templates: templates, Texts: texts,
	}, err
}

// builder is [bank.Builder.Build] or [bank.Builder.Cache].
type builder func(b bank.Builder, ctx context.Context, dir string, r bank.Recipe) (*concept.Bank, error)

func (l *Lab) buildBank(ctx context.Context, build builder, dir, name string, r bank.Recipe) (*concept.Bank, error) {
	tok, err := l.Tokenizer(ctx)
	if err != nil {
		return nil, err
	}
	s := l.Step(ctx, "texts", len(r.Texts))
	defer s.Done()
	encode := func(ctx context.Context, texts []string) ([]float32, error) {
		sequences, err := l.model.Sequences(tok, texts, r.Truncate)
		if err != nil {
			return nil, err
		}
		out, err := l.model.EncodeTexts(ctx, sequences, nil)
		return out.Floats, err
	}
	b, err := build(bank.Builder{Encode: encode, Done: s.Add, Log: l.log}, ctx, dir, r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}
