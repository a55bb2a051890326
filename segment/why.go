package segment

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"

	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"github.com/facet-clip/facet/decompose"
)

// ErrNoPairs is returned when the pairs behind a pixel are asked of a method that has none.
var ErrNoPairs = errors.New("the method is not a sum over pairs (facet and nap are)")

// ErrRegion is returned when the region that is asked about is empty or not within the picture.
var ErrRegion = errors.New("is not within the picture")

// Reason is what made a region of a picture look like its class.
type Reason struct {
	Region image.Rectangle // within the picture
	Class  int
	Query  int       // of the class' queries the one with the largest logit there
	Logit  float64   // mean over the region; what pairs bring sums to it
	Parts  []float32 // of every pair [M,C], zero for those that were not selected
}

// Top are the k pairs that bring most.
func (r Reason) Top(ov *decompose.OV, k int) []decompose.Pair {
	return ov.Top(r.Parts, k, func(v float32) float32 { return v })
}

// additive are the methods whose logits are sums over pairs.
type additive interface {
	// parts adds to sums [M,C] what each pair brings to Σ_i weights_i·logit_q(i).
	parts(sums []float64, w Window, q int, weights []float32)
}

// Why says which pairs made a region look like the class that most of it was given, exactly: bilinear upsampling and the mean over windows are
// linear, so each pair's part of the region's mean logit is a weighted sum over tokens. maps are what r gave for this picture and method i.
func (r *Runner) Why(ctx context.Context, img image.Image, maps *Maps, i int, region image.Rectangle) (*Reason, error) {
	s := r.Methods[i]
	method, ok := s.scorer.(additive)
	if !ok {
		return nil, fmt.Errorf("%s: %w", s.Method, ErrNoPairs)
	}
	if region.Empty() || !region.In(image.Rectangle{Max: maps.Size}) {
		return nil, fmt.Errorf("%v %w of %d×%d", region, ErrRegion, maps.Size.X, maps.Size.Y)
	}
	weights := maps.tokenWeights(region)
	reason := maps.decide(region, weights)
	sums := make([]float64, s.Pool.Heads*s.Pool.Channels)
	var touched []int
	for i, w := range weights {
		if slices.ContainsFunc(w, func(v float32) bool { return v != 0 }) {
			touched = append(touched, i)
		}
	}
	err := r.windows(ctx, img, maps.Plan, touched, func(i int, w Window) error {
		w, err := s.window(w)
		if err != nil {
			return err
		}
		method.parts(sums, w, reason.Query, weights[i])
		return nil
	})
	if err != nil {
		return nil, err
	}
	reason.Parts = make([]float32, len(sums))
	for i, v := range sums {
		reason.Parts[i] = float32(v)
	}
	return reason, nil
}

// decide finds the class that most of the region has, and the best of its queries there.
func (m *Maps) decide(region image.Rectangle, weights [][]float32) *Reason {
	labels, counts := m.Labels(), make([]int, len(m.Classes.Names))
	for y := region.Min.Y; y < region.Max.Y; y++ {
		for _, c := range labels.Class[y*m.Size.X+region.Min.X : y*m.Size.X+region.Max.X] {
			counts[c]++
		}
	}
	reason := &Reason{Region: region, Query: -1}
	for c, n := range counts {
		if n > counts[reason.Class] {
			reason.Class = c
		}
	}
	for q, c := range m.Classes.Of {
		if c != reason.Class {
			continue
		}
		if l := m.weighted(q, weights); reason.Query < 0 || l > reason.Logit {
			reason.Query, reason.Logit = q, l
		}
	}
	return reason
}

// weighted is a query's mean logit over a region with the given token weights.
func (m *Maps) weighted(q int, weights [][]float32) float64 {
	sum, K := 0.0, m.H*m.W
	for i, w := range weights {
		if w != nil {
			sum += numeric.Dot(w, m.windows[i][q*K:(q+1)*K])
		}
	}
	return sum
}

// tokenWeights says how much each token of each window counts in the mean over a region; nil for windows that do not count.
func (m *Maps) tokenWeights(region image.Rectangle) [][]float32 {
	out := make([][]float32, m.Windows())
	across, down := taps(m.Size.X, m.Canvas.X), taps(m.Size.Y, m.Canvas.Y)
	columns := axisWeights(across[region.Min.X:region.Max.X], m.Canvas.X, m.Xs, m.Window, m.W)
	lines := axisWeights(down[region.Min.Y:region.Max.Y], m.Canvas.Y, m.Ys, m.Window, m.H)
	for i, line := range lines {
		for j, column := range columns {
			if line == nil || column == nil {
				continue
			}
			w := make([]float32, m.H*m.W)
			for y, v := range line {
				for x, u := range column {
					w[y*m.W+x] = float32(v * u)
				}
			}
			out[i*len(m.Xs)+j] = w
		}
	}
	return out
}

// axisWeights are the weights along one axis, for which everything separates: for each window, of its cells. pixels are those of the region on the
// canvas.
func axisWeights(pixels []tap, canvas int, starts []int, window, cells int) [][]float64 {
	line, covering := make([]float64, canvas), make([]float64, canvas)
	for _, t := range pixels {
		line[t.a] += float64(1-t.f) / float64(len(pixels))
		line[t.b] += float64(t.f) / float64(len(pixels))
	}
	for _, start := range starts {
		for i := range window {
			covering[start+i]++
		}
	}
	out := make([][]float64, len(starts))
	for w, start := range starts {
		for i, t := range taps(window, cells) {
			if v := line[start+i] / covering[start+i]; v != 0 {
				if out[w] == nil {
					out[w] = make([]float64, cells)
				}
				out[w][t.a] += v * float64(1-t.f)
				out[w][t.b] += v * float64(t.f)
			}
		}
	}
	return out
}

func (n nap) parts(sums []float64, w Window, q int, weights []float32) {
	n.addParts(sums, tiled(n.filled(w), n.Channels), n.cosines(w), q, weights, 1)
}

func (n ours) parts(sums []float64, w Window, q int, weights []float32) {
	K := n.H * n.W
	z := n.filled(w)
	unitRows(z, n.Channels)
	spread := make([]float32, K) // each token passes its weight on to those like it
	blas32.Gemv(blas.Trans, 1, numeric.Matrix(n.alike(z), K, K), numeric.Vector(weights), 0, numeric.Vector(spread))
	n.addParts(sums, tiled(z, n.Channels), n.cosines(w), q, spread, float64(n.root()*n.fit.weigh(n.whole(w))[q]))
}

// addParts adds scale·weight·Σ_i weights_i·z_{i,n}·cos(r_i^h,t_q) for each selected pair.
func (n *pairs) addParts(sums []float64, z tiles, cos [][]float32, q int, weights []float32, scale float64) {
	K := n.H * n.W
	at := make([]float32, K)
	for h := range n.Heads {
		for i, c := range cos[h][q*K : (q+1)*K] {
			at[i] = c * weights[i]
		}
		first := int(n.start[q*n.Heads+h])
		for i, neuron := range n.selected(q, h) {
			sums[h*n.Channels+int(neuron)] += scale * float64(n.weight[first+i]) * z.along(neuron, at)
		}
	}
}
