package lab

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/decompose"
)

// use is what pairs did in a dataset.
type use struct {
	atlas    *atlas.Atlas // nil for scenes that were looked at just now
	stats    *decompose.Stats
	images   func() ([]float32, error) // embeddings [N,D]
	strength []float32                 // mean of the 50 largest centred contribution norms [M,C]
	signs    []int8                    // of the principal directions [M,C]
	names    func() (*Names, error)    // that the atlas keeps; nil names where it keeps none
	rows     func() ([]AtlasImage, error)
	digest   func() (string, error) // of the manifest

	orders cache[string, []int32]   // of the pairs, by what they are sorted by
	scores cache[string, []float64] // of the pairs: polysemanticity
	looks  cache[int, *Explained]   // images, as the model sees them

	components cache[headWordsKey, []answer.HeadComponent] // of heads
}

// errTurned is returned for an atlas or a profile whose pictures were not turned, in a lab that turns them.
var errTurned = errors.New("it was made without exif-rotate, so its pictures are opened without as well")

// openAtlas is the atlas in a folder, which the lab's model must have made of pictures that were turned as the lab turns them.
func (l *Lab) openAtlas(ctx context.Context, dir string) (*use, error) {
	u, err := l.anyAtlas(ctx, dir)
	if err == nil && l.config.ExifRotate && !u.atlas.Manifest.Options.ExifRotate {
		return nil, fmt.Errorf("%s: %w", dir, errTurned)
	}
	return u, err
}

// anyAtlas is the atlas in a folder, which the lab's model must have made. It is opened and verified once, and again when it has changed.
func (l *Lab) anyAtlas(ctx context.Context, dir string) (*use, error) {
	open := func(ctx context.Context) (*use, error) { return l.readAtlas(ctx, dir) }
	file, ok := versionOf(filepath.Join(dir, atlas.ManifestFile))
	if !ok { // whose error is told
		return open(ctx)
	}
	return l.atlases.get(ctx, file, open)
}

func (l *Lab) readAtlas(ctx context.Context, dir string) (*use, error) {
	at, err := atlas.Open(dir)
	if err != nil {
		return nil, err
	}
	sum, err := l.model.Checkpoint().SHA256(ctx)
	if err != nil {
		return nil, err
	}
	if err := at.Manifest.Model.SameModel(atlas.Model{Name: l.name, SHA256: sum, Config: l.model.Config}); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return useOf(at), nil
}

// CloseAtlas drops an atlas that the lab holds open; the next question reads it again.
func (l *Lab) CloseAtlas(dir string) {
	path, err := filepath.Abs(filepath.Join(dir, atlas.ManifestFile))
	if err != nil {
		return
	}
	l.atlases.forget(func(v version) bool { return v.path == path })
}

// openBoth gives the atlas in a folder and the decomposition of the model.
func (l *Lab) openBoth(ctx context.Context, dir string) (*use, *decompose.OV, error) {
	use, err := l.openAtlas(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	ov, err := l.ov()
	return use, ov, err
}

// openUse is what an atlas says of the model's pairs; no atlas, nil.
func (l *Lab) openUse(ctx context.Context, dir string) (*use, error) {
	if dir == "" {
		return nil, nil
	}
	return l.openAtlas(ctx, dir)
}

func useOf(at *atlas.Atlas) *use {
	u := newUse(at.Stats, at.Norms, at.Embeddings)
	u.atlas, u.looks.most, u.components.most = at, keptLooks, keptComponents
	if u.keepsEmbeddings() {
		u.images = sync.OnceValues(at.Embeddings)
	}
	u.names = sync.OnceValues(func() (*Names, error) { return namesOf(at) })
	u.digest = sync.OnceValues(func() (string, error) { return digestOf(at.Manifest) })
	u.rows = sync.OnceValues(func() ([]AtlasImage, error) { return imagesOf(at) })
	return u
}

func newUse(s *decompose.Stats, norms []float32, images func() ([]float32, error)) *use {
	u := &use{
		stats: s, images: images, names: func() (*Names, error) { return nil, nil },
		signs: s.PairSigns(decompose.Extremes), strength: make([]float32, len(norms)),
	}
	for p, norm := range norms {
		u.strength[p] = float32(s.Score(p, norm))
	}
	return u
}
