package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/internal/regular"
)

// setup gives a puller for a server and the place of the checkpoint in its cache.
func setup(t *testing.T, h http.Handler) (*Puller, string) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	p := &Puller{
		Machine: Machine{Cache: t.TempDir()}, Mirror: srv.URL + "/prefix", Client: loopback(),
		Stall: time.Minute, Attempts: 4, Backoff: time.Millisecond, vocabulary: testVocabulary(),
	}
	return p, testModel(nil).Path(p.Cache)
}

// loopback is a client that reaches this machine alone, as one without a network does. Every other host has no address.
func loopback() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}}
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// read gives a file's bytes, nil when there is none.
func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return data
}

func from(n int) string { return fmt.Sprintf("bytes=%d-", n) }

func flipped(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)/2] ^= 1
	return b
}

func TestPull(t *testing.T) {
	good := serve(content, `"a"`)
	dated := func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(content))
	}
	type seen = []exchange
	tests := []struct {
		name  string
		part  []byte // from an earlier run
		steps []http.HandlerFunc
		seen  []exchange
	}{
		{name: "at once", steps: []http.HandlerFunc{good}, seen: seen{{}}},
		{name: "of unknown length", steps: []http.HandlerFunc{answer(200, "X-A", "b", content)}, seen: seen{{}}},
		{
			name: "connection breaks", steps: []http.HandlerFunc{cut(1000, good), good},
			seen: seen{{}, {from(1000), `"a"`}},
		},
		{
			name: "connection breaks three times", steps: []http.HandlerFunc{cut(1000, good), cut(500, good), cut(0, good), good},
			seen: seen{{}, {from(1000), `"a"`}, {from(1500), `"a"`}, {from(1500), `"a"`}},
		},
		{
			name: "body of unknown length breaks", steps: []http.HandlerFunc{cut(1000, answer(200, "X-A", "b", content)), good},
			seen: seen{{}, {from(1000), ""}},
		},
		{
			name: "date instead of a tag", steps: []http.HandlerFunc{cut(1000, dated), dated},
			seen: seen{{}, {from(1000), "Sun, 09 Sep 2001 01:46:40 GMT"}},
		},
		{
			name: "weak tag is no condition", steps: []http.HandlerFunc{cut(1000, serve(content, `W/"a"`)), good},
			seen: seen{{}, {from(1000), ""}},
		},
		{name: "goes on from an earlier run", part: content[:7777], steps: []http.HandlerFunc{good}, seen: seen{{from(7777), ""}}},
		{name: "earlier run was complete", part: content, steps: []http.HandlerFunc{good}},
		{
			name: "part is longer than the file", part: append(bytes.Clone(content), 1), steps: []http.HandlerFunc{good},
			seen: seen{{from(len(content) + 1), ""}, {}},
		},
		{
			name: "part is whole but wrong", part: flipped(content), steps: []http.HandlerFunc{good},
			seen: seen{{from(len(content)), ""}, {}},
		},
		{
			name: "part is wrong", part: flipped(content[:5000]), steps: []http.HandlerFunc{good},
			seen: seen{{from(5000), ""}, {}},
		},
		{name: "server ignores Range", part: content[:5000], steps: []http.HandlerFunc{whole(content, "")}, seen: seen{{from(5000), ""}}},
		{
			name: "server ignores Range after a break", steps: []http.HandlerFunc{cut(9000, good), cut(100, whole(content, `"a"`)), good},
			seen: seen{{}, {from(9000), `"a"`}, {from(100), `"a"`}},
		},
		{
			name: "file changes and the server says so", steps: []http.HandlerFunc{cut(1000, serve(random(3, 9000), `"old"`)), good},
			seen: seen{{}, {from(1000), `"old"`}},
		},
		{
			name: "tag changes and the server ignores If-Range", steps: []http.HandlerFunc{cut(1000, serve(content, `"old"`)), stubborn(content, `"a"`)},
			seen: seen{{}, {from(1000), `"old"`}, {}},
		},
		{
			name: "length changes, no tags", steps: []http.HandlerFunc{cut(1000, serve(content[:9000], "")), serve(content, "")},
			seen: seen{{}, {from(1000), ""}, {}},
		},
		{
			name: "file changes and nothing shows it", steps: []http.HandlerFunc{cut(1000, serve(random(3, len(content)), "")), serve(content, "")},
			seen: seen{{}, {from(1000), ""}, {}},
		},
		{
			name: "range starts elsewhere", part: content[:50],
			steps: []http.HandlerFunc{answer(206, "Content-Range", "bytes 60-99/300000", content[60:100]), good},
			seen:  seen{{from(50), ""}, {}},
		},
		{
			name: "no Content-Range", part: content[:50],
			steps: []http.HandlerFunc{answer(206, "X-A", "b", content[50:]), good},
			seen:  seen{{from(50), ""}, {}},
		},
		{
			name: "a piece of the range only", part: content[:50],
			steps: []http.HandlerFunc{answer(206, "Content-Range", "bytes 50-99/300000", content[50:100]), good},
			seen:  seen{{from(50), ""}, {from(100), ""}},
		},
		{
			name: "server in trouble", steps: []http.HandlerFunc{status(500), status(503), status(429), good},
			seen: seen{{}, {}, {}, {}},
		},
		{
			name: "trouble keeps the part", steps: []http.HandlerFunc{cut(1000, good), status(502), good},
			seen: seen{{}, {from(1000), `"a"`}, {from(1000), `"a"`}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			script := &scripted{steps: tt.steps}
			p, path := setup(t, script)
			if tt.part != nil {
				writeFile(t, path+".part", tt.part)
			}
			last := map[string][2]int64{}
			p.Progress = func(name string, done, total int64) { last[name] = [2]int64{done, total} }
			got, err := p.Pull(t.Context(), testModel(content))
			if err != nil || got != path {
				t.Fatalf("got %q, %v; want %q", got, err, path)
			}
			if !bytes.Equal(read(t, path), content) {
				t.Error("the file has other bytes")
			}
			if !bytes.Equal(read(t, VocabularyPath(p.Cache)), vocabularyContent) {
				t.Error("the vocabulary has other bytes")
			}
			if diff := cmp.Diff(tt.seen, script.requests()); diff != "" {
				t.Errorf("requests: %s", diff)
			}
			n := int64(len(content))
			if diff := cmp.Diff(map[string][2]int64{"test.pt": {n, n}, filepath.Base(vocabularyURL): {1000, 1000}}, last); diff != "" {
				t.Errorf("last progress: %s", diff)
			}
			if part := read(t, path+".part"); part != nil {
				t.Errorf("%d bytes lie in the part", len(part))
			}
		})
	}
}

func TestPullFails(t *testing.T) {
	good := serve(content, `"a"`)
	bad := flipped(content)
	var (
		checksum *ChecksumError
		answered *StatusError
	)
	tests := []struct {
		name     string
		model    func(*Model)
		part     []byte
		steps    []http.HandlerFunc
		is       error // the error wraps it
		as       any   // or has its type
		says     []string
		requests int
		left     []byte // in the part
	}{
		{
			name: "corrupt", steps: []http.HandlerFunc{serve(bad, `"a"`)}, as: &checksum, requests: 1,
			says: []string{"test.pt.part", "expected SHA-256 " + digits(content), "found " + digits(bad)},
		},
		{
			name: "corrupt, some digits known", model: func(m *Model) { m.SHA256 = m.SHA256[:8] },
			steps: []http.HandlerFunc{serve(bad, `"a"`)}, as: &checksum, requests: 1,
			says: []string{"expected SHA-256 " + digits(content)[:8] + "…", "found " + digits(bad)},
		},
		{
			name: "corrupt after going on, then again", part: content[:50], steps: []http.HandlerFunc{serve(bad, `"a"`)},
			as: &checksum, requests: 2, says: []string{digits(bad)},
		},
		{
			// Every answer is cut once, so every part is joined: starting over ends all the same.
			name: "corrupt and cut for ever", as: &checksum, requests: 4,
			steps: []http.HandlerFunc{cut(50, serve(bad, "")), serve(bad, ""), cut(50, serve(bad, "")), serve(bad, "")},
		},
		{
			name: "ends cleanly too early", steps: []http.HandlerFunc{answer(200, "X-A", "b", content[:100])},
			as: &checksum, requests: 1,
		},
		{
			name: "breaks every time", steps: []http.HandlerFunc{cut(1000, good), cut(0, good)}, is: io.ErrUnexpectedEOF, requests: 4,
			says: []string{"gave up after 4 attempts", "1000 bytes are kept", "http://127.0.0.1:"}, left: content[:1000],
		},
		{
			name: "changes every time", part: content[:50], requests: 4, says: []string{"gave up", `"bytes 1-9/10"`},
			steps: []http.HandlerFunc{answer(206, "Content-Range", "bytes 0-9/10", content[:10]), answer(206, "Content-Range", "bytes 1-9/10", content[1:10])},
		},
		{
			name: "not found", part: content[:50], steps: []http.HandlerFunc{status(404)}, as: &answered, requests: 1,
			says: []string{"/prefix/weights/test.pt", "404 Not Found"}, left: content[:50],
		},
		{name: "forbidden", steps: []http.HandlerFunc{status(403)}, as: &answered, requests: 1, says: []string{"403 Forbidden", "refused"}},
		{name: "odd status", steps: []http.HandlerFunc{status(204)}, as: &answered, requests: 1, says: []string{"204 No Content"}},
		{name: "range refused unasked", steps: []http.HandlerFunc{status(416)}, as: &answered, requests: 1, says: []string{"416"}},
		{name: "unwell every time", steps: []http.HandlerFunc{status(500)}, as: &answered, requests: 4, says: []string{"gave up after 4", "500", "later"}},
		{
			name: "announces too much", requests: 1, is: ErrSize, says: []string{"at most 4294967296 bytes", "offers 4294967297"},
			steps: []http.HandlerFunc{answer(206, "Content-Range", "bytes 0-9/4294967297", content[:10])},
		},
		{
			name: "sends more than announced", requests: 1, is: ErrSize, says: []string{"at most 10 bytes", "sends more"},
			steps: []http.HandlerFunc{answer(206, "Content-Range", "bytes 0-9/10", content[:11])},
		},
		{name: "no published sum", model: func(m *Model) { m.SHA256 = "" }, steps: []http.HandlerFunc{good}, says: []string{`SHA-256 ""`, "expected 8 to 64"}},
		{name: "sum is no sum", model: func(m *Model) { m.SHA256 = "sha256:1234" }, steps: []http.HandlerFunc{good}, says: []string{`"sha256:1234"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			script := &scripted{steps: tt.steps}
			p, path := setup(t, script)
			if tt.part != nil {
				writeFile(t, path+".part", tt.part)
			}
			m := testModel(content)
			if tt.model != nil {
				tt.model(&m)
			}
			_, err := p.Pull(t.Context(), m)
			if err == nil {
				t.Fatal("no error")
			}
			if tt.is != nil && !errors.Is(err, tt.is) || tt.as != nil && !errors.As(err, tt.as) {
				t.Errorf("got %v, want %v %T", err, tt.is, tt.as)
			}
			for _, text := range append(tt.says, "pull RN50/test: ") {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("error does not say %q: %v", text, err)
				}
			}
			if len(script.requests()) != tt.requests {
				t.Errorf("%d requests, want %d: %v", len(script.requests()), tt.requests, script.requests())
			}
			if places := p.Places(m); len(places) > 0 {
				t.Errorf("a file has the final name: %+v", places)
			}
			if left := read(t, path+".part"); !bytes.Equal(left, tt.left) || (tt.left == nil) != (left == nil) {
				t.Errorf("%d bytes lie in the part, want %d", len(left), len(tt.left))
			}
		})
	}
}

// TestPullVocabulary: its size is known beforehand, so an impostor is refused unread, and an endless one is bounded.
func TestPullVocabulary(t *testing.T) {
	tests := []struct {
		name string
		step http.HandlerFunc
		says string
	}{
		{"announced too long", serve(content, ""), "expected 1000 bytes, the server offers 300000"},
		{"announced too short", serve(content[:7], ""), "expected 1000 bytes, the server offers 7"},
		{"endless", func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := w.Write(content); err != nil {
					return
				}
			}
		}, "expected at most 1000 bytes, the server sends more"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := setup(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, ".txt.gz") {
					tt.step(w, r)
					return
				}
				http.NotFound(w, r)
			}))
			_, err := p.Pull(t.Context(), testModel(content))
			if !errors.Is(err, ErrSize) || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "pull RN50/test: the vocabulary") {
				t.Errorf("got %v", err)
			}
			if read(t, VocabularyPath(p.Cache)) != nil || read(t, VocabularyPath(p.Cache)+".part") != nil {
				t.Error("something was kept")
			}
		})
	}
}

// TestPullStalls: a server that falls silent is asked again. On a busy machine a good answer may count as a stall too,
// so the number of requests is open; [TestTiming] has the exact times.
func TestPullStalls(t *testing.T) {
	good := serve(content, `"a"`)
	for name, first := range map[string]http.HandlerFunc{"head": silent, "body": stall(1000, good)} {
		t.Run(name, func(t *testing.T) {
			script := &scripted{steps: []http.HandlerFunc{first, good}}
			p, path := setup(t, script)
			p.Stall, p.Attempts = 100*time.Millisecond, 100
			if _, err := p.Pull(t.Context(), testModel(content)); err != nil || !bytes.Equal(read(t, path), content) {
				t.Errorf("got %v", err)
			}
			if len(script.requests()) < 2 {
				t.Errorf("only these requests: %v", script.requests())
			}
		})
	}
}

// TestPullLongWay: attempts that get ahead do not count, attempts that only repeat themselves do.
func TestPullLongWay(t *testing.T) {
	long := random(4, 5*worthwhile)
	tests := []struct {
		name string
		step http.HandlerFunc
		ok   bool
	}{
		{"ahead each time", cut(worthwhile, serve(long, `"a"`)), true},
		{"from the start each time", cut(2*worthwhile, whole(long, "")), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			script := &scripted{steps: []http.HandlerFunc{tt.step}}
			p, path := setup(t, script)
			p.Attempts = 2
			_, err := p.Pull(t.Context(), testModel(long))
			if tt.ok != (err == nil) || tt.ok != bytes.Equal(read(t, path), long) {
				t.Errorf("got %v after %v", err, script.requests())
			}
		})
	}
}

// TestPullOffline: what is installed is not asked for again, even where nothing can be written; what is damaged is.
func TestPullOffline(t *testing.T) {
	var online atomic.Bool
	script := &scripted{steps: []http.HandlerFunc{serve(content, "")}}
	p, path := setup(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !online.Load() {
			t.Errorf("request while offline: %s", r.URL)
		}
		script.ServeHTTP(w, r)
	}))
	m := testModel(content)
	pull := func() {
		t.Helper()
		if _, err := p.Pull(t.Context(), m); err != nil || !bytes.Equal(read(t, path), content) {
			t.Fatalf("got %v", err)
		}
	}
	writeFile(t, path, content) // brought by hand
	writeFile(t, VocabularyPath(p.Cache), vocabularyContent)
	pull()
	if locks, _ := filepath.Glob(filepath.Join(p.Cache, "*.lock")); len(locks) > 0 {
		t.Errorf("pulling an installed model wrote %v", locks)
	}
	writeFile(t, path, flipped(content))
	online.Store(true)
	pull()
	online.Store(false)
	pull()
}

// TestPullKeepsDamagedFileUntilReplaced: a failed pull takes nothing away.
func TestPullKeepsDamagedFileUntilReplaced(t *testing.T) {
	p, path := setup(t, &scripted{steps: []http.HandlerFunc{status(404)}})
	writeFile(t, path, []byte("mine"))
	if _, err := p.Pull(t.Context(), testModel(content)); err == nil {
		t.Error("no error")
	}
	if got := string(read(t, path)); got != "mine" {
		t.Errorf("the file is now %q", got)
	}
}

// TestPullTogether: two pulls of one model make one download.
func TestPullTogether(t *testing.T) {
	bothStarted := make(chan struct{})
	script := &scripted{steps: []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
		<-bothStarted
		serve(content, "")(w, r)
	}}}
	p, path := setup(t, script)
	var started, finished sync.WaitGroup
	for range 3 {
		started.Add(1)
		finished.Go(func() {
			started.Done()
			if _, err := p.Pull(t.Context(), testModel(content)); err != nil {
				t.Error(err)
			}
		})
	}
	started.Wait()
	close(bothStarted)
	finished.Wait()
	if len(script.requests()) != 1 {
		t.Errorf("%d downloads, want 1", len(script.requests()))
	}
	if !bytes.Equal(read(t, path), content) {
		t.Error("the file has other bytes")
	}
}

// TestPullWaitingCanBeCancelled: a pull that waits for another one's lock ends with its context.
func TestPullWaitingCanBeCancelled(t *testing.T) {
	p, path := setup(t, http.NotFoundHandler())
	writeFile(t, VocabularyPath(p.Cache), vocabularyContent)
	writeFile(t, path+".other", nil) // makes the folder
	unlock, err := p.lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := p.Pull(ctx, testModel(content)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestPullCancelled: cancelling keeps the part, and the next pull goes on from it.
func TestPullCancelled(t *testing.T) {
	good := serve(content, `"a"`)
	script := &scripted{steps: []http.HandlerFunc{stall(1000, good), good}}
	p, path := setup(t, script)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p.Progress = func(name string, done, _ int64) {
		if name == "test.pt" && done == 1000 {
			cancel()
		}
	}
	_, err := p.Pull(ctx, testModel(content))
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "1000 bytes are kept") {
		t.Errorf("got %v", err)
	}
	if !bytes.Equal(read(t, path+".part"), content[:1000]) {
		t.Error("the part is not what the server sent")
	}
	if _, err := p.Pull(t.Context(), testModel(content)); err != nil || !bytes.Equal(read(t, path), content) {
		t.Errorf("second pull: %v", err)
	}
	if diff := cmp.Diff([]exchange{{}, {from(1000), ""}}, script.requests()); diff != "" {
		t.Error(diff)
	}
}

// TestPullCancelledBetweenAttempts: a pause ends with the context, however long it would be.
func TestPullCancelledBetweenAttempts(t *testing.T) {
	p, _ := setup(t, status(500))
	p.Backoff = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.Pull(ctx, testModel(content)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if read(t, VocabularyPath(p.Cache)+".part") != nil {
		t.Error("an empty part was left")
	}
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestPullServerRestarts: while a server is down, connections are refused.
func TestPullServerRestarts(t *testing.T) {
	script := &scripted{steps: []http.HandlerFunc{cut(1000, serve(content, `"a"`)), serve(content, `"a"`)}}
	p, path := setup(t, script)
	next, down := p.Client.Transport, 0
	p.Client = &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Range") != "" && down < 2 {
			down++
			return nil, syscall.ECONNREFUSED
		}
		return next.RoundTrip(r)
	})}
	if _, err := p.Pull(t.Context(), testModel(content)); err != nil || !bytes.Equal(read(t, path), content) {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]exchange{{}, {from(1000), `"a"`}}, script.requests()); diff != "" || down != 2 {
		t.Errorf("down %d times: %s", down, diff)
	}
}

// TestPullRefusesAtOnce: what cannot get better is not tried again, and nothing leaves this machine.
func TestPullRefusesAtOnce(t *testing.T) {
	tls := httptest.NewTLSServer(http.RedirectHandler("http://plain.invalid/x", http.StatusFound))
	t.Cleanup(tls.Close)
	trusting := loopback()
	trusting.Transport.(*http.Transport).TLSClientConfig = tls.Client().Transport.(*http.Transport).TLSClientConfig
	tests := []struct {
		name   string
		change func(*Puller)
		is     error
		says   string
	}{
		{"redirect to http", func(p *Puller) { p.Mirror, p.Client = tls.URL, trusting }, ErrInsecure, "http://plain.invalid/x"},
		{"unknown certificate", func(p *Puller) { p.Mirror = tls.URL }, nil, "certificate"},
		{"mirror is no URL", func(p *Puller) { p.Mirror = "models.example" }, ErrMirror, `"models.example"; expected https://HOST`},
		{"no cache", func(p *Puller) { p.Cache = "" }, nil, "no cache folder given"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := setup(t, http.NotFoundHandler())
			p.Backoff = time.Hour // a second attempt would hang
			tt.change(p)
			_, err := p.Pull(t.Context(), testModel(content))
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %v: %s", err, tt.is, tt.says)
			}
		})
	}
}

// TestPullFileTrouble: an error of the file system passes through and names the file.
func TestPullFileTrouble(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T, path string)
		is   error
		says string // after the path
	}{
		{"part is a device", func(t *testing.T, path string) {
			if err := os.Symlink(os.DevNull, path+".part"); err != nil {
				t.Fatal(err)
			}
		}, regular.ErrKind, ".part"},
		{"part is a folder", func(t *testing.T, path string) { writeFile(t, path+".part/x", nil) }, nil, ".part"},
		{"target is a folder", func(t *testing.T, path string) { writeFile(t, path+"/x", nil) }, nil, ""},
		{"lock is a folder", func(t *testing.T, path string) { writeFile(t, path+".lock/x", nil) }, nil, ".lock"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, path := setup(t, &scripted{steps: []http.HandlerFunc{serve(content, "")}})
			writeFile(t, path+".other", nil) // makes the folder
			tt.make(t, path)
			_, err := p.Pull(t.Context(), testModel(content))
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), path+tt.says) {
				t.Errorf("got %v, want %v naming %s", err, tt.is, path+tt.says)
			}
		})
	}
}
