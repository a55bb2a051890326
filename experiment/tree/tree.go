// Package tree takes a neuron apart into sub-concepts: the parts that it has through its heads, clustered by how much they do the same
// (docs/design.md, formulas 37 to 40).
//
// # Terms
//
//   - c_h = s[h,n]·u[h,n] is the part of neuron n through head h, and c̄_h its mean over the images.
//   - Q [M,M] is the Gram matrix of the centred parts, E⟨c_h − c̄_h, c_g − c̄_g⟩. An atlas has it without its images.
//   - A node is a set of heads; its contribution is the sum of their parts. The leaves are single heads, the root is the neuron.
//   - A cut is a set of nodes that hold each head once, so that their contributions sum to the neuron's.
//
// The package is mathematics: it knows no file, no engine and no picture.
package tree

import (
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// Linkage says how far apart two clusters are.
type Linkage string

// The linkages.
const (
	// Average is the mean over pairs of heads of 1 − cosine of their centred parts: alike is what points the same way, however strong it is.
	Average Linkage = "average"
	// Ward is how much the sum of squared distances to the clusters' means grows when two clusters are merged, as SciPy scales it.
	Ward Linkage = "ward"
)

// Linkages are all of them.
func Linkages() []Linkage { return []Linkage{Average, Ward} }

// Parts are the centred parts of one neuron through its M heads.
type Parts struct {
	Heads int
	Q     []float64 // [M,M], symmetric, never negative definite
}

// NewParts is Q = Cov(s_h, s_g)·⟨u_h, u_g⟩ of neuron n, from statistics and the packed Gram matrices ⟨u[h,n],u[g,n]⟩ of all neurons
// [C, M(M+1)/2], both of an atlas (docs/design.md, formula 37).
func NewParts(s *decompose.Stats, gram []float32, n int) (Parts, error) {
	size := decompose.Packed(s.Heads)
	if n < 0 || n >= s.Channels || len(gram) != s.Channels*size {
		return Parts{}, fmt.Errorf("neuron %d of %d, with %d numbers of Gram matrices, expected %d", n, s.Channels, len(gram), s.Channels*size)
	}
	p := Parts{Heads: s.Heads, Q: make([]float64, s.Heads*s.Heads)}
	cov, products := s.NeuronCov[n*size:(n+1)*size], gram[n*size:(n+1)*size]
	k := 0
	for h := range s.Heads {
		for g := h; g < s.Heads; g++ {
			v := cov[k] / float64(max(s.Count, 1)) * float64(products[k])
			p.Q[h*p.Heads+g], p.Q[g*p.Heads+h] = v, v
			k++
		}
	}
	return p, nil
}

func (p Parts) at(h, g int) float64 { return p.Q[h*p.Heads+g] }

// Variance is that of the neuron's whole contribution, ΣQ.
func (p Parts) Variance() float64 { return p.Own(numeric.Indices(p.Heads)) }

// Own is the variance of what some heads contribute together: the sum of Q over them.
func (p Parts) Own(heads []int) (sum float64) {
	for _, h := range heads {
		for _, g := range heads {
			sum += p.at(h, g)
		}
	}
	return max(sum, 0)
}

// Share is how much of the neuron's variance some heads account for: their covariance with the whole neuron over its variance (docs/design.md,
// formula 38). Shares of the nodes of a cut sum to 1. One is negative where the heads work against the rest. A neuron without variance has none: 0.
func (p Parts) Share(heads []int) float64 {
	sum, whole := 0.0, 0.0
	for _, v := range p.Q {
		whole += v
	}
	for _, h := range heads {
		for g := range p.Heads {
			sum += p.at(h, g)
		}
	}
	if !(whole > 0) {
		return 0
	}
	return sum / whole
}

// distance is that between two heads.
func (p Parts) distance(l Linkage, h, g int) float64 {
	if l == Ward {
		return math.Sqrt(max(p.at(h, h)+p.at(g, g)-2*p.at(h, g), 0))
	}
	length := math.Sqrt(p.at(h, h)) * math.Sqrt(p.at(g, g))
	if !(length > 0) {
		return 1 // a part that never changes is like no other
	}
	return 1 - p.at(h, g)/length
}

// Node is a node of a tree.
type Node struct {
	Heads  []int   // rising
	Left   int     // the number of a child; −1 for a head
	Right  int     // that of the other child, which is larger; −1 for a head
	Height float64 // the distance at which the children were merged; 0 for a head
}

// Tree is a clustering of the heads of a neuron: nodes 0 to M−1 are the heads, and each further one merges two earlier ones, in the order of the
// heights. The last is the neuron. It is numbered as SciPy's linkage matrices are.
type Tree []Node

// Cluster merges the two nearest clusters until one is left (docs/design.md, formula 39). Ties go to the clusters of the lowest numbers.
func (p Parts) Cluster(l Linkage) Tree {
	M := p.Heads
	t := make(Tree, 0, 2*M-1)
	d := make([][]float64, 2*M-1) // between the clusters that are left
	for i := range d {
		d[i] = make([]float64, 2*M-1)
	}
	for h := range M {
		t = append(t, Node{Heads: []int{h}, Left: -1, Right: -1})
		for g := range h {
			d[h][g] = p.distance(l, h, g)
			d[g][h] = d[h][g]
		}
	}
	left := numeric.Indices(M)
	for len(left) > 1 {
		a, b := nearest(left, d)
		next := len(t)
		left = slices.DeleteFunc(left, func(i int) bool { return i == a || i == b })
		for _, i := range left {
			d[i][next] = l.update(d[a][i], d[b][i], d[a][b], len(t[a].Heads), len(t[b].Heads), len(t[i].Heads))
			d[next][i] = d[i][next]
		}
		heads := slices.Concat(t[a].Heads, t[b].Heads)
		slices.Sort(heads)
		t = append(t, Node{Heads: heads, Left: a, Right: b, Height: d[a][b]})
		left = append(left, next)
	}
	return t
}

// nearest are the two clusters of least distance, the lower number first.
func nearest(left []int, d [][]float64) (a, b int) {
	least := math.Inf(1)
	for k, j := range left {
		for _, i := range left[:k] {
			if d[i][j] < least {
				least, a, b = d[i][j], i, j
			}
		}
	}
	return a, b
}

// update is the distance of a third cluster from a merged one, by those from its two halves (Lance and Williams, 1967). The numbers are sizes.
func (l Linkage) update(fromA, fromB, between float64, a, b, other int) float64 {
	A, B, O := float64(a), float64(b), float64(other)
	if l == Ward {
		return math.Sqrt(max((A+O)*fromA*fromA+(B+O)*fromB*fromB-O*between*between, 0) / (A + B + O))
	}
	return (A*fromA + B*fromB) / (A + B)
}

// Heads is how many heads a tree has.
func (t Tree) Heads() int { return (len(t) + 1) / 2 }

// Cut is where the tree is divided into k nodes, the one of most heads first; k is from 1 to the number of heads.
func (t Tree) Cut(k int) []int {
	open := []int{len(t) - 1}
	for len(open) < k {
		last := slices.Max(open) // the merge that was made last
		open = slices.DeleteFunc(open, func(i int) bool { return i == last })
		open = append(open, t[last].Left, t[last].Right)
	}
	slices.SortFunc(open, func(i, j int) int {
		if n := len(t[j].Heads) - len(t[i].Heads); n != 0 {
			return n
		}
		return t[i].Heads[0] - t[j].Heads[0]
	})
	return open
}

// Gap is into how many nodes the largest gap between the heights of merges divides the tree, from 2 to most (docs/design.md, formula 39). A tree of one
// head, or of heads that are all alike, has one.
func (t Tree) Gap(most int) int {
	M := t.Heads()
	best, k := 0.0, 1
	for parts := 2; parts <= min(most, M); parts++ {
		above, below := t[len(t)-parts+1].Height, 0.0 // the merge that joins these parts, and the last one inside of them
		if parts < M {
			below = t[len(t)-parts].Height
		}
		if gap := above - below; gap > best {
			best, k = gap, parts
		}
	}
	return k
}

// Above are the nodes above a cut, from the root on: those that hold more than one node of it.
func (t Tree) Above(cut []int) (nodes []int) {
	var visit func(i int)
	visit = func(i int) {
		if slices.Contains(cut, i) {
			return
		}
		nodes = append(nodes, i)
		visit(t[i].Left)
		visit(t[i].Right)
	}
	visit(len(t) - 1)
	return nodes
}

// Contribution is what neuron n contributes through some heads to an image of scalars s: Σ s[h,n]·u[h,n] over them [D]. Over the nodes of a cut it sums to
// the neuron's.
func Contribution(s decompose.Scalars, n int, heads []int) []float64 {
	sum := make([]float64, s.Embed)
	for _, h := range heads {
		p := decompose.Pair{Head: h, Neuron: n}
		scalar := float64(s.At(p))
		for o, v := range s.Direction(p) {
			sum[o] += scalar * float64(v)
		}
	}
	return sum
}
