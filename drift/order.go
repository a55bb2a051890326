package drift

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/facet-clip/facet/internal/numeric"
)

// ThinAuto as [Monitor.Thin] takes so few images that neighbours are as good as independent.
const ThinAuto = -1

const (
	mostThin          = 1000 // images
	mostLags          = 50   // images, over which correlations are followed
	orderImages       = 500  // of a window, whose order is tested
	orderPermutations = 999  // of that test
	orderLeast        = 16   // images whose order is tested
	independent       = 0.03 // lag correlation that counts as none
	orderChance       = 0.01 // of a warning over a stream whose order means nothing
)

// ParseThin reads "auto" or a number of images from 1 on.
func ParseThin(s string) (int, error) {
	if s == "auto" {
		return ThinAuto, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > mostThin {
		return 0, fmt.Errorf("%q: expected auto or a number from 1 to %d", s, mostThin)
	}
	if n == 1 {
		n = 0 // all, as in streams that were begun before there was a choice
	}
	return n, nil
}

// Order is what is known of the order in which images come. The budget of a [Monitor] holds for images whose order means nothing. Frames of a
// film, bursts of one scene, and days and nights are more like their neighbours than like others.
type Order struct {
	Windows  int       `json:"windows,omitempty"`
	Wealth   float64   `json:"wealth,omitempty"`   // of bets on small p-values, over all windows at which they may have begun
	Products []float64 `json:"products,omitempty"` // Σ over windows of the correlation of images so far apart times their number, from 1 on
	Weights  []float64 `json:"weights,omitempty"`  // Σ of those numbers
	Sums     []float64 `json:"sums,omitempty"`     // Σ over images of the normal score, by number
	Images   int       `json:"images,omitempty"`   // of these sums
}

// Correlation is that of the ranks of images that come lag after one another, from 1 on: 0 where the order means nothing, 1 where they are the same.
func (o *Order) Correlation(lag int) float64 {
	if lag > len(o.Weights) || o.Weights[lag-1] == 0 {
		return 0
	}
	return o.Products[lag-1] / o.Weights[lag-1]
}

// Evidence is against an order that means nothing, as a share of what a warning needs: a warning comes at 1, and over a stream in which the order
// means nothing with a chance of 1 % at most.
func (o *Order) Evidence() float64 { return (o.Wealth + 1/float64(o.Windows+1)) * orderChance }

// Step is how many images apart they are as good as independent.
func (o *Order) Step() int {
	for lag := 1; lag <= mostLags; lag++ {
		if math.Abs(o.Correlation(lag)) < independent {
			return lag
		}
	}
	return mostLags
}

// Every says that the next window's every n-th image is taken; 0: none, since a correlation must be known first.
func (m *Monitor) Every() int {
	switch {
	case m.Rules < ShiftsAndTails:
		return 1
	case m.Thin != ThinAuto:
		return max(1, m.Thin)
	case m.Order.Windows == 0:
		return 0
	}
	return m.Order.Step()
}

// Thinned are the indexes of every n-th of so many images.
func (m *Monitor) Thinned(n, every int) (indexes []int) {
	for i := 0; every > 0 && i < n; i += every {
		indexes = append(indexes, i)
	}
	return indexes
}

// window takes up the ranks of a window's images in the order in which they came.
func (o *Order) window(images [][]int, references []*Reference) {
	w := float64(o.Windows)
	o.Windows++
	o.Wealth += 1 / ((w + 1) * (w + 2))
	if len(images) < orderLeast {
		return
	}
	v := newScores(images[:min(len(images), orderImages)], references)
	o.note(v)
	if g := newGram(v); g != nil {
		o.Wealth = min(o.Wealth/(2*math.Sqrt(g.test(uint64(o.Windows)))), most) // 1/(2√p) has expectation 1 for a uniform p
	}
}

// scores are the normal scores of images in the reference, by all numbers.
type scores struct {
	n, numbers int
	values     []float32 // [n,numbers]
}

func newScores(images [][]int, references []*Reference) scores {
	s := scores{len(images), len(references), make([]float32, len(images)*len(references))}
	for i, r := range references {
		for t, ranks := range images {
			s.values[t*s.numbers+i] = float32(normalScore(ranks[i], len(r.sorted)+1))
		}
	}
	return s
}

func (s scores) of(t int) []float32 { return s.values[t*s.numbers:][:s.numbers] }

// centre takes a mean off every number.
func (s scores) centre(means []float64) {
	for t := range s.n {
		for i := range s.of(t) {
			s.of(t)[i] -= float32(means[i])
		}
	}
}

// sums are those of the numbers over all images.
func (s scores) sums() []float64 {
	out := make([]float64, s.numbers)
	for t := range s.n {
		for i, v := range s.of(t) {
			out[i] += float64(v)
		}
	}
	return out
}

func (s scores) product(a, b int) float64 {
	sum, y := float32(0), s.of(b)
	for i, x := range s.of(a) {
		sum += x * y[i]
	}
	return float64(sum)
}

// priorImages are how many images of mean 0, as in the reference, the mean of the stream begins with. About its own mean, a window of images that
// are alike would seem to be of images that are not.
const priorImages = 1000

// note adds the correlations of a window, about the mean of the windows before.
func (o *Order) note(s scores) {
	if len(o.Weights) != mostLags || len(o.Products) != mostLags || len(o.Sums) != s.numbers {
		o.Products, o.Weights, o.Sums, o.Images = make([]float64, mostLags), make([]float64, mostLags), make([]float64, s.numbers), 0
	}
	sums, means := s.sums(), make([]float64, s.numbers)
	for i, v := range o.Sums {
		means[i] = v / float64(priorImages+o.Images)
		o.Sums[i] += sums[i]
	}
	o.Images += s.n
	centred := scores{s.n, s.numbers, slices.Clone(s.values)}
	centred.centre(means)
	variance := 0.0
	for t := range s.n {
		variance += centred.product(t, t) / float64(s.n)
	}
	for lag := 1; lag <= min(mostLags, s.n/2) && variance > 0; lag++ {
		sum, n := 0.0, float64(s.n-lag)
		for t := range s.n - lag {
			sum += centred.product(t, t+lag)
		}
		o.Products[lag-1] += sum / variance
		o.Weights[lag-1] += n
	}
}

// gram holds the correlations of images by their normal scores over all numbers, each about its mean in the window.
type gram struct {
	n      int
	values []float64 // [n,n], in mean 1 on the diagonal
}

// newGram is nil where nothing varies. It centres the scores.
func newGram(s scores) *gram {
	means := s.sums()
	for i := range means {
		means[i] /= float64(s.n)
	}
	s.centre(means)
	g, trace := &gram{n: s.n, values: make([]float64, s.n*s.n)}, 0.0
	for a := range s.n {
		for b := a; b < s.n; b++ {
			v := s.product(a, b)
			g.values[a*g.n+b], g.values[b*g.n+a] = v, v
		}
		trace += g.values[a*g.n+a] / float64(g.n)
	}
	if trace == 0 {
		return nil
	}
	for i := range g.values {
		g.values[i] /= trace
	}
	return g
}

func (g *gram) at(a, b int) float64 { return g.values[a*g.n+b] }

// test is the permutation p-value that the order means nothing, by how neighbours and those after them correlate, either way: a burst makes
// neighbours alike, two cameras in turn make every second alike.
func (g *gram) test(seed uint64) float64 {
	order := numeric.Indices(g.n)
	statistic := func() float64 {
		one, two := 0.0, 0.0
		for t := 1; t < g.n; t++ {
			if one += g.at(order[t-1], order[t]); t > 1 {
				two += g.at(order[t-2], order[t])
			}
		}
		return math.Abs(one+1) + math.Abs(two+1) // each is −1 in expectation
	}
	seen, reached := statistic(), 1
	random := rand.New(rand.NewPCG(seed, 0x6f72646572))
	for range orderPermutations {
		random.Shuffle(g.n, func(i, j int) { order[i], order[j] = order[j], order[i] })
		if statistic() >= seen {
			reached++
		}
	}
	return float64(reached) / (orderPermutations + 1)
}
