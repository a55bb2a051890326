// Package concept holds texts as directions of the joint image–text space: banks of words, prompt
// templates, zero-shot heads, search, and sparse labels.
//
// # Terms
//
//   - A [Bank] is T texts with their unit embeddings [T,D].
//   - Centring takes the bank's mean off every text and makes the rows unit again: what all texts
//     share says nothing about any of them (docs/design.md, 23).
//   - A zero-shot head is a bank with one row a class, the mean over its prompts (Radford et al., 2021, §3.1.4).
//   - A [Dictionary] is a centred bank whose rows, the atoms, labels are made of.
//   - A [Label] writes a unit's direction (a pair's, a neuron's, a head's) as a sum of a few atoms.
package concept

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// Bank is a list of texts with an embedding each.
type Bank struct {
	Texts      []string
	Embed      int       // D
	Embeddings []float32 // [T,D], unit rows
}

// NewBank makes the rows of embeddings [T,D] unit. An empty bank, and an embedding that is not finite or
// has no length, are errors that name the text.
func NewBank(texts []string, embeddings []float32, embed int) (*Bank, error) {
	if len(texts) == 0 || len(embeddings) != len(texts)*embed {
		return nil, fmt.Errorf("text bank: %d texts and %d numbers do not fit embeddings of width %d", len(texts), len(embeddings), embed)
	}
	b := &Bank{Texts: texts, Embed: embed, Embeddings: slices.Clone(embeddings)}
	for i, text := range texts {
		if err := normalise(b.row(i)); err != nil {
			return nil, fmt.Errorf("text bank: the embedding of %q %w", text, err)
		}
	}
	return b, nil
}

// Centred is the bank minus its mean, rows of unit norm again. Fewer than two different texts leave
// nothing, which is an error.
func (b *Bank) Centred() (*Bank, error) {
	mean := b.mean()
	c := &Bank{Texts: b.Texts, Embed: b.Embed, Embeddings: slices.Clone(b.Embeddings)}
	for i, text := range b.Texts {
		row := c.row(i)
		for d := range row {
			row[d] = float32(float64(row[d]) - mean[d])
		}
		if length := numeric.Norm(row); length < 1e-6 {
			return nil, fmt.Errorf("text bank: %q equals the mean of the bank: expected at least two different texts", text)
		}
		if err := normalise(row); err != nil {
			return nil, fmt.Errorf("text bank: the centred embedding of %q %w", text, err)
		}
	}
	return c, nil
}

// Mean is the mean of the bank's unit rows [D], which is shorter than they are: the average text.
func (b *Bank) Mean() []float32 { return numeric.Float32(b.mean()) }

func (b *Bank) mean() []float64 {
	mean := make([]float64, b.Embed)
	for i := range b.Texts {
		for d, v := range b.row(i) {
			mean[d] += float64(v) / float64(len(b.Texts))
		}
	}
	return mean
}

// Some is the part of the bank with the given texts, in the bank's order.
func (b *Bank) Some(texts []string) *Bank {
	part := &Bank{Embed: b.Embed}
	for i, t := range b.Texts {
		if slices.Contains(texts, t) {
			part.Texts = append(part.Texts, t)
			part.Embeddings = append(part.Embeddings, b.row(i)...)
		}
	}
	return part
}

// Match is a text with its cosine to what was asked.
type Match struct {
	Text   string  `json:"text"`   // The text.
	Cosine float64 `json:"cosine"` // Its cosine to what was asked.
}

// Nearest are the k texts of largest cosine with a direction [D], largest first; ties in the bank's order. A direction of no length is
// near nothing.
func (b *Bank) Nearest(direction []float32, k int) []Match {
	length := numeric.Norm(direction)
	if length == 0 {
		return nil
	}
	return b.ranked(direction, length, b.likely(direction, length, k), k)
}

// likely are texts, in the bank's order, that hold the k nearest to a direction [D]. One product in float32 leaves out what is too far by more
// than its error can be.
func (b *Bank) likely(direction []float32, length float64, k int) []int32 {
	n := len(b.Texts)
	products := make([]float32, n)
	blas32.Gemv(blas.NoTrans, 1, numeric.Matrix(b.Embeddings, n, b.Embed), numeric.Vector(direction), 0, numeric.Vector(products))
	largest := best(slices.Values(products), min(k, n), n, func(x, y float32) int { return cmp.Compare(y, x) })
	if len(largest) == 0 {
		return nil
	}
	cut := float64(largest[len(largest)-1]) - 2*productError(b.Embed)*length
	var within []int32
	for i, p := range products {
		if !(float64(p) < cut) { // also what is not a number
			within = append(within, int32(i))
		}
	}
	return within
}

// ranked are the k of some texts, given in the bank's order, that are nearest to a direction [D], by products in float64.
func (b *Bank) ranked(direction []float32, length float64, texts []int32, k int) []Match {
	matches := make([]Match, len(texts))
	for i, t := range texts {
		matches[i] = Match{b.Texts[t], numeric.Dot(b.row(int(t)), direction) / length}
	}
	slices.SortStableFunc(matches, func(x, y Match) int { return cmp.Compare(y.Cosine, x.Cosine) })
	return matches[:min(max(k, 0), len(matches))]
}

// productError bounds the error of a product of two unit vectors of n numbers that is summed in float32, in any order.
func productError(n int) float64 { return 1.1 * float64(n+1) / (1 << 24) }

// Fingerprint is a SHA-256 over texts and embeddings.
func (b *Bank) Fingerprint() string {
	h := sha256.New()
	var line []byte
	for i, text := range b.Texts {
		line = append(binary.AppendUvarint(line[:0], uint64(len(text))), text...)
		for _, v := range b.row(i) {
			line = binary.LittleEndian.AppendUint32(line, math.Float32bits(v))
		}
		h.Write(line)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (b *Bank) row(i int) []float32 { return b.Embeddings[i*b.Embed : (i+1)*b.Embed] }

// normalise makes x unit, in place.
func normalise(x []float32) error {
	length := numeric.Norm(x)
	if math.IsNaN(length) || math.IsInf(length, 0) || length == 0 {
		return errors.New("is not a finite vector of some length")
	}
	for i, v := range x {
		x[i] = float32(float64(v) / length)
	}
	return nil
}
