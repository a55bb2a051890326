package experiment

import (
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
)

// Registers finds the register neurons of the last of a square grid of tokens: one after the other, the neuron without which, besides those already
// found, the token keeps least attention, until it draws no more than its neighbours do, or there are as many as asked for. In the order found.
// There are none where the last token is not a sink, as the report says. One look at all neurons would not do: while several of them hold a
// head's softmax near 1, none is missed alone. pictures are tokens x [K+1,C] each.
func Registers(query decompose.Query, tokens, most int, pictures [][]float32) (answer.SinkReport, []int, error) {
	last := tokens - 1
	s := NewSink(query, tokens, last)
	for _, x := range pictures {
		if err := s.Add(x); err != nil {
			return answer.SinkReport{}, nil, err
		}
	}
	r, err := s.Report(0)
	if err != nil || !r.Exists || r.Token != last {
		return r, nil, err
	}
	var heads []headLook
	for _, x := range pictures {
		looks, err := s.heads(x)
		if err != nil {
			return r, nil, err
		}
		heads = append(heads, looks...)
	}
	var found []int
	for len(found) < min(most, query.Channels) && s.left(heads) > 1 {
		n := weakest(heads, query.Channels, found)
		for i := range heads {
			heads[i].ahead -= heads[i].by[n]
		}
		found = append(found, n)
	}
	return r, found, nil
}

// weakest is the neuron without which most attention goes to the other tokens, of those not yet found. Where that is next to nothing for all of them,
// its logs still tell which one brings most.
func weakest(heads []headLook, C int, found []int) int {
	freed := make([][]float64, C) // log of what goes elsewhere, of each head
	for _, h := range heads {
		for n, by := range h.by {
			freed[n] = append(freed[n], logLogistic(by-h.ahead))
		}
	}
	most := make([]float64, C)
	for n := range most {
		most[n] = logSumExp(freed[n])
	}
	for _, n := range found {
		most[n] = math.Inf(-1)
	}
	return slices.Index(most, slices.Max(most))
}

// logLogistic is log(logistic(z)), exact where that is next to 0.
func logLogistic(z float64) float64 {
	if z < 0 {
		return z - math.Log1p(math.Exp(z))
	}
	return -math.Log1p(math.Exp(-z))
}

// left is the mean over pictures (not the geometric one: a sink that is left in one of them counts) of the watched token's attention over that of its
// neighbours, as the heads [pictures·M] have it now.
func (s *Sink) left(heads []headLook) float64 {
	M := s.query.Heads
	now := &Sink{grid: s.grid}
	for picture := range slices.Chunk(heads, M) {
		shares := make([]float64, s.grid)
		for j := range shares {
			logs := make([]float64, M)
			for h, one := range picture {
				logs[h] = one.logits[j+1] - one.rest + logLogistic(-one.ahead)
				if j == s.token {
					logs[h] = logLogistic(one.ahead)
				}
			}
			shares[j] = logSumExp(logs)
		}
		now.perImage = append(now.perImage, shares)
	}
	return math.Exp(logSumExp(now.ratios(s.token))) / float64(len(now.perImage))
}
