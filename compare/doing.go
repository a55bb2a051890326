package compare

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/facet-clip/facet/internal/numeric"
)

// Doing tests, pair by pair, whether B does otherwise than A by more than one checkpoint does from one half of the images to the other (docs/design.md,
// formula 44). What a pair does is x = s_A·‖u_A‖ in A and y = s_B·⟨u_B, û_A⟩ in B: what it adds along A's direction. Compared are the means of x, of |x − x̄|,
// and of (x − x̄)·z_k, with z_k the first components of A's embeddings: how much, how unevenly, and for what it fires.
//
// Add takes image by image; not safe for concurrent use.
type Doing struct {
	turns         []Turn
	meansA        []float64 // s̄_A [M,C]
	meansB        []float64
	axes          int
	before, after []float64         // sums of A's and of B's measures [pairs·(2+axes)]
	squares       []float64         // of A's
	halves        [Halves][]float64 // sums of A's measures over one half of the images, in each of several halvings
	cross, va, vb []float64         // of s_A − s̄_A and s_B − s̄_B [pairs]
	images        int
	inHalf        [Halves]int
}

// Halves is how many times the images are halved at random to see what one checkpoint does.
const Halves = 10

// NewDoing is an empty test. Means are s̄ [M,C] of each checkpoint over the images; axes is how many components [Axes] gave.
func NewDoing(turns []Turn, meansA, meansB []float64, axes int) (*Doing, error) {
	if len(turns) != len(meansA) || len(turns) != len(meansB) {
		return nil, errors.New("compare: means and directions are not of the same pairs")
	}
	n := len(turns) * (2 + axes)
	numbers := func(n int) []float64 { return make([]float64, n) }
	d := &Doing{
		turns: turns, meansA: meansA, meansB: meansB, axes: axes, before: numbers(n), after: numbers(n), squares: numbers(n),
		cross: numbers(len(turns)), va: numbers(len(turns)), vb: numbers(len(turns)),
	}
	for r := range d.halves {
		d.halves[r] = numbers(n)
	}
	return d, nil
}

// Add takes image i, in rising order from 0: its scalars in both checkpoints [M,C], and its place on the axes.
func (d *Doing) Add(i int, scalarsA, scalarsB []float32, z []float64) error {
	if len(scalarsA) != len(d.turns) || len(scalarsB) != len(d.turns) || len(z) != d.axes || i != d.images {
		return fmt.Errorf("compare: image %d has %d and %d scalars on %d axes, expected image %d with %d on %d", i, len(scalarsA), len(scalarsB), len(z), d.images, len(d.turns), d.axes)
	}
	d.images++
	halves := d.chosen(i)
	numeric.Parallel(blocks, func(k int) {
		measures := make([]float64, 2+d.axes)
		for p := k * len(d.turns) / blocks; p < (k+1)*len(d.turns)/blocks; p++ {
			d.add(p, float64(scalarsA[p])-d.meansA[p], float64(scalarsB[p])-d.meansB[p], z, measures, halves)
		}
	})
	return nil
}

// blocks is how many parts the pairs are divided into for the cores.
const blocks = 32

// chosen are the halvings in which image i is in the first half: of each two neighbours one.
func (d *Doing) chosen(i int) (halves [][]float64) {
	coins := rand.New(rand.NewPCG(uint64(i/2), 44)).Uint64()
	for r := range d.halves {
		if coins>>r&1 == uint64(i%2) {
			d.inHalf[r]++
			halves = append(halves, d.halves[r])
		}
	}
	return halves
}

// add takes up an image for one pair: its centred scalars a and b.
func (d *Doing) add(p int, a, b float64, z, measures []float64, halves [][]float64) {
	t, K := d.turns[p], len(measures)
	d.cross[p] += a * b
	d.va[p] += a * a
	d.vb[p] += b * b
	x, y := a*t.Length, b*t.Along
	after := d.after[p*K : (p+1)*K]
	after[0] += y + d.meansB[p]*t.Along - d.meansA[p]*t.Length
	after[1] += math.Abs(y)
	measures[0], measures[1] = x, math.Abs(x)
	for k, v := range z {
		measures[2+k] = x * v
		after[2+k] += y * v
	}
	before, squares := d.before[p*K:(p+1)*K], d.squares[p*K:(p+1)*K]
	for k, v := range measures {
		before[k] += v
		squares[k] += v * v
	}
	for _, sums := range halves {
		half := sums[p*K : (p+1)*K]
		for k, v := range measures {
			half[k] += v
		}
	}
}

// Done is what a pair does.
type Done struct {
	P     float64         // that A and B differ no more than A does between halves of the images
	Null  [Halves]float64 // the same of A on one half against A on the other, for each halving
	Alike float64         // the correlation of s_A and s_B; NaN where either never changes
	Mean  float64         // how much further B's mean of y is than A's of x, in deviations of x; 0 where x never changes
	Size  float64         // E|y − ȳ| over E|x − x̄|; NaN where x never changes
}

// Done are the results of all pairs [M,C].
func (d *Doing) Done() []Done {
	out := make([]Done, len(d.turns))
	numeric.Parallel(len(out), func(p int) { out[p] = d.pair(p) })
	return out
}

// pair tests one pair: of its measures the least p-value, times their number.
func (d *Doing) pair(p int) Done {
	K, n := 2+d.axes, float64(d.images)
	r := Done{P: 1, Alike: d.cross[p] / math.Sqrt(d.va[p]*d.vb[p])}
	for k := range r.Null {
		r.Null[k] = 1
	}
	if d.images < 4 {
		return r
	}
	for k := range K {
		at := p*K + k
		mean := d.before[at] / n
		variance := max(d.squares[at]-n*mean*mean, 0) / (n - 1)
		r.P = min(r.P, d.tail(d.after[at]/n-mean, variance, d.images/2, p))
		for h, sums := range d.halves {
			in := float64(d.inHalf[h])
			r.Null[h] = min(r.Null[h], d.tail((d.before[at]-sums[at])/(n-in)-sums[at]/in, variance, d.inHalf[h], p))
		}
	}
	if σ := math.Sqrt(d.va[p]/n) * d.turns[p].Length; σ > 0 {
		r.Mean = (d.after[p*K] - d.before[p*K]) / n / σ
	}
	r.Size = d.after[p*K+1] / d.before[p*K+1]
	return r
}

// tail is the probability that the means of a measure over two halves of the images, of which one has so many, lie as far apart; times the number of
// measures, 1 at most.
func (d *Doing) tail(difference, variance float64, half, p int) float64 {
	n, m := float64(d.images), float64(half)
	deviation := math.Sqrt(variance * (1/m + 1/(n-m)))
	if !(deviation > 0) {
		if difference != 0 && d.turns[p].Length == 0 { // a pair that said nothing
			return 0
		}
		return 1
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 2}
	return min(1, 2*t.CDF(-math.Abs(difference)/deviation)*float64(2+d.axes))
}

// Axes are the places of images on the first k principal components of their embeddings [N,D], each of unit variance: [N][k], fewer where the embeddings
// span fewer dimensions.
func Axes(embeddings []float32, embed, k int) ([][]float64, error) {
	if embed < 1 || len(embeddings) == 0 || len(embeddings)%embed != 0 {
		return nil, errors.New("compare: no images, or embeddings of another width")
	}
	N := len(embeddings) / embed
	x := mat.NewDense(N, embed, nil)
	for o := range embed {
		mean := 0.0
		for i := range N {
			mean += float64(embeddings[i*embed+o]) / float64(N)
		}
		for i := range N {
			x.Set(i, o, float64(embeddings[i*embed+o])-mean)
		}
	}
	var cov mat.SymDense
	cov.SymOuterK(1/float64(N), x.T())
	var e mat.EigenSym
	if !e.Factorize(&cov, true) {
		return nil, errors.New("compare: the components of the embeddings did not converge")
	}
	var vectors, places mat.Dense
	e.VectorsTo(&vectors)
	places.Mul(x, &vectors)
	values, out := e.Values(nil), make([][]float64, N)
	for c := embed - 1; c >= max(0, embed-k) && values[c] > 1e-9*values[embed-1]; c-- {
		for i := range out {
			out[i] = append(out[i], places.At(i, c)/math.Sqrt(values[c]))
		}
	}
	return out, nil
}
