package scenes

import (
	"math"
	"math/rand/v2"
)

// dice turns PCG words into choices. It uses nothing of math/rand but the
// words themselves, so that choices stay the same in every Go release.
type dice struct{ pcg rand.PCG }

// The domains keep the random words of a scene's parts apart.
const (
	domainSpec uint64 = iota + 1
	domainCaption
	domainShape
	domainGround
	domainTexture
	domainNoise
)

// newDice returns the dice of one part of one scene.
func newDice(seed, index, domain uint64) *dice {
	d := &dice{}
	d.seed(seed, index, domain)
	return d
}

func (d *dice) seed(seed, index, domain uint64) {
	d.pcg.Seed(seed, scramble(index)^scramble(domain<<56))
}

// scramble spreads small integers over 64 bits (the finaliser of SplitMix64).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below returns an integer in [0, n).
func (d *dice) below(n int) int {
	return int((d.pcg.Uint64() >> 32) * uint64(n) >> 32)
}

// within returns an integer in [lo, hi].
func (d *dice) within(lo, hi int) int { return lo + d.below(hi-lo+1) }

// chance is true with probability p.
func (d *dice) chance(p float64) bool {
	return float64(d.pcg.Uint64()>>11) < float64(p*(1<<53))
}

// vary returns a multiple of 1/64 in [lo, hi].
func (d *dice) vary(lo, hi float64) float64 {
	steps := int(math.Floor(float64((hi - lo) * 64)))
	return lo + float64(d.within(0, steps))/64
}

// weighted returns an index drawn in proportion to its weight, or -1 if no weight is positive.
func (d *dice) weighted(weights []float64) int {
	total := 0.0
	for _, w := range weights {
		total += max(w, 0)
	}
	if total <= 0 {
		return -1
	}
	at := float64(float64(d.pcg.Uint64()>>11)/(1<<53)) * total
	last := -1
	for i, w := range weights {
		if w <= 0 {
			continue
		}
		last = i
		if at < w {
			return i
		}
		at -= w
	}
	return last
}

func pick[T any](d *dice, all []T) T { return all[d.below(len(all))] }
