package concept

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	// MostShown is how many terms of a label are shown at most.
	MostShown = 5
	flat      = 0.25 // of the first word's gain: where a label's gain has flattened
)

// Shown are the terms to show, with their weights as coefficients: the first ones, at most 5, up to the word that adds less than a
// quarter of what the first one explains.
func (l Label) Shown() []Term {
	shown := slices.Clone(l.Terms[:len(l.Weights)])
	for i, w := range l.Weights {
		shown[i].Coefficient = w
	}
	return shown
}

// shown is how many of terms are to be shown.
func shown(terms []Term) int {
	before := 0.0
	for k, t := range terms {
		if k == MostShown || t.Explained-before < flat*terms[0].Explained {
			return k
		}
		before = t.Explained
	}
	return len(terms)
}

// Null is what words explain of directions that mean nothing: labels must do better.
type Null struct {
	Explained []float64 // by number of terms, from 1: the share that 95 of 100 labels do not exceed
}

const nullShare = 0.95

// NewNull takes the labels, by the same fit, of random directions, of which there should be a hundred or more.
func NewNull(labels []Label) Null {
	var n Null
	for k := 0; len(labels) > 0; k++ {
		shares, more := make([]float64, len(labels)), false
		for i, l := range labels {
			if more = more || k < len(l.Terms); len(l.Terms) > 0 {
				shares[i] = l.Terms[min(k, len(l.Terms)-1)].Explained
			}
		}
		if !more {
			break
		}
		slices.Sort(shares)
		n.Explained = append(n.Explained, shares[int(math.Ceil(nullShare*float64(len(shares))))-1])
	}
	return n
}

// Names reports whether a label names its unit: the words to show explain more of it than as many words explain of 95 in 100 random
// directions. A unit without such a label is better shown as unnamed than with a bad word.
func (n Null) Names(l Label) bool {
	shown := l.Shown()
	if len(shown) == 0 || len(n.Explained) == 0 {
		return false
	}
	return shown[len(shown)-1].Explained > n.Explained[min(len(shown), len(n.Explained))-1]
}

// RandomDirections are n random unit directions [n,D] in the span of units [U,D]: Gaussian mixtures of them. Those of one head stay in its
// subspace, so that chance is compared with like. Units without any length give none.
func RandomDirections(units []float32, embed, n int, seed uint64) []float32 {
	random := rand.New(rand.NewPCG(seed, 1))
	weights := make([]float32, n*(len(units)/embed))
	for i := range weights {
		weights[i] = float32(random.NormFloat64())
	}
	out := multiply(weights, n, units, embed)
	kept := out[:0]
	for row := range slices.Chunk(out, embed) {
		if normalise(row) == nil {
			kept = append(kept, row...)
		}
	}
	return kept
}

// Unit is x [D] made unit, in a new slice; zero when x has no length.
func Unit(x []float32) []float32 {
	out := slices.Clone(x)
	if normalise(out) != nil {
		clear(out)
	}
	return out
}
