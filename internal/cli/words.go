package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/concept"
	textbank "github.com/facet-clip/facet/concept/bank"
	"github.com/facet-clip/facet/demo"
)

// wordsPerPair is how many words name a pair.
const wordsPerPair = 3

// bankOf embeds a few texts.
func (m *model) bankOf(ctx context.Context, texts []string, truncate bool) (*concept.Bank, error) {
	embeddings, err := m.encodeTexts(ctx, texts, truncate)
	if err != nil {
		return nil, err
	}
	return concept.NewBank(texts, embeddings, m.Config.Embed)
}

// wordBank is the centred bank that names directions: what is at path (see openBank), or without one the demo world's concepts.
func (m *model) wordBank(ctx context.Context, path string, truncate bool) (*concept.Bank, error) {
	if path == "" {
		concepts, err := demo.NewConcepts(ctx, m.Model)
		if err != nil {
			return nil, err
		}
		return concepts.All()
	}
	bank, err := m.openBank(ctx, path, truncate)
	if err != nil {
		return nil, err
	}
	if bank, err = bank.Centred(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return bank, nil
}

// openBank is the bank in a folder that facet texts wrote, or that of a file with a text a line. A file's bank is kept in the cache, so
// that its texts are embedded once.
func (m *model) openBank(ctx context.Context, path string, truncate bool) (*concept.Bank, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return m.savedBank(ctx, path)
	}
	recipe, err := m.recipe(ctx, path, nil, truncate)
	if err != nil {
		return nil, err
	}
	cache, err := registry.CacheDir()
	if err != nil {
		return nil, err
	}
	return m.buildBank(ctx, textbank.Cache, filepath.Join(cache, "banks", recipe.Fingerprint()[:16]), path, recipe)
}

// savedBank opens a bank and refuses one that another model made: its directions would mean nothing here.
func (m *model) savedBank(ctx context.Context, dir string) (*concept.Bank, error) {
	bank, recipe, err := textbank.Open(dir)
	if err != nil {
		return nil, err
	}
	sum, err := m.Checkpoint().SHA256(ctx)
	if err != nil {
		return nil, err
	}
	if recipe.Model != sum || recipe.Activation != string(m.Activation) {
		return nil, fmt.Errorf("%s: a bank of another model (%.12s, %s), expected one of %s (%.12s, %s)",
			dir, recipe.Model, recipe.Activation, m.name, sum, m.Activation)
	}
	return bank, nil
}

// recipe says what the bank of a file of texts is made of and with.
func (m *model) recipe(ctx context.Context, file string, templates concept.Templates, truncate bool) (textbank.Recipe, error) {
	texts, err := readText(ctx, file, concept.ReadLines)
	if err != nil {
		return textbank.Recipe{}, err
	}
	sum, err := m.Checkpoint().SHA256(ctx)
	return textbank.Recipe{
		Model: sum, Activation: string(m.Activation), Vocabulary: m.Config.Text.Vocabulary, Embed: m.Config.Embed,
		Truncate: truncate, Templates: templates, Texts: texts,
	}, err
}

// builder is [textbank.Build] or [textbank.Cache].
type builder func(ctx context.Context, dir string, r textbank.Recipe, encode textbank.Encoder, done func(int)) (*concept.Bank, error)

func (m *model) buildBank(ctx context.Context, build builder, dir, file string, r textbank.Recipe) (*concept.Bank, error) {
	tok, err := m.tokenizer()
	if err != nil {
		return nil, err
	}
	p := m.app.progress("texts", len(r.Texts))
	defer p.done()
	encode := func(ctx context.Context, texts []string) ([]float32, error) {
		sequences, err := m.Sequences(tok, texts, r.Truncate)
		if err != nil {
			return nil, err
		}
		out, err := m.EncodeTexts(ctx, sequences, nil)
		return out.Floats, err
	}
	bank, err := build(ctx, dir, r, encode, p.add)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return bank, nil
}
