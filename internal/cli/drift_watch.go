package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/drift/watch"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/internal/terminal"
	"github.com/facet-clip/facet/lab"
)

// watchOptions are the flags of facet drift watch.
type watchOptions struct {
	question lab.Watch
	source   string
	stream   flags.Stream
	listen   string
	times    dataset.TimeFormat
	every    time.Duration
	once     bool
}

func (a *app) driftWatchCommand() *cobra.Command {
	var o watchOptions
	cmd := &cobra.Command{
		Use:   "watch PROFILE [SOURCE]",
		Short: "Follow a stream of images and say in words when it drifts from a profile",
		Long: `Counts every image once, by its content, compares full windows with the profile, and raises alerts within one false-alarm budget for the
whole stream. It may be stopped or killed at any moment and goes on where it was; several may watch one stream.

SOURCE is a folder that grows, - for a manifest on standard input, or any other dataset, which ends. With --listen, pictures are taken by
POST /images too, with or without a SOURCE, and /metrics, /healthz, /windows and /alerts are answered.`,
		Example: `  facet drift watch reference.profile /var/spool/camera --model RN50 --bank words.txt
  facet drift watch reference.profile --listen :8080 --store postgres://facet@db/drift --webhook https://example.com/hook
  facet drift watch cars.profile 'scenes:yellow-cars?n=200&seed=3' --window 200`,
		Args: argsBetween(1, 2, "a PROFILE and a SOURCE or --listen"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.question.Profile = args[0]
			if len(args) > 1 {
				o.source = args[1]
			}
			if err := o.check(a); err != nil {
				return err
			}
			return a.driftWatch(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.stream.Flags(f, &o.question)
	f.StringVar(&o.question.Bank, "bank", "", "common, objects, a `BANK` of facet texts, or a file with a text a line: name changes by it. Default: common; the demo model has its world's words")
	flags.Number(f, &o.question.Level, "level", 0.05, flags.Level, "expected share of false discoveries among the changed pairs of a window")
	f.StringVar(&o.listen, "listen", "", "serve HTTP at `ADDRESS`, such as :8080 or localhost:8080")
	f.StringVar(&o.question.Webhook, "webhook", "", "post alerts as JSON to `URL`, again until it takes them")
	flags.Number(f, &o.every, "every", 10*time.Second, flags.Span[time.Duration]{Least: 10 * time.Millisecond, Most: 24 * time.Hour}, "look into a folder so often")
	flags.TimeFormat(f, &o.times)
	f.BoolVar(&o.once, "once", false, "take what a folder holds now, and end")
	return cmd
}

func (o *watchOptions) check(a *app) (err error) {
	switch {
	case o.source == "" && o.listen == "":
		return flags.Mistakef("facet drift watch: expected a SOURCE, --listen or both")
	case o.once && o.listen != "":
		return flags.Mistakef("--once --listen %s: expected one of them: who listens does not end", o.listen)
	}
	if o.question.Webhook != "" {
		if u, err := url.Parse(o.question.Webhook); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return flags.Mistakef("--webhook %s: expected http://… or https://…", o.question.Webhook)
		}
	}
	return o.stream.Read(&o.question)
}

func (a *app) driftWatch(ctx context.Context, o watchOptions) error {
	l, err := a.openProfileLab(ctx, o.question.Profile)
	if err != nil {
		return err
	}
	defer l.Close()
	o.question.Closed = a.printWindow
	w, err := l.Watch(ctx, o.question)
	if err != nil {
		return asUsage(err)
	}
	defer w.Store.Close()
	jobs, progress, err := a.watchJobs(w, o)
	if err != nil {
		return err
	}
	err = w.Run(ctx, jobs...)
	progress.Done()
	if err != nil {
		return err
	}
	return a.printWatchEnd(ctx, w.Store)
}

// watchJobs are the feed and the server.
func (a *app) watchJobs(w *watch.Watcher, o watchOptions) (jobs []func(context.Context) error, p *terminal.Bar, err error) {
	total := -1
	switch info, statErr := os.Stat(o.source); {
	case o.source == "":
		p = terminal.NewBar(a.stderr, "images", total)
	case o.source == "-":
		p = terminal.NewBar(a.stderr, "images", total)
		dir, err := os.Getwd()
		if err != nil {
			return nil, nil, err
		}
		jobs = append(jobs, func(ctx context.Context) error { return w.Items(dataset.Feed(ctx, a.stdin, dir, o.times), p.Set)(ctx) })
	case statErr == nil && info.IsDir():
		p = terminal.NewBar(a.stderr, "images", total)
		count := p.Set
		if !o.once { // for ever: the windows are the progress
			count = func(int) {}
		}
		jobs = append(jobs, w.Folder(filepath.Clean(o.source), o.every, o.once, count))
	default:
		source, err := dataset.Open(o.source, dataset.Options{Times: o.times})
		if err != nil {
			return nil, nil, err
		}
		p = terminal.NewBar(a.stderr, "images", source.Len())
		jobs = append(jobs, func(ctx context.Context) error { return w.Items(source.Items(ctx, 0), p.Set)(ctx) })
	}
	if o.listen != "" {
		listener, err := net.Listen("tcp", o.listen)
		if err != nil {
			return nil, nil, fmt.Errorf("--listen %s: %w", o.listen, err)
		}
		fmt.Fprintf(a.stderr, "facet: listening at http://%s\n", listener.Addr())
		jobs = append(jobs, w.Serve(listener))
	}
	return jobs, p, nil
}

// printWatchEnd says at the end of a stream what the store holds.
func (a *app) printWatchEnd(ctx context.Context, s *store.Store) error {
	t, err := s.All().Totals(ctx)
	if err != nil || a.json {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%d images counted, %d of them in a window that is still open; %d cannot be read; windows: %d, alerts: %d\n",
		t.Images, t.Waiting, t.Unreadable, t.Windows, t.Alerts)
	return err
}

// printWindow prints a window when it is closed.
func (a *app) printWindow(w answer.Window) {
	if !a.json {
		show.Window(a.stdout, w)
		return
	}
	line := json.NewEncoder(a.stdout)
	line.SetEscapeHTML(false) // as with every other --json
	if err := line.Encode(w); err != nil {
		slog.Warn("a window could not be printed", "reason", err)
	}
}
