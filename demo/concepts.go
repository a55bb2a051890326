package demo

import (
	"context"
	"fmt"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/scenes"
)

// Concepts are the named things of the demo world as directions of a model: zero-shot heads made with the world's own prompts.
// Labels are class names.
type Concepts struct {
	Categories  *concept.Bank // sedan, …
	Colours     *concept.Bank // red, …
	Patterns    *concept.Bank // plain, …
	Backgrounds *concept.Bank // grass, …
}

// NewConcepts embeds the prompts with a model that was trained on the world.
func NewConcepts(ctx context.Context, m *clip.Model) (Concepts, error) {
	var c Concepts
	for _, h := range []struct {
		head    **concept.Bank
		words   []word
		prompts []string
	}{
		{&c.Categories, nouns(), scenes.NounPrompts()},
		{&c.Colours, paints(scenes.Colours()), scenes.PaintPrompts()},
		{&c.Patterns, paints(scenes.Patterns()), scenes.PaintPrompts()},
		{&c.Backgrounds, grounds(), scenes.GroundPrompts()},
	} {
		var err error
		if *h.head, err = zeroShot(ctx, m, h.words, h.prompts); err != nil {
			return Concepts{}, fmt.Errorf("the demo world's concepts: %w", err)
		}
	}
	return c, nil
}

// All is one bank of every concept for naming directions, each kind centred on its own: what all colours share says nothing about any.
func (c Concepts) All() (*concept.Bank, error) {
	var texts []string
	var embeddings []float32
	for _, b := range []*concept.Bank{c.Categories, c.Colours, c.Patterns, c.Backgrounds} {
		centred, err := b.Centred()
		if err != nil {
			return nil, fmt.Errorf("the demo world's concepts: %w", err)
		}
		texts, embeddings = append(texts, centred.Texts...), append(embeddings, centred.Embeddings...)
	}
	return concept.NewBank(texts, embeddings, c.Categories.Embed)
}

// word is a class name and how prompts say it.
type word struct{ name, said string }

func nouns() (words []word) {
	for _, c := range scenes.Categories() {
		words = append(words, word{c.String(), scenes.Phrase(c.String())})
	}
	return words
}

func grounds() (words []word) {
	for _, b := range scenes.Backgrounds() {
		words = append(words, word{b.String(), b.Places()[0]})
	}
	return words
}

func paints[P fmt.Stringer](paints []P) (words []word) {
	for _, p := range paints {
		words = append(words, word{p.String(), p.String()})
	}
	return words
}

func zeroShot(ctx context.Context, m *clip.Model, words []word, prompts []string) (*concept.Bank, error) {
	var names, texts []string
	for _, w := range words {
		names = append(names, w.name)
		texts = append(texts, concept.Templates(prompts).Fill(w.said)...)
	}
	embeddings, err := embedTexts(ctx, m, texts)
	if err != nil {
		return nil, err
	}
	return concept.ZeroShot(names, embeddings, len(prompts), m.Config.Embed)
}

// embedTexts gives [T,D].
func embedTexts(ctx context.Context, m *clip.Model, texts []string) ([]float32, error) {
	tok, err := Tokenizer()
	if err != nil {
		return nil, err
	}
	sequences, err := m.Sequences(tok, texts, false)
	if err != nil {
		return nil, err
	}
	out, err := m.EncodeTexts(ctx, sequences, nil)
	return out.Floats, err
}
