// Package torchrand draws the numbers that PyTorch's generator of the processor draws after torch.manual_seed: a Mersenne Twister, and for
// normal numbers Box and Muller's transform over blocks of sixteen.
package torchrand

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext/prng"
)

// block is how many normal numbers PyTorch makes at once: eight pairs.
const block = 16

// Generator is a torch.Generator.
type Generator struct{ twister *prng.MT19937 }

// New is the generator after torch.manual_seed. PyTorch uses the lower 32 bits of a seed.
func New(seed uint32) *Generator {
	g := &Generator{prng.NewMT19937()}
	g.twister.Seed(uint64(seed))
	return g
}

// uniform is a number of [0,1) in steps of 2⁻²⁴.
func (g *Generator) uniform() float32 { return float32(g.twister.Uint32()&(1<<24-1)) / (1 << 24) }

// Randn is torch.randn of n numbers, a multiple of 16: others are drawn in another way. They differ from PyTorch's in their last bits, since PyTorch
// approximates logarithms and sines in float32.
func (g *Generator) Randn(n int) ([]float32, error) {
	if n < 0 || n%block != 0 {
		return nil, fmt.Errorf("%d normal numbers, expected a multiple of %d", n, block)
	}
	out := make([]float32, n)
	var u [block]float32
	for at := 0; at < n; at += block {
		for i := range u {
			u[i] = g.uniform()
		}
		for i := range block / 2 {
			radius := math.Sqrt(-2 * math.Log(float64(1-u[i])))
			sin, cos := math.Sincos(float64(2 * math.Pi * u[i+block/2])) // the angle is rounded to float32, as PyTorch's
			out[at+i], out[at+i+block/2] = float32(radius*cos), float32(radius*sin)
		}
	}
	return out, nil
}

// Randint is torch.randint(0, below) of n numbers.
func (g *Generator) Randint(n int, below uint32) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(g.twister.Uint32() % below)
	}
	return out
}
