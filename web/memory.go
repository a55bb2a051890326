package web

import (
	"bytes"
	"container/list"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

const (
	memoryBytes = 64 << 20 // of answers that are remembered
	longest     = 4 << 20  // bytes of one of them
)

// memory keeps the answers that were asked for last. An answer is decided by the model, the atlases and banks, and the address.
type memory struct {
	mu      sync.Mutex
	entries map[string]*list.Element // of *remembered
	order   *list.List               // what was used last is in front
	bytes   int
	most    int
	making  map[string]chan struct{} // closed when whoever makes an answer is done
}

// remembered is an answer.
type remembered struct {
	key    string
	header http.Header
	body   []byte
}

func newMemory(most int) *memory {
	return &memory{entries: map[string]*list.Element{}, order: list.New(), most: most, making: map[string]chan struct{}{}}
}

// get is the answer of a key, nil where there is none. Then mine says that the caller is to make it and call done; otherwise wait is closed when
// somebody else has tried.
func (m *memory) get(key string) (r *remembered, wait <-chan struct{}, mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.entries[key]; ok {
		m.order.MoveToFront(e)
		return e.Value.(*remembered), nil, false
	}
	if under, ok := m.making[key]; ok {
		return nil, under, false
	}
	m.making[key] = make(chan struct{})
	return nil, nil, true
}

// done keeps an answer, nil where there is none to keep, and lets others go on.
func (m *memory) done(key string, r *remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.making[key])
	delete(m.making, key)
	if r == nil {
		return
	}
	m.entries[key] = m.order.PushFront(r)
	m.bytes += r.size()
	for m.bytes > m.most {
		last := m.order.Back()
		old := m.order.Remove(last).(*remembered)
		delete(m.entries, old.key)
		m.bytes -= old.size()
	}
}

// size is about what an answer takes.
func (r *remembered) size() int { return len(r.body) + len(r.key) + 1024 }

// recorder keeps what is written while it is written on.
type recorder struct {
	written
	body bytes.Buffer
}

func (r *recorder) Write(data []byte) (int, error) {
	if r.body.Len() <= longest {
		r.body.Write(data)
	}
	return r.written.Write(data)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// answer is what was written, nil where it is not to be kept.
func (r *recorder) answer(key string) *remembered {
	if r.status != http.StatusOK || r.body.Len() > longest {
		return nil
	}
	return &remembered{key, r.Header().Clone(), r.body.Bytes()}
}

// remembered answers a GET from memory where it can, and says by its ETag whether anything changed. The tag is weak: of one question the bytes
// may differ in the names of the engines that ran so far.
func (s *Server) remembered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if in.Method != http.MethodGet && in.Method != http.MethodHead {
			out.Header().Set("Cache-Control", "no-store")
			next.ServeHTTP(out, in)
			return
		}
		state, err := s.stateOf(in)
		if err != nil {
			s.fail(out, in, err)
			return
		}
		key := keyOf(state, in)
		tag := `W/"` + key + `"`
		if matches(in.Header.Get("If-None-Match"), tag) {
			out.Header().Set("ETag", tag)
			out.Header().Set("Cache-Control", "private, no-cache")
			out.WriteHeader(http.StatusNotModified)
			return
		}
		s.recall(out, in, key, tag, next)
	})
}

// stateOf is a digest of all that the answer to a request may depend on, beside its address.
func (s *Server) stateOf(in *http.Request) (string, error) {
	state, err := s.shelf(in.Context()).state(in.Context())
	if below, ok := strings.CutPrefix(in.URL.Path, prefix+"/drift/"); ok && err == nil {
		var far string
		far, err = s.streams.state(in.Context(), below)
		state += "\n" + far
	}
	return state, err
}

// recall gives the answer from memory, or has it made and keeps it.
func (s *Server) recall(out http.ResponseWriter, in *http.Request, key, tag string, next http.Handler) {
	r, wait, mine := s.memory.get(key)
	if wait != nil { // once: if that fails, every request tries on its own
		select {
		case <-wait:
		case <-in.Context().Done():
			return
		}
		if r, wait, mine = s.memory.get(key); wait != nil {
			next.ServeHTTP(tagged{out, tag}, in)
			return
		}
	}
	if mine {
		s.metrics.memory.WithLabelValues("miss").Inc()
		w := &recorder{written: written{ResponseWriter: tagged{out, tag}}}
		defer func() { s.memory.done(key, r) }()
		next.ServeHTTP(w, in)
		if in.Method == http.MethodGet {
			r = w.answer(key)
		}
		return
	}
	s.metrics.memory.WithLabelValues("hit").Inc()
	for name, values := range r.header {
		out.Header()[name] = values
	}
	out.Write(r.body)
}

// tagged gives an answer that is right its ETag. Others are not kept.
type tagged struct {
	http.ResponseWriter
	tag string
}

func (t tagged) WriteHeader(status int) {
	t.mark(status)
	t.ResponseWriter.WriteHeader(status)
}

func (t tagged) Write(data []byte) (int, error) {
	if t.Header().Get("Cache-Control") == "" { // no status was written
		t.mark(http.StatusOK)
	}
	return t.ResponseWriter.Write(data)
}

func (t tagged) mark(status int) {
	if status != http.StatusOK {
		t.Header().Set("Cache-Control", "no-store")
		return
	}
	t.Header().Set("ETag", t.tag)
	t.Header().Set("Cache-Control", "private, no-cache")
}

func (t tagged) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// keyOf is a digest of all that decides the answer to a GET.
func keyOf(state string, in *http.Request) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%v", state, in.URL.EscapedPath(), in.URL.Query().Encode(), in.Context().Value(formKey{})))
	return hex.EncodeToString(sum[:16])
}

// matches tells whether If-None-Match names a tag.
func matches(header, tag string) bool {
	for t := range strings.SplitSeq(header, ",") {
		if t = strings.TrimSpace(t); t == tag || t == "*" || "W/"+t == tag {
			return true
		}
	}
	return false
}
