package decompose

import (
	"errors"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/mat"
)

// Extremes is how many images of largest and of smallest scalar are kept for each pair. The k ≤ 50 images farthest from any value lie among
// them ([Stats.Farthest]), which makes the reference's rankings exact in memory that does not grow with the images.
const Extremes = 50

// ErrMismatch is returned when statistics are of an attention pool of another shape than they are used with.
var ErrMismatch = errors.New("the statistics are of another attention pool")

// Extreme is an image in which a pair's scalar is large or small.
type Extreme struct {
	Image  uint32
	Scalar float32
}

// Before tells whether e stands before another image in the list of largest scalars, or else in that of smallest ones: ties by image.
func (e Extreme) Before(other Extreme, largest bool) bool {
	if e.Scalar == other.Scalar {
		return e.Image < other.Image
	}
	return e.Scalar > other.Scalar == largest
}

// Stats are the statistics of a dataset: of pairs [M,C], of neurons [C,M,M] and of heads [M,d,d].
type Stats struct {
	Heads, Channels, Embed int       // M, C, D
	Count                  int       // N, images
	Mean, M2               []float64 // of s[h,n]: s̄ and Σ(s − s̄)² [M,C]
	Largest, Smallest      [][]Extreme
	NeuronCov              []float64 // co-moments of s[:,n] over heads, packed [C, M(M+1)/2]
	HeadCov                []float64 // co-moments of W_V^h s_h, packed [M, d(d+1)/2]
	HeadMean               []float64 // mean of W_V^h s_h [M,d]
}

// Extremes are the [Lists] of the statistics.
func (s *Stats) Extremes(p int, largest bool, _ float32, into []Extreme) ([]Extreme, error) {
	if largest {
		return append(into, s.Largest[p]...), nil
	}
	return append(into, s.Smallest[p]...), nil
}

// Width is d = C/M.
func (s *Stats) Width() int { return s.Channels / s.Heads }

// Variance is Σ(s − s̄)²/N of a pair; 0 without images.
func (s *Stats) Variance(p int) float64 {
	if s.Count == 0 {
		return 0
	}
	return s.M2[p] / float64(s.Count)
}

// NeuronCovariance is the covariance of s[:,n] [M,M].
func (s *Stats) NeuronCovariance(n int) *mat.SymDense {
	k := Packed(s.Heads)
	return unpack(s.NeuronCov[n*k:(n+1)*k], s.Heads, s.Count)
}

// HeadCovariance is the covariance of W_V^h s_h [d,d].
func (s *Stats) HeadCovariance(h int) *mat.SymDense {
	d := s.Width()
	k := Packed(d)
	return unpack(s.HeadCov[h*k:(h+1)*k], d, s.Count)
}

// Farthest are the k images, at most [Extremes], whose scalar of pair p is farthest from a value, farthest first, ties by image. From s̄
// these are the images of largest centred contribution norm, from 0 of largest contribution norm; with the reference's even spread
// of the biases, which adds c = W_O^h b_V^h/C + b_O/(C·M) to a contribution, the largest norms are those farthest from −⟨u,c⟩/‖u‖².
func (s *Stats) Farthest(p, k int, from float64) []Extreme {
	above, below := s.Largest[p], s.Smallest[p]
	overlap := len(above) > 0 && above[len(above)-1].Scalar <= below[len(below)-1].Scalar // an image may be in both
	far := make([]Extreme, 0, min(k, Extremes))
	for len(far) < cap(far) && len(above)+len(below) > 0 {
		var next Extreme
		if len(below) == 0 || len(above) > 0 && fartherAbove(above[0], below[0], from) {
			next, above = above[0], above[1:]
		} else {
			next, below = below[0], below[1:]
		}
		if !overlap || !slices.Contains(far, next) {
			far = append(far, next)
		}
	}
	return far
}

// fartherAbove tells whether the largest scalar that is left is farther from a value than the smallest, ties by image. When both lie on
// one side, the one beyond the other is.
func fartherAbove(above, below Extreme, from float64) bool {
	up, down := float64(above.Scalar)-from, from-float64(below.Scalar)
	if up == down {
		return above.Image < below.Image
	}
	return up > down
}

// PairSigns are the signs of the principal directions ±u/‖u‖ [M,C]: −1 when fewer than half of the k images of largest |s − s̄| have s > s̄,
// else +1 (docs/design.md, formula 13; the paper: k = 50); +1 too where all scalars are alike.
func (s *Stats) PairSigns(k int) []int8 {
	signs := make([]int8, s.Heads*s.Channels)
	numeric.Parallel(s.Heads, func(h int) {
		for p := h * s.Channels; p < (h+1)*s.Channels; p++ {
			signs[p] = s.pairSign(p, k)
		}
	})
	return signs
}

func (s *Stats) pairSign(p, k int) int8 {
	far := s.Farthest(p, k, s.Mean[p])
	if len(far) == 0 || s.Largest[p][0].Scalar == s.Smallest[p][0].Scalar {
		return 1 // all scalars are the mean, up to rounding, which has no say
	}
	above := 0
	for _, e := range far {
		if float64(e.Scalar) > s.Mean[p] {
			above++
		}
	}
	if 2*above < len(far) {
		return -1
	}
	return 1
}

// Score is the mean of the at most 50 largest centred contribution norms |s − s̄|·‖u‖ of a pair: the paper's measure of how much the
// model uses it.
func (s *Stats) Score(p int, norm float32) float64 {
	sum, far := 0.0, s.Farthest(p, Extremes, s.Mean[p])
	for _, e := range far {
		sum += math.Abs(float64(e.Scalar)-s.Mean[p]) * float64(norm)
	}
	return sum / float64(max(len(far), 1))
}

// Packed is the length of the upper triangle of a symmetric matrix [n,n], which is kept row by row, as numpy.triu_indices orders it.
func Packed(n int) int { return n * (n + 1) / 2 }

// unpack divides co-moments by the number of images.
func unpack(comoments []float64, n, images int) *mat.SymDense {
	m := mat.NewSymDense(n, nil)
	i := 0
	for r := range n {
		for c := r; c < n; c++ {
			m.SetSym(r, c, comoments[i]/float64(max(images, 1)))
			i++
		}
	}
	return m
}
