package drift

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
)

// ThinAuto as [Monitor.Thin] takes so few images that neighbours are as good as independent.
const ThinAuto = -1

const (
	mostThin          = 1000 // images
	mostLags          = 50   // images, over which correlations are followed
	orderImages       = 500  // of a window, whose order is tested
	orderPermutations = 999  // of that test
	orderLeast        = 16   // images whose order is tested
	independent       = 0.1  // lag correlation that counts as none
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
	g := newGram(images[:min(len(images), orderImages)], references)
	if g == nil {
		return
	}
	o.note(g)
	o.Wealth = min(o.Wealth/(2*math.Sqrt(g.test(uint64(o.Windows)))), most) // 1/(2√p) has expectation 1 for a uniform p
}

// note adds the correlations of a window.
func (o *Order) note(g *gram) {
	if o.Weights == nil {
		o.Products, o.Weights = make([]float64, mostLags), make([]float64, mostLags)
	}
	for lag := 1; lag <= min(mostLags, g.n/4); lag++ {
		sum, n := 0.0, float64(g.n-lag)
		for t := range g.n - lag {
			sum += g.at(t, t+lag)
		}
		o.Products[lag-1] += sum + n/float64(g.n) // numbers about their own mean correlate by −1/n
		o.Weights[lag-1] += n
	}
}

// gram holds the correlations of images by their normal scores over all numbers, each about its mean in the window.
type gram struct {
	n      int
	values []float64 // [n,n], in mean 1 on the diagonal
}

// newGram is nil where nothing varies.
func newGram(images [][]int, references []*Reference) *gram {
	n, numbers := len(images), len(references)
	scores := make([]float32, n*numbers)
	for i, r := range references {
		mean := 0.0
		for t, ranks := range images {
			v := normalScore(ranks[i], len(r.sorted)+1)
			scores[t*numbers+i], mean = float32(v), mean+v/float64(n)
		}
		for t := range images {
			scores[t*numbers+i] -= float32(mean)
		}
	}
	g := &gram{n: n, values: make([]float64, n*n)}
	trace := 0.0
	for a := range n {
		for b := a; b < n; b++ {
			sum := float32(0)
			y := scores[b*numbers:][:numbers]
			for i, x := range scores[a*numbers:][:numbers] {
				sum += x * y[i]
			}
			g.values[a*n+b], g.values[b*n+a] = float64(sum), float64(sum)
		}
		trace += g.values[a*n+a] / float64(n)
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
	order := make([]int, g.n)
	for i := range order {
		order[i] = i
	}
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
