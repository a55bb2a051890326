package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// content is a made-up checkpoint, longer than one read.
var content = random(1, 300_000)

func random(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func digits(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// testModel and testVocabulary stand for published files. No host of theirs is ever asked: every test has a mirror.
func testModel(data []byte) Model {
	return Model{Name: "RN50/test", URL: "https://models.invalid/weights/test.pt", SHA256: digits(data)}
}

var vocabularyContent = random(2, 1000)

func testVocabulary() *file {
	return &file{url: vocabularyURL, sha256: digits(vocabularyContent), size: 1000, limit: 1000}
}

// exchange is one request a server saw.
type exchange struct{ Range, IfRange string }

// scripted is a server whose nth answer to a request for the checkpoint is the nth step, the last one again and again.
type scripted struct {
	steps []http.HandlerFunc
	mu    sync.Mutex
	seen  []exchange
}

// requests are those for the checkpoint so far.
func (s *scripted) requests() []exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, ".txt.gz") {
		serve(vocabularyContent, `"v"`)(w, r)
		return
	}
	if r.URL.Path != "/prefix/weights/test.pt" {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	s.seen = append(s.seen, exchange{r.Header.Get("Range"), r.Header.Get("If-Range")})
	step := s.steps[min(len(s.seen), len(s.steps))-1]
	s.mu.Unlock()
	step(w, r)
}

// serve answers as a good server does, ranges and conditions included.
func serve(data []byte, etag string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if etag != "" {
			w.Header().Set("ETag", etag)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}
}

// cut is serve, but the connection breaks after n bytes of the body.
func cut(n int, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h(&limited{ResponseWriter: w, left: n, end: func() { panic(http.ErrAbortHandler) }}, r)
	}
}

// stall is serve, but after n bytes of the body nothing more comes.
func stall(n int, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h(&limited{ResponseWriter: w, left: n, end: func() { <-r.Context().Done() }}, r)
	}
}

// limited passes some bytes on and then calls end.
type limited struct {
	http.ResponseWriter
	left int
	end  func()
}

func (l *limited) Write(b []byte) (int, error) {
	if len(b) < l.left {
		l.left -= len(b)
		return l.ResponseWriter.Write(b)
	}
	l.ResponseWriter.Write(b[:l.left])
	http.NewResponseController(l.ResponseWriter).Flush()
	l.end()
	return 0, errors.New("ended")
}

// whole ignores Range.
func whole(data []byte, etag string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Range")
		serve(data, etag)(w, r)
	}
}

// stubborn ignores If-Range.
func stubborn(data []byte, etag string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("If-Range")
		serve(data, etag)(w, r)
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", code) }
}

// answer writes a status, one header and a body of unknown length.
func answer(code int, name, value string, data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(name, value)
		w.WriteHeader(code)
		http.NewResponseController(w).Flush() // no Content-Length
		w.Write(data)
	}
}

func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
