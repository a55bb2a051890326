//go:build unix

package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/facet-clip/facet/dataset"
)

// TestFilesAreReadByOnes: no more files are in memory than are decoded at once, for each may be large. The files are pipes, which are open for as
// long as nobody writes into them.
func TestFilesAreReadByOnes(t *testing.T) {
	const n = 40
	dir := t.TempDir()
	var paths []string
	for k := range n {
		path := filepath.Join(dir, fmt.Sprintf("%02d.png", k))
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Skip("no pipes here: ", err)
		}
		paths = append(paths, path)
	}
	w := newWatcher(t, openStore(t, filepath.Join(t.TempDir(), "drift.db")), nil)
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
	// write opens those that are being read, and gives how many there are. Closing them ends the reading.
	write := func() int {
		var open []*os.File
		for _, path := range paths {
			if f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
				open = append(open, f)
			}
		}
		for _, f := range open {
			f.Close()
		}
		return len(open)
	}
	most := 0
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			if limit := runtime.GOMAXPROCS(0); most == 0 || most > limit {
				t.Errorf("%d files were read at once, expected 1 to %d", most, limit)
			}
			return
		case <-time.After(100 * time.Millisecond): // time enough to open too many
			most = max(most, write())
		}
	}
}
