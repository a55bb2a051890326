package segment

import "github.com/facet-clip/facet/internal/numeric"

// tile is how many tokens are summed at once: a line of the cache, two registers of AVX2.
const tile = 16

// tiles are numbers of C neurons at K tokens, [⌈K/16⌉,C,16]: what one tile sums over, at random, stays in the second cache. Beyond K they are zero.
type tiles struct {
	neurons int
	data    []float32
}

// tiled lays out z [K,C].
func tiled(z []float32, C int) tiles {
	const block = 64 // neurons: what is read and written for them stays in the first cache
	K := len(z) / C
	t := tiles{C, make([]float32, (K+tile-1)/tile*tile*C)}
	numeric.Parallel(t.count(), func(at int) {
		for from := 0; from < C; from += block {
			to := min(from+block, C)
			for i := range min(tile, K-at*tile) {
				out := t.of(at)[from*tile+i:]
				for n, v := range z[(at*tile+i)*C:][from:to] {
					out[n*tile] = v
				}
			}
		}
	})
	return t
}

func (t tiles) count() int { return len(t.data) / (tile * t.neurons) }

// of is one tile, [C,16].
func (t tiles) of(at int) []float32 { return t.data[at*tile*t.neurons:][:tile*t.neurons] }

// along is Σ_i weights_i·z_{i,n} over the K tokens.
func (t tiles) along(n uint16, weights []float32) float64 {
	sum := 0.0
	for at := range t.count() {
		w := weights[at*tile : min((at+1)*tile, len(weights))]
		sum += numeric.Dot(w, t.of(at)[int(n)*tile:])
	}
	return sum
}

// sumRows adds weighed rows of z [C,16] to sum; rows rise.
func sumRows(sum *[tile]float32, z []float32, rows []uint16, weights []float32) {
	if len(rows) == 0 {
		return
	}
	_, _ = z[int(rows[len(rows)-1])*tile+tile-1], weights[len(rows)-1]
	if fast {
		sumRowsFast(sum, &z[0], &rows[0], &weights[0], len(rows))
		return
	}
	sumRowsPortable(sum, z, rows, weights)
}

// sumRowsPortable takes four rows at a time: twice as fast as one, which loads and stores the sum for each.
func sumRowsPortable(sum *[tile]float32, z []float32, rows []uint16, weights []float32) {
	for ; len(rows) >= 4; rows, weights = rows[4:], weights[4:] {
		a, b, c, d := row(z, rows[0]), row(z, rows[1]), row(z, rows[2]), row(z, rows[3])
		u, v, w, x := weights[0], weights[1], weights[2], weights[3]
		for i := range sum {
			sum[i] += (u*a[i] + v*b[i]) + (w*c[i] + x*d[i])
		}
	}
	for j, r := range rows {
		for i, v := range row(z, r) {
			sum[i] += weights[j] * v
		}
	}
}

func row(z []float32, r uint16) *[tile]float32 { return (*[tile]float32)(z[int(r)*tile:]) }
