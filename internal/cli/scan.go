package cli

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/place"
)

// scanOptions are the flags of facet scan.
type scanOptions struct {
	source, output string
	limit, stride  int
	times          dataset.TimeFormat
	shard          string
	every          int
	resume         bool
	keep           bool
	strict         bool
}

func (a *app) scanCommand() *cobra.Command {
	var o scanOptions
	cmd := &cobra.Command{
		Use:   "scan SOURCE -o ATLAS",
		Short: "Pass a dataset through the model and keep what every pair did: an atlas",
		Long: `Pass a dataset through the model and leave an atlas: statistics of every pair, neuron and head, the images
of largest and smallest scalar of each pair, and a row for each image. Its size hardly grows with the dataset.

SOURCE is a folder of pictures, a manifest (.csv, .jsonl, .parquet), tar shards, or scenes:default?n=1000.
Interrupted or killed, a scan goes on with --resume where its last checkpoint was.`,
		Example: `  facet scan photos/ --model RN50 -o photos.atlas
  facet scan photos/ --model RN50 -o photos.atlas --resume
  facet atlas show photos.atlas`,
		Args: argsBetween(1, 1, "one dataset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.source = args[0]
			switch {
			case o.output == "":
				return usagef("facet scan: expected -o ATLAS, the folder to write")
			}
			return a.scan(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "write the atlas into `FOLDER`, new or empty")
	timeFormatVar(f, &o.times)
	numberVar(f, &o.limit, "limit", 0, someOrNone, "take at most so many items (default all)")
	numberVar(f, &o.stride, "stride", 1, some, "take every n-th item")
	f.StringVar(&o.shard, "shard", "", "take part `I/N` of the items, counted from 0: for several machines, then facet atlas merge")
	numberVar(f, &o.every, "checkpoint-every", 500, someOrNone, "images between checkpoints: what a kill can lose")
	f.BoolVar(&o.resume, "resume", false, "go on after the last checkpoint; begin if nothing was begun")
	f.BoolVar(&o.keep, "keep-scalars", false, "keep the scalars of every image too, which reconstruct, ablate and evaluate labels need, polysemanticity for neurons and heads, and neuron for the\nneuron itself: float16 [N,M,C], 128 KiB an image for RN50")
	f.BoolVar(&o.strict, "strict", false, "stop at the first file that cannot be read, instead of listing it")
	return cmd
}

func (a *app) scan(ctx context.Context, o scanOptions) error {
	selection, err := o.selection()
	if err != nil {
		return err
	}
	source, err := dataset.Open(o.source, selection)
	if err != nil {
		return err
	}
	m, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	root, err := source.Root()
	if err != nil {
		return err
	}
	w, err := m.beginAtlas(ctx, o, source, root)
	if o.resume && errors.Is(err, atlas.ErrFinished) {
		slog.Warn("nothing is left to do: the atlas is complete", "atlas", o.output)
		return a.showAtlas(o.output)
	}
	if err != nil {
		return err
	}
	s := &scanner{
		model: m, source: source, from: w.Next(), take: func(item *scanned) error { return addToAtlas(w, root, item) },
		strict: o.strict, progress: a.progress("images", source.Len()),
	}
	err = s.run(ctx)
	s.progress.done()
	if err != nil {
		return stopped(w, err)
	}
	if err := errors.Join(w.Finish(), w.Close()); err != nil {
		return err
	}
	return a.showAtlas(o.output)
}

// selection is which items the flags take.
func (o scanOptions) selection() (dataset.Options, error) {
	s := dataset.Options{Limit: o.limit, Stride: o.stride, Shards: 1, Times: o.times}
	if o.shard == "" {
		return s, nil
	}
	i, n, ok := strings.Cut(o.shard, "/")
	shard, err1 := someOrNone.parse(i)
	shards, err2 := some.parse(n)
	if !ok || err1 != nil || err2 != nil || shard >= shards {
		return s, usagef("--shard %s: expected I/N with I from 0 to N−1 and N up to %d", o.shard, mostCount)
	}
	s.Shard, s.Shards = shard, shards
	return s, nil
}

// beginAtlas begins the atlas, or goes on with it.
func (m *model) beginAtlas(ctx context.Context, o scanOptions, source *dataset.Source, root string) (*atlas.Writer, error) {
	weights, err := m.PoolWeights()
	if err != nil {
		return nil, err
	}
	by, err := m.lab.Made(ctx)
	if err != nil {
		return nil, err
	}
	manifest := atlas.Manifest{
		Model:    by,
		Datasets: []atlas.Dataset{{Source: o.source, Root: place.Place{Path: root}, Fingerprint: source.Fingerprint()}},
	}
	begin := atlas.Create
	if o.resume {
		begin = atlas.Resume
	}
	return begin(o.output, manifest, weights, atlas.Options{CheckpointEvery: o.every, KeepScalars: o.keep, ExifRotate: m.app.exifRotate})
}

// addToAtlas keeps the item's path as seen from the root, so that atlas and pictures may move.
func addToAtlas(w *atlas.Writer, root string, item *scanned) error {
	path := dataset.Within(root, item.Path)
	if item.Err != nil {
		return w.Skip(path, item.reason())
	}
	return w.Add(atlas.Image{
		Path: path, Label: item.Label, Group: item.Group, Truth: item.Truth, Time: item.Time, Embedding: item.embedding,
	}, item.scalars)
}

// reason is why an item cannot be read, without its path.
func (s *scanned) reason() string { return strings.TrimPrefix(s.Err.Error(), s.Path+": ") }

// stopped makes a last checkpoint of a scan that ends early, and says how to go on.
func stopped(w *atlas.Writer, cause error) error {
	if err := w.Checkpoint(); err != nil {
		return errors.Join(cause, w.Close())
	}
	slog.Warn("the scan stopped; the same command with --resume goes on", "images", w.Images(), "unreadable", len(w.Skipped()))
	return errors.Join(cause, w.Close())
}
