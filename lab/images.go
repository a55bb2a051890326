package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/plot"
)

// ErrNoImage is returned when an atlas has no image of a number.
var ErrNoImage = errors.New("the atlas has no such image")

// AtlasImage is one image of an atlas, without its arrays.
type AtlasImage struct {
	// Name is the path from the root of its dataset. Where the picture lies outside of that root, it is the last part of the path.
	Name string
	// Label, Group and Truth are what the dataset says of it; empty where it says nothing.
	Label, Group, Truth string
	// Time is when it was taken; zero when that is not known.
	Time time.Time

	path string // as the atlas has it
}

// Path is where the picture lies, as the atlas has it.
func (i AtlasImage) Path() string { return i.path }

// The columns of an atlas that say what a picture is.
const (
	ColumnLabel = "label"
	ColumnGroup = "group"
	ColumnTruth = "truth"
)

// Column is what an atlas says of an image.
func (i AtlasImage) Column(name string) string {
	switch name {
	case ColumnGroup:
		return i.Group
	case ColumnTruth:
		return i.Truth
	}
	return i.Label
}

// AtlasState says which atlas lies in a folder, as it is now.
type AtlasState struct {
	// Digest is the SHA-256 of the manifest, which names the digest of every file: two atlases of one digest give the same answers.
	Digest string
	// Manifest is that of the atlas.
	Manifest atlas.Manifest
}

// AtlasState opens and verifies an atlas, once and again when it has changed.
func (l *Lab) AtlasState(ctx context.Context, dir string) (AtlasState, error) {
	u, err := l.openAtlas(ctx, dir)
	if err != nil {
		return AtlasState{}, err
	}
	digest, err := u.digest()
	return AtlasState{digest, u.atlas.Manifest}, err
}

// digestOf is the SHA-256 of a manifest.
func digestOf(m atlas.Manifest) (string, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// AtlasImages are the images of an atlas in its order. The slice is shared: it must not be changed.
func (l *Lab) AtlasImages(ctx context.Context, dir string) ([]AtlasImage, error) {
	u, err := l.openAtlas(ctx, dir)
	if err != nil {
		return nil, err
	}
	return u.rows()
}

// imagesOf reads the images of an atlas without their arrays.
func imagesOf(at *atlas.Atlas) (rows []AtlasImage, err error) {
	for img, err := range at.Images() {
		if err != nil {
			return nil, err
		}
		rows = append(rows, AtlasImage{nameWithin(img.Path), img.Label, img.Group, img.Truth, img.Time, img.Path})
	}
	return rows, nil
}

// nameWithin is the path of an image from its dataset's root, without what lies above that root.
func nameWithin(path string) string {
	if strings.HasPrefix(path, "scenes:") || filepath.IsLocal(filepath.FromSlash(path)) {
		return path
	}
	return filepath.Base(filepath.FromSlash(path))
}

// AtlasSeen is image i of an atlas as the model sees it: the square in the middle.
func (l *Lab) AtlasSeen(ctx context.Context, dir string, i int) (seen *image.RGBA, err error) {
	err = l.atlasPicture(ctx, dir, i, func(img *image.NRGBA) error {
		seen = preprocess.Crop(img, l.model.Config.Image)
		return nil
	})
	return seen, err
}

// AtlasWhole is image i of an atlas as it is, made smaller where a side has more than most pixels.
func (l *Lab) AtlasWhole(ctx context.Context, dir string, i, most int) (whole *image.RGBA, err error) {
	err = l.atlasPicture(ctx, dir, i, func(img *image.NRGBA) error {
		whole = preprocess.Within(img, most)
		return nil
	})
	return whole, err
}

// atlasPicture opens image i of an atlas as its scan did, and has it used.
func (l *Lab) atlasPicture(ctx context.Context, dir string, i int, use func(*image.NRGBA) error) error {
	u, err := l.openAtlas(ctx, dir)
	if err != nil {
		return err
	}
	rows, err := u.rows()
	if err != nil {
		return err
	}
	if i < 0 || i >= len(rows) {
		return fmt.Errorf("image %d: %w: expected 0 to %d", i, ErrNoImage, len(rows)-1)
	}
	path, err := u.atlas.Picture(i, rows[i].path, nil)
	if err != nil {
		return err
	}
	return u.decoder(l).Picture(ctx, path, use)
}

// AtlasMap is image i of an atlas with a map over it. Of a neuron it is the sum of its pairs' maps a_i^h·x_{i,n} (docs/design.md, 8) over heads, all of
// them where none is given. Without a neuron it is the attention a_i^h of the head that is given.
func (l *Lab) AtlasMap(ctx context.Context, dir string, i int, neuron *int, heads ...int) (*image.RGBA, error) {
	e, err := l.mapped(ctx, dir, i, neuron, heads)
	if err != nil {
		return nil, err
	}
	grid := l.model.Config.Grid()
	return plot.HeatMap(e.Seen, mapOf(e.Tokens, neuron, heads...), grid, grid, 0), nil
}

// AtlasMapValues are the numbers of [Lab.AtlasMap], row by row of a grid of so many rows.
func (l *Lab) AtlasMapValues(ctx context.Context, dir string, i int, neuron *int, heads ...int) (values []float32, rows int, err error) {
	e, err := l.mapped(ctx, dir, i, neuron, heads)
	if err != nil {
		return nil, 0, err
	}
	return mapOf(e.Tokens, neuron, heads...), l.model.Config.Grid(), nil
}

// mapped is image i of an atlas, of which a map of a unit is asked for.
func (l *Lab) mapped(ctx context.Context, dir string, i int, neuron *int, heads []int) (*Explained, error) {
	ov, err := l.ov()
	if err != nil {
		return nil, err
	}
	if err := checkMapped(ov, neuron, heads); err != nil {
		return nil, err
	}
	return l.LookIn(ctx, dir, i)
}

// AtlasNumbers are the embedding [D], not normalised, and the scalars [M,C] of image i of an atlas, encoded anew. The slices are shared: they must not be
// changed.
func (l *Lab) AtlasNumbers(ctx context.Context, dir string, i int) (embedding, scalars []float32, err error) {
	e, err := l.LookIn(ctx, dir, i)
	if err != nil {
		return nil, nil, err
	}
	return e.Embedding, e.Scalars.S, nil
}

// AtlasEmbeddings are those of all images of an atlas [N,D], not normalised. The slice is shared: it must not be changed.
func (l *Lab) AtlasEmbeddings(ctx context.Context, dir string) (embeddings []float32, width int, err error) {
	u, err := l.openAtlas(ctx, dir)
	if err != nil {
		return nil, 0, err
	}
	embeddings, err = u.images()
	return embeddings, l.model.Config.Embed, err
}

// checkMapped is a mistake unless there is a neuron, with any heads, or one head, and the model has them.
func checkMapped(ov *decompose.OV, neuron *int, heads []int) error {
	for _, h := range heads {
		if h < 0 || h >= ov.Heads {
			return mistake("head", "%d: expected a head of the model, from 0 to %d", h, ov.Heads-1)
		}
	}
	switch {
	case neuron == nil && len(heads) != 1:
		return &Mistake{Problem: errors.New("expected a neuron, a head or both")}
	case neuron != nil && (*neuron < 0 || *neuron >= ov.Channels):
		return mistake("neuron", "%d: expected a neuron of the model, from 0 to %d", *neuron, ov.Channels-1)
	}
	return nil
}

// mapOf are the values [K] of a map on the grid: of a neuron through heads, or of a head's attention. No heads are all.
func mapOf(tokens decompose.Tokens, neuron *int, heads ...int) []float32 {
	if neuron == nil {
		return tokens.A[heads[0]*tokens.N+1 : (heads[0]+1)*tokens.N]
	}
	values := make([]float32, tokens.N-1)
	for h := range tokens.Heads {
		if len(heads) > 0 && !slices.Contains(heads, h) {
			continue
		}
		for i, v := range tokens.Map(decompose.Pair{Head: h, Neuron: *neuron})[1:] {
			values[i] += v
		}
	}
	return values
}
