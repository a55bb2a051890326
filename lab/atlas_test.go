package lab_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/lab"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "lab")
	if err != nil {
		panic(err)
	}
	scenesAtlas = sync.OnceValue(func() string { return scanScenes(filepath.Join(dir, "scenes.atlas")) })
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// scenesSource is 13 scenes: more than the ten that tell what a unit stands for.
const scenesSource = "scenes:single?n=13&seed=3"

// scenesAtlas is the folder of an atlas of them by the demo model, with scalars and without labels. It is scanned when it is first asked for.
var scenesAtlas func() string

// scanScenes leaves the atlas in dir.
func scanScenes(dir string) string {
	ctx := context.Background()
	l, err := lab.Open(ctx, lab.Config{Engine: "portable"})
	if err != nil {
		panic(err)
	}
	defer l.Close()
	source, err := dataset.Open(scenesSource, dataset.Options{})
	if err != nil {
		panic(err)
	}
	if _, err := l.Scan(ctx, lab.Scan{Source: source, Folder: dir, KeepScalars: true}); err != nil {
		panic(err)
	}
	return dir
}

// TestExplainByAtlas: an atlas without labels names nothing; with a bank it says what pairs fire for.
func TestExplainByAtlas(t *testing.T) {
	l := open(t, lab.Config{Engine: "portable"})
	q := lab.Explain{Picture: scene, Atlas: scenesAtlas(), Top: 2}
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
