// Package cli is facet's command line: one file for each verb, which parses flags, calls a package and prints.
// Results go to stdout, everything else to stderr.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/drift/gate"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/foreign"
	"github.com/facet-clip/facet/internal/terminal"
	"github.com/facet-clip/facet/internal/verbs"
)

// The exit codes, kept stable.
const (
	exitOK          = 0
	exitFailure     = 1   // bad input, or something went wrong
	exitUsage       = 2   // the command line itself is wrong
	exitBroken      = 3   // a comparison breaks a rule of --fail-on
	exitInterrupted = 130 // Ctrl-C
	exitTerminated  = 143 // SIGTERM
)

// app holds the flags that every verb has, and where it prints.
type app struct {
	model      string
	engine     string
	device     string
	vocabulary string
	activation string
	threads    int
	maxPixels  int64
	exifRotate bool
	json       bool
	verbose    bool
	yes        bool
	brief      bool          // nothing that is printed or written says more of the model than its name
	bars       terminal.Bars // of the steps that a lab is at

	stdin          io.Reader
	stdout, stderr io.Writer
	oldFlags       []renamedFlag // that the command line used
}

// Main runs one command line and gives the exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := withSignals(context.Background())
	defer stop()
	a := &app{stdin: os.Stdin, stdout: stdout, stderr: stderr}
	root := a.root()
	root.SetArgs(append([]string{}, args...)) // never nil, for which cobra takes those of the process
	cmd, err := root.ExecuteContextC(ctx)
	return exitCode(ctx, cmd.CommandPath(), err, stderr)
}

// exitCode prints an error of a verb for the user and maps it to a code; the one place that does either.
func exitCode(ctx context.Context, verb string, err error, stderr io.Writer) int {
	var usage flags.Mistake
	switch {
	case err == nil:
		return exitOK
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "facet: interrupted")
		return interruptedCode(ctx)
	}
	message := foreign.Message(strings.TrimPrefix(withHint(err), verb+": ")) // the verb is named once
	if errors.As(err, &usage) {
		fmt.Fprintf(stderr, "%s: %s\nrun \"%s --help\"\n", verb, message, verb)
		return exitUsage
	}
	fmt.Fprintln(stderr, "facet:", message)
	if errors.As(err, new(gate.Error)) {
		return exitBroken
	}
	return exitFailure
}

// withoutCall is an error without the name of the system call that failed.
func withoutCall(err error) string {
	var path *fs.PathError
	if !errors.As(err, &path) {
		return err.Error()
	}
	return strings.Replace(err.Error(), path.Error(), path.Path+": "+path.Err.Error(), 1)
}

func (a *app) root() *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:   "facet VERB",
		Short: "See what a CLIP-ResNet knows, neuron by neuron, head by head",
		Long: `facet splits the image embedding of a CLIP-ResNet exactly into contributions of single
neurons passing through single attention heads ("pairs"), and names them in words.`,
		Example: `  facet demo                                        see it work, with nothing at hand
  facet explain photo.jpg --text "a yellow car"     which pairs made this picture a yellow car
  facet model pull RN50                             get OpenAI's RN50
  facet completion bash --help                      have the shell complete verbs and flags`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          verbs.Known,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version {
				return a.version()
			}
			return cmd.Help()
		},
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.start() },
	}
	root.Flags().BoolVar(&version, "version", false, "say which facet this is, as facet version does")
	a.commonFlags(root.PersistentFlags())
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(verbs.FlagError)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { verbs.Help(a.stdout, a.stderr, cmd) })
	root.AddGroup(verbGroups()...)
	for _, list := range [][]*cobra.Command{
		group(groupLook, a.demoCommand(), a.explainCommand(), a.classifyCommand(), a.embedCommand(), a.traceCommand(), a.serveCommand()),
		group(groupWords, a.textsCommand(), a.searchCommand(), a.nearestCommand(), a.labelCommand(), a.confuseCommand(), a.discoverCommand()),
		group(groupAtlases, a.scanCommand(), a.atlasCommand(), a.pairsCommand(), a.neuronCommand(), a.headCommand(), a.propertyCommand(), a.treeCommand(), a.scenesCommand()),
		group(groupEdit, a.editCommand()),
		group(groupPaper, a.reconstructCommand(), a.componentsCommand(), a.ablateCommand(), a.polysemanticityCommand(), a.sinkCommand(), a.evaluateCommand(), a.reproduceCommand()),
		group(groupSegment, a.segmentCommand()),
		group(groupDrift, a.driftCommand()),
		group(groupModels, a.compareCommand(), a.modelCommand()),
		group(groupFacet, a.versionCommand()),
	} {
		root.AddCommand(list...)
	}
	a.addOwn(root)
	for verb, flags := range renamedFlags {
		if cmd, _, err := root.Find(strings.Fields(verb)); err == nil {
			a.acceptOldFlags(cmd, flags)
		}
	}
	return root
}

// commonFlags are those of every verb.
func (a *app) commonFlags(f *pflag.FlagSet) {
	f.StringVar(&a.model, "model", "", "checkpoint `FILE`, the name of a pulled model, or demo (default: the one that an atlas or profile was made with, else demo)")
	f.StringVar(&a.engine, "engine", "auto", "what runs the network: auto, ort (ONNX Runtime) or portable (pure Go)")
	f.StringVar(&a.device, "device", "cpu", "where ONNX Runtime runs: cpu, or cuda or cuda:N, GPU N of NVIDIA's, with a library that can")
	f.StringVar(&a.vocabulary, "vocab", "", "vocabulary `FILE` of the text tower (default: beside the checkpoint, then the cache)")
	f.StringVar(&a.activation, "activation", "", "of the text tower: quickgelu or gelu (default: what the checkpoint is known to use)")
	flags.Number(f, &a.threads, "threads", 0, flags.Span[int]{Least: 0, Most: 1024}, "cores to use (default all)")
	flags.Number(f, &a.maxPixels, "max-pixels", 0, flags.Span[int64]{Least: 0, Most: 1 << 34}, "decode pictures of at most so many pixels in all at a time, and refuse larger ones (default 178956970, which take 716 MB)")
	f.BoolVar(&a.exifRotate, "exif-rotate", false, "turn pictures as their EXIF data say; CLIP's own preprocessing does not (TIFFs are turned in any case)")
	f.BoolVar(&a.json, "json", false, "print the result as JSON")
	f.BoolVar(&a.yes, "yes", false, "pull the model of --model without asking, if it is a known one that is not on this machine")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "say more on stderr")
}

// start checks the common flags and sets up the log.
func (a *app) start() error {
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelDebug
	}
	slog.SetDefault(slog.New(terminal.NewLineHandler(a.stderr, level, withHint)))
	if !terminal.Is(a.stdout) || os.Getenv("NO_COLOR") != "" {
		text.DisableColors()
	}
	for _, f := range a.oldFlags {
		slog.Warn(fmt.Sprintf("--%s is called --%s now; the old name will go away", f.old, f.now))
	}
	if a.threads > 0 {
		runtime.GOMAXPROCS(a.threads) // which both engines and all decoding go by
	}
	return nil
}

// table starts a table on stdout.
func (a *app) table(columns ...string) table.Writer { return terminal.Table(a.stdout, columns...) }

// tell shows how far a lab is with a step: [lab.Progress].
func (a *app) tell(step string, done, total int) { a.bars.Tell(a.stderr, step, done, total) }
