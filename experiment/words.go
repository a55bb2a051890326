package experiment

import (
	"context"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// InWords gives directions [U,D] as sums of at most so many words [U,D].
type InWords func(ctx context.Context, directions []float32, terms int) ([]float32, error)

// ReconstructWords rebuilds the test images' embeddings from directions in words, for each number of terms; 0 stands for the directions
// themselves. It holds every direction, M·C·D numbers.
func (d *Data) ReconstructWords(ctx context.Context, mean []float64, counts, test []int, say InWords) ([]answer.WordReconstruction, error) {
	own := d.directions()
	whole, err := d.moved(ctx, mean, test, own)
	if err != nil {
		return nil, err
	}
	centre := d.centre(mean)
	out := make([]answer.WordReconstruction, len(counts))
	for i, terms := range counts {
		moved := whole
		if terms > 0 {
			words, err := say(ctx, own, terms)
			if err != nil {
				return nil, err
			}
			if moved, err = d.moved(ctx, mean, test, words); err != nil {
				return nil, err
			}
		}
		out[i] = d.judge(terms, centre, moved, whole, test)
	}
	return out, nil
}

const movedImages = 32 // at a time

// moved are Σ (s − s̄)·v of images for given directions v [M·C,D]: [N,D].
func (d *Data) moved(ctx context.Context, mean []float64, images []int, directions []float32) ([]float32, error) {
	var out []float32
	for some := range slices.Chunk(images, movedImages) {
		centred, err := d.columns(ctx, mean, some, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, product(centred, directions, len(some), d.OV.Embed)...)
	}
	return out, nil
}

// columns are the centred scalars of some pairs, all for nil, in images [N,P].
func (d *Data) columns(ctx context.Context, mean []float64, images, pairs []int) ([]float32, error) {
	P := len(pairs)
	if pairs == nil {
		P = len(mean)
	}
	out := make([]float32, len(images)*P)
	err := d.each(ctx, mean, images, func(k, _ int, δ []float32) error {
		row := out[k*P : (k+1)*P]
		if pairs == nil {
			copy(row, δ)
		}
		for i, p := range pairs {
			row[i] = δ[p]
		}
		return nil
	})
	return out, err
}

// product is a [n,k] times b [k,m].
func product(a, b []float32, n, m int) []float32 {
	c := make([]float32, n*m)
	if k := len(b) / m; k > 0 {
		blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, numeric.Matrix(a, n, k), numeric.Matrix(b, k, m), 0, numeric.Matrix(c, n, m))
	}
	return c
}

// judge classifies centre + moved, and compares moved with whole, both [N,D].
func (d *Data) judge(terms int, centre, moved, whole []float32, images []int) answer.WordReconstruction {
	r := answer.WordReconstruction{Terms: terms}
	D, right, known := d.OV.Embed, 0, 0
	for k, image := range images {
		m, w := moved[k*D:(k+1)*D], whole[k*D:(k+1)*D]
		e := slices.Clone(centre)
		axpy(1, m, e)
		if ok, labelled := d.right(image, e); labelled {
			known++
			if ok {
				right++
			}
		}
		r.Cosine += numeric.Dot(m, w) / math.Sqrt(numeric.Dot(m, m)*numeric.Dot(w, w)) / float64(len(images))
	}
	r.Accuracy = NewShare(right, known)
	return r
}
