package clip

import "math"

// interpolatePositions stretches the position embedding p [grid²+1,C] to a grid of h×w: bicubic with
// A = −0.75 and half-pixel centres, as PyTorch's interpolate(mode="bicubic", align_corners=False);
// the class position is kept. → [h·w+1,C], in float64.
func interpolatePositions(p []float32, grid, h, w, C int) []float32 {
	if h == grid && w == grid {
		return p
	}
	out := make([]float32, (h*w+1)*C)
	copy(out, p[:C])
	row := make([]float64, C)
	for y := range h {
		ys, yw := cubicTaps(y, h, grid)
		for x := range w {
			xs, xw := cubicTaps(x, w, grid)
			clear(row)
			for i := range 4 {
				for j := range 4 {
					src := p[(1+ys[i]*grid+xs[j])*C:][:C]
					weight := yw[i] * xw[j]
					for c, v := range src {
						row[c] += weight * float64(v)
					}
				}
			}
			dst := out[(1+y*w+x)*C:][:C]
			for c, v := range row {
				dst[c] = float32(v)
			}
		}
	}
	return out
}

// cubicTaps gives the four source indices (clamped to the edge) and weights for position i of n over a side of size.
func cubicTaps(i, n, size int) (index [4]int, weight [4]float64) {
	const A = -0.75
	at := (float64(i)+0.5)*float64(size)/float64(n) - 0.5
	base := math.Floor(at)
	for k := range 4 {
		source := int(base) + k - 1
		index[k] = min(max(source, 0), size-1)
		t := math.Abs(at - float64(source))
		if t <= 1 {
			weight[k] = ((A+2)*t-(A+3))*t*t + 1
		} else {
			weight[k] = ((A*t-5*A)*t+8*A)*t - 4*A
		}
	}
	return index, weight
}
