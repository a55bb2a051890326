package lab

import (
	"context"
	"fmt"
	"slices"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/profile"
)

// DefaultLevel is the share of false discoveries that is expected among the changed pairs, where a question does not say.
const DefaultLevel = 0.05

// CheckLevel is a mistake unless a chance is one.
func CheckLevel(field string, v float64) error {
	if !(v > 0 && v < 1) {
		return mistake(field, "%g: expected a number between 0 and 1", v)
	}
	return nil
}

// checkWatched is a mistake where a text is empty or stands twice.
func checkWatched(texts []string) error {
	for i, t := range texts {
		if t == "" {
			return mistake("watch", "is empty: expected a text")
		}
		if slices.Contains(texts[:i], t) {
			return mistake("watch", "%q: expected each text once", t)
		}
	}
	return nil
}

// openProfile reads the profile in a folder, which the lab's model must have made of pictures that were turned as the lab turns them.
func (l *Lab) openProfile(ctx context.Context, dir string, ov *decompose.OV) (*drift.Profile, profile.Header, error) {
	h, err := profile.ReadHeader(dir)
	if err != nil {
		return nil, h, err
	}
	sum, err := l.model.Checkpoint().SHA256(ctx)
	if err != nil {
		return nil, h, err
	}
	if h.Model.SHA256 != sum {
		return nil, h, fmt.Errorf("%s: a profile of another model (%s, %.12s), expected one of %s (%.12s)", dir, h.Model.Name, h.Model.SHA256, l.name, sum)
	}
	if l.config.ExifRotate && !h.ExifRotate {
		return nil, h, fmt.Errorf("%s: %w", dir, errTurned)
	}
	p, err := profile.Open(dir, ov)
	return p, h, err
}

// followed are texts with their pairs: the texts minus the mean of a bank, or as they are in the published code's prompts.
func (l *Lab) followed(ctx context.Context, texts []string, bank string, reference bool, ov *decompose.OV) ([]drift.Concept, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	if reference {
		prompts, err := publishedPrompts()
		if err != nil {
			return nil, err
		}
		head, err := l.zeroShot(ctx, texts, prompts)
		if err != nil {
			return nil, err
		}
		return drift.NewConcepts(texts, head.Embeddings, ov)
	}
	all, err := l.Bank(ctx, bank, false)
	if err != nil {
		return nil, err
	}
	embedded, err := l.Few(ctx, texts, false)
	if err != nil {
		return nil, err
	}
	var directions []float32
	for i, text := range texts {
		direction, err := all.Centre(embedded.Embeddings[i*ov.Embed : (i+1)*ov.Embed])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		directions = append(directions, direction...)
	}
	return drift.NewConcepts(texts, directions, ov)
}

// namers are the words of a bank that name changes; without a bank, those of the demo world.
func (l *Lab) namers(ctx context.Context, bank string) (*concept.Dictionary, error) {
	open := l.Bank
	if bank = l.bankOr(bank); bank == "" {
		open = l.Words
	}
	words, err := open(ctx, bank, false)
	if err != nil {
		return nil, err
	}
	_, d, err := l.dictionary(words, scaleRows)
	return d, err
}

// unread counts the pictures of a source that cannot be read.
type unread struct {
	count int
	first []string
}

// unreadListed is how many of them a profile names.
const unreadListed = 100

func (u *unread) add(what string) {
	if u.count++; len(u.first) < unreadListed {
		u.first = append(u.first, what)
	}
}

// pass is a source on its way through the model, for drift.
type pass struct {
	source   *dataset.Source
	decoder  *dataset.Decoder
	from     int // the first item to take up
	strict   bool
	ov       *decompose.OV
	concepts []drift.Concept
	bad      unread // so far
	distinct *drift.Distinct
	add      func(*scanned, drift.Image) error
}

// pass gives every picture of a source, with its scores, to add.
func (l *Lab) pass(ctx context.Context, p *pass) error {
	s := &scanner{Lab: l, source: p.source, decoder: p.decoder, from: p.from, take: p.take, strict: p.strict}
	if err := s.run(ctx); err != nil {
		return err
	}
	if p.bad.count > 0 {
		l.log.Warn("some pictures cannot be read and are left out", "count", p.bad.count, "first", p.bad.first[0])
	}
	return nil
}

func (p *pass) take(item *scanned) error {
	if item.Err != nil {
		p.bad.add(item.Path + ": " + item.reason())
		return nil
	}
	if !p.distinct.New(item.Hash) {
		return nil
	}
	scalars, err := p.ov.Scalars(item.scalars)
	if err != nil {
		return fmt.Errorf("%s: %w", item.Path, err)
	}
	image := drift.Image{Path: item.Path, Embedding: item.embedding, Group: item.Group, Label: item.Label}
	for _, c := range p.concepts {
		image.Scores = append(image.Scores, c.Score(scalars, item.embedding))
	}
	return p.add(item, image)
}
