package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/npy"
)

func (a *app) embedCommand() *cobra.Command {
	var q lab.Embed
	var texts, output string
	cmd := &cobra.Command{
		Use:   "embed [SOURCE…] (-o FILE.npy | --json)",
		Short: "Embed pictures or texts",
		Long: `Embeds pictures or texts into the joint space: float32 [N,D], not normalised. ` + sourceHelp + `

Beside FILE.npy, FILE.names.txt says what each row is of, a line a row in the same order. Pictures of a dataset that cannot be read are
left out and listed; a picture that you name must be readable. Ctrl-C ends a run and leaves no file.`,
		Example: `  facet embed --model RN50 a.jpg b.png -o images.npy
  facet embed --model RN50 photos/ 'shards-{000..009}.tar' -o images.npy
  facet embed --model RN50 --texts words.txt -o words.npy                     one text a line`,
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Sources = args
			if err := a.checkEmbed(q, texts, output); err != nil {
				return err
			}
			return a.embed(cmd.Context(), q, texts, output)
		},
	}
	f := cmd.Flags()
	pictureFlags(f, &q.Pixels, &q.Whole)
	f.StringVar(&texts, "texts", "", "embed the lines of a text `FILE`, each as it is, empty ones too")
	f.BoolVar(&q.Truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	f.StringVarP(&output, "output", "o", "", "write float32 [N,D] to `FILE.npy`, and the names of its rows beside it")
	return cmd
}

// sourceHelp says what verbs that look at pictures take.
const sourceHelp = `A SOURCE is a picture, a folder of pictures, a
manifest (.csv, .jsonl, .parquet), tar shards, or scenes:default?n=100.`

// pictureFlags adds the flags of what looks at pictures.
func pictureFlags(f *pflag.FlagSet, pixels *string, whole *bool) {
	f.StringVar(pixels, "pixels", "", "take pixels from `FILE.npy` instead of pictures: float32 [N,3,H,W], already normalised")
	f.BoolVar(whole, "whole", false, "look at whole pictures, not at the square in the middle (positions are interpolated)")
}

func (a *app) checkEmbed(q lab.Embed, texts, output string) error {
	given := 0
	for _, g := range []bool{len(q.Sources) > 0, texts != "", q.Pixels != ""} {
		if g {
			given++
		}
	}
	switch {
	case given == 0:
		return flags.Mistakef("expected pictures or datasets, --texts FILE or --pixels FILE.npy")
	case given > 1:
		return flags.Mistakef("expected only one of pictures or datasets, --texts FILE and --pixels FILE.npy")
	case output == "" && !a.json:
		return flags.Mistakef("expected -o FILE.npy or --json")
	}
	return nil
}

func (a *app) embed(ctx context.Context, q lab.Embed, texts, output string) (err error) {
	if texts != "" {
		if q.Texts, err = regular.Read(ctx, texts, concept.ReadTexts); err != nil {
			return err
		}
	}
	a.brief = !a.json
	l, err := a.openLab(ctx, "")
	if err != nil {
		return err
	}
	defer l.Close()
	if output == "" {
		rows, err := l.Embed(ctx, q)
		if err != nil {
			return asUsage(err)
		}
		return encodeJSON(a.stdout, rows)
	}
	rows, err := embedInto(ctx, l, q, output)
	if err != nil || !a.json {
		return asUsage(err)
	}
	return encodeJSON(a.stdout, rows)
}

// embedInto writes the rows into a file, and their names beside it.
func embedInto(ctx context.Context, l *lab.Lab, q lab.Embed, path string) (a *answer.Embeddings, err error) {
	file, err := npy.CreateNamed(path, l.Model().Config.Embed)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Discard()) }()
	q.Each = func(_ []string, rows []float32) error { return file.Add(rows) }
	if a, err = l.Embed(ctx, q); err != nil {
		return nil, err
	}
	a.File, a.Names = path, file.Names()
	return a, file.Finish(a.Inputs)
}
