package portable

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// matMul is a […,m,k] times b […,k,n] (or […,n,k] when transposed) into out […,m,n]; b without leading axes serves every matrix of a.
func matMul(out, a, b []float32, shapeA, shapeB []int, transB bool) {
	ra, rb := len(shapeA), len(shapeB)
	m, k, n := shapeA[ra-2], shapeA[ra-1], shapeB[rb-1]
	trans, rowsB := blas.NoTrans, k
	if transB {
		trans, n, rowsB = blas.Trans, shapeB[rb-2], shapeB[rb-2]
	}
	colsB := shapeB[rb-1]
	batch := volume(shapeA[:ra-2])
	if rb == 2 {
		m, batch = m*batch, 1
	}
	parallel(batch, m*n*k, func(from, to int) {
		for i := from; i < to; i++ {
			blas32.Gemm(blas.NoTrans, trans, 1, general(a[i*m*k:(i+1)*m*k], m, k),
				general(b[i*rowsB*colsB:(i+1)*rowsB*colsB], rowsB, colsB), 0, general(out[i*m*n:(i+1)*m*n], m, n))
		}
	})
}
