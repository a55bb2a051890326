package experiment

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/numeric"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/mat"

	"github.com/facet-clip/facet/decompose"
)

// Basis are the first principal directions of every unit of a kind, orthonormal.
type Basis struct {
	Unit       Unit
	Rank       int         // directions a unit, at most
	Directions [][]float32 // of unit i [≤ Rank·D], largest variance first
	Variance   [][]float64 // of the contributions along each; the published code's are mean squares over the images that it takes
}

// First are the first directions of all units [U,D]; zeros for a unit that has none.
func (b Basis) First(embed int) []float32 {
	all := make([]float32, len(b.Directions)*embed)
	for i, v := range b.Directions {
		copy(all[i*embed:(i+1)*embed], v)
	}
	return all
}

// Along is a basis of one direction for each unit, those of [U,D] made unit. A unit whose direction is zero has none.
func Along(u Unit, directions []float32, embed int) Basis {
	b := Basis{Unit: u, Rank: 1, Directions: make([][]float32, len(directions)/embed)}
	for i := range b.Directions {
		v := directions[i*embed : (i+1)*embed]
		if l := numeric.Norm(v); l > 0 {
			b.Directions[i] = numeric.Scale(slices.Clone(v), float32(1/l))
		}
	}
	return b
}

// PairDirections are those of all pairs [M·C,D], of unit length where they have one, as a basis.
func (d *Data) PairDirections() Basis { return Along(Pair, d.directions(), d.OV.Embed) }

// directions are u of every pair [M·C,D].
func (d *Data) directions() []float32 {
	all := make([]float32, 0, d.OV.Heads*d.OV.Channels*d.OV.Embed)
	for _, u := range d.OV.Directions() {
		all = append(all, u...)
	}
	return all
}

// Components takes the basis of neurons or heads from statistics: all images they saw.
func (d *Data) Components(stats *decompose.Stats, u Unit, rank int) (Basis, error) {
	return d.basis(u, rank, func(i int) ([]decompose.Component, error) {
		if u == Neuron {
			return stats.NeuronComponents(d.OV, i, rank)
		}
		return stats.HeadComponents(d.Weights, i, rank)
	})
}

// ReferenceComponents takes the basis as the reference does: from the top images of largest centred norm of each unit alone, without
// centring those again.
func (d *Data) ReferenceComponents(ctx context.Context, stats *decompose.Stats, images []int, u Unit, rank, top int) (Basis, error) {
	picked, err := d.farthest(ctx, stats.Mean, images, u, top)
	if err != nil {
		return Basis{}, err
	}
	// The centred contributions of each unit in its own images, gathered in one pass.
	wanted := map[int][][2]int{} // by image: unit and row
	rows := make([]*mat.Dense, len(picked))
	for i, p := range picked {
		rows[i] = mat.NewDense(len(p), d.OV.Embed, nil)
		for r, image := range p {
			wanted[image] = append(wanted[image], [2]int{i, r})
		}
	}
	var mu sync.Mutex
	err = d.each(ctx, stats.Mean, images, func(_, image int, δ []float32) error {
		for _, w := range wanted[image] {
			c := d.contribution(u, w[0], δ)
			mu.Lock()
			rows[w[0]].SetRow(w[1], c)
			mu.Unlock()
		}
		return nil
	})
	if err != nil {
		return Basis{}, err
	}
	return d.basis(u, rank, func(i int) ([]decompose.Component, error) { return leading(rows[i], rank) })
}

func (d *Data) basis(u Unit, rank int, of func(i int) ([]decompose.Component, error)) (Basis, error) {
	n, err := d.count(u)
	if err != nil {
		return Basis{}, err
	}
	if u == Pair {
		return Basis{}, fmt.Errorf("the direction of a pair is that of its weights: components are of a %s or a %s", Neuron, Head)
	}
	b := Basis{Unit: u, Rank: rank, Directions: make([][]float32, n), Variance: make([][]float64, n)}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		g.Go(func() error {
			found, err := of(i)
			for _, c := range found {
				b.Directions[i] = append(b.Directions[i], c.Direction...)
				b.Variance[i] = append(b.Variance[i], c.Variance)
			}
			return err
		})
	}
	return b, g.Wait()
}

// leading are the first right singular vectors of rows.
func leading(rows *mat.Dense, rank int) ([]decompose.Component, error) {
	var svd mat.SVD
	if !svd.Factorize(rows, mat.SVDThin) {
		return nil, fmt.Errorf("singular value decomposition does not converge")
	}
	var v mat.Dense
	svd.VTo(&v)
	n, _ := rows.Dims()
	_, have := v.Dims()
	values := svd.Values(nil)
	var all []decompose.Component
	for k := range min(rank, have) {
		all = append(all, decompose.Component{Direction: numeric.Float32(mat.Col(nil, k, &v)), Variance: values[k] * values[k] / float64(n)})
	}
	return all, nil
}

// contribution is the centred contribution of a neuron or a head in an image [D].
func (d *Data) contribution(u Unit, i int, δ []float32) []float64 {
	s := decompose.Scalars{OV: d.OV, S: δ}
	c := s.Head
	if u == Neuron {
		c = s.Neuron
	}
	out := make([]float64, d.OV.Embed)
	for k, v := range c(i) {
		out[k] = float64(v)
	}
	return out
}

// farthest are, for each unit, the images of largest centred norm, largest first, ties by image.
func (d *Data) farthest(ctx context.Context, mean []float64, images []int, u Unit, k int) ([][]int, error) {
	norms, err := d.allNorms(ctx, mean, images, u)
	if err != nil {
		return nil, err
	}
	n, err := d.count(u)
	if err != nil {
		return nil, err
	}
	out := make([][]int, n)
	order := make([]int, len(images))
	for i := range out {
		for j := range order {
			order[j] = j
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(norms[b][i], norms[a][i]) })
		for _, j := range order[:min(k, len(order))] {
			out[i] = append(out[i], images[j])
		}
	}
	return out, nil
}

// TopOfNeuron are the k of n images in which a neuron's centred contribution is longest, longest first, with its length for a scalar.
func (d *Data) TopOfNeuron(mean []float64, images, n, k int) ([]decompose.Extreme, error) {
	M, C := d.OV.Heads, d.OV.Channels
	size := M * (M + 1) / 2
	all := make([]decompose.Extreme, images)
	s, δ := make([]float32, M*C), make([]float64, M)
	for i := range all {
		if err := d.Row(i, s); err != nil {
			return nil, err
		}
		for h := range δ {
			δ[h] = float64(s[h*C+n]) - mean[h*C+n]
		}
		all[i] = decompose.Extreme{Image: uint32(i), Scalar: float32(quadratic(d.Gram[n*size:(n+1)*size], δ))}
	}
	slices.SortStableFunc(all, func(a, b decompose.Extreme) int { return cmp.Compare(b.Scalar, a.Scalar) })
	return all[:min(k, len(all))], nil
}

// allNorms are the centred norms of every unit in every image [images][units].
func (d *Data) allNorms(ctx context.Context, mean []float64, images []int, u Unit) ([][]float32, error) {
	norms := make([][]float32, len(images))
	err := d.each(ctx, mean, images, func(k, _ int, δ []float32) error {
		norms[k] = d.norms(u, δ)
		return nil
	})
	return norms, err
}

// Reconstruct replaces every unit by its mean plus the projection of what is centred on its first components (paper, reconstruction; docs/design.md, 17), for
// each number of components, in rising order. Of pairs a basis without directions stands for their own, with which the embedding comes back exactly.
func (d *Data) Reconstruct(ctx context.Context, mean []float64, b Basis, components, test []int) ([]answer.Reconstruction, error) {
	if _, err := d.count(b.Unit); err != nil {
		return nil, err
	}
	rebuild := d.rebuilder(b)
	centre := d.centre(mean)
	scores := make([]scorer, len(components))
	for i := range scores {
		scores[i] = newScorer(len(test))
	}
	err := d.each(ctx, mean, test, func(k, image int, δ []float32) error {
		for i, e := range rebuild(δ, components) {
			for o, v := range centre {
				e[o] += v
			}
			scores[i].add(d, k, image, e)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]answer.Reconstruction, len(components))
	for i, c := range components {
		out[i].Components = c
		out[i].Accuracy, out[i].Cosine, out[i].CosineHalf = scores[i].result()
	}
	return out, nil
}

// Embedding rebuilds one image's embedding [D] with the first r components of every unit.
func (d *Data) Embedding(mean []float64, b Basis, r int, s []float32) []float32 {
	δ := make([]float32, len(s))
	for p, v := range s {
		δ[p] = float32(float64(v) - mean[p])
	}
	e := d.rebuilder(b)(δ, []int{r})[0]
	for o, v := range d.centre(mean) {
		e[o] += v
	}
	return e
}

// rebuilder gives, for numbers of components in rising order, Σ over units of the projections of what is centred [D].
func (d *Data) rebuilder(b Basis) func(δ []float32, components []int) [][]float32 {
	switch b.Unit {
	case Neuron:
		return d.rebuildNeurons(b)
	case Head:
		return func(δ []float32, components []int) [][]float32 {
			return d.rebuild(b, components, func(h int) []float32 { return decompose.Scalars{OV: d.OV, S: δ}.Head(h) })
		}
	}
	if len(b.Directions) > 0 {
		return d.rebuildPairs(b)
	}
	bias := d.OV.Bias()
	return func(δ []float32, components []int) [][]float32 {
		out := make([][]float32, len(components))
		for i, r := range components {
			out[i] = make([]float32, d.OV.Embed)
			if r > 0 {
				out[i] = d.sum(δ)
				for o, v := range bias {
					out[i][o] -= v
				}
			}
		}
		return out
	}
}

// rebuild projects the contribution of each unit on its components.
func (d *Data) rebuild(b Basis, components []int, contribution func(i int) []float32) [][]float32 {
	D := d.OV.Embed
	out := make([][]float32, len(components))
	for i := range out {
		out[i] = make([]float32, D)
	}
	for u, directions := range b.Directions {
		c := contribution(u)
		for k := range len(directions) / D {
			v := directions[k*D : (k+1)*D]
			along := numeric.Dot(c, v)
			for i, r := range components {
				if k < r {
					axpy(along, v, out[i])
				}
			}
		}
	}
	return out
}

// rebuildPairs projects each pair on the one direction v that it is given: Σ δ·⟨u,v⟩·v. It holds ⟨u,v⟩·v of every pair [M·C,D].
func (d *Data) rebuildPairs(b Basis) func(δ []float32, components []int) [][]float32 {
	D := d.OV.Embed
	along := make([]float32, len(b.Directions)*D)
	numeric.Parallel(d.OV.Heads, func(h int) {
		own := d.OV.HeadDirections(h)
		for n := range d.OV.Channels {
			if v := b.Directions[h*d.OV.Channels+n]; len(v) > 0 {
				axpy(numeric.Dot(own[n*D:(n+1)*D], v[:D]), v[:D], along[(h*d.OV.Channels+n)*D:][:D])
			}
		}
	})
	return func(δ []float32, components []int) [][]float32 {
		whole := product(δ, along, 1, D)
		out := make([][]float32, len(components))
		for i, r := range components {
			if out[i] = make([]float32, D); r > 0 {
				copy(out[i], whole)
			}
		}
		return out
	}
}

// rebuildNeurons projects without forming any neuron's contribution: what a pair adds along a component, ⟨u[h,n],v⟩, is known beforehand.
func (d *Data) rebuildNeurons(b Basis) func(δ []float32, components []int) [][]float32 {
	M, C, D := d.OV.Heads, d.OV.Channels, d.OV.Embed
	along := make([][]float64, C) // [≤ Rank·M]
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for n, directions := range b.Directions {
		g.Go(func() error {
			for k := range len(directions) / D {
				for h := range M {
					along[n] = append(along[n], numeric.Dot(d.OV.Direction(decompose.Pair{Head: h, Neuron: n}), directions[k*D:(k+1)*D]))
				}
			}
			return nil
		})
	}
	_ = g.Wait() // none of them can fail
	return func(δ []float32, components []int) [][]float32 {
		out := make([][]float32, len(components))
		for i := range out {
			out[i] = make([]float32, D)
		}
		for n, directions := range b.Directions {
			for k := range len(directions) / D {
				var sum float64
				for h := range M {
					sum += along[n][k*M+h] * float64(δ[h*C+n])
				}
				for i, r := range components {
					if k < r {
						axpy(sum, directions[k*D:(k+1)*D], out[i])
					}
				}
			}
		}
		return out
	}
}

func axpy(a float64, x, y []float32) {
	for i, v := range x {
		y[i] += float32(a * float64(v))
	}
}

// scorer collects what becomes of test images.
type scorer struct {
	right  []int8 // 1 right, 0 wrong, −1 without a label
	cosine []float64
}

func newScorer(n int) scorer { return scorer{make([]int8, n), make([]float64, n)} }

func (s scorer) add(d *Data, k, image int, e []float32) {
	right, known := d.right(image, e)
	switch {
	case !known:
		s.right[k] = -1
	case right:
		s.right[k] = 1
	}
	own := d.embedding(image)
	s.cosine[k] = numeric.Dot(e, own) / math.Sqrt(numeric.Dot(e, e)*numeric.Dot(own, own))
}

func (s scorer) result() (accuracy answer.Share, cosine, half float64) {
	right, known := 0, 0
	for _, r := range s.right {
		if r >= 0 {
			known++
			right += int(r)
		}
	}
	n := float64(len(s.cosine))
	var spread float64
	for _, c := range s.cosine {
		cosine += c / n
	}
	for _, c := range s.cosine {
		spread += (c - cosine) * (c - cosine) / max(n-1, 1)
	}
	return NewShare(right, known), cosine, z95 * math.Sqrt(spread/n)
}
