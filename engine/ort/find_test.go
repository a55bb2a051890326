package ort

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFind(t *testing.T) {
	name := libraryNames(runtime.GOOS)[0]
	dir := t.TempDir()
	t.Setenv("FACET_CACHE", filepath.Join(dir, "cache"))
	t.Setenv(Variable, "")
	if got, err := Find(); err == nil && strings.HasPrefix(got, dir) {
		t.Fatalf("found %s in an empty folder", got)
	}
	cached := write(t, filepath.Join(dir, "cache", "onnxruntime", name), "x")
	check := func(want string) {
		t.Helper()
		if got, err := Find(); err != nil || got != want {
			t.Errorf("found %q, %v; expected %q", got, err, want)
		}
	}
	check(cached)
	program, err := os.Executable() // the test's own, in a folder of its own
	if err != nil {
		t.Fatal(err)
	}
	beside := write(t, filepath.Join(filepath.Dir(program), name), "x")
	t.Cleanup(func() { _ = os.Remove(beside) })
	check(beside)
	named := write(t, filepath.Join(dir, "mine.so"), "x")
	t.Setenv(Variable, named)
	check(named)
	t.Chdir(dir)
	t.Setenv(Variable, "mine.so")
	check(named)
	for _, wrong := range []string{filepath.Join(dir, "absent.so"), dir} {
		t.Setenv(Variable, wrong)
		_, err := Find()
		if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), wrong) || !strings.Contains(err.Error(), Variable) {
			t.Errorf("with %s=%s: %v", Variable, wrong, err)
		}
	}
}

func TestFindNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("FACET_CACHE", dir)
	t.Setenv(Variable, "")
	if path, err := Find(); err == nil {
		t.Skipf("the system has %s", path)
	} else if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "make onnxruntime") {
		t.Errorf("the error does not say where it looked and what to do: %v", err)
	}
}

func TestVersionsInOneFolder(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux numbers its libraries so")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "libonnxruntime_providers_shared.so"), "x")
	if got := inFolder(dir); got != "" {
		t.Errorf("took %s", got)
	}
	write(t, filepath.Join(dir, "libonnxruntime.so.1.24.3"), "x")
	want := write(t, filepath.Join(dir, "libonnxruntime.so.1.25.0"), "x")
	if got := inFolder(dir); got != want {
		t.Errorf("took %s, expected %s", got, want)
	}
}

func TestLoaderFolders(t *testing.T) {
	dir := t.TempDir()
	main := write(t, filepath.Join(dir, "ld.so.conf"), "# all\n include more/*.conf \n/opt/a # mine\n\nnot/absolute\n/opt/b")
	write(t, filepath.Join(dir, "more", "1.conf"), "/opt/c\n")
	write(t, filepath.Join(dir, "more", "2.conf"), "include "+main+"\n") // in a circle
	want := []string{"/opt/c", "/opt/a", "/opt/b", "/opt/a", "/opt/b"}
	if diff := cmp.Diff(want, loaderFolders(main, 3)); diff != "" {
		t.Error(diff)
	}
	if got := loaderFolders(filepath.Join(dir, "absent"), 3); got != nil {
		t.Errorf("an absent file has the folders %v", got)
	}
}
