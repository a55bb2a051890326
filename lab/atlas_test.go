package lab_test

import (
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
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

// scenesAtlas is the folder of an atlas of six scenes by the demo model, without labels. It is scanned when it is first asked for.
var scenesAtlas func() string

// scanScenes leaves the atlas in dir.
func scanScenes(dir string) string {
	ctx := context.Background()
	l, err := lab.Open(ctx, lab.Config{Engine: "portable"})
	if err != nil {
		panic(err)
	}
	defer l.Close()
	if err := scan(ctx, l, "scenes:single?n=6&seed=3", dir); err != nil {
		panic(err)
	}
	return dir
}

// scan writes an atlas of a source.
func scan(ctx context.Context, l *lab.Lab, path, dir string) (err error) {
	source, err := dataset.Open(path, dataset.Options{})
	if err != nil {
		return err
	}
	weights, err := l.Model().PoolWeights()
	if err != nil {
		return err
	}
	by, err := l.Made(ctx)
	if err != nil {
		return err
	}
	of := atlas.Dataset{Source: path, Fingerprint: source.Fingerprint()}
	w, err := atlas.Create(dir, atlas.Manifest{Model: by, Datasets: []atlas.Dataset{of}}, weights, atlas.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	crop := func(_ dataset.Item, img *image.NRGBA) (*image.RGBA, error) {
		return preprocess.Crop(img, l.Model().Config.Image), nil
	}
	for item, err := range dataset.Load(ctx, source, 0, l.Decoder(), crop) {
		if err = errors.Join(err, item.Err); err != nil {
			return err
		}
		out, err := l.Model().EncodePictures(ctx, []*image.RGBA{item.Made}, clip.Embedding, clip.Scalars)
		if err != nil {
			return err
		}
		img := atlas.Image{Path: item.Path, Label: item.Label, Embedding: out[clip.Embedding].Floats}
		if err := w.Add(img, out[clip.Scalars].Floats); err != nil {
			return err
		}
	}
	return w.Finish()
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
