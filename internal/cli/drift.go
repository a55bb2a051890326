package cli

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
)

func (a *app) driftCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Say in words how images differ from a reference",
		Example: `  facet drift profile photos/2015 --model RN50 --bank words.txt -o reference.profile
  facet drift compare reference.profile photos/2016 --model RN50 --bank words.txt -o report.html`,
	}
	cmd.AddCommand(a.driftProfileCommand(), a.driftCompareCommand(), a.driftWatchCommand(), a.driftMergeCommand())
	return verbsBelow(cmd)
}

// driftOptions are the flags that both verbs have.
type driftOptions struct {
	source, output string
	bank           string
	watch          []string
	watchFile      string
	limit, stride  int
	times          dataset.TimeFormat
	strict         bool
}

func (o *driftOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.watch, "watch", nil, "a `TEXT` to follow; may be given more than once")
	f.StringVar(&o.watchFile, "watch-file", "", "a `FILE` with a text to follow a line")
	f.StringVar(&o.bank, "bank", "", "a `BANK` of facet texts, or a file with a text a line: name changes by it (default for the demo: its world's words)")
	timeFormatVar(f, &o.times)
	numberVar(f, &o.limit, "limit", 0, someOrNone, "take at most so many items (default all)")
	numberVar(f, &o.stride, "stride", 1, some, "take every n-th item")
	f.BoolVar(&o.strict, "strict", false, "stop at the first file that cannot be read, instead of counting it")
}

// watched are the texts to follow.
func (o driftOptions) watched(ctx context.Context) ([]string, error) {
	texts := slices.Clone(o.watch)
	if o.watchFile != "" {
		more, err := readText(ctx, o.watchFile, concept.ReadLines)
		if err != nil {
			return nil, err
		}
		texts = append(texts, more...)
	}
	for _, t := range o.watch {
		if err := checkText("--watch", t, ": --watch-file reads one"); err != nil {
			return nil, err
		}
	}
	for i, t := range texts {
		if slices.Contains(texts[:i], t) {
			return nil, fmt.Errorf("%q is watched twice", t)
		}
	}
	return texts, nil
}

func (o driftOptions) open() (*dataset.Source, error) {
	return dataset.Open(o.source, dataset.Options{Limit: o.limit, Stride: o.stride, Times: o.times})
}

// concepts are texts with their pairs; texts minus the mean of the bank.
func (m *model) concepts(ctx context.Context, texts []string, bank string, ov *decompose.OV) ([]drift.Concept, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	if bank == "" && m.name != demoName {
		return nil, usagef("--watch: expected --bank, whose mean is taken off the text")
	}
	all, err := m.openBank(ctx, bank, false)
	if err != nil {
		return nil, err
	}
	embedded, err := m.bankOf(ctx, texts, false)
	if err != nil {
		return nil, err
	}
	concepts := make([]drift.Concept, len(texts))
	for i, text := range texts {
		direction, err := all.Centre(embedded.Embeddings[i*ov.Embed : (i+1)*ov.Embed])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		if concepts[i], err = drift.NewConcept(text, direction, ov); err != nil {
			return nil, err
		}
	}
	return concepts, nil
}

// unread counts the pictures of a source that cannot be read.
type unread struct {
	count int
	first []string
}

const unreadShown = 100

func (u *unread) add(what string) {
	if u.count++; len(u.first) < unreadShown {
		u.first = append(u.first, what)
	}
}

func (u *unread) warn() {
	if u.count > 0 {
		slog.Warn("some pictures cannot be read and are left out", "count", u.count, "first", u.first[0])
	}
}

// summarise passes a source through the model and gives every picture, with its scores, to add.
func (m *model) summarise(ctx context.Context, o driftOptions, source *dataset.Source, ov *decompose.OV, concepts []drift.Concept,
	add func(*scanned, drift.Image) error) (unread, error) {
	p := pass{source: source, strict: o.strict, ov: ov, concepts: concepts, add: add}
	err := m.pass(ctx, &p)
	return p.bad, err
}

// pass is a source on its way through the model.
type pass struct {
	source   *dataset.Source
	from     int // the first item to take up
	strict   bool
	ov       *decompose.OV
	concepts []drift.Concept
	bad      unread // so far
	add      func(*scanned, drift.Image) error
}

func (m *model) pass(ctx context.Context, p *pass) error {
	s := &scanner{model: m, source: p.source, from: p.from, take: p.take, strict: p.strict, progress: m.app.progress("images", p.source.Len())}
	defer s.progress.done()
	err := s.run(ctx)
	if err == nil {
		p.bad.warn()
	}
	return err
}

func (p *pass) take(item *scanned) error {
	if item.Err != nil {
		p.bad.add(item.Path + ": " + item.reason())
		return nil
	}
	scalars, err := p.ov.Scalars(item.scalars)
	if err != nil {
		return fmt.Errorf("%s: %w", item.Path, err)
	}
	image := drift.Image{Path: item.Path, Embedding: item.embedding}
	for _, c := range p.concepts {
		image.Scores = append(image.Scores, c.Score(scalars, item.embedding))
	}
	return p.add(item, image)
}

func orEmpty(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}
