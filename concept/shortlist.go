package concept

import (
	"cmp"
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"github.com/facet-clip/facet/internal/numeric"
)

// listed is how many texts of each end a [Shortlist] keeps of a pair: some more than are shown, so that rounding does not decide which are shown.
const listed = 28

// textTile is how many texts are multiplied with a head at a time.
const textTile = 1024

// Pairs are the directions of all pairs as mixtures, head by head: u[h,n] = Σ_k value[n,k]·output[k] (decompose.OV).
type Pairs interface {
	// Shape is the numbers of heads M and of neurons C.
	Shape() (heads, channels int)
	// Factors are output [d,D] and value [C,d] of a head.
	Factors(head int) (output, value []float32)
}

// Shortlist holds for every pair the texts of a bank that may be nearest to its direction, and to the opposite of it. With it, [Shortlist.Nearest]
// gives what [Bank.Nearest] gives without reading the whole bank. Of RN50 it takes 15 MB.
type Shortlist struct {
	bank *Bank
	ends [2][]int32   // the texts of largest product with u, and with −u [pairs, listed], in the bank's order
	cuts [2][]float64 // no other text has a larger product with u or −u, ‖u‖ not divided out [pairs]
	each int          // texts of each pair: listed, or all that there are
}

// NewShortlist multiplies the texts of a bank with the directions of all pairs, head by head, and tells done of each head.
func NewShortlist(ctx context.Context, b *Bank, pairs Pairs, done func(head int)) (*Shortlist, error) {
	heads, channels := pairs.Shape()
	s := &Shortlist{bank: b, each: min(listed, len(b.Texts))}
	for e := range s.ends {
		s.ends[e], s.cuts[e] = make([]int32, heads*channels*s.each), make([]float64, heads*channels)
	}
	for h := range heads {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.addHead(pairs, h, channels)
		done(h)
	}
	return s, nil
}

// candidate is a text with its product with a direction.
type candidate struct {
	text    int32
	product float32
}

// addHead lists the texts of a head's pairs.
func (s *Shortlist) addHead(pairs Pairs, h, channels int) {
	b := s.bank
	output, value := pairs.Factors(h)
	width := len(output) / b.Embed
	var kept [2][]candidate // [C, each+1]: the last of each is free
	for e := range kept {
		kept[e] = make([]candidate, channels*(s.each+1))
		for i := range kept[e] {
			kept[e][i].product = float32(math.Inf(-1))
		}
	}
	outputs, values := numeric.Matrix(output, width, b.Embed), numeric.Matrix(value, channels, width)
	for from := 0; from < len(b.Texts); from += textTile {
		n := min(textTile, len(b.Texts)-from)
		texts := numeric.Matrix(b.Embeddings[from*b.Embed:(from+n)*b.Embed], n, b.Embed)
		mixed, products := numeric.Matrix(make([]float32, n*width), n, width), numeric.Matrix(make([]float32, channels*n), channels, n)
		blas32.Gemm(blas.NoTrans, blas.Trans, 1, texts, outputs, 0, mixed)
		blas32.Gemm(blas.NoTrans, blas.Trans, 1, values, mixed, 0, products)
		numeric.Parallel(channels, func(c int) {
			for e, sign := range [2]float32{1, -1} {
				keep(kept[e][c*(s.each+1):(c+1)*(s.each+1)], products.Data[c*n:(c+1)*n], sign, int32(from))
			}
		})
	}
	for c := range channels {
		slack := factoredError(outputs, value[c*width:(c+1)*width])
		for e := range kept {
			s.store(e, h*channels+c, kept[e][c*(s.each+1):][:s.each], slack)
		}
	}
}

// keep puts products that are larger than the last of a list, sorted from the largest on, into it. The list has one place more than it keeps.
func keep(list []candidate, products []float32, sign float32, from int32) {
	last := len(list) - 2
	for i, p := range products {
		if p *= sign; p <= list[last].product {
			continue
		}
		at, _ := slices.BinarySearchFunc(list[:last+1], p, func(c candidate, p float32) int { return cmp.Compare(p, c.product) })
		copy(list[at+1:], list[at:last+1])
		list[at] = candidate{from + int32(i), p}
	}
}

// store keeps the list of a pair. slack is how far a product may be off.
func (s *Shortlist) store(end, pair int, list []candidate, slack float64) {
	s.cuts[end][pair] = float64(list[s.each-1].product) + 2*slack // of the list, and of the direction that is asked for
	if s.each == len(s.bank.Texts) {
		s.cuts[end][pair] = math.Inf(-1) // there is no other
	}
	texts := s.ends[end][pair*s.each : (pair+1)*s.each]
	for i, c := range list {
		texts[i] = c.text
	}
	slices.Sort(texts)
}

// factoredError bounds the error of ⟨t,u⟩ for a unit text t where u is a mixture of output [d,D] by value [d], in float32: by Cauchy and Schwarz
// each of the d terms is at most ‖output[k]‖·|value[k]|.
func factoredError(output blas32.General, value []float32) float64 {
	var sum float64
	for k, v := range value {
		sum += numeric.Norm(output.Data[k*output.Stride:][:output.Cols]) * math.Abs(float64(v))
	}
	return productError(output.Rows+output.Cols) * sum
}

// Nearest is [Bank.Nearest] of by·u [D], where u is the direction of a pair. ok is false where the list does not decide it: then the bank does.
func (s *Shortlist) Nearest(pair int, by float64, direction []float32, k int) (matches []Match, ok bool) {
	length := numeric.Norm(direction)
	if length == 0 {
		return nil, true
	}
	end := 0
	if by < 0 {
		end = 1
	}
	matches = s.bank.ranked(direction, length, s.ends[end][pair*s.each:(pair+1)*s.each], k)
	if len(matches) < min(k, len(s.bank.Texts)) {
		return nil, false
	}
	return matches, len(matches) == 0 || matches[len(matches)-1].Cosine*length > s.cuts[end][pair]*math.Abs(by)
}
