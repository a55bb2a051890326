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

// addRows adds rows of z [·,K] to sum [K], eight at a time: twice as fast as one axpy a row, which loads and stores the sum for each.
func addRows(sum, z []float32, rows []uint16) {
	K := len(sum)
	row := func(r uint16) []float32 { return z[int(r)*K:][:K] }
	for ; len(rows) >= 8; rows = rows[8:] {
		a, b, c, d := row(rows[0])[:K], row(rows[1])[:K], row(rows[2])[:K], row(rows[3])[:K]
		e, f, g, h := row(rows[4])[:K], row(rows[5])[:K], row(rows[6])[:K], row(rows[7])[:K]
		for i := range sum {
			sum[i] += ((a[i] + b[i]) + (c[i] + d[i])) + ((e[i] + f[i]) + (g[i] + h[i]))
		}
	}
	for _, r := range rows {
		for i, v := range row(r)[:K] {
			sum[i] += v
		}
	}
}

// addWeighed is addRows with a weight for each row, four at a time.
func addWeighed(sum, z []float32, rows []uint16, weights []float32) {
	K := len(sum)
	row := func(r uint16) []float32 { return z[int(r)*K:][:K] }
	for ; len(rows) >= 4; rows, weights = rows[4:], weights[4:] {
		a, b, c, d := row(rows[0])[:K], row(rows[1])[:K], row(rows[2])[:K], row(rows[3])[:K]
		u, v, w, x := weights[0], weights[1], weights[2], weights[3]
		for i := range sum {
			sum[i] += (u*a[i] + v*b[i]) + (w*c[i] + x*d[i])
		}
	}
	for j, r := range rows {
		for i, v := range row(r)[:K] {
			sum[i] += weights[j] * v
		}
	}
}
