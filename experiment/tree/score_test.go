package tree

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
)

// looked are images of a random neuron with embeddings of their own.
func looked(t *testing.T, r *rand.Rand, M, N, D int) (*Images, decompose.Weights, [][]float32, *decompose.Stats, int) {
	t.Helper()
	w := pool(r, M, 2*M, D)
	ov, err := decompose.New(w)
	if err != nil {
		t.Fatal(err)
	}
	scalars, stats := scanned(t, r, w, N)
	n := r.IntN(w.Channels)
	var centred []float64
	var unit []float32
	for _, s := range scalars {
		for h := range M {
			centred = append(centred, float64(s[h*w.Channels+n])-stats.Mean[h*w.Channels+n])
		}
		e := make([]float32, D)
		for o := range e {
			e[o] = float32(1 + r.NormFloat64())
		}
		unit = append(unit, concept.Unit(e)...)
	}
	size := decompose.Packed(M)
	im, err := NewImages(centred, ov.NeuronGram()[n*size:(n+1)*size], unit, M, D)
	if err != nil {
		t.Fatal(err)
	}
	return im, w, scalars, stats, n
}

// TestLengths: lengths, and the first principal direction, are those of the contributions themselves.
func TestLengths(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	im, w, scalars, stats, n := looked(t, r, 5, 60, 7)
	ov, err := decompose.New(w)
	if err != nil {
		t.Fatal(err)
	}
	heads := []int{0, 2, 3}
	lengths, along := im.Lengths(heads), im.Along(numeric.Indices(5))
	for i, s := range scalars {
		centred := slices.Clone(s)
		for p := range centred {
			centred[p] = float32(float64(s[p]) - stats.Mean[p])
		}
		image, err := ov.Scalars(centred)
		if err != nil {
			t.Fatal(err)
		}
		if want := numeric.Norm(numeric.Float32(Contribution(image, n, heads))); !(math.Abs(lengths[i]-want) < 1e-4*(1+want)) {
			t.Errorf("image %d: length %g, want %g", i, lengths[i], want)
		}
	}
	components, err := stats.NeuronComponents(ov, n, 1)
	if err != nil {
		t.Fatal(err)
	}
	variance := 0.0
	for _, v := range along {
		variance += v * v / float64(len(along))
	}
	if want := components[0].Variance; !(math.Abs(variance-want) < 1e-4*want) {
		t.Errorf("the variance along the first component is %g, want %g", variance, want)
	}
	one := im.Along([]int{1}) // ± the centred scalar times the length of the direction
	u := numeric.Norm(ov.Direction(decompose.Pair{Head: 1, Neuron: n}))
	for i, v := range one {
		if want := math.Abs(im.Centred[i*5+1]) * u; !(math.Abs(math.Abs(v)-want) < 1e-5*(1+want)) {
			t.Errorf("image %d: %g along its own direction, want ±%g", i, v, want)
		}
	}
}

// TestScoresByPairsOfImages: both scores are means over all pairs of images, formed here one by one.
func TestScoresByPairsOfImages(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	im, _, _, _, _ := looked(t, r, 4, 50, 6)
	sets := [][]int{{0, 1, 2, 3}, {2}, {0, 3}}
	cosine := func(i, j int) float64 { return numeric.Dot(im.Unit[i*6:(i+1)*6], im.Unit[j*6:(j+1)*6]) }
	for k, got := range im.Scores(sets) {
		l := im.Lengths(sets[k])
		low, high := slices.Min(l), slices.Max(l)
		var clarity, weighted, weights float64
		top := Top(l, Clear)
		for i := range l {
			for j := range l {
				if i == j {
					continue
				}
				if slices.Contains(top, i) && slices.Contains(top, j) {
					clarity += cosine(i, j) / (Clear * (Clear - 1))
				}
				a := (l[i] - low) / (high - low) * (l[j] - low) / (high - low)
				weighted += a * cosine(i, j)
				weights += a
			}
		}
		if !(math.Abs(got.Clarity-clarity) < 1e-6) || !(math.Abs(got.MonoSemanticity-weighted/weights) < 1e-5) {
			t.Errorf("heads %v: %+v, want %g and %g", sets[k], got, clarity, weighted/weights)
		}
	}
}

// TestNullOfPartitions: a cut drawn at random is as good as others in its class, so that its p-values are spread out: 5 % of them are 0.05 or less, give or take.
// A planted split, in which each set of heads fires for its own kind of image, beats them.
func TestNullOfPartitions(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	const trials = 200
	low := 0
	for range trials {
		im, _, _, _, _ := looked(t, r, 8, 60, 6)
		heads := r.Perm(8)
		if im.Split([][]int{heads[:3], heads[3:]}, 39, r).P.MonoSemanticity <= 0.05 {
			low++
		}
	}
	if low > 20 { // 10 are expected; 20 or more come by chance once in 500
		t.Errorf("%d of %d random cuts are told from random ones at 5 %%", low, trials)
	}
	const M, N, D = 8, 90, 3
	centred, unit, gram := make([]float64, N*M), make([]float32, N*D), make([]float32, decompose.Packed(M))
	for i := range N {
		unit[i*D+i%D] = 1
		for h := range M {
			centred[i*M+h] = 0.1 * r.NormFloat64()
			if i%D == h%2 { // even heads fire for the first kind, odd heads for the second
				centred[i*M+h]++
			}
		}
	}
	k := 0
	for h := range M {
		for g := h; g < M; g++ {
			if g == h {
				gram[k] = 1
			}
			k++
		}
	}
	im, err := NewImages(centred, gram, unit, M, D)
	if err != nil {
		t.Fatal(err)
	}
	s := im.Split([][]int{{0, 2, 4, 6}, {1, 3, 5, 7}}, 99, r) // one of 35 partitions, so that p is about 0.03
	if s.P.MonoSemanticity > 0.1 || !(s.Nodes.MonoSemanticity > s.Neuron.MonoSemanticity+0.1) || !(s.Nodes.Clarity > 0.99) {
		t.Errorf("a planted split: %+v", s)
	}
}

func TestImagesOfOtherShapes(t *testing.T) {
	if _, err := NewImages(make([]float64, 6), make([]float32, 6), make([]float32, 4), 3, 2); err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ centred, gram, unit, heads, embed int }{{0, 6, 0, 3, 2}, {6, 5, 4, 3, 2}, {6, 6, 5, 3, 2}, {7, 6, 4, 3, 2}, {6, 6, 4, 0, 2}} {
		if _, err := NewImages(make([]float64, c.centred), make([]float32, c.gram), make([]float32, c.unit), c.heads, c.embed); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
}
