package decompose

import (
	"fmt"
	"math"

	"github.com/facet-clip/facet/internal/numeric"
)

// Weights are the value and output maps of an attention pool, row-major: all that the decomposition needs.
type Weights struct {
	Heads, Channels, Embed int       // M, C, D
	Value                  []float32 // W_V [M,d,C]
	ValueBias              []float32 // b_V [M,d]
	Output                 []float32 // W_O [D,M,d]
	OutputBias             []float32 // b_O [D]
}

// Constant is b = Σ_h W_O^h b_V^h + b_O [D], what every embedding holds whatever the picture (docs/design.md, after formula 4).
func (w Weights) Constant() []float64 {
	b := make([]float64, w.Embed)
	for o := range b {
		b[o] = float64(w.OutputBias[o]) + numeric.Dot(w.Output[o*w.Channels:(o+1)*w.Channels], w.ValueBias)
	}
	return b
}

func (w Weights) check() error {
	M, C, D := w.Heads, w.Channels, w.Embed
	if M < 1 || C < 1 || D < 1 || C%M != 0 {
		return fmt.Errorf("attention pool: %d channels do not split into %d heads (embedding %d)", C, M, D)
	}
	for _, t := range []struct {
		name       string
		have, want int
	}{{"value", len(w.Value), C * C}, {"value bias", len(w.ValueBias), C}, {"output", len(w.Output), D * C}, {"output bias", len(w.OutputBias), D}} {
		if t.have != t.want {
			return fmt.Errorf("attention pool: %s: expected %d numbers, found %d", t.name, t.want, t.have)
		}
	}
	return nil
}

// Query is how the class token of an attention pool asks, row-major: W_Q, W_K [M·d,C] and b_Q [M·d]. b_K shifts all logits of a head
// alike and is left out (docs/design.md, formula 2).
type Query struct {
	Heads, Channels int // M, C
	Query           []float32
	QueryBias       []float32
	Key             []float32
}

// Absorbed is U_h = W_K^hᵀ q_h/√d [C], the direction of tokens that head h looks for when the class token is x_0 [C]: its attention is
// softmax_i(U_h·x_i) (docs/design.md, formula 5).
func (q Query) Absorbed(head int, class []float32) []float64 {
	C := q.Channels
	d := C / q.Heads
	u := make([]float64, C)
	for k := head * d; k < (head+1)*d; k++ {
		asked := (numeric.Dot(q.Query[k*C:(k+1)*C], class) + float64(q.QueryBias[k])) / math.Sqrt(float64(d))
		for n, w := range q.Key[k*C : (k+1)*C] {
			u[n] += asked * float64(w)
		}
	}
	return u
}
