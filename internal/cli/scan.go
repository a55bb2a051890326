package cli

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/lab"
)

// scanOptions are the flags of facet scan that choose items.
type scanOptions struct {
	source        string
	limit, stride int
	times         dataset.TimeFormat
	shard         string
}

func (a *app) scanCommand() *cobra.Command {
	var o scanOptions
	var q lab.Scan
	cmd := &cobra.Command{
		Use:   "scan SOURCE -o ATLAS",
		Short: "Pass a dataset through the model and keep what every pair did: an atlas",
		Long: `Pass a dataset through the model and leave an atlas. It has statistics of every pair, neuron and head, the images of largest and smallest scalar of
each pair, and a row for each image. Its size hardly grows with the dataset.

SOURCE is a folder of pictures, a manifest (.csv, .jsonl, .parquet), tar shards, or scenes:default?n=1000.
Folders, manifests and shards may lie in a bucket, as s3://bucket/photos/. ATLAS may lie in one too: s3://bucket/part-0 is scanned in the cache and
put there when it is whole. A part that is there already is not scanned again.
Interrupted or killed, a scan goes on with --resume where its last checkpoint was.`,
		Example: `  facet scan photos/ --model RN50 -o photos.atlas
  facet scan photos/ --model RN50 -o photos.atlas --resume
  facet scan 's3://bucket/shard-*.tar' --model RN50 --shard 0/64 -o s3://bucket/atlases/part-0
  facet atlas show photos.atlas`,
		Args: argsBetween(1, 1, "one dataset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.source = args[0]
			if q.Folder == "" {
				return flags.Mistakef("facet scan: expected -o ATLAS, the folder to write")
			}
			if q.Every == 0 {
				q.Every = -1
			}
			return a.scan(cmd.Context(), o, q)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&q.Folder, "output", "o", "", "write the atlas into `FOLDER`, new or empty, or to a URL such as s3://bucket/part-0")
	flags.TimeFormat(f, &o.times)
	flags.Number(f, &o.limit, "limit", 0, flags.SomeOrNone, "take at most so many items (default all)")
	flags.Number(f, &o.stride, "stride", 1, flags.Some, "take every n-th item")
	f.StringVar(&o.shard, "shard", "", "take part `I/N` of the items, counted from 0: for several machines, then facet atlas merge")
	flags.Number(f, &q.Every, "checkpoint-every", 500, flags.SomeOrNone, "images between checkpoints: what a kill can lose")
	f.BoolVar(&q.Resume, "resume", false, "go on after the last checkpoint; begin if nothing was begun")
	f.BoolVar(&q.KeepScalars, "keep-scalars", false, "keep the scalars of every image too: float16 [N,M,C], 128 KiB an image for RN50. reconstruct, ablate and evaluate labels\nneed them. So does polysemanticity for neurons and heads, and neuron for the neuron itself")
	f.BoolVar(&q.Strict, "strict", false, "stop at the first file that cannot be read, instead of listing it")
	return cmd
}

func (a *app) scan(ctx context.Context, o scanOptions, q lab.Scan) error {
	selection, err := o.selection()
	if err != nil {
		return err
	}
	if q.Source, err = dataset.OpenContext(ctx, o.source, selection); err != nil {
		return err
	}
	l, err := a.openLab(ctx, "")
	if err != nil {
		return err
	}
	defer l.Close()
	m, err := l.ScanTo(ctx, q)
	if m.Images > 0 && errors.Is(err, atlas.ErrFinished) {
		slog.Warn("already done: nothing is left to do, the atlas is complete", "atlas", q.Folder)
		return a.showManifest(q.Folder, m)
	}
	var stopped *lab.Stopped
	if errors.As(err, &stopped) {
		slog.Warn("the scan stopped; the same command with --resume goes on", "images", stopped.Images, "unreadable", stopped.Unreadable)
	}
	if err != nil {
		return asUsage(err)
	}
	return a.showManifest(q.Folder, m)
}

// selection is which items the flags take.
func (o scanOptions) selection() (dataset.Options, error) {
	s := dataset.Options{Limit: o.limit, Stride: o.stride, Shards: 1, Times: o.times}
	if o.shard == "" {
		return s, nil
	}
	i, n, ok := strings.Cut(o.shard, "/")
	shard, err1 := flags.SomeOrNone.Parse(i)
	shards, err2 := flags.Some.Parse(n)
	if !ok || err1 != nil || err2 != nil || shard >= shards {
		return s, flags.Mistakef("--shard %s: expected I/N with I from 0 to N−1 and N up to %d", o.shard, flags.MostCount)
	}
	s.Shard, s.Shards = shard, shards
	return s, nil
}
