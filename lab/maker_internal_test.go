package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/clip/registry"
)

// TestMissingMaker: whoever has another file of the same model is told which one the atlas was made with, and not to pull what is there already.
func TestMissingMaker(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	cache := t.TempDir()
	m, err := registry.Lookup("RN50")
	if err != nil {
		t.Fatal(err)
	}
	by := maker{what: "the atlas a", name: m.Name, sha256: m.SHA256}
	if err := by.missing(cache, nil); !errors.Is(err, ErrMakerGone) || !strings.HasSuffix(err.Error(), "get it with facet model pull RN50") {
		t.Errorf("nothing there: %v", err)
	}
	other := filepath.Join(cache, "RN50", registry.SafeTensors)
	if err := os.MkdirAll(filepath.Dir(other), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, []byte("weights"), 0o644); err != nil {
		t.Fatal(err)
	}
	err = by.missing(cache, nil)
	for _, s := range []string{other + " is another file of RN50", m.URL, m.Path(cache)} {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("the other file there: error does not say %q: %v", s, err)
		}
	}
	want := []candidate{{m.Name, other}}
	if got := by.published(m, cache); len(got) != 1 || got[0] != want[0] {
		t.Errorf("candidates %v, want %v", got, want)
	}
}
