package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/facet-clip/facet/drift"
)

// peers are two tests that drift libraries offer, each of one window against a sample of the reference. They give p-values.
type peers struct {
	embed     int
	reference []float32   // [window,D]
	columns   [][]float64 // of the whole sample, sorted [D,n]
	random    *rand.Rand
}

func newPeers(p *drift.Profile, embed int, seed int) *peers {
	q := &peers{embed: embed, columns: make([][]float64, embed), random: source(seed, 4)}
	for k, image := range p.Sample() {
		if k < window {
			q.reference = append(q.reference, image.Embedding...)
		}
		for i, v := range image.Embedding {
			q.columns[i] = append(q.columns[i], float64(v))
		}
	}
	for _, c := range q.columns {
		slices.Sort(c)
	}
	return q
}

// ks tests every dimension of the embedding by the limiting distribution: the least p-value times their number.
func (q *peers) ks(x []float32) float64 {
	n := len(x) / q.embed
	column, largest := make([]float64, n), 0.0
	for i, reference := range q.columns {
		for k := range column {
			column[k] = float64(x[k*q.embed+i])
		}
		slices.Sort(column)
		largest = max(largest, stat.KolmogorovSmirnov(reference, nil, column, nil))
	}
	m := float64(len(q.columns[0]))
	return min(1, float64(q.embed)*kolmogorov(largest*math.Sqrt(m*float64(n)/(m+float64(n)))))
}

// kolmogorov is the chance that the limiting statistic exceeds λ.
func kolmogorov(λ float64) float64 {
	if λ < 0.2 {
		return 1
	}
	sum := 0.0
	for k := 1.0; k < 50; k++ {
		sum += 2 * math.Pow(-1, k-1) * math.Exp(-2*k*k*λ*λ)
	}
	return sum
}

const mmdPermutations = 100

// mmd is the biased squared discrepancy with a Gaussian kernel of median width: its p-value by permutations that deal both samples anew, and
// by the gamma distribution of the permuted ones' mean and variance, which alone can be smaller than 1/101 (Gretton and others, 2009).
func (q *peers) mmd(x []float32) (permuted, gamma float64) {
	all := slices.Concat(q.reference, x)
	n := len(all) / q.embed
	kernel := q.kernel(all)
	side := make([]float32, n)
	for i := range side {
		side[i] = 1 / float32(window)
		if i >= window {
			side[i] = -1 / float32(n-window)
		}
	}
	product := make([]float32, n)
	form := func() float64 {
		z := blas32.Vector{N: n, Inc: 1, Data: side}
		y := blas32.Vector{N: n, Inc: 1, Data: product}
		blas32.Gemv(blas.NoTrans, 1, kernel, z, 0, y)
		return float64(blas32.Dot(z, y))
	}
	seen, reached := form(), 1
	null := make([]float64, mmdPermutations)
	for i := range null {
		q.random.Shuffle(n, func(i, j int) { side[i], side[j] = side[j], side[i] })
		if null[i] = form(); null[i] >= seen {
			reached++
		}
	}
	mean, variance := stat.MeanVariance(null, nil)
	gamma = distuv.Gamma{Alpha: mean * mean / variance, Beta: mean / variance}.Survival(seen)
	return float64(reached) / (mmdPermutations + 1), gamma
}

// kernel is exp(−‖x_i − x_j‖²/median) [n,n].
func (q *peers) kernel(all []float32) blas32.General {
	n := len(all) / q.embed
	x := blas32.General{Rows: n, Cols: q.embed, Stride: q.embed, Data: all}
	k := blas32.General{Rows: n, Cols: n, Stride: n, Data: make([]float32, n*n)}
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, x, x, 0, k)
	lengths := make([]float32, n)
	for i := range lengths {
		lengths[i] = k.Data[i*n+i]
	}
	var squares []float64
	for i := range n {
		for j := range n {
			d := max(0, lengths[i]+lengths[j]-2*k.Data[i*n+j])
			k.Data[i*n+j] = d
			if i < j {
				squares = append(squares, float64(d))
			}
		}
	}
	slices.Sort(squares)
	width := squares[len(squares)/2]
	for i, v := range k.Data {
		k.Data[i] = float32(math.Exp(-float64(v) / width))
	}
	return k
}
