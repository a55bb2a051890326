package main

import (
	"context"
	"math"
	"slices"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/internal/numeric"
)

// The curves of a map (Petsiuk et al., BMVC 2018): places are taken away, the largest first, and the picture is grey there; or they are put back on
// a blurred picture. The value of a curve is its mean, by the trapezoidal rule.
var curveNames = []string{"deletion, logit", "deletion, probability", "insertion, logit", "insertion, probability"}

const (
	curveSteps = 12 // of equally many places
	blurred    = 5. // standard deviation, in pixels, as in Petsiuk et al.
	categories = 36 // the first words of the bank, which the probability is taken over
)

// trial is the value of every curve of a map in every scene.
type trial struct{ curves [4][]float64 }

// try takes away and puts back the main thing of a scene, where it is a target, place by place in the order of each map.
func (c *cartographer) try(ctx context.Context, trials []trial, v *view, list []target, maps [][][]float32) error {
	main := slices.IndexFunc(list, func(t target) bool { return slices.Contains(t.owners, 1) })
	if main < 0 {
		return nil
	}
	word, grey, soft := list[main].word, make([]float32, len(v.pixels)), blur(v.pixels, v.side, blurred)
	for m := range trials {
		order := descending(maps[m][main])
		for k, over := range [][2][]float32{{v.pixels, grey}, {soft, v.pixels}} {
			logit, probability, err := c.curve(ctx, v.side, over[0], over[1], order, word)
			if err != nil {
				return err
			}
			trials[m].curves[2*k], trials[m].curves[2*k+1] = append(trials[m].curves[2*k], logit), append(trials[m].curves[2*k+1], probability)
		}
	}
	return nil
}

// descending are places by their values, the largest first; of equal ones the first.
func descending(m []float32) []int {
	order := numeric.Indices(len(m))
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case m[a] > m[b]:
			return -1
		case m[a] < m[b]:
			return 1
		}
		return 0
	})
	return order
}

// curve is the mean logit and probability of a word while places of one picture are replaced by those of another.
func (c *cartographer) curve(ctx context.Context, side int, from, to []float32, order []int, word int) (logit, probability float64, err error) {
	pictures := make([]float32, 0, (curveSteps+1)*len(from))
	at := slices.Clone(from)
	for step, done := 0, 0; step <= curveSteps; step++ {
		for ; done < len(order)*step/curveSteps; done++ {
			replace(at, to, side, c.grid, order[done])
		}
		pictures = append(pictures, at...)
	}
	out, err := c.model.EncodeImages(ctx, graph.Floats(pictures, curveSteps+1, 3, side, side), clip.Embedding)
	if err != nil {
		return 0, 0, err
	}
	D := c.ov.Embed
	for step := range curveSteps + 1 {
		e, weight := out[clip.Embedding].Floats[step*D:(step+1)*D], 1./curveSteps
		if step == 0 || step == curveSteps {
			weight /= 2
		}
		logit += weight * c.logitOf(e, word)
		probability += weight * c.probability(e, word)
	}
	return logit, probability, nil
}

// replace copies a place of one picture [3,side,side] into another.
func replace(into, from []float32, side, grid, place int) {
	cell := side / grid
	for channel := range 3 {
		for y := place / grid * cell; y < (place/grid+1)*cell; y++ {
			row := (channel*side+y)*side + place%grid*cell
			copy(into[row:row+cell], from[row:row+cell])
		}
	}
}

// probability is the softmax of the categories' logits at a word.
func (c *cartographer) probability(e []float32, word int) float64 {
	sum, own := 0.0, c.logit(e, c.text(word))
	for w := range categories {
		sum += math.Exp(c.logit(e, c.text(w)) - own)
	}
	return 1 / sum
}

// blur is a Gaussian of a standard deviation in pixels over a picture [3,side,side], along rows and then along columns; at the edges
// it takes what there is.
func blur(pixels []float32, side int, deviation float64) []float32 {
	reach := int(3 * deviation)
	along := func(in []float32, stride int) []float32 {
		out := make([]float32, len(in))
		for i := range in {
			at := i / stride % side
			var sum, weight float64
			for k := max(-reach, -at); k <= min(reach, side-1-at); k++ {
				w := math.Exp(-float64(k*k) / (2 * deviation * deviation))
				sum, weight = sum+w*float64(in[i+k*stride]), weight+w
			}
			out[i] = float32(sum / weight)
		}
		return out
	}
	return along(along(pixels, 1), side)
}
