package scenes

// tileBits and tileSize are the side of a texture tile, which repeats without a seam.
const (
	tileBits = 9
	tileSize = 1 << tileBits
)

// field is a seamless map of values 0 to 255. [tileSize·tileSize]
type field []uint8

// valueNoise interpolates random values on a lattice of nx by ny cells (powers of two) over the tile.
func valueNoise(d *dice, nx, ny int) field {
	lattice := make([]uint8, nx*ny)
	for i := range lattice {
		lattice[i] = uint8(d.below(256))
	}
	out := make(field, tileSize*tileSize)
	sx, sy := tileSize/nx, tileSize/ny
	for y := range tileSize {
		ty := ease(y%sy, sy)
		top, low := lattice[y/sy*nx:], lattice[(y/sy+1)%ny*nx:]
		for x := range tileSize {
			i, j := x/sx, (x/sx+1)%nx
			tx := ease(x%sx, sx)
			a := int(top[i])*(256-tx) + int(top[j])*tx
			b := int(low[i])*(256-tx) + int(low[j])*tx
			out[y*tileSize+x] = uint8((a*(256-ty) + b*ty) >> 16)
		}
	}
	return out
}

// ease is the smoothstep of k/n, in 1/256.
func ease(k, n int) int {
	t := k * 256 / n
	return t * t * (768 - 2*t) >> 16
}

// turbulence sums value noise of doubling frequency and halving weight.
func turbulence(d *dice, nx, ny, octaves int) field {
	sum := make([]int, tileSize*tileSize)
	total := 0
	for o := range octaves {
		weight := 1 << (octaves - 1 - o)
		total += weight
		for i, v := range valueNoise(d, min(nx<<o, tileSize), min(ny<<o, tileSize)) {
			sum[i] += int(v) * weight
		}
	}
	out := make(field, len(sum))
	for i, v := range sum {
		out[i] = uint8(v / total)
	}
	return out
}

// grain is independent noise for each pixel.
func grain(d *dice) field { return valueNoise(d, tileSize, tileSize) }

// cells is a seamless diagram of n by n jittered seeds (n a power of two).
type cells struct {
	id   []uint16 // the nearest seed
	edge []uint16 // distance to the border with the next cell, in 1/8 pixel
}

// shatter builds a cell diagram: for each pixel the nearest and second nearest of the seeds around.
func shatter(d *dice, n int) cells {
	side := tileSize / n
	xs, ys := make([]int, n*n), make([]int, n*n)
	for i := range xs {
		xs[i] = i%n*side + d.within(side/8, side*7/8)
		ys[i] = i/n*side + d.within(side/8, side*7/8)
	}
	out := cells{make([]uint16, tileSize*tileSize), make([]uint16, tileSize*tileSize)}
	for y := range tileSize {
		for x := range tileSize {
			first, second, id := int64(1<<40), int64(1<<40), 0
			for cy := y/side - 2; cy <= y/side+2; cy++ {
				for cx := x/side - 2; cx <= x/side+2; cx++ {
					i := mod(cy, n)*n + mod(cx, n)
					dx := int64(xs[i] + (cx-mod(cx, n))*side - x)
					dy := int64(ys[i] + (cy-mod(cy, n))*side - y)
					switch dist := dx*dx + dy*dy; {
					case dist < first:
						first, second, id = dist, first, i
					case dist < second:
						second = dist
					}
				}
			}
			out.id[y*tileSize+x] = uint16(id)
			out.edge[y*tileSize+x] = uint16((isqrt(second*64) - isqrt(first*64)) / 2)
		}
	}
	return out
}
