package drift

import (
	"fmt"

	"github.com/facet-clip/facet/internal/numeric"
)

// joint gathers the moments of profiles in sums that have no order (docs/design.md, formulas 55 to 57): of the pairs' scalars, mean and square [M·C];
// of the embedding, means [D] and products, packed [D(D+1)/2]; of the watched scores, mean and square [2W]; of each quality, Σ of its shifts [D].
type joint struct {
	pairs, embed, scores int
	sums                 *numeric.Sums
	images               int
	pictures             []int // of each quality
}

func newJoint(p *Profile) *joint {
	j := &joint{pairs: len(p.Pairs.Mean), embed: len(p.Embedding.Mean), scores: len(p.Scores.Mean), pictures: make([]int, len(p.Qualities))}
	j.sums = numeric.NewSums(p.MomentSums())
	return j
}

// MomentSums is how many sums a merged profile of this shape has.
func (p *Profile) MomentSums() int {
	D := len(p.Embedding.Mean)
	return 2*len(p.Pairs.Mean) + D + D*(D+1)/2 + 2*len(p.Scores.Mean) + len(p.Qualities)*D
}

func (j *joint) ofPairs() numeric.Moments {
	return numeric.Moments{Quantities: j.pairs, Mean: 0, Product: j.pairs, Stride: 1, Squares: true}
}

func (j *joint) ofEmbedding() numeric.Moments {
	return numeric.Moments{Quantities: j.embed, Mean: 2 * j.pairs, Product: 2*j.pairs + j.embed, Stride: 1}
}

func (j *joint) ofScores() numeric.Moments {
	first := 2*j.pairs + j.embed + j.embed*(j.embed+1)/2
	return numeric.Moments{Quantities: j.scores, Mean: first, Product: first + j.scores, Stride: 1, Squares: true}
}

// shift is where the shifts of a quality begin.
func (j *joint) shift(quality int) int { return j.ofScores().Product + j.scores + quality*j.embed }

// add takes up a profile.
func (j *joint) add(p *Profile) error {
	j.images += p.Count()
	for q, quality := range p.Qualities {
		j.pictures[q] += quality.Pictures
	}
	if p.Sums != nil {
		return j.sums.Merge(p.Sums)
	}
	n := p.Count()
	if err := j.sums.AddMoments(n, j.ofPairs(), p.Pairs.Mean, p.Pairs.M2); err != nil {
		return fmt.Errorf("pairs: %w", err)
	}
	if err := j.sums.AddMoments(n, j.ofEmbedding(), p.Embedding.Mean, p.Embedding.packed()); err != nil {
		return fmt.Errorf("embedding: %w", err)
	}
	if err := j.sums.AddMoments(n, j.ofScores(), p.Scores.Mean, p.Scores.M2); err != nil {
		return fmt.Errorf("watched scores: %w", err)
	}
	for q, quality := range p.Qualities {
		for i, v := range quality.Shift {
			if v-v != 0 {
				return fmt.Errorf("quality %s: a shift of %g", quality.Name, v)
			}
			j.sums.AddTimes(j.shift(q)+i, quality.Pictures, float64(v))
		}
	}
	return nil
}

// fill gives a profile the moments of all.
func (j *joint) fill(p *Profile) {
	p.Pairs.Count, p.Embedding.Count, p.Scores.Count = j.images, j.images, j.images
	j.sums.Moments(j.images, j.ofPairs(), p.Pairs.Mean, p.Pairs.M2)
	packed := make([]float64, j.embed*(j.embed+1)/2)
	j.sums.Moments(j.images, j.ofEmbedding(), p.Embedding.Mean, packed)
	p.Embedding.unpack(packed)
	j.sums.Moments(j.images, j.ofScores(), p.Scores.Mean, p.Scores.M2)
	for q := range p.Qualities {
		quality := &p.Qualities[q]
		if quality.Pictures = j.pictures[q]; quality.Pictures == 0 {
			continue
		}
		for i := range quality.Shift {
			quality.Shift[i] = float32(j.sums.Mean(j.shift(q)+i, quality.Pictures))
		}
	}
	p.Sums = j.sums
}

// packed is the upper triangle of M2, row by row.
func (g *Gaussian) packed() []float64 {
	D := len(g.Mean)
	out := make([]float64, 0, D*(D+1)/2)
	for i := range D {
		out = append(out, g.M2[i*D+i:(i+1)*D]...)
	}
	return out
}

// unpack takes the upper triangle of M2 over.
func (g *Gaussian) unpack(packed []float64) {
	D := len(g.Mean)
	for i := range D {
		packed = packed[copy(g.M2[i*D+i:(i+1)*D], packed):]
	}
}
