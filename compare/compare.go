// Package compare tells two checkpoints apart, exactly: which pairs say something else, which fire otherwise, and what that changes in embeddings and
// classes (docs/design.md, formulas 41 to 45). Pairs of different architectures are matched by what they do on the same images.
//
// # Terms
//
//   - A and B are the two checkpoints. Δs = s_B − s_A, Δu = u_B − u_A, Δb = b_B − b_A and Δe = e_B − e_A, of one image.
//   - A pair *turned* when its direction changed, which the weights alone say.
//   - A pair *changed* when it does otherwise than before by more than one checkpoint does from one half of the images to the other.
//
// The package is mathematics: it knows no file, no engine and no picture. Data are float32, sums are float64.
package compare

import (
	"fmt"
	"math"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// Alike is an error unless two attention pools have one shape.
func Alike(a, b *decompose.OV) error {
	if a.Heads != b.Heads || a.Channels != b.Channels || a.Embed != b.Embed {
		return fmt.Errorf("%w: %d heads, %d neurons, embedding %d against %d, %d, %d", decompose.ErrMismatch, a.Heads, a.Channels, a.Embed, b.Heads, b.Channels, b.Embed)
	}
	return nil
}

// Turn is how a pair's direction differs between two checkpoints (docs/design.md, formula 41).
type Turn struct {
	Cosine float64 // of u_A and u_B; 1 where both have no length, 0 where one has none
	Ratio  float64 // ‖u_B‖/‖u_A‖; 1 where both have no length, 0 where u_A has none
	Change float64 // ‖Δu‖ over the longer of both, 0 to 2
	Along  float64 // ⟨u_B, u_A⟩/‖u_A‖: what a scalar of 1 says in B along A's direction
	Length float64 // ‖u_A‖
}

// Turns compares the directions of all pairs [M,C], from weights alone.
func Turns(a, b *decompose.OV) ([]Turn, error) {
	if err := Alike(a, b); err != nil {
		return nil, err
	}
	D := a.Embed
	turns := make([]Turn, a.Heads*a.Channels)
	numeric.Parallel(a.Heads, func(h int) {
		u, v := a.HeadDirections(h), b.HeadDirections(h)
		for n := range a.Channels {
			turns[h*a.Channels+n] = turn(u[n*D:(n+1)*D], v[n*D:(n+1)*D])
		}
	})
	return turns, nil
}

func turn(u, v []float32) Turn {
	from, to, dot := numeric.Norm(u), numeric.Norm(v), numeric.Dot(u, v)
	square := 0.0
	for o, x := range u {
		d := float64(v[o]) - float64(x)
		square += d * d
	}
	t := Turn{Cosine: 1, Ratio: 1, Length: from}
	switch {
	case from == 0 && to == 0:
		return t
	case from == 0:
		t.Cosine, t.Ratio = 0, 0
	case to == 0:
		t.Cosine, t.Ratio = 0, 0
	default:
		t.Cosine, t.Ratio, t.Along = max(-1, min(1, dot/from/to)), to/from, dot/from
	}
	t.Change = math.Sqrt(square) / max(from, to)
	return t
}

// Rounding is the change of a direction that float16 weights explain: anything up to it is not counted as a turn.
const Rounding = 2e-3

// Difference is Δe of images as a sum, Δe = Σ (Δs·u_A + s_A·Δu + Δs·Δu) + Δb, each term by its share of Σ‖Δe‖² over the images (docs/design.md,
// formulas 42 and 43). Add takes image by image; not safe for concurrent use.
type Difference struct {
	a, b              *decompose.OV
	constant          []float32 // Δb [D]
	average           []float32 // Δb + Σ s̄_A·Δu [D]
	fires, says, both []float64 // Σ over images of ⟨·, Δe⟩ [M,C]
	biases, averages  float64
	total, size       float64 // Σ‖Δe‖², Σ‖e_A‖²
	cosines           float64
	images            int
}

// NewDifference is an empty difference of two attention pools of one shape; means are s̄_A [M,C].
func NewDifference(a, b *decompose.OV, means []float64) (*Difference, error) {
	if err := Alike(a, b); err != nil {
		return nil, err
	}
	pairs := a.Heads * a.Channels
	s, err := a.Scalars(numeric.Float32(means))
	if err != nil {
		return nil, err
	}
	d := &Difference{a: a, b: b, fires: make([]float64, pairs), says: make([]float64, pairs), both: make([]float64, pairs)}
	d.constant = minus(b.Bias(), a.Bias())
	d.average = minus(decompose.Scalars{OV: b, S: s.S}.Embedding(), s.Embedding())
	return d, nil
}

func minus(x, y []float32) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = v - y[i]
	}
	return out
}

// Add takes one image: its scalars [M,C] and embeddings [D] in both checkpoints.
func (d *Difference) Add(scalarsA, scalarsB, embeddingA, embeddingB []float32) error {
	for _, n := range [][2]int{{len(scalarsA), len(d.fires)}, {len(scalarsB), len(d.fires)}, {len(embeddingA), d.a.Embed}, {len(embeddingB), d.a.Embed}} {
		if n[0] != n[1] {
			return fmt.Errorf("difference of two images: %d numbers, expected %d", n[0], n[1])
		}
	}
	Δe := minus(embeddingB, embeddingA)
	before, after := d.a.Text(Δe), d.b.Text(Δe) // ⟨u_A, Δe⟩ and ⟨u_B, Δe⟩
	for p, s := range scalarsA {
		Δs := float64(scalarsB[p]) - float64(s)
		u, Δu := float64(before[p]), float64(after[p])-float64(before[p])
		d.fires[p] += Δs * u
		d.says[p] += float64(s) * Δu
		d.both[p] += Δs * Δu
	}
	d.biases += numeric.Dot(d.constant, Δe)
	d.averages += numeric.Dot(d.average, Δe)
	d.total += numeric.Dot(Δe, Δe)
	d.size += numeric.Dot(embeddingA, embeddingA)
	if l := numeric.Norm(embeddingA) * numeric.Norm(embeddingB); l > 0 {
		d.cosines += numeric.Dot(embeddingA, embeddingB) / l
	}
	d.images++
	return nil
}

// Shares are a difference in parts of Σ‖Δe‖². Fires, Says, Both, Constant and Residual sum to 1, unless nothing changed at all: then all are 0.
type Shares struct {
	Images   int
	Fires    float64 // Δs·u_A
	Says     float64 // s_A·Δu
	Both     float64 // Δs·Δu
	Constant float64 // Δb
	Residual float64 // rounding: of stored scalars, mostly
	Average  float64 // Δb + Σ s̄_A·Δu: what the average image gets from what pairs say otherwise; a part of Says and Constant together
	Length   float64 // √(Σ‖Δe‖²/Σ‖e_A‖²)
	Cosine   float64 // mean of the cosine of e_A and e_B

	PairFires, PairSays, PairBoth []float64 // of each pair [M,C]
}

// Pair is all that a pair brings: its three terms.
func (s Shares) Pair(p int) float64 { return s.PairFires[p] + s.PairSays[p] + s.PairBoth[p] }

// Shares are those of all images that were added.
func (d *Difference) Shares() Shares {
	s := Shares{Images: d.images, PairFires: scaled(d.fires, d.total), PairSays: scaled(d.says, d.total), PairBoth: scaled(d.both, d.total)}
	s.Fires, s.Says, s.Both = sum(s.PairFires), sum(s.PairSays), sum(s.PairBoth)
	if d.images > 0 {
		s.Cosine = d.cosines / float64(d.images)
	}
	if d.total > 0 {
		s.Constant, s.Average = d.biases/d.total, d.averages/d.total
		s.Residual = 1 - s.Fires - s.Says - s.Both - s.Constant
	}
	if d.size > 0 {
		s.Length = math.Sqrt(d.total / d.size)
	}
	return s
}

func scaled(x []float64, by float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		if by > 0 {
			out[i] = v / by
		}
	}
	return out
}

func sum(x []float64) (total float64) {
	for _, v := range x {
		total += v
	}
	return total
}
