package registry

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestMirrorAddress(t *testing.T) {
	const published = "https://host.example/clip/models/abc/RN50.pt"
	tests := []struct {
		mirror, published string
		want              string
		err               error
	}{
		{mirror: "", want: published},
		{mirror: "https://m.example", want: "https://m.example/clip/models/abc/RN50.pt"},
		{mirror: "https://m.example/", want: "https://m.example/clip/models/abc/RN50.pt"},
		{mirror: "https://m.example/pub/ai//", want: "https://m.example/pub/ai/clip/models/abc/RN50.pt"},
		{mirror: "http://127.0.0.1:8080/x", want: "http://127.0.0.1:8080/x/clip/models/abc/RN50.pt"},
		{mirror: "https://me:secret@m.example", want: "https://me:secret@m.example/clip/models/abc/RN50.pt"},
		{mirror: "https://m.example/a%20b", want: "https://m.example/a%20b/clip/models/abc/RN50.pt"},
		{mirror: "https://m.example/a%2Fb", want: "https://m.example/a%2Fb/clip/models/abc/RN50.pt"},
		{mirror: "https://m.example", published: "https://h.example/a%2Fb.pt?x=1", want: "https://m.example/a%2Fb.pt?x=1"},
		{mirror: "", published: "http://h.example/a.pt", err: ErrInsecure},
		{mirror: "", published: "ftp://h.example/a.pt", err: ErrInsecure},
		{mirror: "m.example", err: ErrMirror},
		{mirror: "m.example:8080", err: ErrMirror},
		{mirror: "/folder", err: ErrMirror},
		{mirror: "file:///folder", err: ErrMirror},
		{mirror: "https://", err: ErrMirror},
		{mirror: "https://:80", err: ErrMirror},
		{mirror: "https://m.example?key=1", err: ErrMirror},
		{mirror: "https://m.example/#x", err: ErrMirror},
		{mirror: "https://m.example/%zz", err: ErrMirror},
	}
	for _, tt := range tests {
		t.Run(tt.mirror+" "+tt.published, func(t *testing.T) {
			if tt.published == "" {
				tt.published = published
			}
			m, err := parseMirror(tt.mirror)
			if err == nil {
				u, err2 := m.address(tt.published)
				if err = err2; err == nil && u.String() != tt.want {
					t.Errorf("got %s, want %s", u, tt.want)
				}
			}
			if !errors.Is(err, tt.err) || (tt.err == nil && err != nil) {
				t.Errorf("got error %v, want %v", err, tt.err)
			}
		})
	}
}

func TestMirrorErrorHidesPassword(t *testing.T) {
	_, err := parseMirror("https://me:secret@m.example?x")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

// TestGuard: a redirect may lead to plain http only when the mirror itself has it, and it ends some time.
func TestGuard(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/loop" {
			http.Redirect(w, r, "/loop", http.StatusFound)
		}
	}))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+r.URL.Path, http.StatusFound)
	}))
	defer secure.Close()
	vetoed := errors.New("vetoed by the caller's client")
	tests := []struct {
		name, mirror, path string
		veto               bool
		err                error
	}{
		{name: "to http without a mirror", path: "/", err: ErrInsecure},
		{name: "to http from an https mirror", mirror: "https://m.example", path: "/", err: ErrInsecure},
		{name: "to http from an http mirror", mirror: "http://m.example", path: "/"},
		{name: "for ever", mirror: "http://m.example", path: "/loop", err: errRedirects},
		{name: "the client's own rule stays", mirror: "http://m.example", path: "/", veto: true, err: vetoed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := parseMirror(tt.mirror)
			if err != nil {
				t.Fatal(err)
			}
			client := *secure.Client()
			if tt.veto {
				client.CheckRedirect = func(*http.Request, []*http.Request) error { return vetoed }
			}
			resp, err := m.guard(&client).Get(secure.URL + tt.path)
			if !errors.Is(err, tt.err) || (tt.err == nil && err != nil) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			if err == nil {
				resp.Body.Close()
			}
		})
	}
}
