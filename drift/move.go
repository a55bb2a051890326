package drift

import (
	"encoding/binary"
	"fmt"
	"math"
)

const (
	sameWay   = 0.9 // cosine from which two moves are one drift (docs/research/drift.md)
	seenMove  = 1.0 // squared length of a move that has a direction, over what chance adds to it
	moveBytes = 4   // of a number of a move that is kept
)

// Move is how the mean embedding of some images differs from a profile's. Two drifts are the same when they move it the same way.
type Move struct {
	Shift []byte  `json:"shift"` // Δe [D], float32 little-endian
	Noise float64 `json:"noise"` // what chance adds to ‖Δe‖²: the images' own variance over their number
}

// NewMove is that of images. One image has no variance and gives no move.
func (p *Profile) NewMove(images *Summary) (m Move, ok bool) {
	e := images.Embedding
	if e.Count < 2 {
		return m, false
	}
	for i, v := range e.Mean {
		m.Shift = binary.LittleEndian.AppendUint32(m.Shift, math.Float32bits(float32(v-p.Embedding.Mean[i])))
	}
	m.Noise = e.trace() / float64(e.Count)
	return m, true
}

// Check says what is wrong with a move that was stored for this profile.
func (p *Profile) Check(m Move) error {
	if want := moveBytes * len(p.Embedding.Mean); len(m.Shift) != want || math.IsNaN(m.Noise) || m.Noise < 0 {
		return fmt.Errorf("a move of %d bytes with noise %g, expected %d bytes", len(m.Shift), m.Noise, want)
	}
	return nil
}

// Cosine is that of two moves without what chance does to it: products and squared lengths are less by what the images' own variance and the
// error of the profile's mean add to them. It may exceed 1 by chance. It is 0 where what is left of a move's squared
// length is less than what chance added: such a move has no direction yet.
func (p *Profile) Cosine(a, b Move) float64 {
	shared := 0.0 // both moves have the error of the profile's mean
	if p.Embedding.Count > 0 {
		shared = p.Embedding.trace() / float64(p.Embedding.Count)
	}
	x, y := a.numbers(), b.numbers()
	lengthX, lengthY := dot(x, x)-a.Noise-shared, dot(y, y)-b.Noise-shared
	if lengthX < seenMove*(a.Noise+shared) || lengthY < seenMove*(b.Noise+shared) || lengthX <= 0 || lengthY <= 0 {
		return 0
	}
	return (dot(x, y) - shared) / math.Sqrt(lengthX*lengthY)
}

// Same reports whether two moves are one drift that came twice.
func (p *Profile) Same(a, b Move) bool { return p.Cosine(a, b) >= sameWay }

func (m Move) numbers() []float64 {
	out := make([]float64, len(m.Shift)/moveBytes)
	for i := range out {
		out[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(m.Shift[moveBytes*i:])))
	}
	return out
}
