package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift/store"
)

// TestFilesAreReadByOnes: no file is read before there is a place to decode it, for each may be large. While others have all places, the files of a
// list are removed; had one been in memory, it would be counted.
func TestFilesAreReadByOnes(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for k := range 40 {
		path := filepath.Join(dir, fmt.Sprintf("%02d.png", k))
		if err := os.WriteFile(path, picture(k, 0), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	s := openStore(t, filepath.Join(t.TempDir(), "drift.db"))
	w := newWatcher(t, s, nil)
	places := int64(runtime.GOMAXPROCS(0))
	if !w.decode.TryAcquire(places) || w.decode.TryAcquire(1) {
		t.Fatalf("expected %d places", places)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- w.Run(t.Context(), w.Items(func(yield func(dataset.Item, error) bool) {
			for _, path := range paths {
				if !yield(dataset.FileItem(path), nil) {
					return
				}
			}
		}, ignore))
	}()
	time.Sleep(300 * time.Millisecond) // time enough to read too many
	for _, path := range paths {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	w.decode.Release(places)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(store.Totals{}, totals(t, s)); d != "" {
		t.Errorf("files were read without a place (-want +got)\n%s", d)
	}
}
