package atlas

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestVersion1: paths as a scan of version 1 was told them are taken from the root that its source's name says, from where it was started or
// from the folder beside the atlas.
func TestVersion1(t *testing.T) {
	base := t.TempDir()
	for _, c := range []struct{ source, stored, want, file string }{
		{"photos", "photos/a/1.png", "a/1.png", "photos/a/1.png"},
		{"./photos/", "photos/a/1.png", "a/1.png", "photos/a/1.png"},
		{filepath.Join(base, "photos"), filepath.Join(base, "photos/a/1.png"), "a/1.png", "photos/a/1.png"},
		{"photos/list.csv", "photos/a/1.png", "a/1.png", "photos/a/1.png"},
		{"photos/s-*.tar", "photos/s-0.tar#m/1.png", "s-0.tar#m/1.png", "photos/s-0.tar"},
		{".", "a.png", "a.png", "a.png"},
		{"scenes:default?n=9", "scenes:default?n=9#3", "scenes:default?n=9#3", ""},
	} {
		a := &Atlas{Manifest: Manifest{Format: 1, Datasets: []Dataset{{Source: c.source, Images: 1}}}, dir: filepath.Join(base, "v1.atlas"), first: []int{0}}
		if got := a.path(c.stored, 0); got != c.want {
			t.Errorf("%s of %s: %s, want %s", c.stored, c.source, got, c.want)
		}
		if c.file != "" {
			file := filepath.Join(base, c.file)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		if found, err := a.Picture(0, c.want, nil); err != nil {
			t.Errorf("%s of %s: %s, %v", c.stored, c.source, found, err)
		}
	}
	a := &Atlas{Manifest: Manifest{Format: 1, Datasets: []Dataset{{Source: "photos", Images: 1}}}, dir: filepath.Join(base, "v1.atlas"), first: []int{0}}
	if _, err := a.Picture(0, "none.png", nil); !errors.Is(err, ErrNoPicture) {
		t.Errorf("got %v, want %v", err, ErrNoPicture)
	}
}
