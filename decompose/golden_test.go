package decompose_test

import (
	"cmp"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/golden"
)

// set is a golden set with its factored map and the first pictures' numbers.
type set struct {
	golden.Arrays
	*decompose.OV
	weights decompose.Weights
	images  int
}

func open(t *testing.T, name string) set {
	t.Helper()
	a := golden.Open(t, name)
	ck, err := checkpoint.Open(filepath.Join(golden.Dir(t, name), "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer ck.Close()
	s := a.Array("scalars").Shape
	M, C, D := s[1], s[2], a.Array("embedding").Shape[1]
	read := func(name string, shape ...int) []float32 {
		data, err := ck.Float32("visual.attnpool."+name, shape...)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	w := decompose.Weights{
		Heads: M, Channels: C, Embed: D,
		Value: read("v_proj.weight", C, C), ValueBias: read("v_proj.bias", C),
		Output: read("c_proj.weight", D, C), OutputBias: read("c_proj.bias", D),
	}
	ov, err := decompose.New(w)
	if err != nil {
		t.Fatal(err)
	}
	return set{a, ov, w, a.Array("tokens").Shape[0]}
}

// valueBias is W_O^h b_V^h [D], what a head's value bias adds to the embedding.
func (s set) valueBias(h int) []float32 {
	d, C := s.Width, s.Channels
	out := make([]float32, s.Embed)
	for o := range out {
		out[o] = float32(dot(s.weights.Output[o*C+h*d:][:d], s.weights.ValueBias[h*d:][:d]))
	}
	return out
}

func each(t *testing.T, f func(*testing.T, set)) {
	for _, name := range golden.Sets {
		t.Run(name, func(t *testing.T) { f(t, open(t, name)) })
	}
}

// row is entry i of an array's first axis.
func (s set) row(name string, i int) []float32 {
	a := s.Array(name)
	n := len(a.Data) / a.Shape[0]
	return a.Data[i*n : (i+1)*n]
}

func (s set) scalars(t *testing.T, i int) decompose.Scalars {
	t.Helper()
	v, err := s.Scalars(s.row("scalars", i))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestFactors: a head's factors multiply to the directions of its pairs.
func TestFactors(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		var got []float32
		for h := range s.Heads {
			output, value := s.Factors(h)
			for n := range s.Channels {
				u := make([]float32, s.Embed)
				for k := range s.Width {
					for o := range u {
						u[o] += value[n*s.Width+k] * output[k*s.Embed+o]
					}
				}
				got = append(got, u...)
			}
		}
		golden.Compare(t, "directions", got, s.Array("directions").Data, 2e-6, 1e-6)
	})
}

func TestDirections(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		want := s.Array("directions").Data // [M,C,D]
		var got []float32
		for h, u := range s.Directions() {
			if !slices.Equal(u, s.HeadDirections(h)) {
				t.Errorf("head %d: Directions and HeadDirections differ", h)
			}
			got = append(got, u...)
		}
		golden.Compare(t, "directions", got, want, 2e-6, 1e-6)
		golden.Compare(t, "bias", s.Bias(), s.Array("bias").Data, 2e-6, 1e-6)
		p := decompose.Pair{Head: s.Heads - 1, Neuron: 17}
		golden.Compare(t, "one direction", s.Direction(p), want[s.Index(p)*s.Embed:][:s.Embed], 2e-6, 1e-6)

		norms, text := make([]float32, len(want)/s.Embed), make([]float32, len(want)/s.Embed)
		word := s.row("word_embedding", 4)
		for i := range norms {
			u := want[i*s.Embed : (i+1)*s.Embed]
			norms[i], text[i] = float32(math.Sqrt(dot(u, u))), float32(dot(u, word))
		}
		golden.Compare(t, "norms", s.Norms(), norms, 2e-6, 1e-6)
		golden.Compare(t, "text against all pairs", s.Text(word), text, 2e-6, 1e-6)
	})
}

// TestContributions compares with contributions formed one by one, which hold an even share of the biases: b_V/C in each neuron and b_O/(C·M)
// in each pair. Over a head or a neuron these shares are what is left over.
func TestContributions(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		v := s.scalars(t, 0)
		want := s.Array("contributions_image0").Data // [M,C,D]
		D, C, M := s.Embed, s.Channels, s.Heads
		share := make([]float32, M*D) // of the biases in a pair, by head
		for h := range M {
			for o, v := range s.valueBias(h) {
				share[h*D+o] = v/float32(C) + s.weights.OutputBias[o]/float32(C*M)
			}
		}
		var got []float32
		for h := range M {
			for n := range C {
				c := v.Contribution(decompose.Pair{Head: h, Neuron: n})
				for d := range c {
					c[d] += share[h*D+d]
				}
				got = append(got, c...)
			}
		}
		golden.Compare(t, "pairs", got, want, 2e-6, 1e-6)

		head, neuron := make([]float32, D), make([]float32, D)
		for n := range C {
			for d := range D {
				head[d] += want[(2*C+n)*D+d] - share[2*D+d]
			}
		}
		for h := range M {
			for d := range D {
				neuron[d] += want[(h*C+5)*D+d] - share[h*D+d]
			}
		}
		golden.Compare(t, "head 2", v.Head(2), head, 2e-5, 1e-5)
		golden.Compare(t, "neuron 5", v.Neuron(5), neuron, 2e-5, 1e-5)
	})
}

// TestExactness: Σ s·u + b is the embedding, and the parts of every split sum to their whole.
func TestExactness(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		text := s.row("word_embedding", 4)
		for i := range s.images {
			v, e := s.scalars(t, i), s.row("embedding", i)
			if r := v.Residual(e); !(r <= 1e-5) {
				t.Errorf("image %d: residual %g", i, r)
			}
			x := v.ExplainEmbedding(e, 3)
			if sum := x.Bias + total(x.Amounts); math.Abs(sum-1) > 1e-5 {
				t.Errorf("image %d: shares sum to %g", i, sum)
			}
			const τ = 100
			logit := τ * dot(e, text) / math.Sqrt(dot(e, e))
			x = v.ExplainLogit(text, e, τ, 3)
			if sum := x.Bias + total(x.Amounts); math.Abs(sum-logit) > 1e-5*τ || math.Abs(x.Total-logit) > 1e-9*τ {
				t.Errorf("image %d: parts of the logit sum to %g, total %g, logit %g", i, sum, x.Total, logit)
			}
			for _, p := range append(x.Top, v.ExplainLogit(minus(text), e, τ, 3).Top...) {
				if p.Share*p.Amount < 0 || math.Abs(math.Abs(p.Share*logit)-math.Abs(p.Amount)) > 1e-9*τ {
					t.Errorf("image %d: %+v of a logit of %g or %g", i, p, logit, -logit)
				}
			}
			largest := slices.MaxFunc(x.Amounts, func(a, b float32) int { return cmp.Compare(math.Abs(float64(a)), math.Abs(float64(b))) })
			if len(x.Top) != 3 || x.Top[0].Amount != float64(largest) {
				t.Errorf("image %d: top %+v, largest %g", i, x.Top, largest)
			}
		}
	})
}

func minus(x []float32) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = -v
	}
	return out
}

// TestShare: a share has the sign of its amount, and nothing has no shares.
func TestShare(t *testing.T) {
	for _, c := range []struct{ amount, total, want float64 }{{1, 4, 0.25}, {1, -4, 0.25}, {-1, 4, -0.25}, {-1, -4, -0.25}, {1, 0, 0}, {0, 0, 0}} {
		if got := decompose.Share(c.amount, c.total); got != c.want {
			t.Errorf("Share(%g, %g) = %g, want %g", c.amount, c.total, got, c.want)
		}
	}
}

// TestTokens: scalars, maps and token contributions follow from tokens and attention.
func TestTokens(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		for i := range s.images {
			tokens, err := s.Tokens(s.row("tokens", i), s.row("attention", i))
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, "scalars", tokens.Scalars(), s.row("scalars", i), 2e-6, 1e-6)
			p := decompose.Pair{Head: 1, Neuron: 33}
			v := s.scalars(t, i)
			if sum := total(tokens.Map(p)); math.Abs(sum-float64(v.At(p))) > 1e-5*math.Abs(sum)+1e-6 {
				t.Errorf("image %d: the map of %v sums to %g, the scalar is %g", i, p, sum, v.At(p))
			}
			var sum []float32
			for k := range tokens.N {
				part := tokens.Token(k)
				if sum == nil {
					sum = s.Bias()
				}
				for d := range part {
					sum[d] += part[d]
				}
			}
			golden.Compare(t, "Σ tokens + b", sum, s.row("embedding", i), 1e-5, 1e-5)
		}
	})
}

// TestLogitMap: the parts of all tokens and of the constant term sum to the logit, and each is its token's.
func TestLogitMap(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		const τ = 100
		text := s.row("word_embedding", 4)
		for i := range s.images {
			tokens, err := s.Tokens(s.row("tokens", i), s.row("attention", i))
			if err != nil {
				t.Fatal(err)
			}
			e := s.row("embedding", i)
			parts := tokens.LogitMap(text, e, τ)
			logit := τ * dot(e, text) / math.Sqrt(dot(e, e))
			if sum := total(parts) + s.scalars(t, i).BiasLogit(text, e, τ); math.Abs(sum-logit) > 1e-5*τ {
				t.Errorf("image %d: the map and the constant term sum to %g, the logit is %g", i, sum, logit)
			}
			for k, part := range parts {
				if want := τ * dot(tokens.Token(k), text) / math.Sqrt(dot(e, e)); math.Abs(float64(part)-want) > 1e-5*τ {
					t.Errorf("image %d, token %d: %g, want %g", i, k, part, want)
				}
			}
		}
	})
}

// TestHeadTokens compares with tokens that hold the value bias through the attention and an even share of the output bias.
func TestHeadTokens(t *testing.T) {
	each(t, func(t *testing.T, s set) {
		M, D := s.Heads, s.Embed
		a := s.row("attention", 1) // [M,N]
		tokens, err := s.Tokens(s.row("tokens", 1), a)
		if err != nil {
			t.Fatal(err)
		}
		N := tokens.N
		got := make([]float32, N*M*D)
		for h := range M {
			bias := s.valueBias(h)
			for i := range N {
				for o, v := range tokens.HeadToken(h, i) {
					got[(i*M+h)*D+o] = v + a[h*N+i]*bias[o] + s.weights.OutputBias[o]/float32(N*M)
				}
			}
		}
		golden.Compare(t, "head tokens", got, s.row("head_tokens", 1), 5e-6, 5e-6)
	})
}

func TestRefuses(t *testing.T) {
	if _, err := decompose.New(decompose.Weights{Heads: 3, Channels: 4, Embed: 2}); err == nil {
		t.Error("4 channels in 3 heads: no error")
	}
	if _, err := decompose.New(decompose.Weights{Heads: 2, Channels: 4, Embed: 2, Value: make([]float32, 16)}); err == nil {
		t.Error("missing weights: no error")
	}
	ov, err := decompose.New(decompose.Weights{Heads: 1, Channels: 2, Embed: 1, Value: make([]float32, 4), ValueBias: make([]float32, 2), Output: make([]float32, 2), OutputBias: make([]float32, 1)})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range [][]float32{{1}, {1, float32(math.NaN())}, {float32(math.Inf(-1)), 0}} {
		if _, err := ov.Scalars(s); err == nil {
			t.Errorf("scalars %v: no error", s)
		}
	}
	if _, err := ov.Tokens(make([]float32, 6), make([]float32, 2)); err == nil {
		t.Error("tokens that do not fit the attention: no error")
	}
}

func dot(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func total(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v)
	}
	return sum
}
