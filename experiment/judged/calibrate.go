package judged

import (
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Features are how many numbers a probability is made of.
const Features = 3

// Example is a name of which it is known whether it is right.
type Example struct {
	Marks [Features]float64 // margin, stability and the share that the words shown explain
	Right bool
	Seed  int // of the scenes
	Fold  int // 0 or 1: a neuron is in one of them, so that its pairs are never judged by one another
}

// Logistic turns the marks of a name into the probability that it is right (docs/design.md, 69).
type Logistic struct {
	Mean, Deviation [Features]float64     // of each mark
	Weights         [Features + 1]float64 // of the marks in deviations from their means; the last one is the constant
}

const (
	logisticSteps = 50
	logisticDone  = 1e-10
)

// Calibrate fits a logistic regression to examples, marks standardised, with a penalty of ½‖w‖² that leaves the constant free: scikit-learn's with C = 1
// (docs/design.md, 69). It is found by Newton's method. Where all examples are right, or none, each probability is (right + 1) / (examples + 2).
func Calibrate(examples []Example) Logistic {
	l := Logistic{Deviation: [Features]float64{1, 1, 1}}
	right := 0
	for _, e := range examples {
		if e.Right {
			right++
		}
	}
	if right == 0 || right == len(examples) {
		l.Weights[Features] = math.Log(float64(right+1) / float64(len(examples)-right+1))
		return l
	}
	column := make([]float64, len(examples))
	for k := range Features {
		for i, e := range examples {
			column[i] = e.Marks[k]
		}
		l.Mean[k], l.Deviation[k] = stat.PopMeanStdDev(column, nil)
		if l.Deviation[k] == 0 {
			l.Deviation[k] = 1
		}
	}
	for range logisticSteps {
		if l.step(examples) < logisticDone {
			break
		}
	}
	return l
}

// step is a step of Newton's method; it gives the largest change of a weight.
func (l *Logistic) step(examples []Example) float64 {
	const n = Features + 1
	hessian, gradient := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil)
	for k := range Features {
		hessian.SetSym(k, k, 1)
		gradient.SetVec(k, l.Weights[k])
	}
	for _, e := range examples {
		x, p := l.standard(e.Marks), l.Probability(e.Marks)
		miss := p
		if e.Right {
			miss--
		}
		for a := range n {
			gradient.SetVec(a, gradient.AtVec(a)+miss*x[a])
			for b := a; b < n; b++ {
				hessian.SetSym(a, b, hessian.At(a, b)+p*(1-p)*x[a]*x[b])
			}
		}
	}
	var c mat.Cholesky
	var change mat.VecDense
	if !c.Factorize(hessian) || c.SolveVecTo(&change, gradient) != nil {
		return 0
	}
	most := 0.0
	for k := range n {
		l.Weights[k] -= change.AtVec(k)
		most = max(most, math.Abs(change.AtVec(k)))
	}
	return most
}

// standard are marks in standard deviations, and one for the constant.
func (l *Logistic) standard(marks [Features]float64) (x [Features + 1]float64) {
	for k, v := range marks {
		x[k] = (v - l.Mean[k]) / l.Deviation[k]
	}
	x[Features] = 1
	return x
}

// Probability is that a name with these marks is right.
func (l *Logistic) Probability(marks [Features]float64) float64 {
	z := 0.0
	for k, v := range l.standard(marks) {
		z += l.Weights[k] * v
	}
	return 1 / (1 + math.Exp(-z))
}

// CrossFit gives each example the probability by a regression on examples of other seeds and of the other half of the neurons; with one seed, of the other
// half alone. NaN where there are none.
func CrossFit(examples []Example) []float64 {
	type key struct{ seed, fold int }
	several := false
	for _, e := range examples {
		several = several || e.Seed != examples[0].Seed
	}
	fits := map[key]*Logistic{}
	out := make([]float64, len(examples))
	for i, e := range examples {
		k := key{e.Seed, e.Fold}
		l, ok := fits[k]
		if !ok {
			var others []Example
			for _, o := range examples {
				if o.Fold != e.Fold && (o.Seed != e.Seed || !several) {
					others = append(others, o)
				}
			}
			if len(others) > 0 {
				made := Calibrate(others)
				l = &made
			}
			fits[k] = l
		}
		if out[i] = math.NaN(); l != nil {
			out[i] = l.Probability(e.Marks)
		}
	}
	return out
}

// Bin are the names whose probability is in one tenth.
type Bin struct {
	Names       int
	Probability float64 // the mean of those said
	Right       float64 // the share that is right
}

// Reliability is how honest probabilities are.
type Reliability struct {
	Bins  [10]Bin
	Brier float64 // the mean squared difference of probability and truth
	Base  float64 // the same where the share of right names is said of each
	ECE   float64 // the mean difference of a bin's probability and share, weighted by its names
}

// Reliable compares probabilities [n] with the truth.
func Reliable(probabilities []float64, examples []Example) (r Reliability) {
	n, right := 0.0, 0.0
	for i, p := range probabilities {
		if math.IsNaN(p) {
			continue
		}
		b := &r.Bins[min(int(10*p), 9)]
		b.Names++
		b.Probability += p
		truth := 0.0
		if examples[i].Right {
			truth = 1
		}
		b.Right += truth
		r.Brier += (p - truth) * (p - truth)
		n, right = n+1, right+truth
	}
	if n == 0 {
		return r
	}
	r.Brier, r.Base = r.Brier/n, right/n*(1-right/n)
	for i := range r.Bins {
		if b := &r.Bins[i]; b.Names > 0 {
			r.ECE += math.Abs(b.Probability-b.Right) / n
			b.Probability, b.Right = b.Probability/float64(b.Names), b.Right/float64(b.Names)
		}
	}
	return r
}
