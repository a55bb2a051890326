package watch

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/store"
)

// pack is what a window needs of an image: its embedding [D], the scalars of the profile's strong pairs [S] and the two scores of each watched
// text [W,2], as little-endian float32. embedding is [D] and scalars are those of all pairs [M,C]; it is an error when one is not finite.
func (w *Watcher) pack(embedding, scalars []float32) ([]byte, error) {
	bound, err := w.OV.Scalars(scalars)
	if err != nil {
		return nil, err
	}
	values := append([]float32{}, embedding...)
	for _, i := range w.Profile.Strong {
		values = append(values, scalars[i])
	}
	for _, c := range w.Profile.Watched {
		s := c.Score(bound, embedding)
		values = append(values, float32(s.Signed), float32(s.Norm))
	}
	out := make([]byte, 0, 4*len(values))
	for _, v := range values {
		if v-v != 0 { // NaN or ±Inf
			return nil, fmt.Errorf("the model gives %g", v)
		}
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out, nil
}

// unpack is the image of a payload.
func (w *Watcher) unpack(i store.Image) (drift.Image, error) {
	D, S, W := w.OV.Embed, len(w.Profile.Strong), len(w.Profile.Watched)
	if want := 4 * (D + S + 2*W); len(i.Payload) != want {
		return drift.Image{}, fmt.Errorf("%s: a payload of %d bytes, expected %d", i.Name, len(i.Payload), want)
	}
	values := make([]float32, D+S+2*W)
	for k := range values {
		values[k] = math.Float32frombits(binary.LittleEndian.Uint32(i.Payload[4*k:]))
	}
	image := drift.Image{Path: i.Name, ID: string(i.Hash[:]), Embedding: values[:D:D], Scalars: values[D : D+S : D+S]}
	for s := range W {
		at := D + S + 2*s
		image.Scores = append(image.Scores, drift.Score{Signed: float64(values[at]), Norm: float64(values[at+1])})
	}
	return image, nil
}
