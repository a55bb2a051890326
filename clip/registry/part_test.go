package registry

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/facet-clip/facet/internal/regular"
)

// TestPartDiskFull: an error of the file system passes through and names the file.
func TestPartDiskFull(t *testing.T) {
	const full = "/dev/full"
	f, err := os.OpenFile(full, os.O_RDWR, 0)
	if err != nil {
		t.Skip("needs /dev/full, a disk that is always full (Linux): ", err)
	}
	defer f.Close()
	p, err := openPart(t.Context(), filepath.Join(t.TempDir(), "x.part"), 100)
	if err != nil {
		t.Fatal(err)
	}
	defer p.f.Close()
	whole := p.f
	p.f = f
	if err := p.write([]byte("x")); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), full) {
		t.Errorf("got %v", err)
	}
	p.f = whole
}

// TestOpenPartIsNoLink: what a link in the place of a part leads to is neither emptied nor written.
func TestOpenPartIsNoLink(t *testing.T) {
	dir := t.TempDir()
	target, path := filepath.Join(dir, "target"), filepath.Join(dir, "x.part")
	writeFile(t, target, content)
	if err := os.Symlink(target, path); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	if _, err := openPart(t.Context(), path, 100); !errors.Is(err, regular.ErrKind) {
		t.Errorf("got %v, want %v", err, regular.ErrKind)
	}
	if got := read(t, target); string(got) != string(content) {
		t.Errorf("%d bytes are left of %d", len(got), len(content))
	}
}

func TestOpenPartTooLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.part")
	writeFile(t, path, content)
	p, err := openPart(t.Context(), path, 100)
	if err != nil {
		t.Fatal(err)
	}
	if p.size != 0 || len(read(t, path)) != 0 {
		t.Errorf("kept %d bytes of a part over the limit", p.size)
	}
	if err := p.close(); err != nil {
		t.Error(err)
	}
}
