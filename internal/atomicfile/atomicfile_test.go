package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/internal/regular"
)

// TestMain lets the test binary be another process.
func TestMain(m *testing.M) {
	switch path := os.Getenv("FACET_TEST_PATH"); os.Getenv("FACET_TEST_PART") {
	case "writer":
		halfWritten(path)
	case "counter":
		if err := count(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// process runs a part of this file as a process of its own.
func process(t *testing.T, part, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "FACET_TEST_PART="+part, "FACET_TEST_PATH="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// halfWritten writes a file, and waits to be killed when it is all but renamed.
func halfWritten(path string) {
	_ = Write(path, func(w io.Writer) error {
		if _, err := io.WriteString(w, strings.Repeat("new ", 1<<16)); err != nil {
			return err
		}
		fmt.Println("written")
		select {}
	})
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// names are those in a folder.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, text := range []string{"first", "", strings.Repeat("third ", 1<<17)} {
		if err := Write(path, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
			t.Fatal(err)
		}
		if got := get(t, path); got != text {
			t.Errorf("%d bytes, want %d", len(got), len(text))
		}
	}
	if diff := cmp.Diff([]string{"a"}, names(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestWriteFails: an error on the way, or at the rename, leaves the old file and nothing else, and is named.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	path, full := filepath.Join(dir, "a"), filepath.Join(dir, "full")
	put(t, path, "old")
	if err := os.MkdirAll(filepath.Join(full, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	sad := errors.New("sad")
	if err := Write(path, func(w io.Writer) error { fmt.Fprint(w, "new"); return sad }); !errors.Is(err, sad) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v, want one that names %s and wraps %v", err, path, sad)
	}
	if err := Write(full, func(w io.Writer) error { return nil }); err == nil || !strings.Contains(err.Error(), full) {
		t.Errorf("%v: a file in the place of a folder", err)
	}
	if _, err := Create(filepath.Join(dir, "none", "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, want %v", err, fs.ErrNotExist)
	}
	if diff := cmp.Diff([]string{"a", "full"}, names(t, dir)); diff != "" || get(t, path) != "old" {
		t.Errorf("%q: %s", get(t, path), diff)
	}
}

// TestKilledBeforeRename: the process dies when all is written and nothing renamed. The old file stands, and the next holder of the
// folder's lock takes away what is left.
func TestKilledBeforeRename(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	put(t, path, "old")
	cmd := process(t, "writer", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "written\n" {
		t.Fatalf("%q: %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	left := names(t, dir)
	if get(t, path) != "old" || len(left) != 2 || !IsTemporary(left[0]) {
		t.Fatalf("%q beside %q", get(t, path), left)
	}
	if err := RemoveTemporaries(dir); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a"}, names(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestWriteFolder(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "d")
	sad := errors.New("sad")
	fill := func(err error) func(string) error {
		return func(temporary string) error {
			put(t, filepath.Join(temporary, "x"), "1")
			return err
		}
	}
	if err := WriteFolder(dir, fill(sad)); !errors.Is(err, sad) || len(names(t, parent)) != 0 {
		t.Errorf("%v, and %q are left", err, names(t, parent))
	}
	if err := WriteFolder(dir+string(filepath.Separator), fill(nil)); err != nil || get(t, filepath.Join(dir, "x")) != "1" {
		t.Error(err)
	}
	if err := WriteFolder(dir, fill(nil)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v, want %v", err, fs.ErrExist)
	}
	if diff := cmp.Diff([]string{"d"}, names(t, parent)); diff != "" {
		t.Error(diff)
	}
}

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.part")
	for i, want := range []string{"", "more", "moremore"} {
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(f)
		if err != nil || string(got) != want {
			t.Errorf("%d: %q, want %q: %v", i, got, want, err)
		}
		if _, err := f.WriteString("more"); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}

// TestOpenFollowsNothing: what a link leads to stays as it is, whether it is there or not, and so does what is no file.
func TestOpenFollowsNothing(t *testing.T) {
	dir := t.TempDir()
	target, missing := filepath.Join(dir, "target"), filepath.Join(dir, "missing")
	put(t, target, "precious")
	for _, to := range []string{target, missing} {
		link := to + ".link"
		if err := os.Symlink(to, link); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
		if f, err := Open(link); !errors.Is(err, regular.ErrKind) || !strings.Contains(err.Error(), link) {
			t.Errorf("%v, %v, want %v", f, err, regular.ErrKind)
		}
		if l, err := TryLock(link); !errors.Is(err, regular.ErrKind) {
			t.Errorf("%v, %v, want %v", l, err, regular.ErrKind)
		}
	}
	if _, err := Open(dir); !errors.Is(err, regular.ErrKind) {
		t.Errorf("%v, want %v", err, regular.ErrKind)
	}
	if diff := cmp.Diff([]string{"missing.link", "target", "target.link"}, names(t, dir)); diff != "" || get(t, target) != "precious" {
		t.Errorf("%q: %s", get(t, target), diff)
	}
}

// TestOpenWhileReplaced: a link that takes the file's place again and again is never written through.
func TestOpenWhileReplaced(t *testing.T) {
	dir := t.TempDir()
	target, path := filepath.Join(dir, "target"), filepath.Join(dir, "x.part")
	put(t, target, "precious")
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			os.Remove(path)
			os.Symlink(target, path)
			os.Remove(path)
			os.WriteFile(path, nil, 0o600)
		}
	}()
	for range 2000 {
		if f, err := Open(path); err == nil {
			f.WriteString("harm")
			f.Close()
		}
	}
	close(stop)
	<-stopped
	if got := get(t, target); got != "precious" {
		t.Errorf("%q", got)
	}
}
