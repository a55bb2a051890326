package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/profile"
)

func (a *app) driftCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "drift profile|compare|watch",
		Short: "Say in words how images differ from a reference",
		Args:  argsBetween(0, 0, "profile, compare or watch: "),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.driftProfileCommand(), a.driftCompareCommand(), a.driftWatchCommand())
	return cmd
}

// driftOptions are the flags that both verbs have.
type driftOptions struct {
	source, output string
	bank           string
	watch          []string
	watchFile      string
	limit, stride  int
	strict         bool
}

func (o *driftOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.watch, "watch", nil, "a `TEXT` to follow; may be given more than once")
	f.StringVar(&o.watchFile, "watch-file", "", "a `FILE` with a text to follow a line")
	f.StringVar(&o.bank, "bank", "", "the words: a `BANK` of facet texts or a file with a text a line (default for the demo: its world's words)")
	f.IntVar(&o.limit, "limit", 0, "take at most so many items (default all)")
	f.IntVar(&o.stride, "stride", 1, "take every n-th item")
	f.BoolVar(&o.strict, "strict", false, "stop at the first file that cannot be read, instead of counting it")
}

// watched are the texts to follow.
func (o driftOptions) watched() ([]string, error) {
	texts := slices.Clone(o.watch)
	if o.watchFile != "" {
		more, err := readText(o.watchFile, concept.ReadLines)
		if err != nil {
			return nil, err
		}
		texts = append(texts, more...)
	}
	for i, t := range texts {
		if slices.Contains(texts[:i], t) {
			return nil, fmt.Errorf("%q is watched twice", t)
		}
	}
	return texts, nil
}

func (o driftOptions) open() (*dataset.Source, error) {
	if o.limit < 0 || o.stride < 1 {
		return nil, usagef("--limit %d --stride %d: expected positive numbers", o.limit, o.stride)
	}
	return dataset.Open(o.source, dataset.Options{Limit: o.limit, Stride: o.stride})
}

// concepts are texts with their pairs; texts minus the mean of the bank.
func (m *model) concepts(ctx context.Context, texts []string, bank string, ov *decompose.OV) ([]drift.Concept, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	if bank == "" && m.name != demoName {
		return nil, usagef("--watch: expected --bank, whose mean is taken off the text")
	}
	all, err := m.rawBank(ctx, bank, false)
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

func (u *unread) add(item *scanned) {
	if u.count++; len(u.first) < unreadShown {
		u.first = append(u.first, item.Path+": "+item.reason())
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
	var bad unread
	s := &scanner{model: m, source: source, strict: o.strict, progress: m.app.progress("images", source.Len())}
	s.take = func(item *scanned) error {
		if item.Err != nil {
			bad.add(item)
			return nil
		}
		scalars, err := ov.Scalars(item.scalars)
		if err != nil {
			return fmt.Errorf("%s: %w", item.Path, err)
		}
		image := drift.Image{Path: item.Path, Embedding: item.embedding}
		for _, c := range concepts {
			image.Scores = append(image.Scores, c.Score(scalars, item.embedding))
		}
		return add(item, image)
	}
	defer s.progress.done()
	err := s.run(ctx)
	if err == nil {
		bad.warn()
	}
	return bad, err
}

// profileOptions are the flags of facet drift profile.
type profileOptions struct {
	driftOptions
	sample int
}

func (a *app) driftProfileCommand() *cobra.Command {
	var o profileOptions
	cmd := &cobra.Command{
		Use:   "profile SOURCE -o PROFILE",
		Short: "Summarise reference images, for others to be compared with",
		Long: `Passes reference images through the model and keeps what facet drift compare needs: moments of every pair, mean and covariance of the
embedding, the scores of watched texts, and a random sample of images. The size does not depend on their number.

SOURCE is a folder of pictures, a manifest (.csv, .jsonl, .parquet), tar shards, or scenes:default?n=1000.

  facet drift profile photos/2015 --model RN50 --bank words.txt --watch "a yellow car" -o reference.profile
  facet drift profile 'scenes:steady?n=200' --watch "a yellow car" --watch "a convertible" -o reference.profile`,
		Args: argsBetween(1, 1, "one dataset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.source = args[0]
			if o.output == "" {
				return usagef("facet drift profile: expected -o PROFILE, the folder to write")
			}
			if o.sample < 2 {
				return usagef("--sample %d: expected two images at least", o.sample)
			}
			return a.driftProfile(cmd.Context(), o)
		},
	}
	o.flags(cmd)
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "the `FOLDER` of the profile, new")
	cmd.Flags().IntVar(&o.sample, "sample", 2048, "images to keep in the sample, at most")
	return cmd
}

func (a *app) driftProfile(ctx context.Context, o profileOptions) error {
	texts, err := o.watched()
	if err != nil {
		return err
	}
	if _, err := os.Lstat(o.output); err == nil {
		return fmt.Errorf("%s: it exists already; a profile goes into a new folder", o.output)
	}
	source, err := o.open()
	if err != nil {
		return err
	}
	m, err := a.open()
	if err != nil {
		return err
	}
	defer m.Close()
	ov, err := m.decomposition()
	if err != nil {
		return err
	}
	concepts, err := m.concepts(ctx, texts, o.bank, ov)
	if err != nil {
		return err
	}
	summary := drift.NewSummary(ov.Heads*ov.Channels, ov.Embed, len(concepts), o.sample)
	bad, err := m.summarise(ctx, o.driftOptions, source, ov, concepts, func(item *scanned, image drift.Image) error {
		return summary.Add(image, item.scalars, nil)
	})
	if err != nil {
		return err
	}
	if summary.Count() < 2 {
		return fmt.Errorf("%s: %d pictures that can be read, expected two at least", o.source, summary.Count())
	}
	sum, err := m.Checkpoint().SHA256(ctx)
	if err != nil {
		return err
	}
	header := profile.Header{Model: profile.Model{Name: m.name, SHA256: sum}, Source: o.source, Skipped: bad.first, Unread: bad.count}
	if err := profile.Write(o.output, header, drift.NewProfile(summary, ov.Norms(), concepts)); err != nil {
		return err
	}
	return a.showProfile(o.output)
}

// profileResult is what facet drift profile --json prints.
type profileResult struct {
	Profile string   `json:"profile"`
	Images  int      `json:"images"`
	Unread  int      `json:"unread"`
	Sample  int      `json:"sample"`
	Strong  int      `json:"strong_pairs"`
	Pairs   int      `json:"pairs"`
	Watched []string `json:"watched"`
}

func (a *app) showProfile(dir string) error {
	h, err := profile.ReadHeader(dir)
	if err != nil {
		return err
	}
	if a.json {
		return encodeJSON(a.stdout, profileResult{dir, h.Images, h.Unread, len(h.Sample), len(h.Strong), h.Pairs, orEmpty(h.Watched)})
	}
	fmt.Fprintf(a.stdout, "%s: %d images, %d of them kept as a sample; %d strong pairs of %d; %d texts watched\n",
		dir, h.Images, len(h.Sample), len(h.Strong), h.Pairs, len(h.Watched))
	return nil
}

func orEmpty(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}
