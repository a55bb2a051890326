package concept

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/facet-clip/facet/internal/numeric"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// factored are blocks of n units each in d dimensions, and the same units as they are. The basis of a head is nearly dependent, so that
// units are short sums of long directions.
func factored(random *rand.Rand, count, n, d, embed int) (blocks Units, whole []float32) {
	for range count {
		b := Block{make([]float32, d*embed), make([]float32, n*d)}
		for i := range b.Basis {
			b.Basis[i] = float32(random.NormFloat64())
			if i >= embed {
				b.Basis[i] = b.Basis[i%embed] + 0.1*b.Basis[i]
			}
		}
		for i := range b.Coefficients {
			b.Coefficients[i] = float32(random.NormFloat64())
		}
		blocks = append(blocks, b)
		row := make([]float32, embed)
		for i := range n {
			b.fill(row, i)
			whole = append(whole, row...)
		}
	}
	return blocks, whole
}

// TestBlocks: units that are given factored get the labels, to the last bit, that they get as they are, by every method; so do those that are left
// after some.
func TestBlocks(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 12 {
		embed, d, n := 24+random.IntN(40), 1+random.IntN(20), 1+random.IntN(60)
		dictionary, _ := world(t, 100+random.IntN(300), embed, 0)
		blocks, whole := factored(random, 1+random.IntN(3), n, d, embed)
		blocks = append(blocks, Block{Basis: whole[:embed]}, Block{Basis: nil}, Block{blocks[0].Basis, []float32{}})
		whole = append(whole, whole[:embed]...)
		for _, m := range []Method{OMP, NonNegative, Lasso} {
			l, err := dictionary.Labeller(Options{Method: m, Terms: 1 + random.IntN(10)})
			if err != nil {
				t.Fatal(err)
			}
			want, err := l.Label(t.Context(), Units{{Basis: whole}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := l.Label(t.Context(), blocks, nil)
			if err != nil {
				t.Fatal(err)
			}
			var options []gocmp.Option
			if m == Lasso { // which converges
				options = append(options, cmpopts.EquateApprox(1e-6, 1e-8))
			}
			if diff := gocmp.Diff(want, got, options...); diff != "" {
				t.Fatalf("method %d, %d units of %d dimensions in %d (-whole +factored):\n%s", m, n, d, embed, diff)
			}
			k := random.IntN(len(want) + 1)
			rest, err := l.Label(t.Context(), blocks.After(k, embed), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(want[k:], rest, append(options, cmpopts.EquateEmpty())...); diff != "" {
				t.Fatalf("method %d, after %d units: %s", m, k, diff)
			}
		}
	}
}

// TestBlocksCost counts what is multiplied with the dictionary for first correlations: a head's basis, not its units.
func TestBlocksCost(t *testing.T) {
	const embed, d, n = 64, 8, 50
	dictionary, _ := world(t, 200, embed, 0)
	blocks, whole := factored(rand.New(rand.NewPCG(1, 1)), 2, n, d, embed)
	for name, c := range map[string]struct {
		units Units
		rows  int
	}{"factored": {blocks, 2 * d}, "as they are": {Units{{Basis: whole}}, 2 * n}, "too few": {Units{blocks[0].after(n-d, embed)}, d}} {
		rows := 0
		l, err := dictionary.Labeller(Options{Terms: 1, Product: func(ctx context.Context, x []float32) ([]float32, error) {
			rows += len(x) / embed
			return dictionary.Product(ctx, x)
		}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Label(t.Context(), c.units, nil); err != nil {
			t.Fatal(err)
		}
		if rows != c.rows { // with one term no correlations of words are wanted
			t.Errorf("%s: %d directions were multiplied with all words, want %d", name, rows, c.rows)
		}
	}
}

func TestBlockUnit(t *testing.T) {
	blocks, _ := factored(rand.New(rand.NewPCG(2, 2)), 1, 9, 5, 16)
	clear(blocks[0].Coefficients[:5])
	before := slices.Clone(blocks[0].Coefficients)
	unit, row := blocks[0].Unit(16), make([]float32, 16)
	for i := range 9 {
		unit.fill(row, i)
		if length := numeric.Norm(row); i == 0 && length != 0 || i > 0 && (length < 1-1e-5 || length > 1+1e-5) {
			t.Errorf("unit %d has length %g", i, length)
		}
	}
	if !slices.Equal(before, blocks[0].Coefficients) {
		t.Error("the block itself was changed")
	}
}

func TestBlockErrors(t *testing.T) {
	dictionary, _ := world(t, 50, 16, 0)
	l, err := dictionary.Labeller(Options{Terms: 2})
	if err != nil {
		t.Fatal(err)
	}
	huge := Block{Basis: make([]float32, 32), Coefficients: []float32{3e38, 3e38}}
	huge.Basis[0], huge.Basis[16] = 3e38, 3e38
	for name, b := range map[string]Block{
		"width": {Basis: make([]float32, 17)}, "coefficients": {make([]float32, 32), make([]float32, 3)}, "no basis": {nil, make([]float32, 3)}, "not finite": huge,
	} {
		if _, err := l.Label(t.Context(), Units{b}, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	short, err := dictionary.Labeller(Options{Terms: 2, Mix: func(context.Context, []float32, []float32, int) ([]float32, error) { return nil, nil }})
	if err != nil {
		t.Fatal(err)
	}
	blocks, _ := factored(rand.New(rand.NewPCG(3, 3)), 1, 9, 2, 16)
	if _, err := short.Label(t.Context(), blocks, nil); err == nil {
		t.Error("a product of another shape: no error")
	}
}
