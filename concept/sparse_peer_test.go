package concept

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/npy"
)

// stored reads an array that bench/labels.py testdata wrote.
func stored(t *testing.T, name string) npy.Array {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "sparse", name+".npy"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := npy.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestAgainstPeers compares with scikit-learn's SparseCoder(omp) and Lasso(positive), and with a greedy pursuit over SciPy's nnls.
func TestAgainstPeers(t *testing.T) {
	embeddings, units := stored(t, "embeddings"), stored(t, "units")
	T, D := embeddings.Shape[0], embeddings.Shape[1]
	bank, err := NewBank(numbered(T), embeddings.Data, D)
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDictionary(bank, UnitRows)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		run   method
		terms int
	}{
		"omp":         {d.OMP, 12},
		"nonnegative": {by(d, NonNegative), 12},
		"lasso": {func(ctx context.Context, u []float32, o Options) ([]Label, error) {
			o.Penalty = 0.1
			return by(d, Lasso)(ctx, u, o)
		}, T},
	} {
		t.Run(name, func(t *testing.T) {
			want := stored(t, name)
			labels, err := c.run(t.Context(), units.Data[:want.Shape[0]*D], Options{Terms: c.terms})
			if err != nil {
				t.Fatal(err)
			}
			got := dense(labels, T)
			if diff := cmp.Diff(support(want.Data, T), support(got, T)); diff != "" {
				t.Fatalf("words differ (-peer +ours):\n%s", diff)
			}
			golden.Compare(t, "coefficients", got, want.Data, 1e-6, 0)
		})
	}
}
