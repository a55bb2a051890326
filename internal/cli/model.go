package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/internal/terminal"
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
	cmd.AddCommand(a.pullCommand(), &cobra.Command{
		Use:     "list",
		Short:   "List the published models and those that were pulled: size, where they lie, what is unfinished",
		Example: `  facet model list`,
		Args:    argsBetween(0, 0, "no arguments"),
		RunE:    func(*cobra.Command, []string) error { return a.listModels() },
	}, &cobra.Command{
		Use:        "inspect [FILE|NAME]",
		Short:      "Say what a checkpoint holds",
		Example:    `  facet model inspect RN50.pt`,
		SuggestFor: []string{"show", "info"},
		Args:       argsBetween(0, 1, "one checkpoint file, or --model"),
		RunE:       a.ofCheckpoint(a.inspect),
	}, &cobra.Command{
		Use:     "doctor [FILE|NAME]",
		Short:   "Say whether a checkpoint, its activation, input size and vocabulary fit, and how that is known",
		Example: `  facet model doctor RN50.pt`,
		Args:    argsBetween(0, 1, "one checkpoint file, or --model"),
		RunE:    a.ofCheckpoint(a.doctor),
	}, a.verifyCommand())
	return verbsBelow(cmd)
}

// ofCheckpoint runs a verb on the checkpoint that its argument, or --model, names.
func (a *app) ofCheckpoint(run func(context.Context) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			a.model = args[0]
		}
		return run(cmd.Context())
	}
}

func (a *app) pullCommand() *cobra.Command {
	var mirror string
	cmd := &cobra.Command{
		Use:        "pull NAME",
		SuggestFor: []string{"download", "get", "install"},
		Short:      "Make sure that a model and its vocabulary are on this machine, and right",
		Long: `Look for a model on this machine: in facet's cache, in ~/.cache/clip of OpenAI's package, and in the cache of the Hugging Face hub's client. What is there is checked and used where it lies. What is missing is downloaded into facet's cache from the first source that has it: the mirror,
if one is given, the hub, the publisher. A download that was cut off goes on where it stopped. Afterwards no network is needed.

NAME is one of facet model list, or hf:OWNER/NAME of any CLIP-ResNet that open_clip put on the hub, with @REVISION if need be.
HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, HF_HOME and HF_HUB_CACHE mean what they mean to the hub's client.`,
		Example: `  facet model pull RN50
  facet model pull hf:timm/resnet50_clip.cc12m`,
		Args: argsBetween(1, 1, "the name of one model (facet model list)"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.pull(cmd.Context(), args[0], mirror) },
	}
	cmd.Flags().StringVar(&mirror, "mirror", "", "ask another host first: `URL` replaces scheme and host of the publisher's files")
	return cmd
}

func (a *app) listModels() error {
	machine, err := thisMachine()
	if err != nil {
		return err
	}
	var models []answer.ListedModel
	for _, m := range append(registry.Models(), machine.Pulled()...) {
		models = append(models, listed(machine, m))
	}
	if a.json {
		return encodeJSON(a.stdout, models)
	}
	t := a.table("model", "source", "size", "on this machine")
	for _, m := range models {
		t.AppendRow(table.Row{m.Name, m.Source, sizeOf(m), whereItLies(m)})
	}
	t.Render()
	return nil
}

// thisMachine is where models lie here.
func thisMachine() (registry.Machine, error) {
	cache, err := registry.CacheDir()
	return registry.ThisMachine(cache), err
}

// listed says what is known of a model without reading it.
func listed(machine registry.Machine, m registry.Model) answer.ListedModel {
	l := answer.ListedModel{Name: m.Name, Source: m.Source, Path: m.Path(machine.Cache), Bytes: m.HubBytes, Hub: m.Hub}
	if places := machine.Places(m); len(places) > 0 {
		l.Installed, l.Path, l.Bytes, l.InPlace = true, places[0].Path, places[0].Bytes, !places[0].Own
	}
	if l.Bytes == 0 {
		l.Bytes, l.Approximate = 4*m.Parameters, m.Parameters > 0
	}
	for _, u := range machine.Unfinished(m) {
		l.UnfinishedBytes += u.Bytes
	}
	return l
}

// sizeOf is the size of a model for people.
func sizeOf(m answer.ListedModel) string {
	if m.Approximate {
		return "about " + megabytes(m.Bytes)
	}
	return megabytes(m.Bytes)
}

func whereItLies(m answer.ListedModel) string {
	where := "no"
	if m.Installed {
		where = m.Path
	}
	if m.UnfinishedBytes > 0 {
		where += fmt.Sprintf(" (%s of a download are there: facet model pull %s goes on)", megabytes(m.UnfinishedBytes), m.Name)
	}
	return where
}

// megabytes is empty where the size is not known.
func megabytes(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

func (a *app) pull(ctx context.Context, name, mirror string) error {
	m, err := registry.Lookup(name)
	if err != nil {
		return err
	}
	machine, err := thisMachine()
	if err != nil {
		return err
	}
	path, err := a.fetch(ctx, machine, m, mirror)
	if err != nil {
		return err
	}
	l := listed(machine, m)
	l.Path = path
	if a.json {
		return encodeJSON(a.stdout, l)
	}
	how := ""
	if l.InPlace {
		how = " (used where it lies)"
	}
	fmt.Fprintf(a.stdout, "%s is ready: %s%s\nTry: facet explain PHOTO --model %s\n", m.Name, path, how, m.Name)
	return nil
}

// fetch makes sure that a model is on this machine, under one bar.
func (a *app) fetch(ctx context.Context, machine registry.Machine, m registry.Model, mirror string) (string, error) {
	var bar *terminal.Bar
	var of string
	done := func() {
		if bar != nil {
			bar.Done()
		}
	}
	defer func() { done() }()
	p := registry.Puller{Machine: machine, Hub: registry.HubFromEnv(), Mirror: mirror, Log: slog.Default()}
	p.Progress = func(file string, n, total int64) {
		if bar == nil || of != file {
			done()
			bar, of = terminal.NewByteBar(a.stderr, m.Name+" "+file, total), file
		}
		bar.Set(int(n))
	}
	path, err := p.Pull(ctx, m)
	var sources *registry.SourcesError
	if mirror == "" && errors.As(err, &sources) && m.URL != "" {
		err = fmt.Errorf("%w\nor name a host that has the publisher's files: facet model pull %s --mirror URL", err, m.Name)
	}
	return path, err
}

// offer pulls the model of --model if it is a known one that is not on this machine: with --yes, or when whoever sits at the terminal says so.
func (a *app) offer(ctx context.Context) error {
	m, err := registry.Lookup(a.model)
	if err != nil || regular.Exists(a.model) {
		return nil // a file, or a name that nobody knows: the lab says which
	}
	machine, err := thisMachine()
	if err != nil || len(machine.Places(m)) > 0 {
		return nil
	}
	if !a.yes {
		if in, ok := a.stdin.(*os.File); !ok || !terminal.Is(in) || !terminal.Is(a.stderr) {
			return nil
		}
		size := ""
		if known := sizeOf(listed(machine, m)); known != "" {
			size = " (" + known + ")"
		}
		if yes, err := confirm(ctx, a.stdin, a.stderr, fmt.Sprintf("%s is not on this machine. Download it%s now?", m.Name, size)); err != nil || !yes {
			return err
		}
	}
	_, err = a.fetch(ctx, machine, m, "")
	return err
}

// confirm asks a question that a line of input answers; an empty line is a yes, the end of the input a no.
func confirm(ctx context.Context, in io.Reader, out io.Writer, question string) (bool, error) {
	fmt.Fprintf(out, "facet: %s [Y/n] ", question)
	line := make(chan string, 1)
	go func() {
		text, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && text == "" {
			text = "no"
		}
		line <- text
	}()
	select {
	case text := <-line:
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "", "y", "yes":
			return true, nil
		}
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (a *app) inspect(ctx context.Context) error {
	if err := a.offer(ctx); err != nil {
		return err
	}
	i, err := lab.Inspect(ctx, a.config())
	if err != nil {
		return err
	}
	if a.json {
		return encodeJSON(a.stdout, i)
	}
	show.Inspection(a.stdout, i)
	return nil
}
