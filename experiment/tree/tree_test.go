package tree

import (
	_ "embed"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/facet-clip/facet/decompose"
)

//go:embed testdata/scipy.json
var scipy []byte

// TestLikeSciPy: merges and heights are those of scipy.cluster.hierarchy.linkage on the same distances.
func TestLikeSciPy(t *testing.T) {
	var golden struct {
		Cases []struct {
			Heads         int
			Gram          []float64
			Average, Ward [][4]float64
		}
	}
	if err := json.Unmarshal(scipy, &golden); err != nil || len(golden.Cases) == 0 {
		t.Fatalf("%d cases, %v", len(golden.Cases), err)
	}
	for _, c := range golden.Cases {
		for linkage, want := range map[Linkage][][4]float64{Average: c.Average, Ward: c.Ward} {
			tree := Parts{Heads: c.Heads, Q: c.Gram}.Cluster(linkage)
			if len(want) != c.Heads-1 || len(tree) != 2*c.Heads-1 {
				t.Fatalf("%d heads, %s: %d merges, %d nodes", c.Heads, linkage, len(want), len(tree))
			}
			for i, row := range want {
				n := tree[c.Heads+i]
				if float64(n.Left) != row[0] || float64(n.Right) != row[1] || float64(len(n.Heads)) != row[3] || !(math.Abs(n.Height-row[2]) <= 1e-9*(1+row[2])) {
					t.Errorf("%d heads, %s, merge %d: %d and %d at %.12g of %d heads, SciPy has %v", c.Heads, linkage, i, n.Left, n.Right, n.Height, len(n.Heads), row)
				}
			}
		}
	}
}

// pool is a random attention pool of M heads, C neurons and width D.
func pool(r *rand.Rand, M, C, D int) decompose.Weights {
	numbers := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	return decompose.Weights{Heads: M, Channels: C, Embed: D, Value: numbers(C * C), ValueBias: numbers(C), Output: numbers(D * C), OutputBias: numbers(D)}
}

// scanned are random scalars [N][M,C] with their statistics; heads are mixed, so that they covary.
func scanned(t *testing.T, r *rand.Rand, w decompose.Weights, N int) (scalars [][]float32, stats *decompose.Stats) {
	t.Helper()
	a, err := decompose.NewAccumulator(w)
	if err != nil {
		t.Fatal(err)
	}
	for i := range N {
		s := make([]float32, w.Heads*w.Channels)
		for n := range w.Channels {
			common := r.NormFloat64()
			for h := range w.Heads {
				s[h*w.Channels+n] = float32(1 + common*float64(h%3) + r.NormFloat64())
			}
		}
		if err := a.Add(uint32(i), s); err != nil {
			t.Fatal(err)
		}
		scalars = append(scalars, s)
	}
	return scalars, a.Stats()
}

// TestChildrenSumToTheNeuron: at every node the contributions of its children sum to its own, in every image; at every cut those of its nodes sum to
// the neuron's, and shares sum to 1. Q is what the images say themselves.
func TestChildrenSumToTheNeuron(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		M := 1 + r.IntN(8)
		w := pool(r, M, M*(1+r.IntN(3)), 3+r.IntN(9))
		ov, err := decompose.New(w)
		if err != nil {
			t.Fatal(err)
		}
		scalars, stats := scanned(t, r, w, 40)
		n := r.IntN(w.Channels)
		p, err := NewParts(stats, ov.NeuronGram(), n)
		if err != nil {
			t.Fatal(err)
		}
		for _, linkage := range Linkages() {
			tree := p.Cluster(linkage)
			for _, s := range scalars[:5] {
				image, err := ov.Scalars(s)
				if err != nil {
					t.Fatal(err)
				}
				neuron := image.Neuron(n)
				for k := 1; k <= M; k++ {
					sum, share := make([]float64, w.Embed), 0.0
					for _, node := range tree.Cut(k) {
						add(sum, Contribution(image, n, tree[node].Heads))
						share += p.Share(tree[node].Heads)
					}
					same(t, sum, neuron)
					if !(math.Abs(share-1) < 1e-12) {
						t.Errorf("seed %d: shares of %d nodes sum to %.15f", seed, k, share)
					}
				}
				for _, node := range tree[M:] {
					sum := Contribution(image, n, tree[node.Left].Heads)
					add(sum, Contribution(image, n, tree[node.Right].Heads))
					whole := Contribution(image, n, node.Heads)
					for o, v := range whole {
						if !(math.Abs(v-sum[o]) <= 1e-12*(1+math.Abs(v))) {
							t.Fatalf("seed %d: the children of heads %v sum to %g, not %g", seed, node.Heads, sum[o], v)
						}
					}
				}
			}
		}
		direct(t, ov, scalars, n, p)
	}
}

func add(sum, x []float64) {
	for o, v := range x {
		sum[o] += v
	}
}

func same(t *testing.T, got []float64, want []float32) {
	t.Helper()
	for o, v := range want {
		if !(math.Abs(got[o]-float64(v)) <= 1e-5*(1+math.Abs(float64(v)))) {
			t.Fatalf("the parts sum to %g, not %g", got[o], v)
		}
	}
}

// direct forms Q from the images, part by part.
func direct(t *testing.T, ov *decompose.OV, scalars [][]float32, n int, p Parts) {
	t.Helper()
	N := float64(len(scalars))
	means := make([]float64, p.Heads)
	for _, s := range scalars {
		for h := range means {
			means[h] += float64(s[h*ov.Channels+n]) / N
		}
	}
	for h := range p.Heads {
		u := ov.Direction(decompose.Pair{Head: h, Neuron: n})
		for g := range p.Heads {
			v := ov.Direction(decompose.Pair{Head: g, Neuron: n})
			sum := 0.0
			for _, s := range scalars {
				for o := range u {
					sum += (float64(s[h*ov.Channels+n]) - means[h]) * float64(u[o]) * (float64(s[g*ov.Channels+n]) - means[g]) * float64(v[o]) / N
				}
			}
			if size := math.Sqrt(p.at(h, h) * p.at(g, g)); !(math.Abs(sum-p.at(h, g)) < 1e-5*(1+size)) {
				t.Errorf("Q of heads %d and %d is %g, images say %g", h, g, p.at(h, g), sum)
			}
		}
	}
}

// TestPlantedGroups: parts of two groups are told apart by both linkages, and the gap says two.
func TestPlantedGroups(t *testing.T) {
	const M = 6
	r := rand.New(rand.NewPCG(4, 4))
	parts := make([][8]float64, M)
	for h := range parts {
		parts[h][h%2] = 3 // even heads one way, odd ones another
		for o := range parts[h] {
			parts[h][o] += 0.2 * r.NormFloat64()
		}
	}
	p := Parts{Heads: M, Q: make([]float64, M*M)}
	for h := range M {
		for g := range M {
			for o := range parts[h] {
				p.Q[h*M+g] += parts[h][o] * parts[g][o]
			}
		}
	}
	for _, linkage := range Linkages() {
		tree := p.Cluster(linkage)
		cut := tree.Cut(tree.Gap(M))
		if len(cut) != 2 || !slices.Equal(tree[cut[0]].Heads, []int{0, 2, 4}) || !slices.Equal(tree[cut[1]].Heads, []int{1, 3, 5}) {
			t.Errorf("%s: %v", linkage, cut)
		}
		if above := tree.Above(cut); !slices.Equal(above, []int{2*M - 2}) {
			t.Errorf("%s: above the cut %v", linkage, above)
		}
	}
}

// TestDeadNeuron: a neuron that never changes has a tree, of shares 0, and nothing is NaN; one head is a tree too.
func TestDeadNeuron(t *testing.T) {
	for _, M := range []int{1, 4} {
		p := Parts{Heads: M, Q: make([]float64, M*M)}
		for _, linkage := range Linkages() {
			tree := p.Cluster(linkage)
			for _, n := range tree {
				if math.IsNaN(n.Height) || p.Share(n.Heads) != 0 {
					t.Errorf("%d heads, %s: %+v", M, linkage, n)
				}
			}
			if k := tree.Gap(M); k < 1 || k > M || len(tree.Cut(k)) != k {
				t.Errorf("%d heads, %s: a gap into %d", M, linkage, k)
			}
		}
	}
}
