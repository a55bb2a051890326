package edit

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// probe is the share of embeddings [N,D] that a logistic regression with a constant, fitted to them, puts into their class of two.
func probe(t *testing.T, embeddings []float32, labels []int, D int) float64 {
	t.Helper()
	n := len(labels)
	x := mat.NewDense(n, D+1, nil)
	for i := range n {
		for o := range D {
			x.Set(i, o, float64(embeddings[i*D+o]))
		}
		x.Set(i, D, 1)
	}
	weights := mat.NewVecDense(D+1, nil)
	for range 50 { // Newton's method, with a little ridge where the classes are told apart without a fault
		var logits mat.VecDense
		logits.MulVec(x, weights)
		gradient := mat.NewVecDense(D+1, nil)
		hessian := mat.NewSymDense(D+1, nil)
		for i := range n {
			p := 1 / (1 + math.Exp(-logits.AtVec(i)))
			row := x.RowView(i)
			gradient.AddScaledVec(gradient, float64(labels[i])-p, row)
			hessian.SymRankOne(hessian, p*(1-p), row)
		}
		for k := range D + 1 {
			hessian.SetSym(k, k, hessian.At(k, k)+1e-6)
			gradient.SetVec(k, gradient.AtVec(k)-1e-6*weights.AtVec(k))
		}
		var chol mat.Cholesky
		if !chol.Factorize(hessian) {
			t.Fatal("the probe's curvature is not positive")
		}
		var step mat.VecDense
		if err := chol.SolveVecTo(&step, gradient); err != nil {
			t.Fatal(err)
		}
		weights.AddVec(weights, &step)
	}
	var logits mat.VecDense
	logits.MulVec(x, weights)
	right := 0
	for i := range n {
		if (logits.AtVec(i) > 0) == (labels[i] == 1) {
			right++
		}
	}
	return float64(right) / float64(n)
}
