package experiment

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/experiment/judged"
	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

const (
	causalWords  = 100 // the words that name most pairs
	controlDraws = 5
	controlNear  = 20 // pairs of nearest strength that a control is drawn from
	controlSeed  = 17
)

// Causal holds the pairs named by each concept at their mean s̄, and as many random ones of equal strength [M,C]. Concepts that name no pair
// are left out, and those that are in all images or in none; at most 100 are asked, which name most pairs.
func (d *Data) Causal(ctx context.Context, mean []float64, images []int, c Concepts, names []Name, strength []float64) ([]answer.Ablated, error) {
	e := experimentOn{d: d, concepts: c, present: c.in(images), images: len(images)}
	words, named := e.words(names)
	if len(words) == 0 {
		return nil, nil
	}
	random := rand.New(rand.NewPCG(controlSeed, 1))
	order := byStrength(strength)
	place := make([]int, len(order))
	for i, p := range order {
		place[p] = i
	}
	sets := make([][][]int, len(words)) // each word's own pairs, then its controls
	var all []int
	for i, w := range words {
		sets[i] = [][]int{named[w]}
		for range controlDraws {
			sets[i] = append(sets[i], alike(order, place, named[w], random))
		}
		all = append(all, slices.Concat(sets[i]...)...)
	}
	slices.Sort(all)
	if err := e.gather(ctx, mean, images, slices.Compact(all)); err != nil {
		return nil, err
	}
	before := e.detect(e.whole, words)
	out := make([]answer.Ablated, len(words))
	numeric.Parallel(len(words), func(i int) {
		a := answer.Ablated{Word: c.Bank.Texts[words[i]], Pairs: len(sets[i][0]), Before: before[i]}
		for j, after := range e.detect(e.without(sets[i][0]), words) {
			if j == i {
				a.Own = before[i] - after
			} else {
				a.Others += (before[j] - after) / float64(len(words)-1)
			}
		}
		for _, set := range sets[i][1:] {
			a.Control += (before[i] - e.detect(e.without(set), words[i:i+1])[0]) / controlDraws
		}
		out[i] = a
	})
	return out, nil
}

// experimentOn holds what is held at its mean, and what is left.
type experimentOn struct {
	d        *Data
	concepts Concepts
	present  [][]bool // [T][N]
	images   int
	whole    []float32   // e − ē [N,D]
	place    map[int]int // of a pair among columns
	columns  []float32   // centred scalars [N,P]
	units    []float32   // directions [P,D]
}

// words are the concepts that can be asked of, by how many pairs they name, and those pairs.
func (e *experimentOn) words(names []Name) ([]int, map[int][]int) {
	named := map[int][]int{}
	for _, n := range names {
		if t := slices.Index(e.concepts.Bank.Texts, n.Word); t >= 0 && !n.Not {
			named[t] = append(named[t], n.Pair)
		}
	}
	var words []int
	for t := range e.concepts.Bank.Texts {
		if len(named[t]) > 0 && slices.Contains(e.present[t], true) && slices.Contains(e.present[t], false) {
			words = append(words, t)
		}
	}
	slices.SortStableFunc(words, func(a, b int) int { return cmp.Compare(len(named[b]), len(named[a])) })
	words = words[:min(len(words), causalWords)]
	slices.Sort(words)
	return words, named
}

func (e *experimentOn) gather(ctx context.Context, mean []float64, images, pairs []int) (err error) {
	D := e.d.OV.Embed
	e.place = map[int]int{}
	for i, p := range pairs {
		e.place[p] = i
		e.units = append(e.units, e.d.OV.Direction(e.d.OV.Pair(p))...)
	}
	if e.columns, err = e.d.columns(ctx, mean, images, pairs); err != nil {
		return err
	}
	centre := e.d.centre(mean)
	for _, i := range images {
		e.whole = append(e.whole, e.d.embedding(i)...)
		axpy(-1, centre, e.whole[len(e.whole)-D:])
	}
	return nil
}

// without is e − ē with some pairs at their mean [N,D].
func (e *experimentOn) without(pairs []int) []float32 {
	D, P := e.d.OV.Embed, len(e.place)
	var some, units []float32
	for k := range e.images {
		for _, p := range pairs {
			some = append(some, e.columns[k*P+e.place[p]])
		}
	}
	for _, p := range pairs {
		units = append(units, e.units[e.place[p]*D:][:D]...)
	}
	left := slices.Clone(e.whole)
	axpy(-1, product(some, units, e.images, D), left)
	return left
}

// detect are the AUCs of words by the cosine with centred embeddings [N,D].
func (e *experimentOn) detect(embeddings []float32, words []int) []float64 {
	D := e.d.OV.Embed
	var texts []float32
	for _, t := range words {
		texts = append(texts, e.concepts.Bank.Embeddings[t*D:(t+1)*D]...)
	}
	cosines := make([]float32, e.images*len(words))
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(embeddings, e.images, D), numeric.Matrix(texts, len(words), D), 0, numeric.Matrix(cosines, e.images, len(words)))
	lengths := make([]float64, e.images)
	for k := range lengths {
		lengths[k] = numeric.Norm(embeddings[k*D : (k+1)*D])
	}
	out := make([]float64, len(words))
	values := make([]float64, e.images)
	for i, t := range words {
		for k := range values {
			values[k] = float64(cosines[k*len(words)+i]) / lengths[k]
		}
		out[i] = judged.AUC(judged.Ranks(values), e.present[t])
	}
	return out
}

// byStrength are all pairs, strongest first.
func byStrength(strength []float64) []int {
	order := numeric.Indices(len(strength))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(strength[b], strength[a]) })
	return order
}

// alike draws for each pair another among those of nearest strength, given all pairs by strength and the place of each there, none of which is one of the pairs and none twice.
func alike(order, place, pairs []int, random *rand.Rand) []int {
	taken := map[int]bool{}
	for _, p := range pairs {
		taken[p] = true
	}
	var out []int
	for _, p := range pairs {
		at := place[p]
		var near []int
		for step := 1; step < len(order) && len(near) < controlNear; step++ {
			for _, i := range []int{at - step, at + step} {
				if i >= 0 && i < len(order) && !taken[order[i]] {
					near = append(near, order[i])
				}
			}
		}
		if len(near) > 0 {
			one := near[random.IntN(len(near))]
			taken[one] = true
			out = append(out, one)
		}
	}
	return out
}
