package segment

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/facet-clip/facet/internal/golden"
)

// TestTileSums compares the vector code, where it runs, and the portable one with sums in float64.
func TestTileSums(t *testing.T) {
	const C, K = 90, 37
	random := rand.New(rand.NewPCG(1, 2))
	z := make([]float32, K*C)
	for i := range z {
		z[i] = random.Float32() - 0.3
	}
	laid := tiled(z, C)
	for _, n := range []int{0, 1, 3, 4, 5, 8, 31, C} {
		rows, weights := make([]uint16, n), make([]float32, n)
		for i, r := range slices.Sorted(slices.Values(random.Perm(C)[:n])) {
			rows[i], weights[i] = uint16(r), random.Float32()
		}
		for at := range laid.count() {
			var want, fast, portable [tile]float32
			for i := range tile {
				sum := 0.25
				if at*tile+i < K {
					for j, r := range rows {
						sum += float64(z[(at*tile+i)*C+int(r)]) * float64(weights[j])
					}
				}
				want[i], fast[i], portable[i] = float32(sum), 0.25, 0.25
			}
			sumRows(&fast, laid.of(at), rows, weights)
			sumRowsPortable(&portable, laid.of(at), rows, weights)
			golden.Compare(t, fmt.Sprintf("%d rows, tile %d", n, at), fast[:], want[:], 1e-6, 1e-6)
			golden.Compare(t, fmt.Sprintf("%d rows, tile %d, portable", n, at), portable[:], want[:], 1e-6, 1e-6)
		}
	}
}

// TestTileSumsStayInside: rows beyond the tile are a panic of Go's, before any vector code reads them.
func TestTileSumsStayInside(t *testing.T) {
	for name, f := range map[string]func(){
		"row":    func() { sumRows(new([tile]float32), make([]float32, 3*tile), []uint16{0, 3}, make([]float32, 2)) },
		"weight": func() { sumRows(new([tile]float32), make([]float32, 3*tile), []uint16{0, 1}, []float32{1}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
