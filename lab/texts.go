package lab

import (
	"context"
	"fmt"
	"slices"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/tokenizer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset/known"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/paper"
)

// Tokenizer is that of the config's vocabulary, the demo's own, or one found beside the checkpoint or in the cache.
func (l *Lab) Tokenizer(ctx context.Context) (*tokenizer.Tokenizer, error) {
	if !l.model.Config.HasText() {
		return nil, fmt.Errorf("%s: %w: texts need a checkpoint with both towers", l.name, clip.ErrNoText)
	}
	if l.assumed {
		l.told.Do(func() {
			l.log.Warn("the checkpoint does not say which activation its text tower uses: taking quickgelu, as every published CLIP-ResNet does; " +
				"say which, quickgelu or gelu, if you know")
		})
	}
	return l.texts.get(ctx, "", func(context.Context) (*tokenizer.Tokenizer, error) {
		if l.knowsWorld && l.config.Vocabulary == "" {
			return demo.Tokenizer()
		}
		return l.config.tokenizer(folder(l.model.Checkpoint()))
	})
}

// tokenizer is that of the config's vocabulary, or one found in a folder or in the cache.
func (c Config) tokenizer(beside string) (*tokenizer.Tokenizer, error) {
	if c.Vocabulary != "" {
		return tokenizer.Load(c.Vocabulary)
	}
	folders := []string{beside}
	if cache, err := c.cacheDir(); err == nil {
		folders = append(folders, cache)
	}
	path, err := tokenizer.Find(folders...)
	if err != nil {
		return nil, err
	}
	return tokenizer.Load(path)
}

// EncodeTexts gives the embeddings [T,D] of texts, not normalised. Texts that are too long are refused, or cut if truncate says so.
func (l *Lab) EncodeTexts(ctx context.Context, texts []string, truncate bool) ([]float32, error) {
	tok, err := l.Tokenizer(ctx)
	if err != nil {
		return nil, err
	}
	sequences, err := l.model.Sequences(tok, texts, truncate)
	if err != nil {
		return nil, err
	}
	s := l.Step(ctx, "texts", len(texts))
	defer s.Done()
	out, err := l.model.EncodeTexts(ctx, sequences, s.Add)
	if err != nil {
		return nil, err
	}
	return out.Floats, nil
}

// Few embeds a few texts. A single text is remembered.
func (l *Lab) Few(ctx context.Context, texts []string, truncate bool) (*concept.Bank, error) {
	embed := func(ctx context.Context) (*concept.Bank, error) {
		embeddings, err := l.EncodeTexts(ctx, texts, truncate)
		if err != nil {
			return nil, err
		}
		return concept.NewBank(texts, embeddings, l.model.Config.Embed)
	}
	if len(texts) != 1 {
		return embed(ctx)
	}
	b, err := l.single.get(ctx, singleText{texts[0], truncate}, embed)
	if err != nil {
		return nil, err
	}
	return &concept.Bank{Texts: b.Texts, Embed: b.Embed, Embeddings: slices.Clone(b.Embeddings)}, nil
}

// singleText is a text as it is embedded.
type singleText struct {
	text     string
	truncate bool
}

// world is the demo world's concepts, as the model's text tower sees them.
func (l *Lab) world(ctx context.Context) (demo.Concepts, error) {
	return l.concepts.get(ctx, "", func(ctx context.Context) (demo.Concepts, error) { return demo.NewConcepts(ctx, l.model) })
}

// publishedPrompts are OpenAI's 80 of ImageNet, which the published code puts every text into.
func publishedPrompts() (concept.Templates, error) {
	imagenet, err := known.Protocol(paper.ImageNet)
	if err != nil {
		return nil, err
	}
	return imagenet.Templates, nil
}
