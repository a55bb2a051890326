package segment

import (
	"fmt"
	"math"
	"slices"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// Sink says what is known of a model's last token. Where it draws attention whatever it shows, it is replaced, and the register neurons through which it
// does are dropped: zero in every token that the class query looks at, so that attention, values, queries and keys are what they would be then. The
// query itself stays. Where it does not, it is a token like any other.
type Sink struct {
	Exists    bool
	Registers []int
	Query     decompose.Query // for the registers
}

// dropping turns a window into the one without the registers.
type dropping struct {
	*Pool // with zeros for the positions of the registers
	Sink
}

// known is the pool for what is known of its last token, and what drops the registers if there are any.
func (p *Pool) known(s Sink) (*Pool, *dropping, error) {
	bare := *p
	bare.lastStays = !s.Exists
	if len(s.Registers) == 0 {
		return &bare, nil, nil
	}
	for _, n := range s.Registers {
		if n < 0 || n >= p.Channels {
			return nil, nil, fmt.Errorf("register neuron %d: expected 0 to %d", n, p.Channels-1)
		}
	}
	if C := p.Channels; len(s.Query.Query) != C*C || len(s.Query.Key) != C*C || len(s.Query.QueryBias) != C {
		return nil, nil, fmt.Errorf("query and key maps of another width than the pool's %d", C)
	}
	bare.positions = slices.Clone(p.positions)
	bare.zero(bare.positions, s.Registers)
	bare.place()
	return &bare, &dropping{&bare, s}, nil
}

// zero is for some neurons of tokens x [K+1,C].
func (p *Pool) zero(x []float32, neurons []int) {
	for at := 0; at < len(x); at += p.Channels {
		for _, n := range neurons {
			x[at+n] = 0
		}
	}
}

// window is w with x_{i,n} = 0 for every register n, and all that follows from it.
func (d *dropping) window(w Window) Window {
	C := d.Channels
	out := Window{Tokens: slices.Clone(w.Tokens), Values: slices.Clone(w.Values)}
	d.zero(out.Tokens, d.Registers)
	out.Attention = d.attention(w.Tokens[:C], out.Tokens)
	d.take(out.Values, w.Tokens, d.weights.Value, 1)
	if w.Queries != nil {
		out.Queries, out.Keys = slices.Clone(w.Queries), slices.Clone(w.Keys)
		d.take(out.Queries, w.Tokens, d.Query.Query, float32(1/math.Sqrt(float64(d.Width))))
		d.take(out.Keys, w.Tokens, d.Query.Key, 1)
	}
	return out
}

// take subtracts scale·Σ_n map[:,n]·x_{i,n} over the registers from y_i [K+1,C].
func (d *dropping) take(y, x, by []float32, scale float32) {
	C := d.Channels
	numeric.Parallel(d.tokens(), func(i int) {
		for _, n := range d.Registers {
			column := blas32.Vector{N: C, Inc: C, Data: by[n:]}
			blas32.Axpy(-scale*x[i*C+n], column, numeric.Vector(y[i*C:(i+1)*C]))
		}
	})
}

// attention is a^h = softmax_i(U_h·x_i) [M,K+1] of tokens x [K+1,C], asked by a class token, with U_h = W_K^hᵀ q_h/√d (docs/design.md, formula 5).
func (d *dropping) attention(class, x []float32) []float32 {
	C, N, M := d.Channels, d.tokens(), d.Heads
	u, a := make([]float32, M*C), make([]float32, M*N)
	numeric.Parallel(M, func(h int) { copy(u[h*C:], numeric.Float32(d.Query.Absorbed(h, class))) })
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, numeric.Matrix(u, M, C), numeric.Matrix(x, N, C), 0, numeric.Matrix(a, M, N))
	for h := range M {
		softmax(a[h*N : (h+1)*N])
	}
	return a
}
