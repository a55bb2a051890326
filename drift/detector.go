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

// tailBet says that images are so many times as frequent as in the reference among its most extreme ones, on one side.
type tailBet struct{ share, times float64 }

// tails are the bets of rules on tails. A rare new category moves the mean of a number little and fills one of its tails: the further out, the rarer it
// may be.
var tails = map[Rules][]tailBet{
	ShiftsAndTails: {{0.005, 2}, {0.005, 5}, {0.02, 2}, {0.02, 5}, {0.06, 2}, {0.06, 5}},
	WholeTexts:     {{0.0005, 5}, {0.0005, 20}, {0.002, 5}, {0.002, 20}, {0.005, 2}, {0.005, 5}, {0.02, 2}, {0.02, 5}, {0.06, 2}, {0.06, 5}},
}

// Rules says what a [Monitor] bets on. A stream goes on under the rules that it began with, for what was won under others means something else.
type Rules int

const (
	// ShiftsOnly are the rules of streams that were begun before tails were followed: bets on shifts, evidence that is looked at when a window
	// ends, and an embedding that is compared with the mean of the images that it is ranked among.
	ShiftsOnly Rules = 1
	// ShiftsAndTails are those of streams that were begun before watched texts were followed by the whole embedding. Half of the wealth bets on shifts
	// and half on tails, evidence is looked at after every image, and directions come from images that are not ranked.
	ShiftsAndTails Rules = 2
	// WholeTexts are the rules of new streams. A watched text is followed by its five pairs and by the cosine of the whole embedding with it, and
	// tails are bet on that hold one image in 2,000.
	WholeTexts Rules = 3

	newest = WholeTexts
)

// Reference is one number of every image of a reference sample, sorted: what a [Detector] ranks new images in.
type Reference struct {
	sorted []float32
	*odds
}

// odds are what bets pay before they are set against each other, for each of the gaps between n sorted numbers, n+1 of them: exp(δ·z) for
// every shift δ, z being the normal quantile of the gap's middle; and for a bet on a tail its times in the tail and 1 elsewhere.
// References of one size share them.
type odds struct {
	rules  Rules
	bets   [][]float64 // [bets, n+1]
	sums   []float64   // of each
	shares []float64   // of the wealth that goes to each, in sum 1
	up     []bool      // that it is a bet on larger numbers
}

func newOdds(n int, rules Rules) *odds {
	o, gaps := &odds{rules: rules}, n+1
	each := 1 / float64(len(shifts))
	if rules >= ShiftsAndTails {
		each /= 2
	}
	for _, δ := range shifts {
		bet := make([]float64, gaps)
		for g := range bet {
			bet[g] = math.Exp(δ * normalScore(g, gaps))
		}
		o.add(bet, each, δ > 0)
	}
	if rules < ShiftsAndTails {
		return o
	}
	each = 0.5 / float64(2*len(tails[rules]))
	for _, tail := range tails[rules] {
		within := max(1, int(math.Round(tail.share*float64(gaps))))
		for _, up := range []bool{false, true} {
			bet := make([]float64, gaps)
			for g := range bet {
				bet[g] = 1
				if from := gaps - within; up && g >= from || !up && g < within {
					bet[g] = tail.times
				}
			}
			o.add(bet, each, up)
		}
	}
	return o
}

// normalScore is the normal quantile of a gap's middle.
func normalScore(gap, gaps int) float64 {
	return distuv.UnitNormal.Quantile((float64(gap) + 0.5) / float64(gaps))
}

func (o *odds) add(bet []float64, share float64, up bool) {
	sum := 0.0
	for _, v := range bet {
		sum += v
	}
	o.bets, o.sums, o.shares, o.up = append(o.bets, bet), append(o.sums, sum), append(o.shares, share), append(o.up, up)
}

// NewReference takes the numbers of a reference sample, two at least and all finite.
func NewReference(values []float32) (*Reference, error) {
	return newReference(values, newOdds(len(values), newest))
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
// Ramdas and Rinaldo, 2022), and over the bets: half of it evenly over the [shifts], half over the tails.
//
// The fields are the whole state: a detector is stored as JSON and goes on after it is read back.
type Detector struct {
	Windows int       `json:"windows"` // begun
	Total   float64   `json:"total"`   // gaps: of the reference and the stream so far
	Sums    []float64 `json:"sums"`    // of the odds over all gaps, by bet
	Wealth  []float64 `json:"wealth"`  // by bet, over all starts so far
	Peak    float64   `json:"peak"`    // the highest that the e-process was after an image of the last window
	Lowest  float64   `json:"lowest"`  // the lowest that the e-process was at the end of a window
	Since   int       `json:"since"`   // how many windows there were then: what came after is why it is where it is
	Kept    float64   `json:"kept"`    // wealth for changes that begin later
}

// NewDetector has seen nothing of the stream.
func (r *Reference) NewDetector() Detector {
	return Detector{Total: float64(len(r.sorted) + 1), Sums: slices.Clone(r.sums), Wealth: make([]float64, len(r.bets)), Kept: 1}
}

// most bounds the wealth well below what a float64 holds: evidence beyond doubt.
const most = 1e200

// Window takes up the images of a window by their gaps.
func (d *Detector) Window(r *Reference, gaps []int) {
	d.window(r, gaps, 1/(float64(d.Windows+1)*float64(d.Windows+2)), 1/float64(d.Windows+2))
}

// window takes up a window before which start is put on a change that begins now, and kept is kept for later ones.
func (d *Detector) window(r *Reference, gaps []int, start, kept float64) {
	d.Windows++
	d.Kept = kept
	for k := range d.Wealth {
		d.Wealth[k] += start
	}
	d.Peak = 0
	for _, g := range gaps {
		now := 0.0
		for k, bet := range r.bets {
			d.Wealth[k] = min(d.Wealth[k]*bet[g]*d.Total/d.Sums[k], most)
			d.Sums[k] += bet[g]
			now += r.shares[k] * d.Wealth[k]
		}
		d.Total++
		d.Peak = max(d.Peak, now)
	}
	e := d.E(r)
	if d.Peak += d.Kept; r.rules < ShiftsAndTails || len(gaps) == 0 {
		d.Peak = e
	}
	if d.Lowest == 0 || e <= d.Lowest {
		d.Lowest, d.Since = e, d.Windows
	}
}

// E is the e-process now: the mean wealth over the bets, with what is kept for starts to come.
func (d *Detector) E(r *Reference) float64 {
	sum := 0.0
	for k, w := range d.Wealth {
		sum += r.shares[k] * w
	}
	return sum + d.Kept
}

// Grown is over how many windows, up to the last, the evidence has grown from its lowest.
func (d *Detector) Grown() int { return max(1, d.Windows-d.Since) }

// Up reports whether the evidence is for larger numbers.
func (d *Detector) Up(r *Reference) bool {
	up := 0.0
	for k, w := range d.Wealth {
		if w *= r.shares[k]; !r.up[k] {
			w = -w
		}
		up += w
	}
	return up > 0
}
