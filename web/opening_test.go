package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestOpening: until all is open, pages come with how far that is, programs are told when to come again, and the server is alive. One that cannot
// open ends with the reason.
func TestOpening(t *testing.T) {
	newServer(t, "127.0.0.1:8080", nil) // so that the demo's atlas is there
	release, steps := make(chan error, 1), &Steps{}
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{
		Lab: demoServed.lab, Banks: []string{demoServed.bank}, Steps: steps, Log: slog.New(slog.DiscardHandler), Listener: listener,
		MakeFirst: func(ctx context.Context) (string, bool, error) {
			steps.Tell("images", 12, 300)
			return demoServed.atlas, true, <-release
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	h, ctx, opened := s.Handler(), t.Context(), make(chan error, 1)
	go func() { opened <- s.Open(ctx) }()
	for strings.TrimSpace(steps.String()) == "" { // until it has begun
	}
	page := send(h, "GET", "/", nil, map[string]string{"Accept": "text/html"})
	if page.Code != http.StatusServiceUnavailable || page.Header().Get("Refresh") == "" || !strings.Contains(page.Body.String(), "images: 12 of 300") {
		t.Errorf("a page: %d %v\n%s", page.Code, page.Header(), page.Body)
	}
	api := send(h, "GET", "/api/v1/model", nil, nil)
	if checkProblem(t, "meanwhile", api); api.Code != http.StatusServiceUnavailable || api.Header().Get("Retry-After") == "" || !strings.Contains(api.Body.String(), "12 of 300") {
		t.Errorf("the API: %d %s", api.Code, api.Body)
	}
	for _, target := range []string{"/healthz", "/metrics", "/static/facet.css"} {
		if out := send(h, "GET", target, nil, nil); out.Code != http.StatusOK {
			t.Errorf("%s: %d", target, out.Code)
		}
	}
	release <- nil
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	if out := send(h, "GET", "/api/v1/atlases", nil, nil); out.Code != http.StatusOK || !strings.Contains(out.Body.String(), `"scenes"`) {
		t.Errorf("when it is open: %d %s", out.Code, out.Body)
	}
	gone := errors.New("it is gone")
	s, err = New(Config{Lab: demoServed.lab, Listener: listener, MakeFirst: func(context.Context) (string, bool, error) { return "", false, gone }})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(t.Context()); !errors.Is(err, gone) {
		t.Errorf("one that cannot open ends with %v", err)
	}
}
