package cli

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/facet-clip/facet/concept"
	textbank "github.com/facet-clip/facet/concept/bank"
)

// wordsPerPair is how many words name a pair.
const wordsPerPair = 3

// wordBank is the centred bank that names directions.
func (m *model) wordBank(ctx context.Context, path string, truncate bool) (*concept.Bank, error) {
	return m.lab.Words(ctx, path, truncate)
}

// openBank is a bank in a folder, or that of a file with a text a line.
func (m *model) openBank(ctx context.Context, path string, truncate bool) (*concept.Bank, error) {
	return m.lab.Bank(ctx, path, truncate)
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

func (m *model) buildBank(ctx context.Context, dir, file string, r textbank.Recipe) (*concept.Bank, error) {
	tok, err := m.tokenizer(ctx)
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
	bank, err := textbank.Builder{Encode: encode, Done: p.add, Log: slog.Default()}.Build(ctx, dir, r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return bank, nil
}

// zeroShot embeds every label in every template.
func (m *model) zeroShot(ctx context.Context, labels []string, templates concept.Templates) (*concept.Bank, error) {
	var prompts []string
	for _, l := range labels {
		prompts = append(prompts, templates.Fill(l)...)
	}
	embeddings, err := m.encodeTexts(ctx, prompts, false)
	if err != nil {
		return nil, err
	}
	return concept.ZeroShot(labels, embeddings, len(templates), m.Config.Embed)
}
