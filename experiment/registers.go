package experiment

import (
	"math"
	"slices"

	"github.com/facet-clip/facet/decompose"
)

// Seen is what the image tower says about a picture: tokens x [K+1,C] and the class query's attention a [M,K+1].
type Seen struct{ Tokens, Attention []float32 }

// Registers finds the register neurons of the last of a square grid of tokens: one after the other, the neuron without which, besides those already
// found, the token keeps least attention, until it draws no more than its neighbours do, or there are as many as asked for. In the order found.
// There are none where the last token is not a sink, as the report says. One look at all neurons would not do: while several of them hold a
// head's softmax near 1, none is missed alone.
func Registers(query decompose.Query, tokens, most int, pictures []Seen) (SinkReport, []int, error) {
	last := tokens - 1
	s := NewSink(query, tokens, last)
	for _, p := range pictures {
		if err := s.Add(p.Tokens, p.Attention); err != nil {
			return SinkReport{}, nil, err
		}
	}
	r, err := s.Report(0)
	if err != nil || !r.Exists || r.Token != last {
		return r, nil, err
	}
	var heads []pull
	for _, p := range pictures {
		heads = append(heads, s.pulls(p)...)
	}
	var found []int
	for len(found) < min(most, query.Channels) && s.left(pictures, heads) > 1 {
		n := weakest(heads, query.Channels, found)
		for i := range heads {
			heads[i].own *= math.Exp(-heads[i].by[n])
		}
		found = append(found, n)
	}
	return r, found, nil
}

// pull is what draws a head's attention to the watched token in one picture.
type pull struct {
	by   []float64 // U_h[n]·x_n of each neuron [C]
	own  float64   // the token's attention, and what is left of it as neurons are dropped
	rest float64   // the others' attention; their sum, as 1 less the sink's share is not exact
}

// pulls are those of a picture's heads [M].
func (s *Sink) pulls(p Seen) (heads []pull) {
	C, N, at := s.query.Channels, s.grid+1, s.token+1
	for h := range s.query.Heads {
		one := pull{by: s.query.Absorbed(h, p.Tokens[:C]), own: float64(p.Attention[h*N+at])}
		for n, x := range p.Tokens[at*C : (at+1)*C] {
			one.by[n] *= float64(x)
		}
		for i, a := range p.Attention[h*N : (h+1)*N] {
			if i != at {
				one.rest += float64(a)
			}
		}
		heads = append(heads, one)
	}
	return heads
}

// weakest is the neuron without which the token keeps least attention, of those not yet found.
func weakest(heads []pull, C int, found []int) int {
	kept := make([]float64, C)
	for _, h := range heads {
		for n, by := range h.by {
			left := h.own * math.Exp(-by)
			kept[n] += left / (h.rest + left)
		}
	}
	for _, n := range found {
		kept[n] = math.Inf(1)
	}
	return slices.Index(kept, slices.Min(kept))
}

// left is the mean over pictures of the watched token's attention over that of its neighbours, as the heads have it now.
func (s *Sink) left(pictures []Seen, heads []pull) float64 {
	N, M := s.grid+1, s.query.Heads
	now := &Sink{grid: s.grid}
	for i, p := range pictures {
		shares := make([]float64, s.grid)
		for h, one := range heads[i*M : (i+1)*M] {
			for j := range shares {
				v := float64(p.Attention[h*N+j+1])
				if j == s.token {
					v = one.own
				}
				shares[j] += v / (one.rest + one.own)
			}
		}
		now.perImage = append(now.perImage, shares)
	}
	mean, _, _ := now.ratio(s.token)
	return mean
}
