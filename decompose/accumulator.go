package decompose

import (
	"fmt"
	"math"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
)

// Block is how many images' co-moments an [Accumulator] forms together.
const Block = 32

const tile = 16 // neurons handled together: a cache line of scalars

// Accumulator gathers [Stats] image by image, in memory that does not grow with them. Images are taken up a block at a
// time: the block's means and co-moments are formed about the block's own mean and then merged with what is there (Chan, Golub and
// LeVeque's update), in float64. Not safe for concurrent use; it uses all cores by itself.
type Accumulator struct {
	heads, channels, embed int
	value                  []float32 // W_V [M,d,C]

	count     int       // images in the moments, without those that wait
	mean      []float64 // [M,C]
	neuronCov []float64 // co-moments, packed [C, M(M+1)/2]; their diagonals are M2
	headMean  []float64 // [M,d]
	headCov   []float64 // co-moments, packed [M, d(d+1)/2]
	largest   extremes
	smallest  extremes

	waiting []float32 // scalars of images that do not yet fill a block [<Block,M,C]
	images  []uint32  // their numbers
}

// NewAccumulator is an empty accumulator for the pairs of an attention pool.
func NewAccumulator(w Weights) (*Accumulator, error) {
	M, C, D := w.Heads, w.Channels, w.Embed
	if M < 1 || C < 1 || D < 1 || C%M != 0 || len(w.Value) != C*C {
		return nil, fmt.Errorf("attention pool: %d value weights of %d channels in %d heads (embedding %d)", len(w.Value), C, M, D)
	}
	d := C / M
	return &Accumulator{
		heads: M, channels: C, embed: D, value: w.Value,
		mean: make([]float64, M*C), neuronCov: make([]float64, C*Packed(M)),
		headMean: make([]float64, M*d), headCov: make([]float64, M*Packed(d)),
		largest: newExtremes(M*C, 1), smallest: newExtremes(M*C, -1),
		waiting: make([]float32, 0, Block*M*C),
	}, nil
}

// Count is the number of images added.
func (a *Accumulator) Count() int { return a.count + len(a.images) }

// Bytes is the memory that the accumulator holds, whatever the number of images.
func (a *Accumulator) Bytes() int {
	return 8*(len(a.mean)+len(a.neuronCov)+len(a.headMean)+len(a.headCov)) + 4*cap(a.waiting) + a.largest.bytes() + a.smallest.bytes()
}

// Add takes the pair scalars s [M,C] of an image; images come in rising order. It is an error when s has another size or holds
// a NaN or an infinity.
func (a *Accumulator) Add(image uint32, s []float32) error {
	if len(s) != a.heads*a.channels {
		return fmt.Errorf("pair scalars: expected %d numbers, found %d", a.heads*a.channels, len(s))
	}
	for i, v := range s {
		if v-v != 0 { // NaN or ±Inf
			return fmt.Errorf("pair scalars: number %d is %g", i, v)
		}
	}
	a.waiting = append(a.waiting, s...)
	a.images = append(a.images, image)
	if len(a.images) == Block {
		a.flush()
	}
	return nil
}

// flush takes up the images that wait.
func (a *Accumulator) flush() {
	if len(a.images) == 0 {
		return
	}
	tiles := (a.channels + tile - 1) / tile
	numeric.Parallel(tiles, func(t int) { a.addNeurons(t*tile, min((t+1)*tile, a.channels)) })
	numeric.Parallel(a.heads, a.addHead)
	a.count += len(a.images)
	a.waiting, a.images = a.waiting[:0], a.images[:0]
}

// addNeurons takes up the waiting images for neurons from..to-1: everything but the heads' moments depends on one neuron alone.
func (a *Accumulator) addNeurons(from, to int) {
	M, C, B := a.heads, a.channels, len(a.images)
	columns := make([]float32, M*tile*B) // [M,tile,B]: reads a cache line, writes for each pair
	for b := range B {
		for h := range M {
			for n, v := range a.waiting[(b*M+h)*C+from : (b*M+h)*C+to] {
				columns[(h*tile+n)*B+b] = v
			}
		}
	}
	x := newComoments(a.count, B, M)
	for n := from; n < to; n++ {
		for h := range M {
			p, column := h*C+n, columns[(h*tile+n-from)*B:][:B]
			a.largest.add(p, a.images, column)
			a.smallest.add(p, a.images, column)
			x.set(h, column, &a.mean[p])
		}
		x.addTo(a.neuronCov[n*Packed(M) : (n+1)*Packed(M)])
	}
}

// addHead takes up the waiting images for W_V^h s_h.
func (a *Accumulator) addHead(h int) {
	M, C, B := a.heads, a.channels, len(a.images)
	d := C / M
	column := make([]float32, B)
	x := newComoments(a.count, B, d)
	for k := range d {
		row := numeric.Vector(a.value[(h*d+k)*C:][:C])
		for b := range B {
			column[b] = blas32.Dot(row, numeric.Vector(a.waiting[(b*M+h)*C:][:C]))
		}
		x.set(k, column, &a.headMean[h*d+k])
	}
	x.addTo(a.headCov[h*Packed(d) : (h+1)*Packed(d)])
}

// comoments are the numbers of a block, centred, with one more entry for the way from the old mean to the block's: the inner products of
// its rows are what a block adds to the co-moments.
type comoments struct {
	old, block, rows int
	data             []float64 // [rows, block+1]
}

func newComoments(old, block, rows int) *comoments {
	return &comoments{old, block, rows, make([]float64, rows*(block+1))}
}

// set fills a row with a variable's values and moves its mean.
func (x *comoments) set(row int, values []float32, mean *float64) {
	sum := 0.0
	for _, v := range values {
		sum += float64(v)
	}
	n, old := float64(x.block), float64(x.old)
	blockMean := sum / n
	out := x.data[row*(x.block+1):][:x.block+1]
	for i, v := range values {
		out[i] = float64(v) - blockMean
	}
	δ := blockMean - *mean
	out[x.block] = δ * math.Sqrt(old*n/(old+n))
	*mean += δ * n / (old + n)
}

// addTo adds the inner products of all rows to a packed matrix.
func (x *comoments) addTo(sum []float64) {
	n, i := x.block+1, 0
	for r := range x.rows {
		left := blas64.Vector{N: n, Inc: 1, Data: x.data[r*n:]}
		for c := r; c < x.rows; c++ {
			sum[i] += blas64.Dot(left, blas64.Vector{N: n, Inc: 1, Data: x.data[c*n:]})
			i++
		}
	}
}

// Stats takes up every image and gives the statistics, which share the accumulator's memory: good until the next Add.
func (a *Accumulator) Stats() *Stats {
	a.flush()
	s := &Stats{
		Heads: a.heads, Channels: a.channels, Embed: a.embed, Count: a.count, Mean: a.mean,
		Largest: a.largest.lists(), Smallest: a.smallest.lists(), NeuronCov: a.neuronCov, HeadCov: a.headCov, HeadMean: a.headMean,
	}
	s.M2 = s.squares()
	return s
}

// diagonal is where entry (i,i) of a packed matrix [n,n] lies.
func diagonal(i, n int) int { return i*n - i*(i-1)/2 }

// State is all that an [Accumulator] holds, for a file: an accumulator that is restored goes on exactly as the one that was kept.
type State struct {
	Heads, Channels, Embed int       // M, C, D
	Count                  int       // images in the moments, without those that wait
	Mean                   []float64 // s̄ [M,C]
	NeuronCov              []float64 // co-moments, packed [C, M(M+1)/2]
	HeadMean               []float64 // [M,d]
	HeadCov                []float64 // co-moments, packed [M, d(d+1)/2]
	Largest, Smallest      []Extreme // [M·C,Extremes]; of each pair the first min(Count, Extremes) are filled, in the order of [Extreme.Before]
	Images                 []uint32  // that wait for a block, fewer than Block
	Waiting                []float32 // their scalars [len(Images),M,C]
}

// State is what the accumulator holds; its slices are the accumulator's own memory.
func (a *Accumulator) State() State {
	return State{
		Heads: a.heads, Channels: a.channels, Embed: a.embed, Count: a.count,
		Mean: a.mean, NeuronCov: a.neuronCov, HeadMean: a.headMean, HeadCov: a.headCov,
		Largest: a.largest.kept, Smallest: a.smallest.kept, Images: a.images, Waiting: a.waiting,
	}
}

// Restore replaces what the accumulator holds by a state, whose memory it takes over; a state of another shape is [ErrMismatch].
func (a *Accumulator) Restore(s State) error {
	now := a.State()
	for _, n := range [][2]int{
		{s.Heads, a.heads}, {s.Channels, a.channels}, {s.Embed, a.embed}, {len(s.Mean), len(now.Mean)}, {len(s.NeuronCov), len(now.NeuronCov)},
		{len(s.HeadMean), len(now.HeadMean)}, {len(s.HeadCov), len(now.HeadCov)}, {len(s.Largest), len(now.Largest)},
		{len(s.Smallest), len(now.Smallest)}, {len(s.Waiting), len(s.Images) * a.heads * a.channels},
	} {
		if n[0] != n[1] {
			return fmt.Errorf("%w: %d heads, %d neurons, embedding %d and %d numbers; expected %d, %d, %d and %d", ErrMismatch,
				s.Heads, s.Channels, s.Embed, n[0], a.heads, a.channels, a.embed, n[1])
		}
	}
	if len(s.Images) >= Block || s.Count < 0 {
		return fmt.Errorf("%d images and %d that wait: expected fewer than %d to wait", s.Count, len(s.Images), Block)
	}
	a.count, a.mean, a.neuronCov, a.headMean, a.headCov = s.Count, s.Mean, s.NeuronCov, s.HeadMean, s.HeadCov
	a.images, a.waiting = s.Images, s.Waiting
	a.largest.restore(s.Largest, s.Count)
	a.smallest.restore(s.Smallest, s.Count)
	return nil
}
