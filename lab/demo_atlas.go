package lab

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/place"
)

// The demo's atlas: as many scenes as are looked through in some seconds, with the default names; and its beginning, which takes a second or two.
const (
	demoScenes     = "scenes:default?n=300&seed=1"
	demoBeginning  = "scenes:default?n=32&seed=1" // the same scenes: scene i does not depend on how many there are
	beginningUnits = "top:200"
)

// DemoAtlas gives the folder of an atlas of scenes with labels, in the cache folder. It is made where it is not there, which takes some
// seconds. It is a question to the demo model alone.
func (l *Lab) DemoAtlas(ctx context.Context) (string, error) { return l.demoAtlas(ctx, demoScenes, "") }

// DemoBeginning is [Lab.DemoAtlas] of the first scenes alone, with the names of fewer pairs, which is there sooner. Where the whole atlas is there, it
// is that.
func (l *Lab) DemoBeginning(ctx context.Context) (dir string, whole bool, err error) {
	if err := l.checkDemo(); err != nil {
		return "", false, err
	}
	_, folder, err := l.demoFolder(ctx, demoScenes, atlas.Format)
	if err != nil {
		return "", false, err
	}
	dir = filepath.Join(folder, "scenes")
	if u, err := l.openAtlas(ctx, dir); err == nil && u.labelled() {
		return dir, true, nil
	}
	dir, err = l.demoAtlas(ctx, demoBeginning, beginningUnits)
	return dir, false, err
}

// demoAtlas makes the atlas of some scenes, with names of some pairs; empty: of as many as facet label names.
func (l *Lab) demoAtlas(ctx context.Context, scenes, units string) (string, error) {
	if err := l.checkDemo(); err != nil {
		return "", err
	}
	source, folder, err := l.demoFolder(ctx, scenes, atlas.Format)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(folder, "scenes")
	if err := l.scanDemo(ctx, source, dir); err != nil && !errors.Is(err, atlas.ErrFinished) {
		return "", err
	}
	return dir, l.labelDemo(ctx, dir, units)
}

// demoFolder opens scenes, and gives the folder in the cache for what is made of them: another model, other scenes or another variant have another.
func (l *Lab) demoFolder(ctx context.Context, scenes string, variant any) (*dataset.Source, string, error) {
	cache, err := l.config.cacheDir()
	if err != nil {
		return nil, "", err
	}
	sum, err := l.model.Checkpoint().SHA256(ctx)
	if err != nil {
		return nil, "", err
	}
	source, err := dataset.Open(scenes, dataset.Options{})
	if err != nil {
		return nil, "", err
	}
	return source, filepath.Join(cache, "demo", fmt.Sprintf("%.12s-%.12s-%v", sum, source.Fingerprint(), variant)), nil
}

// scanDemo passes scenes through the model. It goes on where it was cut off; [atlas.ErrFinished]: nothing is left to do.
func (l *Lab) scanDemo(ctx context.Context, source *dataset.Source, dir string) (err error) {
	weights, err := l.weights()
	if err != nil {
		return err
	}
	by, err := l.Made(ctx)
	if err != nil {
		return err
	}
	of := atlas.Dataset{Source: source.Name, Root: place.Place{}, Fingerprint: source.Fingerprint()}
	w, err := atlas.Resume(dir, atlas.Manifest{Model: by, Datasets: []atlas.Dataset{of}}, weights, atlas.Options{KeepScalars: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	s := &scanner{Lab: l, source: source, decoder: l.decoder, from: w.Next(), strict: true, take: func(item *scanned) error {
		return w.Add(atlas.Image{Path: item.Path, Label: item.Label, Group: item.Group, Truth: item.Truth, Time: item.Time, Embedding: item.embedding}, item.scalars)
	}}
	if err := s.run(ctx); err != nil {
		return err
	}
	return w.Finish()
}

// labelDemo names some pairs of the demo's atlas in the words of its world, unless they have names.
func (l *Lab) labelDemo(ctx context.Context, dir, units string) error {
	u, err := l.openAtlas(ctx, dir)
	if err != nil || u.atlas.Manifest.Labels != nil {
		return err
	}
	ov, err := l.ov()
	if err != nil {
		return err
	}
	w, err := l.labelling(ctx, fit{units: units})
	if err != nil {
		return err
	}
	defer w.close()
	pairs, err := chooseUnits(w.fit.units, ov, u.strength)
	if err != nil {
		return err
	}
	labels, made, err := w.run(ctx, ov, pairs, u)
	if err != nil {
		return err
	}
	_, err = u.atlas.KeepLabels(made, labels)
	return err
}
