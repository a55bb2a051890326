package place

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMoved: keeper and kept move together, or only one of them, or the way to the keeper is a link.
func TestMoved(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	old, now := filepath.Join(base, "old"), filepath.Join(base, "deeper", "now")
	for _, dir := range []string{filepath.Join(old, "atlas"), filepath.Join(old, "photos"), filepath.Join(now, "atlas")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p := Of(filepath.Join(old, "photos"), filepath.Join(old, "atlas"))
	if diff := cmp.Diff(Place{filepath.Join(old, "photos"), "../photos"}, p); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{filepath.Join(old, "photos")}, p.Candidates(filepath.Join(old, "atlas"))); diff != "" {
		t.Error(diff)
	}
	want := []string{filepath.Join(old, "photos"), filepath.Join(now, "photos")}
	if diff := cmp.Diff(want, p.Candidates(filepath.Join(now, "atlas"))); diff != "" {
		t.Error(diff)
	}
	if got := Of("", old); got != (Place{}) || len(got.Candidates(old)) != 0 {
		t.Errorf("nothing lies at %+v", got)
	}
	link := filepath.Join(base, "link")
	if err := os.Symlink(filepath.Join(now, "atlas"), link); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	if diff := cmp.Diff(want, p.Candidates(link)); diff != "" {
		t.Error(diff)
	}
}
