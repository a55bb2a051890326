package drift

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/facet-clip/facet/internal/numeric"
)

const (
	classifierImages = 400 // of each side
	fewestForFolds   = 20  // of a side, below which there is no classifier
	folds            = 5
	relabellings     = 199 // of the null
	mostComponents   = 50
	perComponent     = 10 // images to a component, at least
	ridge            = 1.0
	fitSteps         = 500  // at most
	fitNear          = 1e-6 // of the weights
)

// Classifier says how well a logistic regression on embeddings tells images from those of the profile: a test that needs no idea of what changed (Lopez-Paz and
// Oquab, Revisiting classifier two-sample tests, 2017).
type Classifier struct {
	Images, Profile int     // that it learnt from and was tested on
	Components      int     // principal components of both sides together, of unit variance, that it sees
	AUC             float64 // of pictures that it did not learn from, the mean of five folds; ½: it cannot tell
	Null, NullHigh  float64 // mean and 95 % quantile of the AUC when the sides are dealt anew
	P               float64 // (1 + #{dealt ≥ seen})/(1 + deals)
}

// Classify learns to tell at most 400 images of each side apart. The null deals the two sides anew within each fold, and learns and tests again: the images are exchangeable when
// nothing changed, and the components do not know the sides, so p is uniform then, however few images there are. Fewer than 20 on a side are too few: nil.
func Classify(before, after []Image, seed uint64) (*Classifier, error) {
	before, after = before[:min(len(before), classifierImages)], after[:min(len(after), classifierImages)]
	if len(before) < fewestForFolds || len(after) < fewestForFolds {
		return nil, nil
	}
	x := mat.NewDense(len(before)+len(after), len(after[0].Embedding), nil)
	sides := make([]bool, len(before)+len(after)) // of the images compared
	for i, image := range slices.Concat(before, after) {
		for j, v := range image.Embedding {
			x.Set(i, j, float64(v))
		}
		sides[i] = i >= len(before)
	}
	random := rand.New(rand.NewPCG(seed, 0x636c617373))
	z := components(x, min(mostComponents, len(sides)/perComponent), random)
	if z == nil {
		return nil, nil
	}
	fold := foldsOf(sides)
	labels := [][]bool{sides}
	for range relabellings {
		labels = append(labels, dealt(sides, fold, random))
	}
	areas, err := aucs(z, labels, fold)
	if err != nil {
		return nil, err
	}
	_, K := z.Dims()
	c := &Classifier{Images: len(after), Profile: len(before), Components: K, AUC: areas[0]}
	null := areas[1:]
	reached := 1
	for _, a := range null {
		c.Null += a / float64(len(null))
		if a >= c.AUC-1e-12 {
			reached++
		}
	}
	c.P = float64(reached) / float64(len(null)+1)
	slices.Sort(null)
	c.NullHigh = null[int(math.Ceil(0.95*float64(len(null))))-1]
	return c, nil
}

// foldsOf deals each side over the folds in turn.
func foldsOf(sides []bool) []int {
	out, next := make([]int, len(sides)), map[bool]int{}
	for i, side := range sides {
		out[i] = next[side] % folds
		next[side]++
	}
	return out
}

// dealt are the sides dealt anew within each fold, so that every fold keeps its shares.
func dealt(sides []bool, fold []int, random *rand.Rand) []bool {
	out := make([]bool, len(sides))
	for f := range folds {
		var at []int
		for i := range sides {
			if fold[i] == f {
				at = append(at, i)
			}
		}
		for k, from := range random.Perm(len(at)) {
			out[at[k]] = sides[at[from]]
		}
	}
	return out
}

// components are the first principal components of the rows of x [n,D], each of mean 0 and variance 1 [n,≤k]; nil where x does not vary. x is centred. They are found
// by three turns of subspace iteration from a random start (Halko, Martinsson and Tropp, 2011), which is exact enough for the last of them to be nearly one.
func components(x *mat.Dense, k int, random *rand.Rand) *mat.Dense {
	n, D := x.Dims()
	for j := range D {
		mean := mat.Sum(x.ColView(j)) / float64(n)
		for i := range n {
			x.Set(i, j, x.At(i, j)-mean)
		}
	}
	const more, turns = 10, 3
	K := min(k+more, n, D)
	start := mat.NewDense(D, K, nil)
	for i := range D {
		for j := range K {
			start.Set(i, j, random.NormFloat64())
		}
	}
	var y, back mat.Dense
	y.Mul(x, start)
	for range turns {
		back.Reset()
		back.Mul(x.T(), orthonormal(&y))
		y.Reset()
		y.Mul(x, orthonormal(&back))
	}
	q := orthonormal(&y) // [n,K]: spans what x does along its largest directions
	var small, gram mat.Dense
	small.Mul(q.T(), x)
	gram.Mul(&small, small.T())
	var e mat.EigenSym
	if !e.Factorize(symmetric(&gram), true) {
		return nil
	}
	var vectors, z mat.Dense
	e.VectorsTo(&vectors)
	z.Mul(q, &vectors) // columns of unit length, the largest last
	values, out := e.Values(nil), mat.NewDense(n, k, nil)
	kept, K := 0, len(values)
	for j := K - 1; j >= 0 && kept < k && values[j] > 1e-10*values[K-1] && values[j] > 0; j-- {
		for i := range n {
			out.Set(i, kept, z.At(i, j)*math.Sqrt(float64(n)))
		}
		kept++
	}
	if kept == 0 {
		return nil
	}
	return mat.DenseCopyOf(out.Slice(0, n, 0, kept))
}

// orthonormal is a basis of what the columns span, by Gram and Schmidt, each column twice.
func orthonormal(m *mat.Dense) *mat.Dense {
	n, columns := m.Dims()
	basis, kept := mat.NewDense(columns, n, nil), 0 // a row each, so that they lie in one piece
	for j := range columns {
		v := mat.Col(basis.RawRowView(kept), j, m)
		length := floats.Norm(v, 2)
		for range 2 {
			for i := range kept {
				u := basis.RawRowView(i)
				floats.AddScaled(v, -floats.Dot(u, v), u)
			}
		}
		if left := floats.Norm(v, 2); left > 1e-10*length && left > 0 {
			floats.Scale(1/left, v)
			kept++
		}
	}
	if kept == 0 {
		return mat.NewDense(n, 1, nil)
	}
	return mat.DenseCopyOf(basis.Slice(0, kept, 0, n).T())
}

// aucs is, for each labelling of the rows of z, the mean over the folds of the AUC of a logistic regression that learnt from the other folds.
func aucs(z *mat.Dense, labels [][]bool, fold []int) ([]float64, error) {
	areas := make([]float64, len(labels))
	for f := range folds {
		var learn, test []int
		for i, of := range fold {
			if of == f {
				test = append(test, i)
			} else {
				learn = append(learn, i)
			}
		}
		w, err := logistic(withOne(z, learn), labels, learn)
		if err != nil {
			return nil, err
		}
		var scores mat.Dense
		scores.Mul(withOne(z, test), w) // [test,labellings]
		for l, sides := range labels {
			var x, y []float32
			for k, i := range test {
				if v := float32(scores.At(k, l)); sides[i] {
					x = append(x, v)
				} else {
					y = append(y, v)
				}
			}
			sum, _ := ranks(x, y)
			n, m := float64(len(x)), float64(len(y))
			areas[l] += (sum - n*(n+1)/2) / (n * m) / folds
		}
	}
	return areas, nil
}

// withOne are rows of z after a column of ones.
func withOne(z *mat.Dense, rows []int) *mat.Dense {
	_, K := z.Dims()
	out := mat.NewDense(len(rows), K+1, nil)
	for k, i := range rows {
		out.Set(k, 0, 1)
		copy(out.RawRowView(k)[1:], z.RawRowView(i))
	}
	return out
}

// logistic are the weights [K+1,labellings] of logistic regressions on a [n,K+1], whose first column is 1: those of least Σ log(1 + e^(∓aw)) + ½‖w‖², without a penalty on the
// first. All labellings are fitted at once, by steps along the inverse of aᵀa/4 + 1, which bounds every Hessian: none overshoots (Böhning and Lindsay, 1988).
func logistic(a *mat.Dense, labels [][]bool, rows []int) (*mat.Dense, error) {
	_, K := a.Dims()
	var bound mat.Dense
	bound.Mul(a.T(), a)
	bound.Scale(0.25, &bound)
	for j := 1; j < K; j++ {
		bound.Set(j, j, bound.At(j, j)+ridge)
	}
	var c mat.Cholesky
	if !c.Factorize(symmetric(&bound)) {
		return nil, errors.New("domain classifier: the components are linearly dependent")
	}
	out, active := mat.NewDense(K, len(labels), nil), numeric.Indices(len(labels))
	w := mat.NewDense(K, len(labels), nil)
	var step mat.Dense
	for turn := 0; len(active) > 0; turn++ {
		gradient := slope(a, w, labels, rows, active)
		step.Reset()
		if err := c.SolveTo(&step, gradient); err != nil {
			return nil, err
		}
		w.Sub(w, &step)
		var going []int
		for k, l := range active {
			far := 0.0
			for j := range K {
				far = math.Max(far, math.Abs(step.At(j, k)))
			}
			if far > fitNear && turn < fitSteps {
				going = append(going, k)
				continue
			}
			for j := range K {
				out.Set(j, l, w.At(j, k))
			}
		}
		if len(going) == 0 {
			break
		}
		w, active = columnsOf(w, going), pick(active, going)
	}
	return out, nil
}

// slope is the gradient [K+1,active] of each labelling's loss at the weights w [K+1,active].
func slope(a, w *mat.Dense, labels [][]bool, rows, active []int) *mat.Dense {
	var p, g mat.Dense
	p.Mul(a, w)
	for k, i := range rows {
		row := p.RawRowView(k)
		for c, l := range active {
			row[c] = 1 / (1 + math.Exp(-row[c]))
			if labels[l][i] {
				row[c]--
			}
		}
	}
	g.Mul(a.T(), &p)
	K, columns := g.Dims()
	for j := 1; j < K; j++ {
		for c := range columns {
			g.Set(j, c, g.At(j, c)+ridge*w.At(j, c))
		}
	}
	return &g
}

func columnsOf(m *mat.Dense, columns []int) *mat.Dense {
	rows, _ := m.Dims()
	out := mat.NewDense(rows, len(columns), nil)
	for k, c := range columns {
		for j := range rows {
			out.Set(j, k, m.At(j, c))
		}
	}
	return out
}
