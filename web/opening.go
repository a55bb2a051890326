package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/tokenizer"
)

// Steps keeps what the lab is doing while a server opens. Its Tell is a [lab.Progress].
type Steps struct {
	mu          sync.Mutex
	step        string
	done, total int
}

// Tell takes how far a step is.
func (s *Steps) Tell(step string, done, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.step, s.done, s.total = step, done, total; done < 0 {
		s.step = ""
	}
}

// String says how far the step under way is; empty where there is none.
func (s *Steps) String() string {
	if s == nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.step == "":
		return ""
	case s.total <= 0:
		return fmt.Sprintf("%s: %d", s.step, s.done)
	}
	return fmt.Sprintf("%s: %d of %d", s.step, s.done, s.total)
}

// opening is how far a server is with what it serves.
type opening struct {
	once sync.Once
	err  error
	done atomic.Bool
}

// Open makes or opens all that is served, once. Until then requests are told to come again. [Server.Serve] opens what is not open.
func (s *Server) Open(ctx context.Context) error {
	s.opening.once.Do(func() {
		s.opening.err = s.open(ctx)
		s.opening.done.Store(s.opening.err == nil)
	})
	return s.opening.err
}

func (s *Server) open(ctx context.Context) (err error) {
	atlases := s.config.Atlases
	if len(atlases) == 0 && s.config.MakeFirst != nil {
		made, whole, err := s.config.MakeFirst(ctx)
		if err != nil {
			return err
		}
		atlases, s.beginning = []string{made}, !whole && s.config.MakeAtlas != nil
	}
	first, err := newShelf(ctx, s.config, atlases)
	if err != nil {
		return err
	}
	if len(first.banks) > 0 {
		s.lab.NameBy(first.banks[0].path)
	}
	s.served.Store(first)
	if s.streams, err = openStreams(ctx, s.config); err != nil {
		return err
	}
	for _, one := range s.streams {
		if err := s.metrics.registry.Register(one.Metrics(s.log)); err != nil {
			return err
		}
	}
	if len(s.config.Banks) > 0 {
		return nil
	}
	_, err = s.lab.Bank(ctx, "", false) // the default, which names directions where a question names no bank
	if errors.Is(err, clip.ErrNoText) || errors.Is(err, tokenizer.ErrNotFound) {
		s.log.Warn("nothing is named, as no bank was given and the common words cannot be embedded", "reason", err)
		return nil
	}
	return err
}

// warm computes what many questions need, while the first are answered.
func (s *Server) warm(ctx context.Context) {
	banks := s.config.Banks
	if len(banks) == 0 {
		banks = []string{""}
	}
	var atlases []string
	for _, a := range s.shelf(ctx).atlases {
		atlases = append(atlases, a.path)
	}
	if err := s.lab.Warm(ctx, atlases, banks); err != nil && ctx.Err() == nil {
		s.log.Warn("not all was computed ahead: the first questions take longer", "reason", err)
	}
}

// opened tells requests to come again until all is open. Pages come by themselves.
func (s *Server) opened(next http.Handler) http.Handler {
	moment := s.template("opening.html")
	return http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		path := in.URL.Path
		if s.opening.done.Load() || path == "/healthz" || path == "/metrics" || strings.HasPrefix(path, "/static/") {
			next.ServeHTTP(out, in.WithContext(withShelf(in.Context(), s.served.Load())))
			return
		}
		out.Header().Set("Retry-After", "1")
		told := "facet is still opening what it serves"
		step := s.config.Steps.String()
		if in.Method == http.MethodGet && !s.isAPI(in) && strings.Contains(in.Header.Get("Accept"), "text/html") {
			out.Header().Set("Refresh", "1")
			s.show(out, in, moment, http.StatusServiceUnavailable, page{Title: "One moment", Data: step})
			return
		}
		if step != "" {
			told += ": " + step
		}
		s.refuse(out, in, http.StatusServiceUnavailable, told)
	})
}
