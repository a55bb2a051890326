package clip

import (
	"fmt"
	"math"
	"strings"

	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/engine/graph"
)

// tower builds a graph from the tensors of a checkpoint. The first missing or misshaped tensor is kept
// in err, so that a tower reads like its paper.
type tower struct {
	*graph.Graph
	ck  *checkpoint.Checkpoint
	err error
}

func newTower(name string, ck *checkpoint.Checkpoint) *tower {
	return &tower{Graph: graph.New(name), ck: ck}
}

// tensor reads the numbers of a tensor; after an error, zeros.
func (t *tower) tensor(name string, shape ...int) []float32 {
	if t.err == nil {
		data, err := t.ck.Float32(name, shape...)
		if err == nil {
			err = t.checkNumbers(name, data)
		}
		if err == nil {
			return data
		}
		t.err = err
	}
	return make([]float32, elements(shape))
}

// checkNumbers refuses numbers that no training leaves, and that would make every result NaN.
func (t *tower) checkNumbers(name string, data []float32) error {
	variance := strings.HasSuffix(name, "running_var")
	for i, v := range data {
		if v-v == 0 && !(variance && v < 0) {
			continue
		}
		expected := "finite numbers"
		if variance {
			expected = "variances"
		}
		of, _ := t.ck.Tensor(name)
		return &checkpoint.TensorError{File: t.ck.Path(), Tensor: name, Source: of.Source, Err: checkpoint.ErrNotFinite,
			Expected: expected, Found: fmt.Sprintf("%g at place %d of %d", v, i, len(data))}
	}
	return nil
}

// weight is a tensor of the checkpoint as a constant.
func (t *tower) weight(name string, shape ...int) *graph.Value {
	return t.Constant(name, t.tensor(name, shape...), shape...)
}

// convBN is a convolution without bias followed by batch norm, folded in float64 into one convolution:
// w' = w·γ/√(σ²+ε), b' = β − μ·γ/√(σ²+ε). x [B,in,H,W] → [B,out,H',W'].
func (t *tower) convBN(x *graph.Value, conv, bn string, in, out, k, stride int) *graph.Value {
	w := t.tensor(conv+".weight", out, in, k, k)
	γ, β := t.tensor(bn+".weight", out), t.tensor(bn+".bias", out)
	μ, variance := t.tensor(bn+".running_mean", out), t.tensor(bn+".running_var", out)
	bias := make([]float32, out)
	for o := range out {
		scale := float64(γ[o]) / math.Sqrt(float64(variance[o])+batchNormε)
		bias[o] = float32(float64(β[o]) - float64(μ[o])*scale)
		for i := range w[o*in*k*k : (o+1)*in*k*k] {
			w[o*in*k*k+i] = float32(float64(w[o*in*k*k+i]) * scale)
		}
	}
	return t.Conv(x, t.Constant(conv+".weight", w, out, in, k, k), t.Constant(conv+".bias", bias, out), stride, k/2)
}

// layerNorm normalises the last axis, of the given width, with the scale and shift called name.
func (t *tower) layerNorm(x *graph.Value, name string, width int) *graph.Value {
	return t.LayerNorm(x, t.weight(name+".weight", width), t.weight(name+".bias", width), layerNormε)
}

// linear is x Wᵀ + b with the tensors name.weight [out,in] and name.bias [out].
func (t *tower) linear(x *graph.Value, name string, in, out int) *graph.Value {
	return t.Linear(x, t.weight(name+".weight", out, in), t.weight(name+".bias", out))
}

// done gives the graph, or the first mistake.
func (t *tower) done() (*graph.Graph, error) {
	if t.err != nil {
		return nil, t.err
	}
	return t.Graph, t.Err()
}

func elements(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}
