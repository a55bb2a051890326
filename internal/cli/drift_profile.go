package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift/profile"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/lab"
)

func (a *app) driftProfileCommand() *cobra.Command {
	var o driftOptions
	var q lab.Profile
	cmd := &cobra.Command{
		Use:   "profile SOURCE -o PROFILE",
		Short: "Summarise reference images, for others to be compared with",
		Long: `Passes reference images through the model and keeps what facet drift compare needs. That is moments of every pair, mean and covariance of the
embedding, the scores of watched texts, labels of the strong pairs, and a random sample of images. It also keeps what noise, blur and other qualities
of pictures do to some of them. The size does not depend on the number of images.

SOURCE is a folder of pictures, a manifest (.csv, .jsonl, .parquet), tar shards, or scenes:default?n=1000.
What is interrupted is kept in PROFILE.partial, and --resume goes on.`,
		Example: `  facet drift profile photos/2015 --model RN50 --bank words.txt --watch "a yellow car" -o reference.profile
  facet drift profile 'scenes:steady?n=200' --watch "a yellow car" --watch "a convertible" -o reference.profile`,
		Args: argsBetween(1, 1, "one dataset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.source = args[0]
			if o.output == "" {
				return flags.Mistakef("facet drift profile: expected -o PROFILE, the folder to write")
			}
			if q.Vary == 0 {
				q.Vary = -1
			}
			return a.driftProfile(cmd.Context(), o, q)
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "write the profile into `FOLDER`, new")
	flags.Compat(f, &q.Reference, "find the pairs of watched texts as the published code does: no bank's mean taken off, in ImageNet's 80 prompts")
	flags.Number(f, &q.Sample, "sample", 2048, flags.Span[int]{Least: 2, Most: flags.MostCount}, "images to keep in the sample, at most")
	flags.Number(f, &q.Vary, "vary", 50, flags.SomeOrNone, "pictures of the sample to vary in noise, blur and so on, so that such changes have names; 0: none")
	flags.Number(f, &q.Every, "checkpoint-every", 1000, flags.Some, "images between checkpoints: what a kill can lose")
	f.BoolVar(&q.Resume, "resume", false, "go on after the last checkpoint; begin if nothing was begun")
	return cmd
}

func (a *app) driftProfile(ctx context.Context, o driftOptions, q lab.Profile) (err error) {
	q.Folder, q.Bank, q.Strict = o.output, o.bank, o.strict
	if q.Watch, err = flags.Watched(ctx, o.watch, o.watchFile); err != nil {
		return err
	}
	if err := profile.Vacant(o.output); q.Resume && errors.Is(err, profile.ErrThere) {
		slog.Warn("nothing is left to do: the profile is complete", "profile", o.output)
		return a.showProfile(lab.ReadProfile(o.output))
	} else if err != nil {
		return err
	}
	if q.Source, err = dataset.Open(o.source, o.selection); err != nil {
		return err
	}
	l, err := a.openLab(ctx, "")
	if err != nil {
		return err
	}
	defer l.Close()
	return a.showProfile(l.Profile(ctx, q))
}

func (a *app) showProfile(p *answer.Profile, err error) error {
	if err != nil {
		return asUsage(err)
	}
	if a.json {
		return encodeJSON(a.stdout, p)
	}
	_, err = fmt.Fprintf(a.stdout, "%s: %d images, %d of them kept as a sample; %d strong pairs of %d, %d with a label; %d texts watched; %d qualities of pictures\n",
		p.Profile, p.Images, p.Sample, p.Strong, p.Pairs, p.Labelled, len(p.Watched), len(p.Qualities))
	return err
}
