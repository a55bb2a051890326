package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/internal/flags"
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
		Long:  `Join atlases of one model: the result is what one scan of all their images would have left, to rounding.`,
		Example: `  facet scan photos -o part0 --shard 0/2
  facet scan photos -o part1 --shard 1/2
  facet atlas merge part0 part1 -o photos.atlas`,
		Args: argsBetween(2, -1, "at least two atlases"),
		RunE: func(_ *cobra.Command, args []string) error {
			if output == "" {
				return flags.Mistakef("facet atlas merge: expected -o ATLAS, the folder to write")
			}
			if err := atlas.Merge(args, output); err != nil {
				return err
			}
			return a.showAtlas(output)
		},
	}
	merge.Flags().StringVarP(&output, "output", "o", "", "write the new atlas into `FOLDER`")
	cmd.AddCommand(merge, &cobra.Command{
		Use:     "show ATLAS",
		Short:   "Say what an atlas holds, and check it",
		Example: `  facet atlas show photos.atlas`,
		Args:    argsBetween(1, 1, "one atlas"),
		RunE:    func(_ *cobra.Command, args []string) error { return a.showAtlas(args[0]) },
	})
	return verbsBelow(cmd)
}

// showAtlas reads an atlas whole, which checks it, and prints its manifest.
func (a *app) showAtlas(dir string) error {
	at, err := atlas.Open(dir)
	if err != nil {
		return err
	}
	return a.showManifest(dir, at.Manifest)
}

func (a *app) showManifest(dir string, m atlas.Manifest) error {
	if a.json {
		return encodeJSON(a.stdout, m)
	}
	printAtlas(a.stdout, dir, m)
	return nil
}

const listedSkipped = 10

func printAtlas(w io.Writer, dir string, m atlas.Manifest) {
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	c := m.Model.Config
	row("atlas", "%s", dir)
	row("model", "%s, %s, %d neurons, %d heads, embedding %d", m.Model.Name, c.Architecture(), c.Channels, c.Heads, c.Embed)
	row("sha256", "%s", m.Model.SHA256)
	for _, d := range m.Datasets {
		row("dataset", "%s: %d images", d.Source, d.Images)
	}
	row("images", "%d", m.Images)
	kept := "statistics of pairs, neurons and heads; a row for each image"
	if m.Options.KeepScalars {
		kept += "; the scalars of every image"
	}
	row("kept", "%s", kept)
	if l := m.Labels; l != nil {
		bank := l.Bank
		if bank == "" {
			bank = "the demo world's words"
		}
		row("labels", "%d pairs in %d texts of %s, by %s", l.Pairs, l.Texts, bank, l.Method)
	}
	var size int64
	for _, f := range m.Files {
		size += f.Bytes
	}
	row("size", "%.1f MB in %d files", float64(size)/1e6, len(m.Files))
	printSkipped(w, m.Skipped)
}

// printSkipped names the first items that gave no image.
func printSkipped(w io.Writer, skipped []atlas.Skipped) {
	if len(skipped) == 0 {
		return
	}
	fmt.Fprintf(w, "%-10s %d unreadable:\n", "skipped", len(skipped))
	for i, s := range skipped {
		if i == listedSkipped {
			fmt.Fprintf(w, "  … and %d more: facet atlas show --json lists all\n", len(skipped)-i)
			return
		}
		fmt.Fprintf(w, "  %s: %s\n", s.Path, s.Reason)
	}
}
