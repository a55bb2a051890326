//go:build unix

package watch

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/drift/store"
)

// TestFolderWithOtherThings: pipes, sockets, loops and links to nothing in a watched folder are reported, each once, and the pictures beside them are
// counted, those behind a link too.
func TestFolderWithOtherThings(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	for k, name := range []string{filepath.Join(dir, "a.png"), filepath.Join(elsewhere, "b.png")} {
		write(t, filepath.Dir(name), filepath.Base(name), picture(k, 0))
	}
	err := errors.Join(os.Symlink(elsewhere, filepath.Join(dir, "link")), os.Symlink(".", filepath.Join(dir, "loop")), os.Symlink("x", filepath.Join(dir, "x")),
		syscall.Mkfifo(filepath.Join(dir, "pipe.png"), 0o600), os.Symlink("nothing", filepath.Join(dir, "gone.png")))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	w := newWatcher(t, s, nil)
	w.Log = slog.New(slog.NewTextHandler(&log, nil))
	ended := make(chan error, 1)
	go func() {
		ended <- w.Run(t.Context(), w.Folder(dir, time.Hour, true, ignore), w.Folder(dir, time.Hour, true, ignore))
	}()
	select {
	case err = <-ended:
	case <-time.After(2 * time.Minute):
		t.Fatal("still watching after two minutes")
	}
	if d := cmp.Diff(store.Totals{Images: 2, Waiting: 2}, totals(t, s)); err != nil || d != "" {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	for name, reason := range map[string]string{
		"loop": "a loop of folders", "x": "too many levels of symbolic links", "pipe.png": "found a pipe", "gone.png": "a link to nothing",
	} {
		if n := strings.Count(log.String(), filepath.Join(dir, name)+": "); n != 1 || !strings.Contains(log.String(), reason) {
			t.Errorf("%s: reported %d times, expected once, with %q:\n%s", name, n, reason, log.String())
		}
	}
}
