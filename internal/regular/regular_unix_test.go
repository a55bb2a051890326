//go:build unix

package regular_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/internal/filetest"
	"github.com/facet-clip/facet/internal/regular"
)

// kinds are paths that are no regular files, and what they are called.
func kinds(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	pipe, socket, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "s"), filepath.Join(dir, "link")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink(pipe, link)); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return map[string]string{dir: "a folder", pipe: "a pipe", socket: "a socket", link: "a pipe", os.DevNull: "a device"}
}

func TestOtherKindsAreRefusedAtOnce(t *testing.T) {
	for path, kind := range kinds(t) {
		for name, open := range map[string]func() error{
			"Open":     func() error { _, err := regular.Open(path); return err },
			"OpenFile": func() error { _, err := regular.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); return err },
			"Create":   func() error { _, err := regular.Create(path); return err },
			"ReadFile": func() error { _, err := regular.ReadFile(path, 10); return err },
		} {
			filetest.Within(t, func() {
				err := open()
				if !errors.Is(err, regular.ErrKind) || !strings.Contains(err.Error(), path) || !strings.HasSuffix(err.Error(), "found "+kind) {
					t.Errorf("%s(%s): %v, expected %s", name, path, err, kind)
				}
			})
		}
		if kind != "a folder" {
			filetest.Within(t, func() {
				if _, err := regular.Folder(path); err == nil {
					t.Errorf("Folder(%s): expected an error", path)
				}
			})
		}
	}
}

func TestRegularFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if _, err := regular.Open(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	f, err := regular.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, "0123456789"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := os.Symlink(path, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, filepath.Join(dir, "link")} {
		data, err := regular.ReadFile(p, 10)
		if err != nil || string(data) != "0123456789" {
			t.Errorf("%s: %q, %v", p, data, err)
		}
	}
	if _, err := regular.ReadFile(path, 9); !errors.Is(err, regular.ErrSize) || !strings.Contains(err.Error(), path) {
		t.Errorf("a byte too many: %v", err)
	}
	d, err := regular.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		t.Error(err)
	}
}

// TestMatch: a folder's name is no pattern.
func TestMatch(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data[1]*")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"b.png", "a.png", "c.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := regular.Match(dir, "*.png")
	if d := cmp.Diff([]string{filepath.Join(dir, "a.png"), filepath.Join(dir, "b.png")}, got); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
	if got, err := regular.Match(filepath.Join(dir, "none"), "*"); len(got) != 0 || err != nil {
		t.Errorf("no folder: %v, %v", got, err)
	}
	if _, err := regular.Match(dir, "["); err == nil {
		t.Error("a broken pattern: expected an error")
	}
}

// TestGlob: a part of a pattern that is there is a name.
func TestGlob(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"data[1]/s.tar", "data[1]/s-0.tar", "data[1]/s-1.tar", "data1/s.tar", "x[12].tar", "x1.tar", "[", "deep/data[1]/b.tar"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for pattern, want := range map[string][]string{
		"data[1]/s.tar":    {"data[1]/s.tar"},
		"data[1]/s-*.tar":  {"data[1]/s-0.tar", "data[1]/s-1.tar"},
		"data*/s.tar":      {"data1/s.tar", "data[1]/s.tar"},
		"d*/data[1]/*.tar": {"deep/data[1]/b.tar"},
		"x[12].tar":        {"x[12].tar"},
		"x[1].tar":         {"x1.tar"},
		"[":                {"["},
		"none/*.tar":       nil,
		"x1.tar/*":         nil,
		"":                 nil,
		"/no/*/such":       nil,
	} {
		got, err := regular.Glob(filepath.FromSlash(pattern))
		for i := range got {
			got[i] = filepath.ToSlash(got[i])
		}
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%s: %v %s", pattern, err, d)
		}
	}
	if _, err := regular.Glob("[x"); err == nil {
		t.Error("a broken pattern: expected an error")
	}
}

// TestStream: a pipe that a shell passed on is read, and waiting for it ends with the context; a pipe of any other name is refused.
func TestStream(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	passed := fmt.Sprintf("/dev/fd/%d", r.Fd())
	s, err := regular.Stream(ctx, passed)
	if err != nil {
		t.Skip("no such paths here: ", err)
	}
	defer s.Close()
	if _, err := io.WriteString(w, "words"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 5)
	if _, err := io.ReadFull(s, b); err != nil || string(b) != "words" {
		t.Errorf("read %q, %v", b, err)
	}
	if runtime.GOOS == "linux" { // elsewhere such a pipe may know no deadline
		time.AfterFunc(10*time.Millisecond, cancel)
		filetest.Within(t, func() {
			if _, err := s.Read(b); !errors.Is(err, context.Canceled) {
				t.Errorf("waiting: %v", err)
			}
		})
	}
	named := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(named, 0o600); err != nil {
		t.Fatal(err)
	}
	filetest.Within(t, func() {
		if _, err := regular.Stream(t.Context(), named); !errors.Is(err, regular.ErrKind) {
			t.Errorf("a pipe that has a name: %v", err)
		}
	})
}
