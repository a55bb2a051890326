package drift

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// shifts are what a detector bets on: that scores, turned into a normal variable by their ranks, have moved by so much. Shared by all
// detectors.
var shifts = []float64{-1.5, -0.7, -0.3, -0.12, 0.12, 0.3, 0.7, 1.5}

// Reference is one number of every image of a reference sample, sorted: what a [Detector] ranks new images in.
type Reference struct {
	sorted []float32
	*odds
}

// odds are what bets pay before they are set against each other: exp(δ·z) for every shift δ and each of the gaps between n sorted numbers,
// n+1 of them, z being the normal quantile of the gap's middle. References of one size share them.
type odds struct {
	bets [][]float64 // [shifts, n+1]
	sums []float64   // of bets, by shift
}

func newOdds(n int) *odds {
	o, gaps := new(odds), n+1
	for _, δ := range shifts {
		bet, sum := make([]float64, gaps), 0.0
		for g := range bet {
			bet[g] = math.Exp(δ * distuv.UnitNormal.Quantile((float64(g)+0.5)/float64(gaps)))
			sum += bet[g]
		}
		o.bets, o.sums = append(o.bets, bet), append(o.sums, sum)
	}
	return o
}

// NewReference takes the numbers of a reference sample, two at least and all finite.
func NewReference(values []float32) (*Reference, error) {
	return newReference(values, newOdds(len(values)))
}

func newReference(values []float32, o *odds) (*Reference, error) {
	if len(values) < 2 {
		return nil, fmt.Errorf("a reference of %d images, expected two at least", len(values))
	}
	for _, v := range values {
		if v-v != 0 {
			return nil, fmt.Errorf("a reference with the number %g", v)
		}
	}
	return &Reference{slices.Sorted(slices.Values(values)), o}, nil
}

// Gap is the gap between the reference's numbers into which a number falls, 0 to n. Among equal numbers it goes by turn, so that ties
// favour neither side.
func (r *Reference) Gap(v float32, turn int) int {
	low := sort.Search(len(r.sorted), func(i int) bool { return r.sorted[i] >= v })
	high := low
	for high < len(r.sorted) && r.sorted[high] == v {
		high++
	}
	return low + turn%(high-low+1)
}

// Detector holds an e-process against the hypothesis that the reference and the stream are exchangeable (nothing has changed): a
// non-negative process of expectation at most 1 at every stopping time, so that by Ville's inequality it ever reaches 1/α with
// probability at most α, however long and however often one looks.
//
// The bets are conformal (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005, §7.1): given the past, a new image falls into
// each gap between the n reference images and the stream so far with equal probability. Stream images count to the gap of the reference
// that they fell in, so that a gap's probability is its count over all counts (a Pólya urn), and a bet on a gap pays its odds over the
// mean odds. This holds for the finite reference exactly; no limit is taken. A change may come at any window: the wealth is spread over the
// starts w = 0, 1, … by the prior 1/((w+1)(w+2)), in one recursion for all of them (Shiryaev–Roberts with a prior, as e-detectors of Shin,
// Ramdas and Rinaldo, 2022), and evenly over the [shifts].
//
// The fields are the whole state: a detector is stored as JSON and goes on after it is read back.
type Detector struct {
	Windows int       `json:"windows"` // begun
	Total   float64   `json:"total"`   // gaps: of the reference and the stream so far
	Sums    []float64 `json:"sums"`    // of the odds over all gaps, by shift
	Wealth  []float64 `json:"wealth"`  // by shift, over all starts so far
	Lowest  float64   `json:"lowest"`  // the lowest that the e-process was at the end of a window
	Since   int       `json:"since"`   // how many windows there were then: what came after is why it is where it is
}

// NewDetector has seen nothing of the stream.
func (r *Reference) NewDetector() Detector {
	return Detector{Total: float64(len(r.sorted) + 1), Sums: slices.Clone(r.sums), Wealth: make([]float64, len(shifts))}
}

// most bounds the wealth well below what a float64 holds: evidence beyond doubt.
const most = 1e200

// Window takes up the images of a window by their gaps.
func (d *Detector) Window(r *Reference, gaps []int) {
	start := 1 / (float64(d.Windows+1) * float64(d.Windows+2))
	d.Windows++
	for k, bet := range r.bets {
		wealth, sum, total := d.Wealth[k]+start, d.Sums[k], d.Total
		for _, g := range gaps {
			wealth *= bet[g] * total / sum
			sum += bet[g]
			total++
		}
		d.Wealth[k], d.Sums[k] = min(wealth, most), sum
	}
	d.Total += float64(len(gaps))
	if e := d.E(); d.Lowest == 0 || e <= d.Lowest {
		d.Lowest, d.Since = e, d.Windows
	}
}

// E is the e-process now: the mean wealth over the shifts, with what is kept for starts to come.
func (d *Detector) E() float64 {
	sum := 0.0
	for _, w := range d.Wealth {
		sum += w
	}
	return sum/float64(len(d.Wealth)) + 1/float64(d.Windows+1)
}

// Grown is over how many windows, up to the last, the evidence has grown from its lowest.
func (d *Detector) Grown() int { return max(1, d.Windows-d.Since) }

// Up reports whether the evidence is for larger numbers.
func (d *Detector) Up() bool {
	up := 0.0
	for k, w := range d.Wealth {
		up += math.Copysign(w, shifts[k])
	}
	return up > 0
}
