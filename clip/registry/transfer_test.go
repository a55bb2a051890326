package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// slow gives a byte at a time, with a pause before each.
type slow struct {
	ctx   context.Context
	data  []byte
	pause time.Duration
}

func (s *slow) Read(b []byte) (int, error) {
	if err := sleep(s.ctx, s.pause); err != nil {
		return 0, err
	}
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:1], s.data)
	s.data = s.data[n:]
	return n, nil
}

// TestStallResumes: after a stall the next request asks for the rest of the same file.
func TestStallResumes(t *testing.T) {
	body := []byte("ten pieces")
	p := &Puller{Machine: Machine{Cache: t.TempDir()}, vocabulary: testVocabulary()}
	writeFile(t, VocabularyPath(p.Cache), vocabularyContent)
	var seen []exchange
	p.Client = &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, exchange{r.Header.Get("Range"), r.Header.Get("If-Range")})
		header := http.Header{"Etag": {`"a"`}}
		if len(seen) == 1 {
			silence := &slow{r.Context(), nil, time.Hour}
			rest := io.NopCloser(io.MultiReader(bytes.NewReader(body[:4]), silence))
			return &http.Response{StatusCode: http.StatusOK, ContentLength: 10, Body: rest, Header: header}, nil
		}
		header.Set("Content-Range", "bytes 4-9/10")
		rest := io.NopCloser(bytes.NewReader(body[4:]))
		return &http.Response{StatusCode: http.StatusPartialContent, ContentLength: 6, Body: rest, Header: header}, nil
	})}
	synctest.Test(t, func(t *testing.T) {
		path, err := p.Pull(t.Context(), testModel(body))
		if err != nil || !bytes.Equal(read(t, path), body) {
			t.Errorf("got %q, %v", path, err)
		}
	})
	if diff := cmp.Diff([]exchange{{}, {from(4), `"a"`}}, seen); diff != "" {
		t.Error(diff)
	}
}

// TestTiming runs on a clock that only moves when everybody waits, so the times are exact and take no time.
func TestTiming(t *testing.T) {
	body := []byte("ten pieces")
	tests := []struct {
		name  string
		pause time.Duration // before each byte of a body; 0: connections are refused
		is    error
		took  time.Duration
	}{
		{"slow but steady", 5 * time.Second, nil, 11 * 5 * time.Second},                                         // ten bytes and the end
		{"slower", defaultStall - time.Second, ErrSlow, 5*3*(defaultStall-time.Second) + (1+2+4+8)*time.Second}, // three bytes a window
		{"stalls", defaultStall + time.Second, ErrStalled, 5*defaultStall + (1+2+4+8)*time.Second},
		{"refused", 0, syscall.ECONNREFUSED, (1 + 2 + 4 + 8) * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &Puller{Machine: Machine{Cache: t.TempDir()}, vocabulary: testVocabulary()}
			writeFile(t, VocabularyPath(p.Cache), vocabularyContent)
			p.Client = &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
				if tt.pause == 0 {
					return nil, syscall.ECONNREFUSED
				}
				rest := io.NopCloser(&slow{r.Context(), body, tt.pause})
				return &http.Response{StatusCode: http.StatusOK, ContentLength: -1, Body: rest, Header: http.Header{}}, nil
			})}
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				path, err := p.Pull(t.Context(), testModel(body))
				if !errors.Is(err, tt.is) || tt.is == nil && !bytes.Equal(read(t, path), body) {
					t.Errorf("got %q, %v; want %v", filepath.Base(path), err, tt.is)
				}
				if err != nil && !strings.Contains(err.Error(), "gave up after 5 attempts") {
					t.Errorf("got %v", err)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
			})
		})
	}
}

// TestTooSlow: a server that sends a byte a second is given up, and what it sent is kept.
func TestTooSlow(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 1<<20)
	p := &Puller{Machine: Machine{Cache: t.TempDir()}, vocabulary: testVocabulary()}
	writeFile(t, VocabularyPath(p.Cache), vocabularyContent)
	p.Client = &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		at := 0
		header := http.Header{"Etag": {`"a"`}}
		code := http.StatusOK
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &at); err == nil {
			header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", at, len(body)-1, len(body)))
			code = http.StatusPartialContent
		}
		rest := io.NopCloser(&slow{r.Context(), body[at:], time.Second})
		return &http.Response{StatusCode: code, ContentLength: int64(len(body) - at), Body: rest, Header: header}, nil
	})}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := p.Pull(t.Context(), testModel(body))
		if !errors.Is(err, ErrSlow) || !strings.Contains(err.Error(), "gave up after 5 attempts") || !strings.Contains(err.Error(), "300 bytes are kept") {
			t.Errorf("got %v", err)
		}
		if took, want := time.Since(start), 5*slowWindow+(1+2+4+8)*time.Second; took != want {
			t.Errorf("took %s, want %s", took, want)
		}
	})
}

func TestParseContentRange(t *testing.T) {
	tests := []struct {
		header       string
		start, total int64
		ok           bool
	}{
		{"bytes 0-0/1", 0, 1, true},
		{"bytes 5-9/10", 5, 10, true},
		{"bytes 5-9/*", 5, -1, true},
		{"bytes 0-9223372036854775806/9223372036854775807", 0, 1<<63 - 1, true},
		{"", 0, 0, false},
		{"bytes */10", 0, 0, false},
		{"bytes 5-4/10", 0, 0, false},
		{"bytes 5-10/10", 0, 0, false},
		{"bytes -5-9/10", 0, 0, false},
		{"bytes 5-9/-1", 0, 0, false},
		{"bytes 5-9", 0, 0, false},
		{"items 5-9/10", 0, 0, false},
		{"5-9/10", 0, 0, false},
		{"bytes 5-9/18446744073709551616", 0, 0, false},
	}
	for _, tt := range tests {
		start, total, err := parseContentRange(tt.header)
		if start != tt.start || total != tt.total || (err == nil) != tt.ok {
			t.Errorf("%q: got %d, %d, %v", tt.header, start, total, err)
		}
	}
}

func FuzzParseContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 5-9/10", "bytes 5-9/*", "bytes */10", "bytes 05-9/10", "bytes --/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		start, total, err := parseContentRange(header)
		if err != nil {
			if !strings.Contains(err.Error(), fmt.Sprintf("%q", header)) {
				t.Errorf("error does not name %q: %v", header, err)
			}
			return
		}
		if start < 0 || total < -1 || total >= 0 && start >= total {
			t.Errorf("%q: start %d, total %d", header, start, total)
		}
	})
}
