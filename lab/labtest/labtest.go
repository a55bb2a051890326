// Package labtest gives tests of a lab and of its rooms a lab of their own, and an atlas of few scenes.
package labtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/lab"
)

// Open gives the lab of a config, with a cache folder of its own. It is closed with the test.
func Open(t testing.TB, c lab.Config) *lab.Lab {
	t.Helper()
	c.Cache = t.TempDir()
	l, err := lab.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// Scenes are 13 of a single thing: more than the ten that tell what a unit stands for.
const Scenes = "scenes:single?n=13&seed=3"

var dir string

// Main runs the tests of a package, and removes what [ScenesAtlas] and [LargeAtlas] left.
func Main(m *testing.M) {
	var err error
	if dir, err = os.MkdirTemp("", "lab"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// ScenesAtlas is the folder of an atlas of [Scenes] by the demo model, with scalars and without labels. It is scanned when it is first asked for, and
// needs [Main].
var ScenesAtlas = sync.OnceValue(func() string {
	return scanned("scenes.atlas", Scenes)
})

// LargeAtlas is another one, of 60 scenes: more than the ends of a pair have.
var LargeAtlas = sync.OnceValue(func() string {
	return scanned("large.atlas", "scenes:single?n=60&seed=3")
})

// scanned is a new atlas of a source.
func scanned(name, from string) string {
	at := filepath.Join(dir, name)
	if err := scan(at, from); err != nil {
		panic(err)
	}
	return at
}

func scan(dir, from string) error {
	ctx := context.Background()
	l, err := lab.Open(ctx, lab.Config{})
	if err != nil {
		return err
	}
	defer l.Close()
	source, err := dataset.Open(from, dataset.Options{})
	if err != nil {
		return err
	}
	_, err = l.Scan(ctx, lab.Scan{Source: source, Folder: dir, KeepScalars: true})
	return err
}

// Near fails a test unless a number is within so much of another.
func Near(t testing.TB, what string, got, want, within float64) {
	t.Helper()
	if !(got >= want-within && got <= want+within) {
		t.Errorf("%s: %v, expected %v", what, got, want)
	}
}
