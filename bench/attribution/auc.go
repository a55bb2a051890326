package main

import (
	"math/rand/v2"
	"slices"
)

// drawSeed is that of every random draw.
const drawSeed = 17

// resamples of the scenes, for an interval.
const resamples = 300

// ranking is scores in rising order, so that areas under resampled scenes cost no further sort.
type ranking struct {
	order []int  // scenes by score
	ends  []bool // whether the score after order[k] is another one
	is    []bool // whether the word is there, by scene
}

func rank(score []float64, is []bool) ranking {
	r := ranking{make([]int, len(score)), make([]bool, len(score)), is}
	for i := range r.order {
		r.order[i] = i
	}
	slices.SortFunc(r.order, func(a, b int) int {
		switch {
		case score[a] < score[b]:
			return -1
		case score[a] > score[b]:
			return 1
		}
		return 0
	})
	for k := range r.ends {
		r.ends[k] = k+1 == len(score) || score[r.order[k]] != score[r.order[k+1]]
	}
	return r
}

// auc is the chance that a scene with the word scores above one without, where equal scores count one half. times says how often each
// scene was drawn. Without a scene of either kind it is one half.
func (r ranking) auc(times []int) float64 {
	var with, without, tiedWith, tiedWithout, won float64
	for k, i := range r.order {
		if r.is[i] {
			tiedWith += float64(times[i])
		} else {
			tiedWithout += float64(times[i])
		}
		if r.ends[k] {
			won += tiedWith * (without + tiedWithout/2)
			with, without = with+tiedWith, without+tiedWithout
			tiedWith, tiedWithout = 0, 0
		}
	}
	if with == 0 || without == 0 {
		return 0.5
	}
	return won / (with * without)
}

// interval is the middle 95 % of resampled values.
func interval(values []float64) [2]float64 {
	v := slices.Sorted(slices.Values(values))
	at := func(q float64) float64 { return v[int(q*float64(len(v)-1)+0.5)] }
	return [2]float64{at(0.025), at(0.975)}
}

// draws calls f with how often each of n things is in a resample of them, resamples times. Every call of draws gives the same.
func draws(n int, f func(times []int)) {
	rng := rand.New(rand.NewPCG(drawSeed, uint64(n)))
	times := make([]int, n)
	for range resamples {
		clear(times)
		for range n {
			times[rng.IntN(n)]++
		}
		f(times)
	}
}

// once is every thing once.
func once(n int) []int { return slices.Repeat([]int{1}, n) }

// estimate is a mean over things with its 95 % interval.
type estimate struct {
	value   float64
	range95 [2]float64
}

func meanOf(values []float64) estimate {
	mean := func(times []int) (m float64) {
		for i, v := range values {
			m += v * float64(times[i])
		}
		return m / float64(len(values))
	}
	var all []float64
	draws(len(values), func(times []int) { all = append(all, mean(times)) })
	return estimate{mean(once(len(values))), interval(all)}
}
