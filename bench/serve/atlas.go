package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/place"
	"github.com/facet-clip/facet/lab"
)

// makeAtlas writes an atlas of images of a folder of pictures, without encoding any: the scalars of each are drawn at random, not negative as
// those of a model, and its embedding is their sum (docs/design.md, 9). So it has the size of a scan's and takes seconds, but says nothing.
func makeAtlas(ctx context.Context, model, pictures, dir string, images int) (err error) {
	l, err := lab.Open(ctx, lab.Config{Model: model})
	if err != nil {
		return err
	}
	defer l.Close()
	root, paths, err := listed(pictures, images)
	if err != nil {
		return err
	}
	m, err := manifest(ctx, l, root)
	if err != nil {
		return err
	}
	weights, err := l.Model().PoolWeights()
	if err != nil {
		return err
	}
	ov, err := decompose.New(weights)
	if err != nil {
		return err
	}
	w, err := atlas.Create(dir, m, weights, m.Options)
	if err != nil {
		return err
	}
	defer w.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, path := range paths {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		scalars := make([]float32, ov.Heads*ov.Channels)
		strong := 0.1 + rng.Float32()
		for p := range scalars {
			scalars[p] = strong * max(0, float32(rng.NormFloat64()))
		}
		s, err := ov.Scalars(scalars)
		if err != nil {
			return err
		}
		if err := w.Add(atlas.Image{Path: path, Label: filepath.Base(filepath.Dir(path)), Embedding: s.Embedding()}, scalars); err != nil {
			return err
		}
	}
	return w.Finish()
}

// manifest says what the atlas is of.
func manifest(ctx context.Context, l *lab.Lab, root string) (m atlas.Manifest, err error) {
	sum, err := l.Model().Checkpoint().SHA256(ctx)
	if err != nil {
		return m, err
	}
	m.Model = atlas.Model{Name: l.Name(), SHA256: sum, File: place.Place{Path: l.Model().Checkpoint().Path()}, Engine: "none " + runtime.Version(), Config: l.Model().Config}
	m.Datasets = []atlas.Dataset{{Source: root, Root: place.Place{Path: root}, Fingerprint: "drawn"}}
	return m, nil
}

// listed are the first n pictures below a folder, as they lie from it.
func listed(dir string, n int) (root string, paths []string, err error) {
	if root, err = filepath.Abs(dir); err != nil {
		return "", nil, err
	}
	err = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".png" || len(paths) == n {
			return err
		}
		rel, err := filepath.Rel(root, path)
		paths = append(paths, filepath.ToSlash(rel))
		return err
	})
	if err == nil && len(paths) < n {
		err = fmt.Errorf("%s: expected %d pictures, found %d", dir, n, len(paths))
	}
	return root, paths, err
}
