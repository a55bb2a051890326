// Package numeric is the arithmetic that the packages of mathematics share: sums in float64 over float32 data, views of
// slices as matrices, and loops over all cores. It knows nothing of models.
package numeric

import (
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/blas/blas32"
)

// Dot is the inner product Σ a_i·b_i, summed in float64. b is at least as long as a.
func Dot(a, b []float32) float64 {
	sum := 0.0
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

// Norm is the length ‖x‖, summed in float64.
func Norm(x []float32) float64 { return math.Sqrt(Dot(x, x)) }

// Softmax makes shares of logits, in place, and gives them. There is at least one.
func Softmax(x []float64) []float64 {
	top, sum := slices.Max(x), 0.0
	for i, v := range x {
		x[i] = math.Exp(v - top)
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
	return x
}

// Float32 rounds each number of x.
func Float32(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}

// Float64 widens numbers.
func Float64(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// Indices are 0, 1, …, n−1.
func Indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// Matrix views data as a row-major matrix [rows,cols]. Nothing is copied.
func Matrix(data []float32, rows, cols int) blas32.General {
	return blas32.General{Rows: rows, Cols: cols, Stride: cols, Data: data}
}

// Vector views data as a vector. Nothing is copied.
func Vector(data []float32) blas32.Vector { return blas32.Vector{N: len(data), Inc: 1, Data: data} }

// Parallel calls f(0) … f(n−1), as many at a time as Go uses cores, and returns when all have returned.
func Parallel(n int, f func(int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	group.Wait()
}

// Quantile is that of sorted values, linear between them, as NumPy's.
func Quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
