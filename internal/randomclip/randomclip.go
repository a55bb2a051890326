// Package randomclip makes checkpoints of any architecture that have learnt nothing: for tests and benchmarks.
package randomclip

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
)

// Tensor makes the numbers of one tensor of an architecture for a model that has learnt nothing but
// behaves: activations keep their size through the trunk and heads attend unevenly. The same seed and name give the same numbers on every machine.
func Tensor(s clip.Spec, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, nameHash(s.Name)))
	data := make([]float32, elements(s.Shape))
	fill := func(mean, deviation float64) []float32 {
		for i := range data {
			data[i] = float32(mean + float64(deviation*rng.NormFloat64())) // float64: no fused multiply-add
		}
		return data
	}
	last := 1.0
	if n := len(s.Shape); n > 0 {
		last = float64(s.Shape[n-1])
	}
	switch name := s.Name; {
	case name == "logit_scale":
		return []float32{float32(math.Log(100))}
	case len(s.Shape) == 4: // He's initialisation: a convolution after a ReLU
		return fill(0, math.Sqrt(2/float64(s.Shape[1]*s.Shape[2]*s.Shape[3])))
	case strings.HasSuffix(name, "running_var"):
		return fill(1, 0.05)
	case strings.HasSuffix(name, "bn3.weight"): // residual branches add a little each
		return fill(0.4, 0.05)
	case strings.HasSuffix(name, "running_mean"), strings.HasSuffix(name, "bias"):
		return fill(0, 0.1)
	case strings.Contains(name, "positional_embedding"):
		return fill(0, 0.3)
	case name == "token_embedding.weight":
		return fill(0, 0.5)
	case strings.Contains(name, "attnpool.q_proj"), strings.Contains(name, "attnpool.k_proj"):
		return fill(0, 2/math.Sqrt(last))
	case len(s.Shape) == 2:
		return fill(0, 1/math.Sqrt(last))
	default: // scales of batch and layer norms
		return fill(1, 0.1)
	}
}

// Checkpoint is a whole checkpoint of [Tensor]s as a safetensors file in fp16, under OpenAI's names.
func Checkpoint(c clip.Config, seed uint64) ([]byte, error) {
	var tensors []checkpoint.Data
	for _, s := range c.Tensors() {
		tensors = append(tensors, checkpoint.Data{Name: s.Name, DType: checkpoint.Float16, Shape: s.Shape, Floats: Tensor(s, seed)})
	}
	var b bytes.Buffer
	err := checkpoint.WriteSafetensors(&b, tensors)
	return b.Bytes(), err
}

// nameHash is FNV-1a.
func nameHash(name string) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range []byte(name) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
