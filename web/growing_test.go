package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/facet-clip/facet/lab"
)

// growing is a server that serves the beginning of the demo's atlas, and the whole one when it is let.
func growing(t *testing.T) (s *Server, release chan error) {
	t.Helper()
	newServer(t, "127.0.0.1:8080", nil) // so that the whole atlas is there
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	release = make(chan error, 1)
	first, err := demoBeginning()
	if err != nil {
		t.Fatal(err)
	}
	s, err = New(Config{
		Lab: demoServed.lab, Listener: listener, Log: slog.New(slog.DiscardHandler),
		MakeFirst: func(context.Context) (string, bool, error) { return first, false, nil },
		MakeAtlas: func(ctx context.Context) (string, error) {
			select {
			case err := <-release:
				return demoServed.atlas, err
			case <-ctx.Done():
				return "", ctx.Err()
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s, release
}

// demoBeginning is the beginning of the demo's atlas, made where the whole one is not.
var demoBeginning = sync.OnceValues(func() (string, error) {
	l, err := lab.Open(context.Background(), lab.Config{Cache: filepath.Join(demoServed.dir, "beginning")})
	if err != nil {
		return "", err
	}
	defer l.Close()
	dir, whole, err := l.DemoBeginning(context.Background())
	if err == nil && whole {
		err = errors.New("the whole atlas, expected its beginning")
	}
	return dir, err
})

// atlasNow is the first atlas that is served.
func atlasNow(t *testing.T, h http.Handler) Atlas {
	t.Helper()
	var all Atlases
	if err := json.Unmarshal(send(h, "GET", "/api/v1/atlases", nil, nil).Body.Bytes(), &all); err != nil || len(all.Atlases) != 1 {
		t.Fatalf("%v: %+v", err, all)
	}
	return all.Atlases[0]
}

// makingJob is the id of the job that makes the whole atlas.
func makingJob(t *testing.T, s *Server) string {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if id := s.jobs.underWay(jobAtlas); id != "" {
			return id
		}
	}
	t.Fatal("no job makes the whole atlas")
	return ""
}

// TestGrowing: the beginning of an atlas is served until the whole one is there; then every tag changes. Whoever asks meanwhile is answered of one of the two.
func TestGrowing(t *testing.T) {
	s, release := growing(t)
	h, id := s.Handler(), makingJob(t, s)
	html := map[string]string{"Accept": "text/html"}
	if page := send(h, "GET", "/", nil, html); page.Code != http.StatusOK || !strings.Contains(page.Body.String(), `data-job="`+id+`"`) {
		t.Errorf("meanwhile: %d %s", page.Code, page.Body)
	}
	first := atlasNow(t, h)
	if first.Images != 32 || first.Labelled == nil {
		t.Errorf("first %+v", first)
	}
	questions := []string{"/api/v1/atlases", "/api/v1/atlases/scenes/pairs?top=3", "/api/v1/atlases/scenes/neurons/89?images=2", "/api/v1/search?text=a+castle&atlas=scenes&top=3", "/api/v1/atlases/scenes/images?top=40", "/api/v1/atlases/scenes/strengths"}
	right := map[string][]string{} // the answers of either, in order
	tag := send(h, "GET", questions[1], nil, nil).Header().Get("ETag")
	alone := newServer(t, "127.0.0.1:8080", func(c *Config) { c.Banks, c.Profiles, c.Stores = nil, nil, nil }).Handler()
	for _, q := range questions {
		right[q] = []string{send(h, "GET", q, nil, nil).Body.String(), send(alone, "GET", q, nil, nil).Body.String()}
		if right[q][0] == right[q][1] {
			t.Errorf("%s: the beginning and the whole answer alike", q)
		}
	}
	var group sync.WaitGroup
	stop := make(chan struct{})
	for worker := range 4 {
		group.Go(func() {
			for i := worker; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				q := questions[i%len(questions)]
				out := send(h, "GET", q, nil, nil)
				if body := out.Body.String(); out.Code != http.StatusOK || body != right[q][0] && body != right[q][1] {
					t.Errorf("%s: %d, of neither atlas: %.300s", q, out.Code, body)
					return
				}
			}
		})
	}
	release <- nil
	one, err := s.jobs.wait(t.Context(), id)
	if err != nil || one.State != jobDone {
		t.Errorf("%v %+v", err, one)
	}
	for range 50 {
		if whole := atlasNow(t, h); whole.Images != 300 || whole.Digest == first.Digest {
			t.Fatalf("when it is done: %+v", whole)
		}
	}
	close(stop)
	group.Wait()
	out := send(h, "GET", questions[1], nil, map[string]string{"If-None-Match": tag})
	if out.Code != http.StatusOK || out.Body.String() != right[questions[1]][1] {
		t.Errorf("with the tag of before: %d", out.Code)
	}
	if page := send(h, "GET", "/", nil, html); strings.Contains(page.Body.String(), "data-job") || !strings.Contains(page.Body.String(), "300 images") {
		t.Errorf("then: %s", page.Body)
	}
}

// TestNotGrown: where the whole atlas cannot be made, or nobody wants it, its beginning stays, and its job says why.
func TestNotGrown(t *testing.T) {
	s, release := growing(t)
	id := makingJob(t, s)
	release <- errors.New("the disk is full")
	if one, err := s.jobs.wait(t.Context(), id); err != nil || one.State != jobFailed {
		t.Errorf("%v %+v", err, one)
	}
	if got := atlasNow(t, s.Handler()); got.Images != 32 {
		t.Errorf("after a failure: %+v", got)
	}
	s, _ = growing(t)
	id = makingJob(t, s)
	if out := send(s.Handler(), "DELETE", "/api/v1/jobs/"+id, nil, nil); out.Code != http.StatusNoContent {
		t.Fatalf("%d %s", out.Code, out.Body)
	}
	if one, err := s.jobs.wait(t.Context(), id); err != nil || one.State != jobCancelled {
		t.Errorf("%v %+v", err, one)
	}
	if got := atlasNow(t, s.Handler()); got.Images != 32 {
		t.Errorf("when it is cancelled: %+v", got)
	}
}
