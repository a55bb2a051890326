package portable

import "math"

// softmax normalises rows of n.
func softmax(out, x []float32, n int) {
	rows(out, x, n, func(dst, src []float32) {
		largest := src[0]
		for _, v := range src {
			largest = max(largest, v)
		}
		sum := 0.0
		for i, v := range src {
			e := math.Exp(float64(v - largest))
			dst[i] = float32(e)
			sum += e
		}
		for i := range dst {
			dst[i] = float32(float64(dst[i]) / sum)
		}
	})
}

// layerNorm normalises rows of len(scale) and scales and shifts them.
func layerNorm(out, x, scale, shift []float32, epsilon float64) {
	n := float64(len(scale))
	rows(out, x, len(scale), func(dst, src []float32) {
		mean, variance := 0.0, 0.0
		for _, v := range src {
			mean += float64(v) / n
		}
		for _, v := range src {
			variance += (float64(v) - mean) * (float64(v) - mean) / n
		}
		by := 1 / math.Sqrt(variance+epsilon)
		for i, v := range src {
			dst[i] = float32((float64(v)-mean)*by*float64(scale[i]) + float64(shift[i]))
		}
	})
}

func rows(out, x []float32, n int, f func(dst, src []float32)) {
	parallel(len(x)/n, 8*n, func(from, to int) {
		for r := from; r < to; r++ {
			f(out[r*n:(r+1)*n], x[r*n:(r+1)*n])
		}
	})
}
