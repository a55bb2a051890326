package experiment

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/facet-clip/facet/internal/numeric"

	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/golden"
)

// set is a golden model with the scalars of its images.
type set struct {
	golden.Arrays
	*Data
	stats *decompose.Stats
	query decompose.Query
}

const (
	top = 11 // images of largest norm in the golden sets, where the paper has 50
	six = 6  // images of which PyTorch kept everything
)

func each(t *testing.T, f func(*testing.T, set)) {
	for _, name := range golden.Sets {
		t.Run(name, func(t *testing.T) { f(t, gather(t, name)) })
	}
}

// gathered keeps what every test needs: making it takes a second.
var gathered = map[string]set{}

func gather(t *testing.T, name string) set {
	t.Helper()
	a := golden.Open(t, name)
	if s, ok := gathered[name]; ok {
		s.Arrays = a // which reports to this test
		return s
	}
	ck, err := checkpoint.Open(filepath.Join(golden.Dir(t, name), "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer ck.Close()
	scalars := a.Array("scalars")
	N, M, C, D := scalars.Shape[0], scalars.Shape[1], scalars.Shape[2], a.Array("embedding").Shape[1]
	read := func(name string, shape ...int) []float32 {
		data, err := ck.Float32("visual.attnpool."+name, shape...)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	d := &Data{
		Weights: decompose.Weights{
			Heads: M, Channels: C, Embed: D,
			Value: read("v_proj.weight", C, C), ValueBias: read("v_proj.bias", C),
			Output: read("c_proj.weight", D, C), OutputBias: read("c_proj.bias", D),
		},
		Row: func(i int, s []float32) error {
			copy(s, scalars.Data[i*M*C:(i+1)*M*C])
			return nil
		},
		Embeddings: a.Array("embedding").Data,
		Labels:     slices.Repeat([]int{-1}, N),
	}
	if d.OV, err = decompose.New(d.Weights); err != nil {
		t.Fatal(err)
	}
	d.Norms, d.Gram = d.OV.Norms(), gram(d.OV)
	all := make([]int, N)
	for i := range all {
		all[i] = i
	}
	stats, err := d.Fit(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	gathered[name] = set{a, d, stats, decompose.Query{
		Heads: M, Channels: C, Query: read("q_proj.weight", C, C), QueryBias: read("q_proj.bias", C), Key: read("k_proj.weight", C, C)}}
	return gathered[name]
}

// gram is ⟨u[h,n],u[g,n]⟩, packed, the plain way.
func gram(ov *decompose.OV) (out []float32) {
	for n := range ov.Channels {
		var u [][]float32
		for h := range ov.Heads {
			u = append(u, ov.Direction(decompose.Pair{Head: h, Neuron: n}))
		}
		for h := range u {
			for g := h; g < len(u); g++ {
				out = append(out, float32(numeric.Dot(u[h], u[g])))
			}
		}
	}
	return out
}

func (s set) images() []int {
	all := make([]int, s.Images())
	for i := range all {
		all[i] = i
	}
	return all
}

// TestNorms compares the largest centred norms of neurons and heads with PyTorch's contributions.
func TestNorms(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		for _, u := range []Unit{Neuron, Head} {
			norms, err := s.allNorms(t.Context(), s.stats.Mean, s.images(), u)
			if err != nil {
				t.Fatal(err)
			}
			want := s.Array(string(u) + "_norms")
			k := want.Shape[1]
			var got []float32
			for i := range want.Shape[0] {
				var column []float32
				for _, row := range norms {
					column = append(column, row[i])
				}
				slices.Sort(column)
				got = append(got, column[len(column)-k:]...)
			}
			golden.Compare(t, string(u)+" norms", got, want.Data, 1e-5, 1e-6)
		}
	})
}

// TestReferenceComponents compares the span of the first components with the published algorithm's: components of nearly equal variance may swap.
func TestReferenceComponents(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		D := s.OV.Embed
		for _, u := range []Unit{Neuron, Head} {
			b, err := s.ReferenceComponents(t.Context(), s.stats, s.images(), u, 4, len(s.Array(string(u)+"_norms").Data)/s.Array(string(u) + "_norms").Shape[0])
			if err != nil {
				t.Fatal(err)
			}
			want := s.Array(string(u) + "_pc")
			far := 0
			for i, got := range b.Directions {
				if c := math.Abs(numeric.Dot(got[:D], want.Data[i*4*D:i*4*D+D])); c < 0.999 {
					far++
				}
			}
			if far*200 > len(b.Directions) { // two of the 11 images may be as far as one another, and two variances alike
				t.Errorf("%s: %d of %d first components differ", u, far, len(b.Directions))
			}
		}
	})
}

// TestReconstruct: pairs give the embedding back; neurons with 1, 2 and 4 components of the reference's kind give what the reference gives.
func TestReconstruct(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		D, row := s.OV.Embed, make([]float32, len(s.Norms))
		b, err := s.ReferenceComponents(t.Context(), s.stats, s.images(), Neuron, 4, top)
		if err != nil {
			t.Fatal(err)
		}
		for i := range six {
			if err := s.Row(i, row); err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, "pairs", s.Embedding(s.stats.Mean, Basis{Unit: Pair}, 1, row), s.embedding(i), 1e-5, 1e-5)
			golden.Compare(t, "pairs, PyTorch", s.Embedding(s.stats.Mean, Basis{Unit: Pair}, 1, row), s.Array("reconstruction_pair").Data[i*D:(i+1)*D], 1e-4, 1e-4)
			if i > 1 {
				continue // each of the next costs a pass over all directions
			}
			for name, r := range map[string]int{"reconstruction_neuron_1": 1, "reconstruction_neuron_2": 2, "reconstruction_neuron_4": 4} {
				near(t, name, s.Embedding(s.stats.Mean, b, r, row), s.Array(name).Data[i*D:(i+1)*D], 2e-3)
			}
		}
	})
}

// TestReferenceRanking compares images and lengths with the contributions as published, formed one by one.
func TestReferenceRanking(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		retrieval := s.Array("retrieval_top10")
		M, C, D := s.OV.Heads, s.OV.Channels, s.OV.Embed
		first := s.Array("contributions_image0").Data
		wrong := 0
		for p := range M * C {
			from, rest := BiasCentre(s.Weights, s.OV, p)
			row := make([]float32, M*C)
			if err := s.Row(0, row); err != nil {
				t.Fatal(err)
			}
			along := (float64(row[p]) - from) * float64(s.Norms[p])
			if got, want := math.Sqrt(along*along+rest), numeric.Norm(first[p*D:(p+1)*D]); math.Abs(got-want) > 1e-4*want+1e-7 {
				t.Fatalf("pair %d, image 0: length %g, want %g", p, got, want)
			}
			if s.stats.Farthest(p, 1, from)[0].Image != uint32(retrieval.Data[p*10]) {
				wrong++
			}
		}
		if wrong*1000 > M*C {
			t.Errorf("%d of %d pairs have another first image", wrong, M*C)
		}
		const n = 7
		top, err := s.ReferenceTopOfNeuron(s.Images(), n, s.Images())
		if err != nil {
			t.Fatal(err)
		}
		sum := make([]float32, D)
		for h := range M {
			axpy(1, first[(h*C+n)*D:(h*C+n+1)*D], sum)
		}
		for _, x := range top {
			if x.Image == 0 && math.Abs(float64(x.Scalar)-numeric.Norm(sum)) > 1e-4*numeric.Norm(sum) {
				t.Errorf("neuron %d, image 0: length %g, want %g", n, x.Scalar, numeric.Norm(sum))
			}
		}
	})
}

// near compares vectors as a whole: a few neurons whose components swap move the sum by little.
func near(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	var sum float64
	for i, v := range got {
		e := float64(v) - float64(want[i])
		sum += e * e
	}
	if miss := math.Sqrt(sum) / numeric.Norm(want); !(miss <= tolerance) {
		t.Errorf("%s: misses by %.2e of its length, want at most %.0e", what, miss, tolerance)
	}
}

// TestReconstructMore: components of all images come nearer with their number, heads with all d of them are exact, and what is printed agrees with single images.
func TestReconstructMore(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		for u, ranks := range map[Unit][]int{Neuron: {0, 1, 2, 4, s.OV.Heads}, Head: {0, 1, 4, s.OV.Width}} {
			b, err := s.Components(s.stats, u, ranks[len(ranks)-1])
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Data.Reconstruct(t.Context(), s.stats.Mean, b, ranks, s.images())
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range got {
				if i > 0 && r.Cosine < got[i-1].Cosine-1e-9 {
					t.Errorf("%s: %d components are worse than %d: %v", u, r.Components, got[i-1].Components, got)
				}
			}
			if last := got[len(got)-1]; math.Abs(last.Cosine-1) > 1e-6 {
				t.Errorf("%s: all components leave a cosine of %g", u, last.Cosine)
			}
		}
	})
}

func TestAblation(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		scores, err := s.Scores(t.Context(), s.stats, s.images(), Pair, top)
		if err != nil {
			t.Fatal(err)
		}
		keep := Kept(scores, 90)
		differ := 0
		for p, want := range s.Array("ablation_mask").Data {
			if keep[p] != (want != 0) {
				differ++
			}
		}
		if differ > 0 {
			t.Errorf("%d pairs are held in one and kept in the other", differ)
		}
		D, row := s.OV.Embed, make([]float32, len(s.Norms))
		for i := range six {
			if err := s.Row(i, row); err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, "ablated embedding", s.Ablated(s.stats.Mean, Pair, keep, row), s.Array("ablation_embedding").Data[i*D:(i+1)*D], 1e-4, 1e-5)
		}
	})
}

func TestPolysemanticity(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		got, err := s.Data.Polysemanticity(t.Context(), s.stats, s.images(), Pair, 10)
		if err != nil {
			t.Fatal(err)
		}
		differ := 0
		for p, want := range s.Array("polysemanticity").Data {
			if math.Abs(got[p]-float64(want)) > 1e-4*math.Abs(float64(want))+1e-6 {
				differ++ // a tenth and an eleventh image as far as one another
			}
		}
		if differ*1000 > len(got) {
			t.Errorf("%d of %d pairs differ", differ, len(got))
		}
	})
}

// TestSinkStandsOut: a token that draws attention for itself is a sink; a bright middle is not.
func TestSinkStandsOut(t *testing.T) {
	const g = 5
	query := decompose.Query{Heads: 1, Channels: 1, Query: []float32{0}, QueryBias: []float32{1}, Key: []float32{1}} // a token is its logit
	for _, c := range []struct {
		name   string
		weight func(y, x int) float64
		exists bool
	}{
		{"flat", func(int, int) float64 { return 1 }, false},
		{"a bright middle", func(y, x int) float64 { return math.Exp(-float64((y-2)*(y-2)+(x-2)*(x-2)) / 4) }, false},
		{"the last one", func(y, x int) float64 {
			if y == g-1 && x == g-1 {
				return 8
			}
			return 1
		}, true},
	} {
		x := make([]float32, g*g+1)
		for i := range g * g {
			x[i+1] = float32(math.Log(c.weight(i/g, i%g)))
		}
		s := NewSink(query, g*g, g*g-1)
		for range 3 {
			if err := s.Add(x); err != nil {
				t.Fatal(err)
			}
		}
		r, err := s.Report(1)
		if err != nil {
			t.Fatal(err)
		}
		if r.Exists != c.exists || (len(r.Registers) > 0) != c.exists {
			t.Errorf("%s: a sink: %v (%.2f times its neighbours, registers %v), want %v", c.name, r.Exists, r.Ratio, r.Registers, c.exists)
		}
	}
}

// TestSink compares attention without a token, and the fall of its attention without a neuron, with softmaxes done anew.
func TestSink(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		x := s.Array("tokens")
		N, C, M := x.Shape[1], x.Shape[2], s.OV.Heads
		a := s.Array("attention").Data
		watched := N - 2
		one := x.Data[:N*C]
		sink := NewSink(s.query, N-1, watched)
		if err := sink.Add(one); err != nil {
			t.Fatal(err)
		}
		logits := func(x []float32) [][]float64 {
			out := make([][]float64, M)
			for h := range out {
				u := sink.query.Absorbed(h, one[:C])
				for i := range N {
					var sum float64
					for n, v := range u {
						sum += v * float64(x[i*C+n])
					}
					out[h] = append(out[h], sum)
				}
			}
			return out
		}
		softmax := func(l []float64, leave int) []float64 {
			out := make([]float64, len(l))
			var sum float64
			for i, v := range l {
				if i != leave {
					out[i] = math.Exp(v - slices.Max(l))
					sum += out[i]
				}
			}
			for i := range out {
				out[i] /= sum
			}
			return out
		}
		for h, l := range logits(one) {
			for i, v := range softmax(l, -1) {
				if math.Abs(v-float64(a[h*N+i])) > 1e-5 {
					t.Fatalf("head %d, token %d: attention %g, PyTorch's %g", h, i, v, a[h*N+i])
				}
			}
		}
		n := 5
		zeroed := slices.Clone(one)
		zeroed[(watched+1)*C+n] = 0
		var fall float64
		for h, l := range logits(zeroed) {
			fall += float64(a[h*N+watched+1]) - softmax(l, -1)[watched+1]
		}
		if math.Abs(sink.register[n]-fall) > 1e-6 {
			t.Errorf("zeroing neuron %d takes %g, done anew %g", n, sink.register[n], fall)
		}
		without, err := sink.Without(one)
		if err != nil {
			t.Fatal(err)
		}
		for h, l := range logits(one) {
			weights := softmax(l, watched+1)
			var want float64
			for i, w := range weights {
				want += w * float64(one[i*C+7])
			}
			if math.Abs(float64(without[h*C+7])-want) > 1e-4*(1+math.Abs(want)) {
				t.Errorf("head %d: scalar without the token %g, done anew %g", h, without[h*C+7], want)
			}
		}
		r, err := sink.Report(3)
		if err != nil || r.Images != 1 || r.RatioLow != nil {
			t.Errorf("report %+v, %v", r, err)
		}
	})
}

// TestScores compares the scores of neurons and heads with the mean of PyTorch's largest centred norms.
func TestScores(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		for _, u := range []Unit{Pair, Neuron, Head} {
			norms := s.Array(string(u) + "_norms")
			k := norms.Shape[len(norms.Shape)-1]
			got, err := s.Scores(t.Context(), s.stats, s.images(), u, k)
			if err != nil {
				t.Fatal(err)
			}
			want := make([]float32, len(norms.Data)/k)
			for i, v := range norms.Data {
				want[i/k] += v / float32(k)
			}
			scores := make([]float32, len(got))
			for i, v := range got {
				scores[i] = float32(v)
			}
			golden.Compare(t, string(u)+" scores", scores, want, 1e-5, 1e-6)
		}
	})
}
