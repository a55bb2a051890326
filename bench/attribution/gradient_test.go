package main

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/internal/numeric"
)

// pool is the attention pool of the golden model, token by token in float64.
type pool struct {
	ov        *decompose.OV
	weights   decompose.Weights
	ask       decompose.Query
	positions []float32 // p [K+1,C]
	K         int
}

func goldenPool(t *testing.T) pool {
	t.Helper()
	ck, err := checkpoint.Open("../../testdata/tiny/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	m, err := clip.New(ck, portable.New(), clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	p := pool{K: m.Config.Grid() * m.Config.Grid()}
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	p.ov, err = m.Decomposition()
	check(err)
	p.weights, err = m.PoolWeights()
	check(err)
	p.ask, err = m.PoolQuery()
	check(err)
	p.positions, err = m.Positions(m.Config.Grid(), m.Config.Grid())
	check(err)
	return p
}

// forward is the pool of z [K,C]: tokens x [K+1,C], attention a [M,K+1] and the embedding e [D] (docs/design.md, formulas 1 to 4).
func (p pool) forward(z []float64) (x, a, e []float64) {
	C, M, D, N := p.ov.Channels, p.ov.Heads, p.ov.Embed, p.K+1
	d := C / M
	x = make([]float64, N*C)
	for i, v := range z {
		x[C+i], x[i%C] = v, x[i%C]+v/float64(p.K)
	}
	for i, v := range p.positions {
		x[i] += float64(v)
	}
	row := func(w []float32, r int, v []float64) (sum float64) {
		for n, k := range w[r*C : (r+1)*C] {
			sum += float64(k) * v[n]
		}
		return sum
	}
	a, e = make([]float64, M*N), make([]float64, D)
	for o := range e {
		e[o] = float64(p.weights.OutputBias[o])
	}
	for h := range M {
		total := 0.0
		for i := range N {
			logit := 0.0
			for k := h * d; k < (h+1)*d; k++ {
				logit += (row(p.ask.Query, k, x[:C]) + float64(p.ask.QueryBias[k])) * row(p.ask.Key, k, x[i*C:(i+1)*C])
			}
			a[h*N+i] = math.Exp(logit / math.Sqrt(float64(d)))
			total += a[h*N+i]
		}
		for k := h * d; k < (h+1)*d; k++ {
			value := float64(p.weights.ValueBias[k])
			for i := range N {
				value += a[h*N+i] / total * row(p.weights.Value, k, x[i*C:(i+1)*C])
			}
			for o := range e {
				e[o] += float64(p.weights.Output[o*C+k]) * value
			}
		}
		for i := range N {
			a[h*N+i] /= total
		}
	}
	return x, a, e
}

func logit64(e []float64, t []float32, τ float64) float64 {
	product, square := 0.0, 0.0
	for i, v := range e {
		product, square = product+v*float64(t[i]), square+v*v
	}
	return τ * product / math.Sqrt(square)
}

// TestGradients: they are those of finite differences through the whole pool, token by token in float64, and the pool is PyTorch's.
func TestGradients(t *testing.T) {
	p, arrays := goldenPool(t), golden.Open(t, "tiny")
	C, D := p.ov.Channels, p.ov.Embed
	trunk, want := arrays.Array("trunk").Data, arrays.Array("embedding").Data
	z := make([]float64, p.K*C)
	for n := range C {
		for i := range p.K {
			z[i*C+n] = float64(trunk[n*p.K+i])
		}
	}
	x, a, e := p.forward(z)
	golden.Compare(t, "embedding", numeric.Float32(e), want[:D], 1e-5, 1e-6)
	tokens, err := p.ov.Tokens(numeric.Float32(x), numeric.Float32(a))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	text := make([]float32, D)
	for i := range text {
		text[i] = float32(rng.NormFloat64())
	}
	const τ, step = 10, 1e-4
	got := gradients(tokens, p.ask, numeric.Float32(e), text, τ)
	largest := 0.0
	for _, v := range got {
		largest = max(largest, math.Abs(float64(v)))
	}
	for range 60 {
		k := rng.IntN(len(z))
		moved := slices.Clone(z)
		moved[k] += step
		_, _, up := p.forward(moved)
		moved[k] -= 2 * step
		_, _, down := p.forward(moved)
		slope := (logit64(up, text, τ) - logit64(down, text, τ)) / (2 * step)
		if !(math.Abs(float64(got[k])-slope) <= 1e-5*largest) {
			t.Errorf("gradient %d is %g: finite differences give %g", k, got[k], slope)
		}
	}
}

// TestCAM: Grad-CAM weighs a neuron by the sum of its gradients over the places, HiResCAM by each place's own; what is negative is 0.
func TestCAM(t *testing.T) {
	z, g := []float32{1, 2, 3, 0}, []float32{1, -1, 3, 5} // two places of two neurons
	if got, want := gradCAM(z, g, 2), []float32{1*4 + 2*4, 3 * 4}; !slices.Equal(got, want) {
		t.Errorf("Grad-CAM %v: expected %v", got, want)
	}
	if got, want := hiResCAM(z, g, 2), []float32{0, 9}; !slices.Equal(got, want) {
		t.Errorf("HiResCAM %v: expected %v", got, want)
	}
}

// TestGradCAM compares with pytorch-grad-cam (segment/testdata/cam.py), which takes the mean of the gradients where ours takes the sum over the K places.
func TestGradCAM(t *testing.T) {
	p, arrays := goldenPool(t), golden.Open(t, "tiny")
	data, err := os.ReadFile("testdata/cam.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		GradCAM  []float64 `json:"grad_cam"`
		HiResCAM []float64 `json:"hires_cam"`
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	C, D := p.ov.Channels, p.ov.Embed
	trunk, texts := arrays.Array("trunk"), arrays.Array("word_embedding").Data
	var mean, own []float32
	for picture := range slices.Chunk(trunk.Data, C*p.K) {
		z := make([]float64, p.K*C)
		for n := range C {
			for i := range p.K {
				z[i*C+n] = float64(picture[n*p.K+i])
			}
		}
		x, a, e := p.forward(z)
		tokens, err := p.ov.Tokens(numeric.Float32(x), numeric.Float32(a))
		if err != nil {
			t.Fatal(err)
		}
		for q := range 4 {
			g := gradients(tokens, p.ask, numeric.Float32(e), texts[q*D:(q+1)*D], 10)
			for _, v := range gradCAM(numeric.Float32(z), g, C) {
				mean = append(mean, v/float32(p.K))
			}
			own = append(own, hiResCAM(numeric.Float32(z), g, C)...)
		}
	}
	golden.Compare(t, "Grad-CAM", mean, numeric.Float32(want.GradCAM), 1e-5, 1e-6)
	golden.Compare(t, "HiResCAM", own, numeric.Float32(want.HiResCAM), 1e-5, 1e-6)
}
