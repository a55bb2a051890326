package lab_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// TestExplainByAtlas: an atlas without labels names nothing; with a bank it says what pairs fire for.
func TestExplainByAtlas(t *testing.T) {
	l := open(t, lab.Config{Engine: "portable"})
	q := lab.Explain{Picture: scene, Atlas: labtest.ScenesAtlas(), Top: 2}
	if _, err := l.Explain(t.Context(), q); !errors.Is(err, atlas.ErrNoLabels) || !strings.Contains(err.Error(), q.Atlas) {
		t.Errorf("without labels: %v", err)
	}
	q.Bank = words(t)
	e, err := l.Explain(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range e.Answer.Pairs {
		if p.Says == nil || p.Fires == nil || len(p.Words) == 0 {
			t.Errorf("%+v", p)
		}
	}
}

// words is a file with a text a line.
func words(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "words.txt")
	if err := os.WriteFile(path, []byte("sedan\ncastle\nsnow\nbutterfly\ncat\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
