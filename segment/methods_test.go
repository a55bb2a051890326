package segment_test

import (
	stdcmp "cmp"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/segment"
)

// truths are the parts of the methods' formulas from PyTorch's arrays, in float64, without any of the package's shortcuts.
type truths struct {
	pictures, K, M, C, D, side int
	z                          [][][]float64   // [picture][token][neuron], the sink filled
	cos                        [][][][]float64 // [picture][token][head][query] of head_tokens, the sink filled
	text, raw                  [][]float64     // [query][D]
	embedding                  [][]float64
	pairs                      [][]decompose.Pair // [query]
	likeness                   [][]float64        // of those pairs with the query
}

func rows(data []float32, width int) (out [][]float64) {
	for row := range slices.Chunk(data, width) {
		var r []float64
		for _, v := range row {
			r = append(r, float64(v))
		}
		out = append(out, r)
	}
	return out
}

func inner(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func cosine(a, b []float64) float64 { return inner(a, b) / math.Sqrt(inner(a, a)*inner(b, b)) }

// fill replaces the last of the spatial tokens.
func fill(tokens [][]float64, side int) {
	n := len(tokens)
	sink := make([]float64, len(tokens[0]))
	for i := range sink {
		sink[i] = (tokens[n-2][i] + tokens[n-1-side][i] + tokens[n-2-side][i]) / 3
	}
	tokens[n-1] = sink
}

func (s scene) truths() truths {
	trunk, heads := s.Array("trunk"), s.Array("head_tokens")
	t := truths{pictures: trunk.Shape[0], C: trunk.Shape[1], side: trunk.Shape[3], M: heads.Shape[2], D: heads.Shape[3]}
	t.K = t.side * t.side
	t.text, t.raw = rows(s.Array("class_text").Data, t.D), rows(s.Array("word_embedding").Data[:4*t.D], t.D)
	t.embedding = rows(s.Array("embedding").Data[:t.pictures*t.D], t.D)
	for p := range t.pictures {
		channels := rows(trunk.Data[p*t.C*t.K:(p+1)*t.C*t.K], t.K)
		var z [][]float64
		for i := range t.K {
			token := make([]float64, t.C)
			for n := range token {
				token[n] = channels[n][i]
			}
			z = append(z, token)
		}
		fill(z, t.side)
		t.z = append(t.z, z)
		tokens := rows(heads.Data[p*(t.K+1)*t.M*t.D:(p+1)*(t.K+1)*t.M*t.D], t.M*t.D)[1:]
		fill(tokens, t.side)
		cos := make([][][]float64, t.K)
		for i, token := range tokens {
			for h := range t.M {
				var row []float64
				for _, text := range t.text {
					row = append(row, cosine(token[h*t.D:(h+1)*t.D], text))
				}
				cos[i] = append(cos[i], row)
			}
		}
		t.cos = append(t.cos, cos)
	}
	s.selected(&t)
	return t
}

// selected takes the golden pairs and their likeness.
func (s scene) selected(t *truths) {
	indices, pc := rows(s.Array("seg_pairs").Data, 200), rows(s.Array("pair_pc").Data, t.D)
	for q, row := range indices {
		var pairs []decompose.Pair
		var like []float64
		for _, i := range row {
			pairs = append(pairs, decompose.Pair{Head: int(i) / t.C, Neuron: int(i) % t.C})
			like = append(like, inner(pc[int(i)], t.text[q]))
		}
		t.pairs, t.likeness = append(t.pairs, pairs), append(t.likeness, like)
	}
}

// maps evaluates f for each picture, query and token.
func (t truths) maps(f func(p, q, i int) float64) (out []float32) {
	for p := range t.pictures {
		for q := range t.text {
			for i := range t.K {
				out = append(out, float32(f(p, q, i)))
			}
		}
	}
	return out
}

func TestHeadsAndNeurons(t *testing.T) {
	for _, set := range golden.Sets {
		t.Run(set, func(t *testing.T) {
			s := load(t, set)
			want, o := s.truths(), segment.Options{Pairs: 200, Signs: s.signs()}
			heads := want.maps(func(p, q, i int) (sum float64) {
				for _, pair := range want.pairs[q] {
					sum += want.cos[p][i][pair.Head][q] / 200
				}
				return sum
			})
			golden.Compare(t, "heads", s.logits(t, segment.Heads, o), heads, 2e-5, 1e-6)
			neurons := want.maps(func(p, q, i int) (sum float64) {
				for _, pair := range want.pairs[q] {
					sum += want.z[p][i][pair.Neuron] / 200
				}
				return sum
			})
			golden.Compare(t, "neurons", s.logits(t, segment.Neurons, o), neurons, 1e-5, 1e-6)
		})
	}
}

// TestActivations takes the pairs whose unit direction is most like a text or most unlike it, and means the activations of their neurons.
func TestActivations(t *testing.T) {
	for _, set := range golden.Sets {
		t.Run(set, func(t *testing.T) {
			s := load(t, set)
			want := s.truths()
			const k = 50
			directions := rows(s.Array("directions").Data, want.D)
			chosen := make([][]int, len(want.raw))
			for q, text := range want.raw {
				order := make([]int, len(directions))
				size := make([]float64, len(directions))
				for i, u := range directions {
					order[i], size[i] = i, math.Abs(cosine(u, text))
				}
				slices.SortFunc(order, func(a, b int) int { return stdcmp.Compare(size[b], size[a]) })
				chosen[q] = order[:k]
			}
			maps := want.maps(func(p, q, i int) (sum float64) {
				for _, pair := range chosen[q] {
					sum += want.z[p][i][pair%want.C] / k
				}
				return sum
			})
			golden.Compare(t, "activations", s.logits(t, segment.Activations, segment.Options{Pairs: k, Signs: s.signs()}), maps, 1e-5, 1e-6)
		})
	}
}

func TestFacet(t *testing.T) {
	for _, set := range golden.Sets {
		t.Run(set, func(t *testing.T) {
			s := load(t, set)
			want := s.truths()
			own := func(p, q, j int) (sum float64) {
				total := 0.0
				for i, pair := range want.pairs[q] {
					weight := want.likeness[q][i] * want.likeness[q][i]
					total += weight
					sum += weight * want.z[p][j][pair.Neuron] * want.cos[p][j][pair.Head][q]
				}
				return sum / total / math.Sqrt(inner(want.z[p][j], want.z[p][j])/float64(want.C))
			}
			maps := want.maps(func(p, q, i int) (logit float64) {
				total, fits := 0.0, 0.0
				for j := range want.K {
					like := math.Pow(cosine(want.z[p][i], want.z[p][j]), 3)
					total += like
					logit += like * own(p, q, j)
				}
				for _, text := range want.raw {
					fits += math.Exp(2 * cosine(want.embedding[p], text))
				}
				return logit / total * math.Exp(2*cosine(want.embedding[p], want.raw[q])) / fits * float64(len(want.raw))
			})
			golden.Compare(t, "facet", s.logits(t, segment.Facet, segment.Options{Pairs: 200, Signs: s.signs()}), maps, 2e-5, 1e-6)
		})
	}
}

// TestCAM: the spatial parts of a class's logit sum to the logit.
func TestCAM(t *testing.T) {
	for _, set := range golden.Sets {
		t.Run(set, func(t *testing.T) {
			s := load(t, set)
			truth := s.truths()
			maps := s.logits(t, segment.CAM, segment.Options{})
			for p := range truth.pictures {
				for q, text := range truth.raw {
					sum := 0.0
					for _, v := range maps[(p*4+q)*truth.K:][:truth.K] {
						sum += float64(v)
					}
					if want := cosine(truth.embedding[p], text); math.Abs(sum-want) > 1e-6 {
						t.Errorf("picture %d, query %d: parts sum to %g, the logit is %g", p, q, sum, want)
					}
				}
			}
		})
	}
}

// TestPairsAgainstSorting selects by sorting, with ties, for small and for all pairs.
func TestPairsAgainstSorting(t *testing.T) {
	s := load(t, "tiny")
	norms := s.pool.Norms()
	for _, k := range []int{1, 7, 500, s.pool.Heads*s.pool.Channels - 1, s.pool.Heads * s.pool.Channels} {
		seg, err := segment.New(s.pool, s.classes, segment.NAP, segment.Options{Pairs: k})
		if err != nil {
			t.Fatal(err)
		}
		for q := range s.classes.Queries {
			scores := s.pool.Text(s.classes.Centred[q*s.pool.Embed : (q+1)*s.pool.Embed])
			order := make([]int, len(scores))
			for i := range scores {
				order[i] = i
				scores[i] /= norms[i]
			}
			slices.SortStableFunc(order, func(a, b int) int {
				switch {
				case scores[a] > scores[b]:
					return -1
				case scores[a] < scores[b]:
					return 1
				}
				return 0
			})
			want := slices.Sorted(slices.Values(order[:k]))
			var got []int
			for _, p := range seg.Pairs(q) {
				got = append(got, s.pool.Index(p))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("k %d, query %d: %s", k, q, diff)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	s := load(t, "tiny")
	for name, o := range map[string]segment.Options{"too many pairs": {Pairs: 1 << 20}, "negative": {Pairs: -1}, "signs": {Signs: []int8{1}}} {
		if _, err := segment.New(s.pool, s.classes, segment.NAP, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	seg, err := segment.New(s.pool, s.classes, segment.SelfSelf, segment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	short, bad := s.windows[0], s.windows[0]
	short.Queries = nil
	bad.Values = slices.Clone(bad.Values)
	bad.Values[3] = float32(math.NaN())
	for name, w := range map[string]segment.Window{"no queries": short, "not finite": bad, "nothing": {}} {
		if _, err := seg.Logits(w); !errors.Is(err, segment.ErrWindow) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClassesRefuse(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := make([]float32, 3*8)
	for i := range texts {
		texts[i] = float32(r.NormFloat64())
	}
	for name, c := range map[string]struct {
		names, queries []string
		of             []int
		texts          []float32
	}{
		"one":             {[]string{"a"}, []string{"a"}, []int{0}, texts[:8]},
		"twice":           {[]string{"a", "a"}, []string{"a", "b"}, []int{0, 1}, texts[:16]},
		"one text twice":  {[]string{"a", "b"}, []string{"x", "x"}, []int{0, 1}, texts[:16]},
		"alike":           {[]string{"a", "b"}, []string{"x", "y"}, []int{0, 1}, slices.Concat(texts[:8], texts[:8])},
		"no text":         {[]string{"a", "b", "c"}, []string{"x", "y"}, []int{0, 1}, texts[:16]},
		"no name":         {[]string{"a", ""}, []string{"x", "y"}, []int{0, 1}, texts[:16]},
		"out of order":    {[]string{"a", "b"}, []string{"x", "y"}, []int{1, 0}, texts[:16]},
		"zero":            {[]string{"a", "b"}, []string{"x", "y"}, []int{0, 1}, make([]float32, 16)},
		"numbers missing": {[]string{"a", "b"}, []string{"x", "y"}, []int{0, 1}, texts[:15]},
	} {
		if _, err := segment.NewClasses(c.names, c.of, c.queries, c.texts, 8); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := segment.NewClasses([]string{segment.Background, "a", "b"}, []int{1, 2, 2}, []string{"x", "y", "z"}, texts, 8); err != nil {
		t.Error(err)
	}
}
