package tree

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/mat"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// Images are N images as a neuron and its parts see them.
type Images struct {
	Centred []float64 // s[h,n] − s̄ of one neuron [N,M]
	Gram    []float64 // ⟨u[h,n],u[g,n]⟩ of the neuron [M,M]
	Unit    []float32 // unit embeddings [N,D]

	heads, count, embed int
}

// NewImages checks the shapes. gram is packed [M(M+1)/2], as an atlas keeps it.
func NewImages(centred []float64, gram, unit []float32, heads, embed int) (*Images, error) {
	if heads < 1 || embed < 1 || len(centred) == 0 || len(centred)%heads != 0 || len(unit) != len(centred)/heads*embed || len(gram) != decompose.Packed(heads) {
		return nil, errors.New("tree: scalars, embeddings and Gram matrix are not of the same images and heads")
	}
	im := &Images{Centred: centred, Gram: make([]float64, heads*heads), Unit: unit, heads: heads, count: len(centred) / heads, embed: embed}
	k := 0
	for h := range heads {
		for g := h; g < heads; g++ {
			im.Gram[h*heads+g], im.Gram[g*heads+h] = float64(gram[k]), float64(gram[k])
			k++
		}
	}
	return im, nil
}

// Lengths are those of the centred contributions of some heads, ‖Σ (s − s̄)·u‖ [N].
func (im *Images) Lengths(heads []int) []float64 {
	out := make([]float64, im.count)
	for i := range out {
		δ, sum := im.Centred[i*im.heads:(i+1)*im.heads], 0.0
		for a, h := range heads {
			row := im.Gram[h*im.heads : (h+1)*im.heads]
			inner := δ[h] * row[h]
			for _, g := range heads[:a] {
				inner += 2 * δ[g] * row[g]
			}
			sum += δ[h] * inner
		}
		out[i] = math.Sqrt(max(sum, 0))
	}
	return out
}

// Along are the centred contributions of some heads along their first principal direction [N], turned so that at least half of the most extreme
// images, [decompose.Extremes] at most, lie above 0 (docs/design.md, 13 and 14). Of one head it is the centred scalar times the length of its direction.
func (im *Images) Along(heads []int) []float64 {
	out := make([]float64, im.count)
	weights := im.principal(heads)
	for i := range out {
		for k, h := range heads {
			out[i] += im.Centred[i*im.heads+h] * weights[k]
		}
	}
	far := largest(out, decompose.Extremes, math.Abs)
	above := 0
	for _, i := range far {
		if out[i] > 0 {
			above++
		}
	}
	if 2*above < len(far) {
		for i := range out {
			out[i] = -out[i]
		}
	}
	return out
}

// principal is ⟨u_h, v⟩ for each head, v being the unit direction of most variance: with Σ = LLᵀ the covariance of the scalars and w the first
// eigenvector of LᵀGL, it is GLw over its length.
func (im *Images) principal(heads []int) []float64 {
	m := len(heads)
	Σ, G := mat.NewSymDense(m, nil), mat.NewDense(m, m, nil)
	for a, h := range heads {
		for b, g := range heads {
			G.Set(a, b, im.Gram[h*im.heads+g])
			if b < a {
				continue
			}
			sum := 0.0
			for i := range im.count {
				sum += im.Centred[i*im.heads+h] * im.Centred[i*im.heads+g]
			}
			Σ.SetSym(a, b, sum/float64(im.count))
		}
	}
	L, ok := root(Σ)
	if !ok {
		return make([]float64, m)
	}
	var GL, inner mat.Dense
	GL.Mul(G, L)
	inner.Mul(L.T(), &GL)
	S := mat.NewSymDense(m, nil)
	for a := range m {
		for b := a; b < m; b++ {
			S.SetSym(a, b, (inner.At(a, b)+inner.At(b, a))/2)
		}
	}
	var e mat.EigenSym
	if !e.Factorize(S, true) {
		return make([]float64, m)
	}
	λ := e.Values(nil)[m-1] // rising
	if !(λ > 0) {
		return make([]float64, m)
	}
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	v := mat.NewVecDense(m, nil)
	v.MulVec(&GL, vectors.ColView(m-1))
	v.ScaleVec(1/math.Sqrt(λ), v)
	return v.RawVector().Data
}

// root is L with LLᵀ = Σ.
func root(Σ *mat.SymDense) (*mat.Dense, bool) {
	var e mat.EigenSym
	if !e.Factorize(Σ, true) {
		return nil, false
	}
	var L mat.Dense
	e.VectorsTo(&L)
	for c, λ := range e.Values(nil) {
		for r := range Σ.SymmetricDim() {
			L.Set(r, c, L.At(r, c)*math.Sqrt(max(λ, 0)))
		}
	}
	return &L, true
}

// largest are the k images of largest measure, largest first; ties by image. A list of the best so far is kept in order.
func largest(values []float64, k int, measure func(float64) float64) []int {
	best := make([]int, 0, min(k, len(values))+1)
	for i, v := range values {
		if len(best) == k && !(measure(v) > measure(values[best[k-1]])) {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, measure(v), func(j int, m float64) int {
			if measure(values[j]) >= m {
				return -1
			}
			return 1
		})
		best = slices.Insert(best, at, i)
		best = best[:min(len(best), k)]
	}
	return best
}

// Top are the k images of largest value, largest first; ties by image.
func Top(values []float64, k int) []int {
	return largest(values, k, func(v float64) float64 { return v })
}

// Clear is how many images clarity looks at: those of largest contribution.
const Clear = 10

// Score says how much alike the images are for which something fires, both from −1 to 1 (docs/design.md, formula 40).
type Score struct {
	// Clarity is the mean cosine between the embeddings of the [Clear] images of largest contribution (Dreyer et al., 2025).
	Clarity float64
	// MonoSemanticity is the mean cosine between all images, weighted by the products of their contributions, each scaled to 0…1 (Pach et al., 2025).
	MonoSemanticity float64
}

// Scores are those of some sets of heads.
func (im *Images) Scores(sets [][]int) []Score {
	lengths := make([][]float64, len(sets))
	for k, heads := range sets {
		lengths[k] = im.Lengths(heads)
	}
	return im.scores(lengths)
}

// scores are those of sets of heads, by the lengths of their contributions.
func (im *Images) scores(lengths [][]float64) []Score {
	K, N, D := len(lengths), im.count, im.embed
	weights := make([]float32, K*N)
	scores := make([]Score, K)
	for k, l := range lengths {
		scores[k].Clarity = im.clarity(Top(l, Clear))
		low, high := slices.Min(l), slices.Max(l)
		for i, v := range l {
			if high > low {
				weights[k*N+i] = float32((v - low) / (high - low))
			}
		}
	}
	sums := make([]float32, K*D)
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, numeric.Matrix(weights, K, N), numeric.Matrix(im.Unit, N, D), 0, numeric.Matrix(sums, K, D))
	for k := range scores {
		own, total := 0.0, 0.0
		for _, a := range weights[k*N : (k+1)*N] {
			own += float64(a) * float64(a)
			total += float64(a)
		}
		sum := sums[k*D : (k+1)*D]
		if pairs := total*total - own; pairs > 0 {
			scores[k].MonoSemanticity = (numeric.Dot(sum, sum) - own) / pairs
		}
	}
	return scores
}

// clarity is the mean cosine between some images; of fewer than two, 0.
func (im *Images) clarity(images []int) float64 {
	sum := make([]float64, im.embed)
	for _, i := range images {
		for o, v := range im.Unit[i*im.embed : (i+1)*im.embed] {
			sum[o] += float64(v)
		}
	}
	k, square := float64(len(images)), 0.0
	for _, v := range sum {
		square += v * v
	}
	if k < 2 {
		return 0
	}
	return (square - k) / (k * (k - 1))
}

// Split says how cleanly a cut splits a neuron.
type Split struct {
	Neuron Score // of the neuron itself
	Nodes  Score // the mean over the nodes of the cut, each by the variance of what it contributes
	Null   Score // the mean of that over random partitions of the heads into as many sets of the same sizes
	Spread Score // the standard deviation over them
	P      Score // the share of partitions, the cut itself among them, that score as high
}

// Split scores a cut, and random partitions of the same sizes.
func (im *Images) Split(cut [][]int, draws int, random *rand.Rand) Split {
	s := Split{Neuron: im.Scores([][]int{numeric.Indices(im.heads)})[0], Nodes: im.partition(cut)}
	s.P = Score{1, 1}
	shuffled := slices.Concat(cut...)
	var sum, square Score
	for range draws {
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		var sets [][]int
		at := 0
		for _, heads := range cut {
			sets = append(sets, shuffled[at:at+len(heads)])
			at += len(heads)
		}
		one := im.partition(sets)
		sum.Clarity += one.Clarity
		sum.MonoSemanticity += one.MonoSemanticity
		square.Clarity += one.Clarity * one.Clarity
		square.MonoSemanticity += one.MonoSemanticity * one.MonoSemanticity
		if one.Clarity >= s.Nodes.Clarity-rounding {
			s.P.Clarity++
		}
		if one.MonoSemanticity >= s.Nodes.MonoSemanticity-rounding {
			s.P.MonoSemanticity++
		}
	}
	n := float64(max(draws, 1))
	s.Null = Score{sum.Clarity / n, sum.MonoSemanticity / n}
	s.Spread = Score{deviation(square.Clarity/n, s.Null.Clarity), deviation(square.MonoSemanticity/n, s.Null.MonoSemanticity)}
	s.P = Score{s.P.Clarity / float64(draws+1), s.P.MonoSemanticity / float64(draws+1)}
	return s
}

// rounding is how much lower a partition may score than the cut and still count as high: the same partition is summed in another order.
const rounding = 1e-6

func deviation(square, mean float64) float64 { return math.Sqrt(max(square-mean*mean, 0)) }

// partition is the mean score of sets of heads, each by the variance of what it contributes.
func (im *Images) partition(sets [][]int) (mean Score) {
	lengths := make([][]float64, len(sets))
	variances, whole := make([]float64, len(sets)), 0.0
	for k, heads := range sets {
		lengths[k] = im.Lengths(heads)
		for _, l := range lengths[k] {
			variances[k] += l * l
		}
		whole += variances[k]
	}
	if !(whole > 0) {
		return mean
	}
	for k, s := range im.scores(lengths) {
		mean.Clarity += s.Clarity * variances[k] / whole
		mean.MonoSemanticity += s.MonoSemanticity * variances[k] / whole
	}
	return mean
}
