package experiment

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/facet-clip/facet/decompose"
)

// Sink gathers where the class query looks over a dataset (DESIGN §1, attention sink).
type Sink struct {
	query    decompose.Query
	grid     int // K
	token    int // the spatial token that is watched for registers, from 0; −1: none yet
	images   int
	mass     []float64   // Σ over images and heads of a_i [K+1]
	perImage [][]float64 // share of each spatial token, mean over heads [N][K]
	register []float64   // Σ over images and heads of how much of the sink's attention goes when a neuron is zeroed there [C]
	own      float64     // Σ over images and heads of the sink's attention
}

// NewSink is for a square grid of so many spatial tokens. It watches one spatial token for register neurons, from 0; the field's is the last.
func NewSink(query decompose.Query, tokens, watched int) *Sink {
	return &Sink{query: query, grid: tokens, token: watched, mass: make([]float64, tokens+1), register: make([]float64, query.Channels)}
}

var errSinkShape = errors.New("tokens, attention and weights do not fit each other")

// Add takes an image's tokens x [K+1,C] and attention a [M,K+1].
func (s *Sink) Add(x, a []float32) error {
	M, C, N := s.query.Heads, s.query.Channels, s.grid+1
	if len(x) != N*C || len(a) != M*N {
		return errSinkShape
	}
	shares := make([]float64, s.grid)
	for h := range M {
		for i := range N {
			v := float64(a[h*N+i]) / float64(M)
			s.mass[i] += v
			if i > 0 {
				shares[i-1] += v
			}
		}
	}
	s.perImage = append(s.perImage, shares)
	s.images++
	s.registers(x, a)
	return nil
}

// registers adds what zeroing each neuron of the watched token takes from its attention, exactly: the token's logit in head h falls by U_h[n]·x_n,
// and of a softmax only one entry changes: a → a·e^(−Δ)/(1 − a + a·e^(−Δ)). The query is left as it is.
func (s *Sink) registers(x, a []float32) {
	M, C, N := s.query.Heads, s.query.Channels, s.grid+1
	at := s.token + 1
	token := x[at*C : (at+1)*C]
	for h := range M {
		u := s.query.Absorbed(h, x[:C])
		p := float64(a[h*N+at])
		s.own += p
		for n, v := range u {
			left := p * math.Exp(-v*float64(token[n]))
			s.register[n] += p - left/(1-p+left)
		}
	}
}

// SinkReport says where the class query looks.
type SinkReport struct {
	Images    int        `json:"images"`
	Mass      []float64  `json:"mass"`  // mean attention of each spatial token [K]
	Class     float64    `json:"class"` // of the class token
	Token     int        `json:"token"` // the spatial token that stands out most from its neighbours, from 0
	Ratio     float64    `json:"ratio"` // its attention over the mean of its neighbours', mean over images
	RatioLow  float64    `json:"ratio_low"`
	RatioHigh float64    `json:"ratio_high"` // 95 % interval over images
	Exists    bool       `json:"exists"`     // the interval lies above 3
	Watched   int        `json:"watched"`
	Registers []Register `json:"registers"` // of the watched token, strongest first
}

// Register is a neuron that draws attention to the watched token.
type Register struct {
	Neuron int     `json:"neuron"`
	Share  float64 `json:"share"` // of the token's attention that goes when the neuron is zeroed there
}

// sinkRatio is from where on a token is called a sink. What a dataset shows in the middle draws attention to a whole neighbourhood; a sink draws it to
// one token, whatever lies there.
const sinkRatio = 3

// Report sums up, with the given number of registers. It is an error without images.
func (s *Sink) Report(registers int) (SinkReport, error) {
	if s.images == 0 {
		return SinkReport{}, errors.New("no images to look for a sink in")
	}
	r := SinkReport{Images: s.images, Watched: s.token, Class: s.mass[0] / float64(s.images)}
	for i, m := range s.mass[1:] {
		r.Mass = append(r.Mass, m/float64(s.images))
		if mean, low, high := s.ratio(i); mean > r.Ratio {
			r.Token, r.Ratio, r.RatioLow, r.RatioHigh = i, mean, low, high
		}
	}
	r.Exists = r.RatioLow > sinkRatio
	for n, v := range s.register {
		r.Registers = append(r.Registers, Register{n, v / s.own})
	}
	slices.SortStableFunc(r.Registers, func(a, b Register) int { return cmp.Compare(b.Share, a.Share) })
	r.Registers = r.Registers[:min(registers, len(r.Registers))]
	return r, nil
}

// ratio is the mean over images of a token's attention over that of its neighbours, up to eight, with its 95 % interval.
func (s *Sink) ratio(token int) (mean, low, high float64) {
	n := float64(len(s.perImage))
	ratios := make([]float64, len(s.perImage))
	for i, shares := range s.perImage {
		ratios[i] = shares[token] / max(s.around(shares, token), 1e-12)
		mean += ratios[i] / n
	}
	var spread float64
	for _, r := range ratios {
		spread += (r - mean) * (r - mean) / max(n-1, 1)
	}
	half := z95 * math.Sqrt(spread/n)
	return mean, mean - half, mean + half
}

// around is the mean over a token's neighbours on the square grid.
func (s *Sink) around(shares []float64, token int) float64 {
	g := int(math.Round(math.Sqrt(float64(s.grid))))
	var sum, count float64
	for y := max(token/g-1, 0); y <= min(token/g+1, g-1); y++ {
		for x := max(token%g-1, 0); x <= min(token%g+1, g-1); x++ {
			if at := y*g + x; at != token {
				sum += shares[at]
				count++
			}
		}
	}
	return sum / max(count, 1)
}

// Without are the pair scalars [M,C] when a spatial token is not looked at: the attention of the others in each head is scaled up to sum to 1.
func Without(token int, x, a []float32, heads, channels int) []float32 {
	N := len(x) / channels
	s := make([]float32, heads*channels)
	sum := make([]float64, channels)
	for h := range heads {
		clear(sum)
		rest := 1 - float64(a[h*N+token+1])
		for i := range N {
			if i == token+1 {
				continue
			}
			w := float64(a[h*N+i]) / rest
			for n, v := range x[i*channels : (i+1)*channels] {
				sum[n] += w * float64(v)
			}
		}
		for n, v := range sum {
			s[h*channels+n] = float32(v)
		}
	}
	return s
}
