package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// Sink gathers where the class query looks over a dataset (docs/design.md, formula 22). It works with logits in float64: a head that looks at one token
// alone has an attention of 1 there in float32, and of 0 elsewhere, which says nothing of what would be left without that token.
type Sink struct {
	query    decompose.Query
	grid     int // K
	token    int // the spatial token that is watched for registers, from 0
	mass     []float64
	perImage [][]float64 // log of each spatial token's attention, mean over heads [N][K]
	register []float64   // Σ over images and heads of how much of the sink's attention goes when a neuron is zeroed there [C]
	own      float64     // Σ over images and heads of the sink's attention
}

// NewSink is for a square grid of so many spatial tokens. It watches one spatial token for register neurons, from 0; the field's is the last.
func NewSink(query decompose.Query, tokens, watched int) *Sink {
	return &Sink{query: query, grid: tokens, token: watched, mass: make([]float64, tokens+1), register: make([]float64, query.Channels)}
}

// Add takes an image's tokens x [K+1,C]. It is an error when they are of another number, or not finite.
func (s *Sink) Add(x []float32) error {
	heads, err := s.heads(x)
	if err != nil {
		return err
	}
	shares := make([]float64, s.grid)
	for i := range s.mass {
		logs := make([]float64, len(heads))
		for h, one := range heads {
			logs[h] = one.logits[i] - one.all
		}
		log := logSumExp(logs) - math.Log(float64(len(heads)))
		s.mass[i] += math.Exp(log)
		if i > 0 {
			shares[i-1] = log
		}
	}
	s.perImage = append(s.perImage, shares)
	for _, one := range heads {
		s.own += logistic(one.ahead)
		for n, by := range one.by {
			s.register[n] += fall(one.ahead, by)
		}
	}
	return nil
}

// headLook is where one head looks in one image.
type headLook struct {
	logits []float64 // U_h·x_i [K+1]
	by     []float64 // U_h[n]·x_n of the watched token [C]: they sum to its logit
	all    float64   // log Σ_i e^logit
	rest   float64   // the same without the watched token
	ahead  float64   // the watched token's logit less rest: its attention is the logistic function of this
}

// heads are the looks of all heads [M] at tokens x [K+1,C]: softmax_i(U_h·x_i) is their attention (docs/design.md, formula 5).
func (s *Sink) heads(x []float32) ([]headLook, error) {
	M, C, N, at := s.query.Heads, s.query.Channels, s.grid+1, s.token+1
	if len(x) != N*C {
		return nil, fmt.Errorf("tokens and weights do not fit each other: expected %d numbers for %d tokens of width %d, found %d", N*C, N, C, len(x))
	}
	all := make([]headLook, M)
	for h := range all {
		one := headLook{logits: make([]float64, N), by: s.query.Absorbed(h, x[:C])}
		for i := range one.logits {
			for n, u := range one.by {
				one.logits[i] += u * float64(x[i*C+n])
			}
		}
		for n := range one.by {
			one.by[n] *= float64(x[at*C+n])
		}
		one.all, one.rest = logSumExp(one.logits), logSumExp(one.logits[:at], one.logits[at+1:])
		if one.ahead = one.logits[at] - one.rest; math.IsNaN(one.ahead) || math.IsInf(one.all, 0) {
			return nil, fmt.Errorf("head %d: its attention is not finite: the tokens or the weights are not", h)
		}
		all[h] = one
	}
	return all, nil
}

// logSumExp is log Σ e^v over all lists, −∞ of none.
func logSumExp(lists ...[]float64) float64 {
	most := math.Inf(-1)
	for _, list := range lists {
		for _, v := range list {
			most = max(most, v)
		}
	}
	if math.IsInf(most, 0) || math.IsNaN(most) {
		return most
	}
	var sum float64
	for _, list := range lists {
		for _, v := range list {
			sum += math.Exp(v - most)
		}
	}
	return most + math.Log(sum)
}

// logistic is 1/(1 + e^−z): the attention of a token whose logit is z more than the log-sum-exp of the others'.
func logistic(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// fall is logistic(z) − logistic(z−by), what a token's attention loses with its logit, without a difference of nearly equal numbers.
func fall(z, by float64) float64 {
	if by < 0 {
		return -fall(z-by, -by)
	}
	return -logistic(z) * logistic(by-z) * math.Expm1(-by)
}

// sinkRatio is from where on a token is called a sink. What a dataset shows in the middle draws attention to a whole neighbourhood; a sink draws it to
// one token, whatever lies there.
const sinkRatio = 3

// Report sums up, with the given number of registers at most. It is an error without images.
func (s *Sink) Report(registers int) (answer.SinkReport, error) {
	images := len(s.perImage)
	if images == 0 {
		return answer.SinkReport{}, errors.New("no images to look for a sink in")
	}
	r := answer.SinkReport{Images: images, Watched: s.token, Class: s.mass[0] / float64(images), Registers: []answer.Register{}}
	for i, m := range s.mass[1:] {
		r.Mass = append(r.Mass, m/float64(images))
		log, half := s.ratio(i)
		if ratio := math.Exp(log); ratio > r.Ratio {
			r.Token, r.Ratio = i, ratio
			if images > 1 {
				low, high := math.Exp(log-half), math.Exp(log+half)
				r.RatioLow, r.RatioHigh = &low, &high
			}
		}
	}
	r.Exists = r.RatioLow != nil && *r.RatioLow > sinkRatio
	if !r.Exists || r.Token != s.token {
		return r, nil
	}
	for n, v := range s.register {
		if v > 0 {
			r.Registers = append(r.Registers, answer.Register{Neuron: n, Share: v / s.own})
		}
	}
	slices.SortStableFunc(r.Registers, func(a, b answer.Register) int { return cmp.Compare(b.Share, a.Share) })
	r.Registers = r.Registers[:min(registers, len(r.Registers))]
	return r, nil
}

// ratio is the mean over images of the log of a token's attention over that of its neighbours, up to eight, with half the width of its 95 % interval.
// Logs, because a ratio is never negative, and neither is its interval.
func (s *Sink) ratio(token int) (log, half float64) {
	n := float64(len(s.perImage))
	var spread float64
	logs := s.ratios(token)
	for _, l := range logs {
		log += l / n
	}
	for _, l := range logs {
		spread += (l - log) * (l - log) / max(n-1, 1)
	}
	return log, z95 * math.Sqrt(spread/n)
}

// ratios are the logs of a token's attention over that of its neighbours [N].
func (s *Sink) ratios(token int) (logs []float64) {
	for _, shares := range s.perImage {
		logs = append(logs, shares[token]-s.around(shares, token))
	}
	return logs
}

// around is the log of the mean over a token's neighbours on the square grid; a token without neighbours is its own.
func (s *Sink) around(shares []float64, token int) float64 {
	g := int(math.Round(math.Sqrt(float64(s.grid))))
	var logs []float64
	for y := max(token/g-1, 0); y <= min(token/g+1, g-1); y++ {
		for x := max(token%g-1, 0); x <= min(token%g+1, g-1); x++ {
			if at := y*g + x; at != token {
				logs = append(logs, shares[at])
			}
		}
	}
	if len(logs) == 0 {
		return shares[token]
	}
	return logSumExp(logs) - math.Log(float64(len(logs)))
}

// Without are the pair scalars [M,C] of an image with tokens x [K+1,C] when the watched token is not looked at: the attention of the others in each
// head, however little it is, is scaled up to sum to 1.
func (s *Sink) Without(x []float32) ([]float32, error) {
	heads, err := s.heads(x)
	if err != nil {
		return nil, err
	}
	C := s.query.Channels
	var all []float32
	for _, one := range heads {
		sum := make([]float64, C)
		for i, l := range one.logits {
			if i == s.token+1 {
				continue
			}
			w := math.Exp(l - one.rest)
			for n, v := range x[i*C : (i+1)*C] {
				sum[n] += w * float64(v)
			}
		}
		all = append(all, numeric.Float32(sum)...)
	}
	return all, nil
}
