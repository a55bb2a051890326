package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/facet-clip/facet/internal/serving"
	"github.com/facet-clip/facet/lab"
)

// Config says what is served, and how.
type Config struct {
	// Lab answers the questions. It outlives the server, which does not close it.
	Lab *lab.Lab
	// Atlases are the folders of atlases that its model made, the first of which the pages begin with.
	Atlases []string
	// MakeFirst makes an atlas to begin with where Atlases is empty, and gives its folder, and whether that is already the whole one. Nil: none is
	// served then.
	MakeFirst func(context.Context) (folder string, whole bool, err error)
	// MakeAtlas makes the whole atlas, which then takes the place of the first one: [Server.Serve] makes it as a job while that is served. Its folder
	// is called the same. Nil: the first one stays.
	MakeAtlas func(context.Context) (string, error)
	// Steps says how far the lab is while the server opens; nil: nobody knows.
	Steps *Steps
	// Profiles are the folders of drift profiles that the model made.
	Profiles []string
	// Stores are where facet drift watch follows streams, each with one of the profiles: SQLite files or postgres://…
	Stores []string
	// Banks are banks of texts, the first of which names directions where a question names none.
	Banks []string
	// Listener is where requests come from. Where it is not on the loopback, they need a token.
	Listener net.Listener
	// Host is a name of this machine that requests may call it by, beside its addresses; empty: none.
	Host string
	// BasePath stands before all addresses, where a proxy serves the explorer under a path; empty: nothing does.
	BasePath string
	// ReadOnly takes no uploads and answers only GET.
	ReadOnly bool
	// Version is facet's.
	Version string
	// Log takes requests and the reasons of failures. Nil discards them.
	Log *slog.Logger
}

// Server serves a lab over HTTP.
type Server struct {
	lab       *lab.Lab
	config    Config
	log       *slog.Logger
	base      string                // "" or "/path"
	token     string                // empty: none is needed
	served    atomic.Pointer[shelf] // what is served now; a request goes by what it found: see [Server.shelf]
	streams   streams
	memory    *memory
	limits    limits
	room      *room
	metrics   *metrics
	clients   *clients
	loopback  bool
	opening   opening
	beginning bool // what is served is to be replaced by the whole atlas
	jobs      *jobs
}

// New makes a server. [Server.Open] opens what it serves.
func New(c Config) (*Server, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	base, err := basePath(c.BasePath)
	if err != nil {
		return nil, err
	}
	s := &Server{lab: c.Lab, config: c, log: c.Log, base: base, limits: defaultLimits, memory: newMemory(memoryBytes), jobs: newJobs(), loopback: isLoopback(c.Listener.Addr())}
	s.room, s.metrics, s.clients = newRoom(s.limits), newMetrics(), newClients(s.limits)
	if !s.loopback {
		s.token = newToken()
	}
	return s, nil
}

// basePath is a path that begins with a slash and does not end with one.
func basePath(path string) (string, error) {
	path = strings.TrimSuffix(path, "/")
	if path == "" {
		return "", nil
	}
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?#{}%\\ \"'<>") || strings.Contains(path+"/", "//") || strings.Contains(path+"/", "/../") || strings.Contains(path+"/", "/./") {
		return "", fmt.Errorf("base path %s: expected a path such as /facet", path)
	}
	return path, nil
}

const (
	headTimeout  = 10 * time.Second // to send a header
	writeTimeout = 3 * time.Minute  // from a header to the end of the answer
	idleTimeout  = 2 * time.Minute
	maxHeader    = 1 << 16
	shutdownTime = 20 * time.Second // for requests under way
)

// Serve serves until ctx is done, and lets requests under way end. Then it gives nil. It answers at once, and opens meanwhile what is not open; where that
// fails, it ends with the reason.
func (s *Server) Serve(ctx context.Context) error {
	within, stop := context.WithCancel(ctx)
	defer stop()
	opened := make(chan error, 1)
	go func() {
		err := s.Open(within)
		if err != nil {
			stop()
		} else {
			s.grow(within)
			s.warm(within)
		}
		opened <- err
	}()
	err := s.serve(within)
	ended := ctx.Err() != nil
	stop()
	s.jobs.close()
	defer s.streams.close()
	if failed := <-opened; failed != nil && !(ended && errors.Is(failed, context.Canceled)) {
		return failed
	}
	return err
}

func (s *Server) serve(ctx context.Context) error {
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: headTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	return serving.Until(ctx, server, s.config.Listener, shutdownTime, func(err error) { s.log.Warn("requests were cut off", "reason", err) })
}

// Address is where a browser finds the explorer. Where a token is needed, the address holds it: whoever has the address is let in.
func (s *Server) Address() string {
	host, port, err := net.SplitHostPort(s.config.Listener.Addr().String())
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	if s.config.Host != "" {
		host = s.config.Host
	}
	address := "http://" + net.JoinHostPort(host, port) + s.base + "/"
	if s.token != "" {
		address += "?" + tokenParameter + "=" + s.token
	}
	return address
}

// NeedsToken tells whether requests need a token, which is then in [Server.Address].
func (s *Server) NeedsToken() bool { return s.token != "" }

// Handler answers every address of the explorer.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(out, "ok")
	})
	mux.Handle("GET /metrics", s.metrics.handler())
	api := http.NewServeMux()
	s.register(api)
	mux.Handle(prefix+"/jobs", s.writing(api))
	mux.Handle(prefix+"/jobs/", s.writing(api))
	mux.Handle("POST "+prefix+"/jobs/segment", s.writing(s.received(api)))
	mux.Handle("/api/", formed(s.remembered(s.limited(s.received(api)))))
	s.pages(mux)
	h := s.opened(mux)
	if s.base != "" {
		h = http.StripPrefix(s.base, h)
	}
	h = s.allowed(h)
	h = s.paced(h)
	h = sameOrigin(s, h)
	h = s.secured(h)
	h = s.hosted(h)
	return s.recorded(h)
}
