package decompose

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/facet-clip/facet/internal/numeric"
)

// Union joins the [Stats] of several sets of images into those of all their images. What it holds depends on which sets were added and on nothing
// else: not on their order, nor on how many were joined before, to the last bit. Moments are sums without an order (docs/design.md, formulas 55 and 56);
// extremes are ordered by scalar and, where these are equal, by image, so images have the same numbers in every order.
type Union struct {
	heads, channels, embed int

	count             int
	sums              *numeric.Sums
	largest, smallest extremes
}

// NewUnion is a union of nothing, for an attention pool of M heads, C neurons and embedding width D.
func NewUnion(heads, channels, embed int) *Union {
	pairs := heads * channels
	return &Union{
		heads: heads, channels: channels, embed: embed, sums: numeric.NewSums(MomentSums(heads, channels)),
		largest: newExtremes(pairs, 1), smallest: newExtremes(pairs, -1),
	}
}

// MomentSums is how many sums a [Union] keeps, in this order: of s [M,C]; of the products of s[:,n], packed [C, M(M+1)/2]; of W_V^h s_h [M,d]; of
// its products, packed [M, d(d+1)/2].
func MomentSums(heads, channels int) int {
	d := channels / heads
	return heads*channels + channels*Packed(heads) + heads*d + heads*Packed(d)
}

// Bytes is the memory that the union holds, whatever the number of images.
func (u *Union) Bytes() int { return u.sums.Bytes() + u.largest.bytes() + u.smallest.bytes() }

// Sums are the union's moments. With them, and with its statistics, another union goes on without rounding.
func (u *Union) Sums() *numeric.Sums { return u.sums }

// neuron is where the moments of a neuron lie.
func (u *Union) neuron(n int) numeric.Moments {
	return numeric.Moments{Quantities: u.heads, Mean: n, Stride: u.channels, Product: u.heads*u.channels + n*Packed(u.heads)}
}

// head is where the moments of a head lie.
func (u *Union) head(h int) numeric.Moments {
	d := u.channels / u.heads
	first := u.heads*u.channels + u.channels*Packed(u.heads)
	return numeric.Moments{Quantities: d, Mean: first + h*d, Stride: 1, Product: first + u.heads*d + h*Packed(d)}
}

// Lists gives images of largest, or of smallest, scalar of pair p, the most extreme first, appended to into: all that a set keeps, or those alone whose scalar is not
// beyond a limit. Calls for different pairs may come at the same time.
type Lists func(p int, largest bool, limit float32, into []Extreme) ([]Extreme, error)

// Add takes up a set of images by its moments and its extremes; sums are those of the union that gave them, nil if none did. Number gives the images of the set
// their numbers in the union, which rise as those in the set do. It is [ErrMismatch] when the statistics are of another shape. After an error the
// union is of no use.
func (u *Union) Add(s *Stats, extremes Lists, sums *numeric.Sums, number func(uint32) uint32) error {
	if u.heads != s.Heads || u.channels != s.Channels || u.embed != s.Embed {
		return fmt.Errorf("%w: %d heads, %d neurons, embedding %d; expected %d, %d, %d", ErrMismatch,
			s.Heads, s.Channels, s.Embed, u.heads, u.channels, u.embed)
	}
	if uint64(u.count)+uint64(s.Count) > math.MaxUint32 {
		return fmt.Errorf("%d and %d images: expected at most %d together", u.count, s.Count, uint32(math.MaxUint32))
	}
	if sums != nil {
		if err := u.sums.Merge(sums); err != nil {
			return fmt.Errorf("%w: %w", ErrMismatch, err)
		}
	} else if err := u.addMoments(s); err != nil {
		return err
	}
	errs := make([]error, u.heads)
	numeric.Parallel(u.heads, func(h int) {
		var list [Extremes]Extreme
		for p := h * u.channels; p < (h+1)*u.channels && errs[h] == nil; p++ {
			errs[h] = cmp.Or(u.largest.take(p, extremes, list[:0], number), u.smallest.take(p, extremes, list[:0], number))
		}
	})
	u.count += s.Count
	return errors.Join(errs...)
}

// addMoments adds means and co-moments as they are (formula 56).
func (u *Union) addMoments(s *Stats) error {
	d := s.Width()
	errs := make([]error, s.Channels+s.Heads)
	numeric.Parallel(s.Channels, func(n int) {
		errs[n] = u.sums.AddMoments(s.Count, u.neuron(n), s.Mean[n:], s.NeuronCov[n*Packed(s.Heads):])
	})
	numeric.Parallel(s.Heads, func(h int) {
		errs[s.Channels+h] = u.sums.AddMoments(s.Count, u.head(h), s.HeadMean[h*d:], s.HeadCov[h*Packed(d):])
	})
	return errors.Join(errs...)
}

// Stats are the statistics of all images. The lists of extremes are the union's own memory.
func (u *Union) Stats() *Stats {
	M, C := u.heads, u.channels
	d := C / M
	s := &Stats{
		Heads: M, Channels: C, Embed: u.embed, Count: u.count, Mean: make([]float64, M*C), NeuronCov: make([]float64, C*Packed(M)),
		HeadMean: make([]float64, M*d), HeadCov: make([]float64, M*Packed(d)), Largest: u.largest.lists(), Smallest: u.smallest.lists(),
	}
	numeric.Parallel(C, func(n int) { u.sums.Moments(u.count, u.neuron(n), s.Mean[n:], s.NeuronCov[n*Packed(M):]) })
	numeric.Parallel(M, func(h int) { u.sums.Moments(u.count, u.head(h), s.HeadMean[h*d:], s.HeadCov[h*Packed(d):]) })
	s.M2 = s.squares()
	return s
}

// squares are the diagonals of the neurons' co-moments: M2 of every pair.
func (s *Stats) squares() []float64 {
	m2 := make([]float64, s.Heads*s.Channels)
	for h := range s.Heads {
		for n := range s.Channels {
			m2[h*s.Channels+n] = s.NeuronCov[n*Packed(s.Heads)+diagonal(h, s.Heads)]
		}
	}
	return m2
}
