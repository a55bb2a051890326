package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/exec"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/terminal"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/web"
)

// serveOptions are the flags of facet serve.
type serveOptions struct {
	config web.Config
	listen string
	noOpen bool
}

func (a *app) serveCommand() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve [ATLAS…]",
		Short: "Open the explorer: pages for people and an API for programs, over a model and its atlases",
		Long: `Serves pages and the API under /api/v1, which /api/openapi.json describes. Nothing is loaded from the network, and no answer tells a path of
this machine. With nothing given it is the demo model. Its atlas of 300 scenes is made while the first 32 are shown.

At localhost only this machine reaches it. At another address it asks for a token, which it writes to stderr when it starts.`,
		Example: `  facet serve                                            the demo model, in the browser
  facet serve photos.atlas --banks words.txt             the model that made an atlas
  facet serve --profile cars.profile --store drift.db    a stream that facet drift watch follows
  facet serve photos.atlas --listen :8080 --no-open      for other machines, with a token`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.config.Atlases = args
			return a.serve(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "localhost:8080", "serve HTTP at `ADDRESS`, such as :8080 or localhost:8080")
	f.BoolVar(&o.noOpen, "no-open", false, "do not open the browser")
	f.StringArrayVar(&o.config.Banks, "banks", nil, "common, objects, a `BANK` of facet texts, or a file with a text a line, to name directions by. May be given again. Default: common; the demo model has its own")
	f.StringArrayVar(&o.config.Profiles, "profile", nil, "a `FOLDER` of facet drift profile, with which the model's streams are compared; may be given again")
	flags.Again(f, &o.config.Stores, "store", "an SQLite `FILE` or postgres://…: what facet drift watch counted is shown, with its --profile; may be given again")
	f.StringVar(&o.config.BasePath, "base-path", "", "the `PATH` under which a proxy serves the explorer, such as /facet")
	f.BoolVar(&o.config.ReadOnly, "read-only", false, "take no uploads: answer only GET")
	return cmd
}

func (a *app) serve(ctx context.Context, o serveOptions) (err error) {
	if (len(o.config.Stores) == 0) != (len(o.config.Profiles) == 0) {
		return flags.Mistakef("--profile and --store go together: the profile of a stream and the store that facet drift watch keeps of it")
	}
	host, _, err := net.SplitHostPort(o.listen)
	if err != nil {
		return flags.Mistakef("--listen %s: expected HOST:PORT, such as localhost:8080", o.listen)
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", o.listen, err)
	}
	defer listener.Close()
	l, err := a.openServed(ctx, &o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	o.config.Lab, o.config.Listener, o.config.Version, o.config.Log = l, listener, serveVersion(), slog.Default()
	if net.ParseIP(host) == nil {
		o.config.Host = host
	}
	s, err := web.New(o.config)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "facet: the explorer is at %s\n", s.Address())
	if !o.noOpen && !s.NeedsToken() && terminal.Is(a.stderr) { // other users of this machine see the arguments of its programs
		openBrowser(s.Address())
	}
	return s.Serve(ctx)
}

// openServed opens the lab of what is served. With neither an atlas nor a model it is the demo, whose atlas is made when the server opens.
func (a *app) openServed(ctx context.Context, o *serveOptions) (*lab.Lab, error) {
	o.config.Steps = &web.Steps{}
	if len(o.config.Atlases) > 0 {
		return a.openLabTelling(ctx, o.config.Atlases[0], o.config.Steps.Tell)
	}
	open := func() (*lab.Lab, error) { return a.openLabTelling(ctx, "", o.config.Steps.Tell) }
	if len(o.config.Profiles) > 0 {
		open = func() (*lab.Lab, error) { return a.openProfileLab(ctx, o.config.Profiles[0]) }
	}
	l, err := open()
	if err == nil && l.Name() == lab.DemoName {
		o.config.MakeFirst, o.config.MakeAtlas = l.DemoBeginning, l.DemoAtlas
	}
	return l, err
}

// serveVersion is facet's version for the description of the API.
func serveVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// openBrowser has the desktop open an address. Where there is none, the address on stderr is enough.
func openBrowser(address string) {
	open := []string{"xdg-open", address}
	switch runtime.GOOS {
	case "darwin":
		open = []string{"open", address}
	case "windows":
		open = []string{"rundll32", "url.dll,FileProtocolHandler", address}
	}
	cmd := exec.Command(open[0], open[1:]...)
	if err := cmd.Start(); err != nil {
		slog.Info("the browser was not opened", "reason", err)
		return
	}
	go cmd.Wait() // so that it does not stay behind as a process that nobody asks about
}
