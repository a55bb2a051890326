// Package experiment answers the paper's questions about a scanned dataset (Bu & Gandelsman, arXiv 2509.19943; docs/design.md, 11 to 22): how much of the
// embedding a few directions of each unit carry, which units the model can do without, and how many things one unit stands for.
//
// Everything happens in the space of pair scalars: an ablation is a masked sum over s, and no picture goes through the trunk again. Only
// [Sink] looks at tokens.
//
// # Terms
//
//   - A unit is a pair, a neuron (the sum of its pairs over heads) or a head (the sum over neurons).
//   - δ = s − s̄ are the centred scalars of an image, and a unit's centred contribution is the sum of its δ·u.
//   - The means half are the images that s̄, components and scores are taken from; the test half those that are scored. By default images of
//     odd index are the means half, those of even index the test half: see [Halves].
package experiment

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/numeric"

	"golang.org/x/sync/errgroup"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
)

// Unit is what is replaced or held.
type Unit string

// The units.
const (
	Pair   Unit = "pair"
	Neuron Unit = "neuron"
	Head   Unit = "head"
)

// Units are all of them.
func Units() []Unit { return []Unit{Pair, Neuron, Head} }

// Data is a scanned dataset with the scalars of every image.
type Data struct {
	Weights    decompose.Weights
	OV         *decompose.OV                  // of the same weights
	Row        func(i int, s []float32) error // reads the scalars [M,C] of image i; safe for concurrent use
	Embeddings []float32                      // [N,D]
	Labels     []int                          // class of each image in Head [N]; −1: none
	Head       *concept.Bank                  // zero-shot head
	Gram       []float32                      // ⟨u[h,n],u[g,n]⟩ of each neuron, packed [C, M(M+1)/2] (atlas.Atlas.NeuronGram)
	Norms      []float32                      // ‖u‖ [M,C]
}

// Memory makes Data of scalars [N][M,C] and embeddings [N,D] at hand. Gram stays empty: nothing of neurons can be asked.
func Memory(w decompose.Weights, scalars [][]float32, embeddings []float32) (*Data, error) {
	ov, err := decompose.New(w)
	if err != nil {
		return nil, err
	}
	d := &Data{Weights: w, OV: ov, Embeddings: embeddings, Norms: ov.Norms()}
	d.Row = func(i int, s []float32) error {
		if i < 0 || i >= len(scalars) || len(s) != len(scalars[i]) {
			return fmt.Errorf("scalars of image %d of %d into %d numbers", i, len(scalars), len(s))
		}
		copy(s, scalars[i])
		return nil
	}
	return d, nil
}

// Images is N.
func (d *Data) Images() int { return len(d.Embeddings) / d.OV.Embed }

func (d *Data) embedding(i int) []float32 { return d.Embeddings[i*d.OV.Embed : (i+1)*d.OV.Embed] }

// Halves splits n images: odd indices for means, even ones to test. Neighbours in a dataset are alike, so the halves are too.
func Halves(n int) (means, test []int) {
	for i := range n {
		if i%2 == 1 {
			means = append(means, i)
		} else {
			test = append(test, i)
		}
	}
	return means, test
}

// Fit takes the statistics of some images, in rising order.
func (d *Data) Fit(ctx context.Context, images []int) (*decompose.Stats, error) {
	a, err := decompose.NewAccumulator(d.Weights)
	if err != nil {
		return nil, err
	}
	s := make([]float32, len(d.Norms))
	for _, i := range images {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := d.Row(i, s); err != nil {
			return nil, err
		}
		if err := a.Add(uint32(i), s); err != nil {
			return nil, fmt.Errorf("image %d: %w", i, err)
		}
	}
	return a.Stats(), nil
}

// each calls use for every image on all cores, with its centred scalars δ [M,C], which are use's until it returns.
func (d *Data) each(ctx context.Context, mean []float64, images []int, use func(k, image int, δ []float32) error) error {
	g, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		g.Go(func() error {
			δ := make([]float32, len(mean))
			for k := w; k < len(images); k += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := d.Row(images[k], δ); err != nil {
					return err
				}
				for p, m := range mean {
					δ[p] = float32(float64(δ[p]) - m)
				}
				if err := use(k, images[k], δ); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// centre is the mean embedding ē = Σ s̄·u + b [D].
func (d *Data) centre(mean []float64) []float32 { return d.sum(numeric.Float32(mean)) }

// sum is Σ s·u + b [D].
func (d *Data) sum(s []float32) []float32 { return decompose.Scalars{OV: d.OV, S: s}.Embedding() }

// count is how many units of a kind there are.
func (d *Data) count(u Unit) (int, error) {
	switch u {
	case Pair:
		return d.OV.Heads * d.OV.Channels, nil
	case Neuron:
		return d.OV.Channels, nil
	case Head:
		return d.OV.Heads, nil
	}
	return 0, fmt.Errorf("unit %q: expected %s, %s or %s", u, Pair, Neuron, Head)
}

// norms are the lengths of the centred contributions of all units.
func (d *Data) norms(u Unit, δ []float32) []float32 {
	switch u {
	case Neuron:
		return d.neuronNorms(δ)
	case Head:
		out := make([]float32, d.OV.Heads)
		for h := range out {
			out[h] = float32(numeric.Norm(decompose.Scalars{OV: d.OV, S: δ}.Head(h)))
		}
		return out
	}
	out := make([]float32, len(δ))
	for p, v := range δ {
		out[p] = float32(math.Abs(float64(v))) * d.Norms[p]
	}
	return out
}

// neuronNorms are ‖Σ_h δ[h,n]·u[h,n]‖ = √(δᵀGδ) [C].
func (d *Data) neuronNorms(δ []float32) []float32 {
	M, C := d.OV.Heads, d.OV.Channels
	size := M * (M + 1) / 2
	out := make([]float32, C)
	column := make([]float64, M)
	for n := range out {
		for h := range column {
			column[h] = float64(δ[h*C+n])
		}
		out[n] = float32(quadratic(d.Gram[n*size:(n+1)*size], column))
	}
	return out
}

// quadratic is √(xᵀGx) for a packed symmetric G.
func quadratic(gram []float32, x []float64) float64 {
	var sum float64
	at := 0
	for h, v := range x {
		sum += v * v * float64(gram[at])
		for g := h + 1; g < len(x); g++ {
			sum += 2 * v * x[g] * float64(gram[at+g-h])
		}
		at += len(x) - h
	}
	return math.Sqrt(max(sum, 0))
}

// z95 is the 97.5 % quantile of the normal distribution.
const z95 = 1.959963984540054

// NewShare is right of n with its interval (Wilson, 1927).
func NewShare(right, n int) answer.Share {
	if n == 0 {
		return answer.Share{High: 1}
	}
	p, N := float64(right)/float64(n), float64(n)
	middle := (p + z95*z95/(2*N)) / (1 + z95*z95/N)
	half := z95 / (1 + z95*z95/N) * math.Sqrt(p*(1-p)/N+z95*z95/(4*N*N))
	return answer.Share{Right: right, Of: n, Low: max(0, middle-half), High: min(1, middle+half)}
}

// right reports whether an embedding is classified as the image's label says; known is false where there is no label.
func (d *Data) right(image int, embedding []float32) (right, known bool) {
	label := d.Labels[image]
	if label < 0 {
		return false, false
	}
	best, at := math.Inf(-1), -1
	D := d.OV.Embed
	for c := range d.Head.Texts {
		if v := numeric.Dot(d.Head.Embeddings[c*D:(c+1)*D], embedding); v > best {
			best, at = v, c
		}
	}
	return at == label, true
}
