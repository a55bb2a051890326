package concept

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// Normalisation says how a dictionary's atoms are scaled after centring.
type Normalisation int

const (
	// UnitRows makes every atom unit, so that a correlation is a cosine.
	UnitRows Normalisation = iota
	// UnitColumns makes every dimension unit over the words, as the reference does (docs/design.md, 23): words
	// far from the mean are then found more easily.
	UnitColumns
)

// ErrFewWords is returned when a bank has fewer than two words, which leaves nothing once the mean is off.
var ErrFewWords = errors.New("expected at least two different words")

// ErrDuplicate is returned when two words of a bank have the same embedding. [Bank.Distinct] leaves such words out.
var ErrDuplicate = errors.New("two words have the same embedding")

// Dictionary is what sparse labels are made of: the embeddings of a bank minus their mean, scaled (docs/design.md,
// 23). Its rows are called atoms.
type Dictionary struct {
	Texts []string
	Embed int       // D
	Atoms []float32 // [T,D]

	longest float64   // of the atoms
	lengths []float64 // of the atoms [T]
}

// NewDictionary centres and scales the embeddings of a bank. A bank without two words, two words of one
// embedding, and an embedding that is not finite or equals the mean are errors that name the words.
func NewDictionary(bank *Bank, scale Normalisation) (*Dictionary, error) {
	if n := len(bank.Texts); n < 2 {
		return nil, fmt.Errorf("dictionary of %d words: %w", n, ErrFewWords)
	}
	if T, D := len(bank.Texts), bank.Embed; D < 1 || len(bank.Embeddings) != T*D {
		return nil, fmt.Errorf("dictionary: %d words and %d numbers do not fit embeddings of width %d", T, len(bank.Embeddings), D)
	}
	for i, text := range bank.Texts {
		if length := numeric.Norm(bank.row(i)); math.IsNaN(length) || math.IsInf(length, 0) {
			return nil, fmt.Errorf("dictionary: the embedding of %q is not finite", text)
		}
	}
	if first := bank.firstOfEqual(); first != nil {
		for i, j := range first {
			if i != j {
				return nil, fmt.Errorf("dictionary: %w: %q and %q", ErrDuplicate, bank.Texts[j], bank.Texts[i])
			}
		}
	}
	centred, err := bank.Centred()
	if err != nil {
		return nil, err
	}
	d := &Dictionary{Texts: bank.Texts, Embed: bank.Embed, Atoms: centred.Embeddings}
	if scale == UnitColumns {
		if err := d.unitColumns(bank); err != nil {
			return nil, err
		}
	}
	d.lengths = make([]float64, len(d.Texts))
	for i := range d.lengths {
		d.lengths[i] = numeric.Norm(d.atom(i))
		d.longest = max(d.longest, d.lengths[i])
	}
	return d, nil
}

// unitColumns scales the bank's centred embeddings over the words.
func (d *Dictionary) unitColumns(bank *Bank) error {
	T, D := len(d.Texts), d.Embed
	mean, squares := make([]float64, D), make([]float64, D)
	for i := range T {
		for k, v := range bank.row(i) {
			mean[k] += float64(v) / float64(T)
		}
	}
	for i := range T {
		for k, v := range bank.row(i) {
			squares[k] += (float64(v) - mean[k]) * (float64(v) - mean[k])
		}
	}
	for k, q := range squares {
		if q == 0 {
			return fmt.Errorf("dictionary: dimension %d is the same for all words and cannot be made unit", k)
		}
	}
	for i := range T {
		row := d.atom(i)
		for k, v := range bank.row(i) {
			row[k] = float32((float64(v) - mean[k]) / math.Sqrt(squares[k]))
		}
	}
	return nil
}

// With is a dictionary of unit rows with more atoms after its own: directions [n,D] that are no texts, made unit but not centred, under names of
// their own. A direction without length, or with a number that is not finite, is an error that names it.
func (d *Dictionary) With(names []string, directions []float32) (*Dictionary, error) {
	if len(directions) != len(names)*d.Embed {
		return nil, fmt.Errorf("dictionary: %d names and %d numbers do not fit directions of width %d", len(names), len(directions), d.Embed)
	}
	out := *d
	out.Texts, out.Atoms, out.lengths = slices.Concat(d.Texts, names), slices.Concat(d.Atoms, directions), slices.Clone(d.lengths)
	for i := len(d.Texts); i < len(out.Texts); i++ {
		if err := normalise(out.atom(i)); err != nil {
			return nil, fmt.Errorf("dictionary: the direction of %q %w", out.Texts[i], err)
		}
		out.lengths = append(out.lengths, numeric.Norm(out.atom(i)))
		out.longest = max(out.longest, out.lengths[i])
	}
	return &out, nil
}

// Distinct is the bank without the words whose embedding an earlier word has ("Car" after "car"), and those words.
func (b *Bank) Distinct() (kept *Bank, dropped []string) {
	kept = &Bank{Embed: b.Embed}
	for i, j := range b.firstOfEqual() {
		if i != j {
			dropped = append(dropped, b.Texts[i])
			continue
		}
		kept.Texts = append(kept.Texts, b.Texts[i])
		kept.Embeddings = append(kept.Embeddings, b.row(i)...)
	}
	return kept, dropped
}

// firstOfEqual gives for each word the first one with the same embedding, mostly itself.
func (b *Bank) firstOfEqual() []int {
	seed := maphash.MakeSeed()
	first := make([]int, len(b.Texts))
	seen := make(map[uint64][]int, len(b.Texts))
	var scratch []byte
	for i := range b.Texts {
		scratch = scratch[:0]
		for _, v := range b.row(i) {
			scratch = binary.LittleEndian.AppendUint32(scratch, math.Float32bits(v+0)) // +0 makes -0 and 0 alike
		}
		key := maphash.Bytes(seed, scratch)
		first[i] = i
		for _, j := range seen[key] {
			if equal(b.row(i), b.row(j)) {
				first[i] = j
				break
			}
		}
		if first[i] == i {
			seen[key] = append(seen[key], i)
		}
	}
	return first
}

func equal(a, b []float32) bool {
	for i, v := range a {
		if v != b[i] {
			return false
		}
	}
	return true
}

// Product multiplies vectors x [N,D] with the atoms of one dictionary: x·Aᵀ [N,T], in a new slice. It only proposes words; every
// decision is checked in float64, so two products that differ by rounding give the same labels.
type Product func(ctx context.Context, x []float32) ([]float32, error)

// Product is gonum's: no shared library needed, several times slower than an engine's.
func (d *Dictionary) Product(ctx context.Context, x []float32) ([]float32, error) {
	T, D := len(d.Texts), d.Embed
	n := len(x) / D
	out := make([]float32, n*T)
	const rows = 32 // a call is some seconds at most, so that it can be interrupted
	for from := 0; from < n; from += rows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		to := min(from+rows, n)
		blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(x[from*D:to*D], to-from, D), numeric.Matrix(d.Atoms, T, D), 0, numeric.Matrix(out[from*T:to*T], to-from, T))
	}
	return out, nil
}

// Sum is a label as a direction, Σ coefficient·atom [D].
func (d *Dictionary) Sum(l Label) []float32 {
	sum := make([]float32, d.Embed)
	for _, t := range l.Terms {
		blas32.Axpy(float32(t.Coefficient), numeric.Vector(d.atom(t.Word)), numeric.Vector(sum))
	}
	return sum
}

func (d *Dictionary) atom(i int) []float32 { return d.Atoms[i*d.Embed : (i+1)*d.Embed] }

// cross is ⟨a_i, a_j⟩, summed in float64.
func (d *Dictionary) cross(i, j int) float64 { return exact(d.atom(i), d.atom(j)) }

// exact is the inner product summed in float64.
func exact(a, b []float32) float64 { return blas32.DDot(numeric.Vector(a), numeric.Vector(b)) }
