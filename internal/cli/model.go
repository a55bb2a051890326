package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/lab"
)

func (a *app) modelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "model",
		Short: "Get checkpoints and look into them",
		Example: `  facet model list
  facet model pull RN50
  facet model doctor RN50
  facet model verify RN50`,
	}
	var mirror string
	pull := &cobra.Command{
		Use:        "pull NAME",
		SuggestFor: []string{"download", "get", "install"},
		Short:      "Download a published model and its vocabulary into the cache",
		Long: `Download a published model and its vocabulary, verify them, and keep them in the cache folder. A download that was
cut off goes on where it stopped. Afterwards no network is needed.`,
		Example: `  facet model pull RN50`,
		Args:    argsBetween(1, 1, "the name of one model (facet model list)"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.pull(cmd.Context(), args[0], mirror) },
	}
	pull.Flags().StringVar(&mirror, "mirror", "", "take the files from another host: `URL` replaces scheme and host")
	cmd.AddCommand(pull, &cobra.Command{
		Use:     "list",
		Short:   "List the published models that facet knows, and say which are on this machine",
		Example: `  facet model list`,
		Args:    argsBetween(0, 0, "no arguments"),
		RunE:    func(*cobra.Command, []string) error { return a.listModels() },
	}, &cobra.Command{
		Use:        "inspect [FILE|NAME]",
		Short:      "Say what a checkpoint holds",
		Example:    `  facet model inspect RN50.pt`,
		SuggestFor: []string{"show", "info"},
		Args:       argsBetween(0, 1, "one checkpoint file, or --model"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.model = args[0]
			}
			return a.inspect(cmd.Context())
		},
	}, &cobra.Command{
		Use:     "doctor [FILE|NAME]",
		Short:   "Say whether a checkpoint, its activation, input size and vocabulary fit, and how that is known",
		Example: `  facet model doctor RN50.pt`,
		Args:    argsBetween(0, 1, "one checkpoint file, or --model"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.model = args[0]
			}
			return a.doctor(cmd.Context())
		},
	})
	cmd.AddCommand(a.verifyCommand())
	return verbsBelow(cmd)
}

func (a *app) listModels() error {
	cache, err := registry.CacheDir()
	if err != nil {
		return err
	}
	var models []answer.ListedModel
	for _, m := range registry.Models() {
		models = append(models, answer.ListedModel{Name: m.Name, Source: m.Source, Installed: m.Installed(cache), Path: m.Path(cache)})
	}
	if a.json {
		return encodeJSON(a.stdout, models)
	}
	t := a.table("model", "source", "on this machine")
	for _, m := range models {
		path := "no"
		if m.Installed {
			path = m.Path
		}
		t.AppendRow(table.Row{m.Name, m.Source, path})
	}
	t.Render()
	return nil
}

func (a *app) pull(ctx context.Context, name, mirror string) error {
	m, err := registry.Lookup(name)
	if err != nil {
		return err
	}
	cache, err := registry.CacheDir()
	if err != nil {
		return err
	}
	bars := map[string]*progress{}
	p := registry.Puller{Cache: cache, Mirror: mirror, Log: slog.Default(), Progress: func(file string, done, total int64) {
		if bars[file] == nil {
			bars[file] = a.byteProgress(file, total)
		}
		bars[file].set(int(done))
	}}
	path, err := p.Pull(ctx, m)
	for _, b := range bars {
		b.done()
	}
	if err != nil {
		return err
	}
	if a.json {
		return encodeJSON(a.stdout, answer.ListedModel{Name: m.Name, Source: m.Source, Installed: true, Path: path})
	}
	fmt.Fprintf(a.stdout, "%s is ready: %s\nTry: facet explain PHOTO --model %s\n", m.Name, path, m.Name)
	return nil
}

func (a *app) inspect(ctx context.Context) error {
	i, err := lab.Inspect(ctx, a.config())
	if err != nil {
		return err
	}
	if a.json {
		return encodeJSON(a.stdout, i)
	}
	printInspection(a.stdout, i)
	return nil
}

func printInspection(w io.Writer, i *answer.Inspection) {
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-14s %s\n", name, fmt.Sprintf(format, args...))
	}
	c := i.Config
	row("file", "%s", i.Path)
	row("sha256", "%s", i.SHA256)
	row("format", "%s, names of %s", i.Format, i.Naming)
	if len(i.OtherWeights) > 0 {
		row("weights", "%s; not %s", i.Weights, strings.Join(i.OtherWeights, ", "))
	}
	row("architecture", "%s", i.Architecture)
	row("image tower", "%d px, width %d, blocks %v, %d neurons, %d heads, grid %d×%d, embedding %d, %s parameters",
		c.Image, c.Width, c.Blocks, c.Channels, c.Heads, c.Grid(), c.Grid(), c.Embed, millions(i.ImageParameters))
	if c.HasText() {
		activation := i.Activation
		if i.ActivationAssumed {
			activation += " (assumed: the file does not say)"
		}
		row("text tower", "width %d, %d layers, %d heads, %d tokens, context %d, %s, %s parameters",
			c.Text.Width, c.Text.Layers, c.Text.Heads, c.Text.Vocabulary, c.Text.Context, activation, millions(i.TextParameters))
	} else {
		row("text tower", "none")
	}
	var types []string
	for _, d := range slices.Sorted(maps.Keys(i.DTypes)) {
		types = append(types, fmt.Sprintf("%d of %s", i.DTypes[d], d))
	}
	row("tensors", "%s", strings.Join(types, ", "))
}

func millions(n int64) string { return fmt.Sprintf("%.1f M", float64(n)/1e6) }
