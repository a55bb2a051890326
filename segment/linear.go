package segment

import (
	"runtime"
	"sync"

	"gonum.org/v1/gonum/blas/blas32"
)

func matrix(data []float32, rows, cols int) blas32.General {
	return blas32.General{Rows: rows, Cols: cols, Stride: cols, Data: data}
}

func vector(data []float32) blas32.Vector { return blas32.Vector{N: len(data), Inc: 1, Data: data} }

// square is ‖x‖², in float64.
func square(x []float32) float64 { return dot(x, x) }

// dot is the inner product, summed in float64.
func dot(a, b []float32) float64 {
	sum := 0.0
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

// parallel calls f(0) … f(n−1), as many at a time as Go uses cores.
func parallel(n int, f func(int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var group sync.WaitGroup
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	for range workers {
		group.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	group.Wait()
}
