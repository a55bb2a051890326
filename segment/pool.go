// Package segment labels the pixels of a picture with texts, without training: from the tokens that a CLIP-ResNet's attention pool sees,
// and what the decomposition into neuron–head pairs says about them (Bu & Gandelsman, arXiv 2509.19943, §5; docs/design.md, 24 and 25).
//
// # Terms
//
//   - M heads of width d = C/M, C neurons, D the joint embedding width, K = h·w spatial tokens of a window and one class token.
//   - A query is one text; a class has one query or more (synonyms). Q queries in all, centred: t_c is a query minus the mean of all queries,
//     of unit norm.
//   - A logit map is a number for each query and token, [Q,K]. What makes it is a [Method].
//   - The canvas is the picture, resized so that its short side is the protocol's; windows slide over it ([Plan]), and the canvas' logits are
//     the mean over the windows of their maps, upsampled.
//   - The sink is the last spatial token, which draws attention in every CLIP-ResNet.
//
// The package knows no engine and no file. Data is float32.
package segment

import (
	"errors"
	"fmt"
	"math"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"github.com/facet-clip/facet/decompose"
)

// Pool is an attention pool as segmentation needs it, for windows of one size.
type Pool struct {
	*decompose.OV
	H, W int // of the grid: K = H·W

	lastStays bool // the last token is no sink
	weights   decompose.Weights
	positions []float32   // p [K+1,C]
	placed    []float32   // W_V p_i [K+1,C]
	gram      [][]float32 // W_O^hᵀ W_O^h, [M] of [d,d]
	back      []float32   // W_O^hᵀ b_O [M,d]
	bias2     float64     // ‖b_O‖²
}

// NewPool checks shapes and prepares what all windows of h×w tokens share. positions are p [h·w+1,C].
func NewPool(w decompose.Weights, positions []float32, h, width int) (*Pool, error) {
	ov, err := decompose.New(w)
	if err != nil {
		return nil, err
	}
	if h < 1 || width < 1 || len(positions) != (h*width+1)*ov.Channels {
		return nil, fmt.Errorf("a grid of %d×%d tokens needs %d positions of %d numbers, found %d numbers in all",
			h, width, h*width+1, ov.Channels, len(positions))
	}
	p := &Pool{OV: ov, H: h, W: width, weights: w, positions: positions, bias2: numeric.Dot(w.OutputBias, w.OutputBias)}
	p.back = project(w.OutputBias, w.Output, 1, ov.Embed, ov.Channels)
	p.place()
	p.gram = make([][]float32, ov.Heads)
	numeric.Parallel(ov.Heads, func(m int) {
		p.gram[m] = make([]float32, ov.Width*ov.Width)
		blas32.Gemm(blas.Trans, blas.NoTrans, 1, p.output(m), p.output(m), 0, numeric.Matrix(p.gram[m], ov.Width, ov.Width))
	})
	return p, nil
}

// place computes what the values have of the positions.
func (p *Pool) place() {
	N, C := p.tokens(), p.Channels
	p.placed = make([]float32, N*C)
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(p.positions, N, C), numeric.Matrix(p.weights.Value, C, C), 0, numeric.Matrix(p.placed, N, C))
}

// tokens is K+1.
func (p *Pool) tokens() int { return p.H*p.W + 1 }

// output is W_O^h [D,d].
func (p *Pool) output(h int) blas32.General {
	return blas32.General{Rows: p.Embed, Cols: p.Width, Stride: p.Channels, Data: p.weights.Output[h*p.Width:]}
}

// Window is what the image tower says about one window (clip.Tokens, clip.Attention, …). Queries and Keys are for [SelfSelf] alone.
type Window struct {
	Tokens    []float32 // x [K+1,C]
	Attention []float32 // a [M,K+1]
	Values    []float32 // W_V x_i + b_V [K+1,C]
	Queries   []float32 // (W_Q x_i + b_Q)/√d [K+1,C]
	Keys      []float32 // W_K x_i + b_K [K+1,C]
}

// ErrWindow is returned when a window's arrays have another size than the pool's grid asks for, or hold numbers that are not finite.
var ErrWindow = errors.New("not the outputs of a window of this model")

func (p *Pool) check(w Window, method Method) error {
	N, C := p.tokens(), p.Channels
	for _, a := range []struct {
		name string
		data []float32
		want int
		ask  bool
	}{
		{"tokens", w.Tokens, N * C, true}, {"attention", w.Attention, p.Heads * N, true}, {"values", w.Values, N * C, true},
		{"queries", w.Queries, N * C, method == SelfSelf}, {"keys", w.Keys, N * C, method == SelfSelf},
	} {
		if !a.ask {
			continue
		}
		if len(a.data) != a.want {
			return fmt.Errorf("%w: %s: expected %d numbers, found %d", ErrWindow, a.name, a.want, len(a.data))
		}
		if s := numeric.Dot(a.data, a.data); math.IsNaN(s) || math.IsInf(s, 0) {
			return fmt.Errorf("%w: %s: a number is not finite", ErrWindow, a.name)
		}
	}
	return nil
}

// spatial is z [K,C]: the trunk's output, x_i − p_i, never negative.
func (p *Pool) spatial(w Window) []float32 {
	K, C := p.H*p.W, p.Channels
	z := make([]float32, K*C)
	numeric.Parallel(K, func(i int) {
		pos := p.positions[(i+1)*C : (i+2)*C]
		for n, x := range w.Tokens[(i+1)*C : (i+2)*C] {
			z[i*C+n] = max(x-pos[n], 0)
		}
	})
	return z
}

// fillSink replaces the last of the tokens [K,·] by the mean of its west, north and north-west neighbours. A grid without
// such neighbours is left alone.
func (p *Pool) fillSink(tokens []float32) {
	if p.H < 2 || p.W < 2 || p.lastStays {
		return
	}
	n := len(tokens) / (p.H * p.W)
	token := func(back int) []float32 { return tokens[len(tokens)-(back+1)*n:][:n] }
	last, west, north, corner := token(0), token(1), token(p.W), token(p.W+1)
	for c := range last {
		last[c] = (west[c] + north[c] + corner[c]) / 3
	}
}

// attended puts y_i = a_i^h v_i^h of head h for the spatial tokens into y [K,d], without the bias of the output.
func (p *Pool) attended(w Window, h int, y []float32) {
	K, C, d := p.H*p.W, p.Channels, p.Width
	for i := range K {
		a := w.Attention[h*(K+1)+i+1]
		for j, v := range w.Values[(i+1)*C+h*d:][:d] {
			y[i*d+j] = a * v
		}
	}
}

// project is T W [T,C] for texts t [T,D] and W_O [D,C]: what each query is for the heads, W_O^hᵀ t, heads one after the other.
func project(t, output []float32, T, D, C int) []float32 {
	out := make([]float32, T*C)
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, numeric.Matrix(t, T, D), numeric.Matrix(output, D, C), 0, numeric.Matrix(out, T, C))
	return out
}
