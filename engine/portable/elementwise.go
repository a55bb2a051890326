package portable

import "math"

func relu(out, x []float32) {
	each(out, x, func(v float32) float32 { return max(v, 0) })
}

// quickGELU is x·σ(1.702·x).
func quickGELU(out, x []float32) {
	each(out, x, func(v float32) float32 { return float32(float64(v) / (1 + math.Exp(-1.702*float64(v)))) })
}

// gelu is x·Φ(x).
func gelu(out, x []float32) {
	each(out, x, func(v float32) float32 { return float32(0.5 * float64(v) * (1 + math.Erf(float64(v)/math.Sqrt2))) })
}

func each(out, x []float32, f func(float32) float32) {
	parallel(len(x), 1, func(from, to int) {
		dst := out[from:to]
		for i, v := range x[from:to] {
			dst[i] = f(v)
		}
	})
}

// add is a + b, b repeated as often as it fits into a.
func add(out, a, b []float32) {
	n := len(b)
	parallel(len(a), 1, func(from, to int) {
		for from < to {
			start := from % n // in b
			end := min(n, start+to-from)
			dst, src := out[from:from+end-start], a[from:]
			for i, v := range b[start:end] {
				dst[i] = src[i] + v
			}
			from += end - start
		}
	})
}
