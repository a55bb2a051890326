package clip

import (
	"context"
	"errors"
	"fmt"
	"image"

	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/engine/graph"
)

// EncodePictures is [Model.EncodeImages] of pictures of one size, as they are: it crops and scales nothing, and normalises their pixels.
func (m *Model) EncodePictures(ctx context.Context, pictures []*image.RGBA, want ...Output) (map[Output]graph.Tensor, error) {
	if len(pictures) == 0 {
		return nil, errors.New("expected one picture or more, found none")
	}
	size := pictures[0].Rect.Size()
	pixels := make([]float32, 0, len(pictures)*3*size.X*size.Y)
	for i, p := range pictures {
		if p.Rect.Size() != size {
			return nil, fmt.Errorf("picture %d is of %v pixels, the first of %v: expected pictures of one size", i+1, p.Rect.Size(), size)
		}
		pixels = append(pixels, preprocess.Normalise(p)...)
	}
	return m.EncodeImages(ctx, graph.Floats(pixels, len(pictures), 3, size.Y, size.X), want...)
}
