// Package cli is facet's command line: one file for each verb, which parses flags, calls a package and prints.
// Results go to stdout, everything else to stderr.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
)

// The exit codes, kept stable.
const (
	exitOK          = 0
	exitFailure     = 1   // bad input, or something went wrong
	exitUsage       = 2   // the command line itself is wrong
	exitInterrupted = 130 // Ctrl-C
)

// app holds the flags that every verb has, and where it prints.
type app struct {
	model      string
	engine     string
	vocabulary string
	activation string
	threads    int
	maxPixels  int64
	json       bool
	verbose    bool

	stdout, stderr io.Writer
}

// usageError is a mistake in the command line itself.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Main runs one command line and gives the exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{stdout: stdout, stderr: stderr}
	root := a.root()
	root.SetArgs(args)
	return exitCode(ctx, root.ExecuteContext(ctx), stderr)
}

// exitCode prints an error for the user and maps it to a code; the one place that does either.
func exitCode(ctx context.Context, err error, stderr io.Writer) int {
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "facet: interrupted")
		return exitInterrupted
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "facet: %v\nTry: facet --help\n", err)
		return exitUsage
	}
	fmt.Fprintln(stderr, "facet:", err)
	return exitFailure
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "facet VERB",
		Short: "See what a CLIP-ResNet knows, neuron by neuron, head by head",
		Long: `facet splits the image embedding of a CLIP-ResNet exactly into contributions of single
neurons passing through single attention heads ("pairs"), and names them in words.

  facet demo                                        see it work, with nothing at hand
  facet explain photo.jpg --text "a yellow car"     which pairs made this picture a yellow car
  facet model pull RN50                             get OpenAI's RN50`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          argsBetween(0, 0, "a verb: "),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.start() },
	}
	f := root.PersistentFlags()
	f.StringVar(&a.model, "model", "", "checkpoint `FILE`, the name of a pulled model, or demo (default demo)")
	f.StringVar(&a.engine, "engine", "auto", "what runs the network: auto, ort (ONNX Runtime) or portable (pure Go)")
	f.StringVar(&a.vocabulary, "vocab", "", "vocabulary `FILE` of the text tower (default: beside the checkpoint, then the cache)")
	f.StringVar(&a.activation, "activation", "", "of the text tower: quickgelu or gelu (default: what the checkpoint is known to use)")
	numberVar(f, &a.threads, "threads", 0, span[int]{least: 0, most: 1024}, "cores to use (default all)")
	numberVar(f, &a.maxPixels, "max-pixels", 0, span[int64]{least: 0, most: 1 << 34}, "refuse pictures of more pixels (default 178956970)")
	f.BoolVar(&a.json, "json", false, "print the result as JSON")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "say more on stderr")
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(a.demoCommand(), a.explainCommand(), a.embedCommand(), a.classifyCommand(), a.modelCommand(), a.scenesCommand(), a.textsCommand(), a.evaluateCommand(),
		a.labelCommand(), a.searchCommand(), a.nearestCommand(), a.scanCommand(), a.atlasCommand(),
		a.pairsCommand(), a.neuronCommand(), a.reconstructCommand(), a.ablateCommand(), a.polysemanticityCommand(), a.sinkCommand())
	root.AddCommand(a.segmentCommand(), a.driftCommand())
	return root
}

// start checks the common flags and sets up the log.
func (a *app) start() error {
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelDebug
	}
	slog.SetDefault(slog.New(newLineHandler(a.stderr, level)))
	if !isTerminal(a.stdout) || os.Getenv("NO_COLOR") != "" {
		text.DisableColors()
	}
	if a.threads > 0 {
		runtime.GOMAXPROCS(a.threads) // which both engines and all decoding go by
	}
	return nil
}

// argsBetween takes least to most arguments (most < 0: any number); what names them for the user.
func argsBetween(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least {
			return usagef("%s: expected %s", cmd.CommandPath(), what)
		}
		if most >= 0 && len(args) > most {
			return usagef("%s: %q is too much: expected %s", cmd.CommandPath(), args[most], what)
		}
		return nil
	}
}
