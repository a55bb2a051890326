package experiment

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/edit"
	"github.com/facet-clip/facet/internal/numeric"
)

// Outcome is what an edited model makes of some images, in their order.
type Outcome struct {
	Picked []int     // the class of largest cosine
	Own    []float64 // the cosine with the image's own class; NaN where it has none
	Cosine []float64 // of the embedding with that before the edit
}

// Judge predicts, from scalars, what edited models make of images (docs/design.md, 32). A nil edit is the model as it is. Scalars are read only if an edit
// changes pairs.
func (d *Data) Judge(ctx context.Context, images []int, edits ...*edit.Edit) ([]Outcome, error) {
	heads := make([][]float32, len(edits)) // zero-shot heads, unit rows [L,D]
	out := make([]Outcome, len(edits))
	scalars := false
	for i, e := range edits {
		heads[i] = d.headAfter(e)
		out[i] = Outcome{make([]int, len(images)), make([]float64, len(images)), make([]float64, len(images))}
		scalars = scalars || e != nil && len(e.Touched()) > 0
	}
	use := func(k, image int, s []float32) error {
		own := d.embedding(image)
		for i, e := range edits {
			after := own
			if e != nil {
				after = e.Embedding(decompose.Scalars{OV: d.OV, S: s}, own)
			}
			out[i].add(k, d.Labels[image], heads[i], own, after)
		}
		return nil
	}
	if scalars {
		return out, d.each(ctx, make([]float64, d.OV.Heads*d.OV.Channels), images, use)
	}
	numeric.Parallel(len(images), func(k int) { _ = use(k, images[k], nil) })
	return out, ctx.Err()
}

// headAfter is the zero-shot head of an edited model: unit rows [L,D].
func (d *Data) headAfter(e *edit.Edit) []float32 {
	if e == nil || !e.ChangesTexts() {
		return d.Head.Embeddings
	}
	D := d.OV.Embed
	var rows []float32
	for i := 0; i < len(d.Head.Embeddings); i += D {
		rows = append(rows, concept.Unit(e.Text(d.Head.Embeddings[i:i+D]))...)
	}
	return rows
}

// add judges image k, of a class or −1, by its embedding before and after.
func (o Outcome) add(k, class int, head, before, after []float32) {
	D := len(after)
	length := max(numeric.Norm(after), math.SmallestNonzeroFloat32)
	best := math.Inf(-1)
	o.Own[k] = math.NaN()
	for c := range len(head) / D {
		cosine := numeric.Dot(head[c*D:(c+1)*D], after) / length
		if cosine > best {
			best, o.Picked[k] = cosine, c
		}
		if c == class {
			o.Own[k] = cosine
		}
	}
	o.Cosine[k] = numeric.Dot(before, after) / max(length*numeric.Norm(before), math.SmallestNonzeroFloat32)
}

// Alike draws for each of some pairs another of nearly its strength, none twice and none of the pairs: the control that a set of pairs is compared with.
// strength [M,C] is of every pair.
func Alike(strength []float64, pairs []int, seed uint64) []int {
	order := byStrength(strength)
	place := make([]int, len(order))
	for i, p := range order {
		place[p] = i
	}
	return alike(order, place, pairs, rand.New(rand.NewPCG(seed, 1)))
}

// Mean are the mean scalars s̄ [M,C] of some images.
func (d *Data) Mean(ctx context.Context, images []int) ([]float64, error) {
	mean, s := make([]float64, len(d.Norms)), make([]float32, len(d.Norms))
	for _, i := range images {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := d.Row(i, s); err != nil {
			return nil, err
		}
		for p, v := range s {
			mean[p] += float64(v) / float64(len(images))
		}
	}
	return mean, nil
}
