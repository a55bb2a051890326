package segment

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/internal/golden"
)

// sinkless is the golden model tiny whose registers are dropped, with its arrays.
func sinkless(t *testing.T, registers []int) (*Pool, *dropping, golden.Arrays) {
	t.Helper()
	ck, err := checkpoint.Open(filepath.Join(golden.Dir(t, "tiny"), "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := clip.New(ck, nil, clip.QuickGELU)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	w, err := m.PoolWeights()
	if err != nil {
		t.Fatal(err)
	}
	p, err := PoolOf(m, w, m.Config.Image)
	if err != nil {
		t.Fatal(err)
	}
	qk, err := m.PoolQuery()
	if err != nil {
		t.Fatal(err)
	}
	_, d, err := p.known(Sink{true, registers, qk})
	if err != nil {
		t.Fatal(err)
	}
	return p, d, golden.Open(t, "tiny")
}

// maps are W x + b [K+1,C], scaled, in float64.
func maps(w, b, x []float32, C int, scale float64) []float32 {
	y := make([]float32, len(x))
	for at := 0; at < len(x); at += C {
		for o := range C {
			sum := numeric.Dot(w[o*C:(o+1)*C], x[at:at+C])
			if b != nil {
				sum += float64(b[o])
			}
			y[at+o] = float32(scale * sum)
		}
	}
	return y
}

// TestDropping does everything anew, in float64, with tokens whose registers are zero.
func TestDropping(t *testing.T) {
	registers := []int{3, 17}
	p, d, arrays := sinkless(t, registers)
	C, N, M := p.Channels, p.tokens(), p.Heads
	qk, root := d.Query, math.Sqrt(float64(p.Width))
	x := arrays.Array("tokens").Data[:N*C]
	golden.Compare(t, "attention of all neurons", d.attention(x[:C], x), arrays.Array("attention").Data[:M*N], 1e-5, 1e-6)

	w := Window{
		Tokens: x, Attention: arrays.Array("attention").Data[:M*N], Values: maps(p.weights.Value, p.weights.ValueBias, x, C, 1),
		Queries: maps(qk.Query, qk.QueryBias, x, C, 1/root), Keys: maps(qk.Key, nil, x, C, 1),
	}
	bare := slices.Clone(x)
	for i := range N {
		for _, n := range registers {
			bare[i*C+n] = 0
		}
	}
	got := d.window(w)
	query, keys := maps(qk.Query, qk.QueryBias, x[:C], C, 1/root), maps(qk.Key, nil, bare, C, 1)
	attention := make([]float32, M*N)
	for h := range M {
		sum := 0.0
		for pass := range 2 {
			for i := range N {
				e := math.Exp(numeric.Dot(query[h*p.Width:(h+1)*p.Width], keys[i*C+h*p.Width:]))
				if pass == 0 {
					sum += e
				} else {
					attention[h*N+i] = float32(e / sum)
				}
			}
		}
	}
	golden.Compare(t, "tokens", got.Tokens, bare, 1e-7, 0)
	golden.Compare(t, "attention", got.Attention, attention, 1e-5, 1e-6)
	golden.Compare(t, "values", got.Values, maps(p.weights.Value, p.weights.ValueBias, bare, C, 1), 1e-5, 1e-6)
	golden.Compare(t, "queries", got.Queries, maps(qk.Query, qk.QueryBias, bare, C, 1/root), 1e-5, 1e-6)
	golden.Compare(t, "keys", got.Keys, keys, 1e-5, 1e-6)
	for i, v := range d.spatial(got) {
		if n := i % C; slices.Contains(registers, n) != (d.positions[n] == 0) || slices.Contains(registers, n) && v != 0 {
			t.Fatalf("neuron %d of token %d: %g", n, i/C, v)
		}
	}
	if !slices.Equal(w.Tokens, arrays.Array("tokens").Data[:N*C]) {
		t.Error("the window itself was changed")
	}
}

// TestSinkRefuses: neurons and maps that are not the pool's.
func TestSinkRefuses(t *testing.T) {
	p, d, _ := sinkless(t, []int{0})
	for name, s := range map[string]Sink{
		"neuron": {true, []int{p.Channels}, d.Query}, "negative": {true, []int{-1}, d.Query}, "maps": {true, []int{1}, decompose.Query{}},
	} {
		if _, _, err := p.known(s); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestLastTokenStays where it is known to be no sink.
func TestLastTokenStays(t *testing.T) {
	p, _, _ := sinkless(t, []int{0})
	stays, _, err := p.known(Sink{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		*Pool
		last float32
	}{"a sink": {p, 2}, "no sink": {stays, 5}} {
		tokens := make([]float32, p.H*p.W)
		for i := range tokens {
			tokens[i] = 2
		}
		tokens[len(tokens)-1] = 5
		if c.fillSink(tokens); tokens[len(tokens)-1] != c.last {
			t.Errorf("%s: the last token is %g, want %g", name, tokens[len(tokens)-1], c.last)
		}
	}
}
