package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/facet-clip/facet/drift"
)

// The streams whose order means something, on normal numbers: their false alarms, and how many windows a shift takes, with and without a guard.
const (
	orderRuns    = 20
	orderWindows = 60
	orderPairs   = 30
	orderEmbed   = 8
	orderWindow  = 100
	orderProfile = 1000
	orderShift   = 0.5 // deviations, of one pair
)

// dependent makes image t of a stream from fresh ones and what it made before.
type dependent struct {
	name  string
	next  func(t int, fresh func() []float32, last []float32) []float32
	cycle int // images; 0: none
}

// burst shows each image so often.
func burst(times int) dependent {
	return dependent{fmt.Sprintf("bursts of %d", times), func(t int, fresh func() []float32, last []float32) []float32 {
		if t%times > 0 {
			return last
		}
		return fresh()
	}, 0}
}

// regressive is an autoregression of the first order.
func regressive(φ float64) dependent {
	return dependent{fmt.Sprintf("AR(1) of %g", φ), func(_ int, fresh func() []float32, last []float32) []float32 {
		x := fresh()
		for i := range x {
			if last != nil {
				x[i] = float32(φ)*last[i] + float32(math.Sqrt(1-φ*φ))*x[i]
			}
		}
		return x
	}, 0}
}

// cycles moves every number by a deviation up in one half of a cycle and down in the other.
func cycles(images int) dependent {
	return dependent{fmt.Sprintf("day and night, %d images a cycle", images), func(t int, fresh func() []float32, _ []float32) []float32 {
		x := fresh()
		for i := range x {
			if t/(images/2)%2 == 0 {
				x[i]++
			} else {
				x[i]--
			}
		}
		return x
	}, images}
}

func order() error {
	streams := []dependent{burst(1), burst(2), burst(3), burst(5), burst(10), regressive(0.3), regressive(0.6), regressive(0.9), cycles(orderWindow), cycles(4 * orderWindow)}
	fmt.Printf("%d runs of %d windows of %d images without drift: runs with an alert; runs that warn; and runs that find a shift of %g deviations: windows until then, median and most\n",
		orderRuns, orderWindows, orderWindow, orderShift)
	for _, s := range streams {
		for _, guarded := range []bool{false, true} {
			alarms, warned := 0, 0
			var delays []int
			for seed := range orderRuns {
				calm, warn, err := s.run(seed, guarded, orderWindows, false)
				if err != nil {
					return err
				}
				alarms, warned = alarms+count(calm > 0), warned+count(warn)
				if delay, _, err := s.run(seed, guarded, orderWindows, true); err != nil {
					return err
				} else if delay > 0 {
					delays = append(delays, delay)
				}
			}
			fmt.Printf("%-34s guarded %-5v  alarms %2d of %d  warnings %2d  found %s\n", s.name, guarded, alarms, orderRuns, warned, race{delays: delays})
		}
	}
	return nil
}

// run gives the first window with an alert, 0 for none.
func (s dependent) run(seed int, guarded bool, windows int, drifted bool) (alert int, warned bool, err error) {
	random, made := source(seed, 30), 0
	var last []float32
	image := func(t int) drift.Image {
		last = s.next(t, func() []float32 { return gaussian(random, orderPairs+orderEmbed) }, last)
		made++
		return drift.Image{Path: fmt.Sprint(made), Scalars: append([]float32{}, last[:orderPairs]...), Embedding: last[orderPairs:]}
	}
	summary := drift.NewSummary(orderPairs, orderEmbed, 0, orderProfile)
	for k := range orderProfile { // images far apart, of both phases
		last = nil
		i := image(k * s.cycle / 2)
		if err := summary.Add(i, i.Scalars, nil); err != nil {
			return 0, false, err
		}
	}
	p := &drift.Profile{Summary: *summary}
	var names []string
	for k := range orderPairs {
		p.Strong, names = append(p.Strong, k), append(names, fmt.Sprint("pair ", k))
	}
	m, err := drift.NewMonitor(p, names)
	if err != nil {
		return 0, false, err
	}
	size := orderWindow
	if guarded && s.cycle > 0 {
		m.Cycle, size = true, s.cycle
	} else if guarded {
		m.Thin = drift.ThinAuto
	}
	last = nil
	for w := 0; w < windows*orderWindow/size; w++ {
		var ranks [][]int
		for k := range size {
			i := image(w*size + k)
			if drifted {
				i.Scalars[3] += orderShift
			}
			ranks = append(ranks, m.Ranks(i))
		}
		alerts := m.Window(ranks, budget)
		warned = warned || m.Order.Evidence() >= 1
		if len(alerts) > 0 {
			return w + 1, warned, nil
		}
	}
	return 0, warned, nil
}

func gaussian(random *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(random.NormFloat64())
	}
	return x
}
