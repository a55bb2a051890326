package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/atlas/remote"
	"github.com/facet-clip/facet/internal/bucket"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

func (a *app) atlasCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "atlas",
		Short: "Look into atlases, which facet scan makes, and join them",
		Example: `  facet atlas show photos.atlas
  facet atlas merge part0 part1 -o photos.atlas`,
	}
	var output string
	merge := &cobra.Command{
		Use:   "merge ATLAS ATLAS… -o ATLAS",
		Short: "Join atlases of one model into one",
		Long: `Join atlases of one model: the result is what one scan of all their images would have left, to rounding.
Any order of atlases, in one step or in several, gives the same bytes in every table. An atlas may lie in a bucket, as s3://bucket/part-0.`,
		Example: `  facet scan photos -o part0 --shard 0/2
  facet scan photos -o part1 --shard 1/2
  facet atlas merge part0 part1 -o photos.atlas`,
		Args: func(cmd *cobra.Command, args []string) error {
			least := 2
			if len(args) == 1 && bucket.IsURL(args[0]) { // which may stand for several: part-{0..63}
				least = 1
			}
			return argsBetween(least, -1, "at least two atlases")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return flags.Mistakef("facet atlas merge: expected -o ATLAS, the folder or URL to write")
			}
			if err := (lab.Config{}).Shelf().Merge(cmd.Context(), args, output); err != nil {
				return err
			}
			if bucket.IsURL(output) { // of which every file was just written
				m, err := remote.Manifest(cmd.Context(), output)
				if err != nil {
					return err
				}
				return a.showManifest(output, m)
			}
			return a.showAtlas(cmd.Context(), output)
		},
	}
	merge.Flags().StringVarP(&output, "output", "o", "", "write the new atlas into `FOLDER`, or to a URL such as s3://bucket/photos")
	cmd.AddCommand(merge, &cobra.Command{
		Use:     "show ATLAS",
		Short:   "Say what an atlas holds, and check it",
		Example: `  facet atlas show photos.atlas`,
		Args:    argsBetween(1, 1, "one atlas"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.showAtlas(cmd.Context(), args[0]) },
	})
	return verbsBelow(cmd)
}

// showAtlas reads an atlas whole, which checks it, and prints its manifest.
func (a *app) showAtlas(ctx context.Context, name string) error {
	return lab.Config{}.Shelf().Show(ctx, name, func(dir string) error {
		at, err := atlas.Open(dir)
		if err != nil {
			return err
		}
		return a.showManifest(name, at.Manifest)
	})
}

func (a *app) showManifest(dir string, m atlas.Manifest) error {
	if a.json {
		return encodeJSON(a.stdout, m)
	}
	show.Atlas(a.stdout, dir, m)
	return nil
}
