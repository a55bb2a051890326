package decompose_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"io"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/npy"
)

// gathered is a golden set with the statistics of its pictures.
type gathered struct {
	set
	name string
	*decompose.Stats
	all []float32 // scalars [N,M,C]
}

// eachGathered gathers every golden set. k is 11 there, where the paper has 50.
func eachGathered(t *testing.T, f func(*testing.T, gathered)) {
	for _, name := range golden.Sets {
		t.Run(name, func(t *testing.T) { f(t, gather(t, name)) })
	}
}

func gather(t *testing.T, name string) gathered {
	t.Helper()
	s := open(t, name)
	scalars := s.Array("scalars")
	acc, err := decompose.NewAccumulator(s.weights)
	if err != nil {
		t.Fatal(err)
	}
	for i := range scalars.Shape[0] {
		if err := acc.Add(uint32(i), scalars.Data[i*s.Heads*s.Channels:(i+1)*s.Heads*s.Channels]); err != nil {
			t.Fatal(err)
		}
	}
	return gathered{s, name, acc.Stats(), scalars.Data}
}

const k = 11 // images of largest norm in the golden sets

// TestMeans compares s̄ with the golden mean contributions, and variances with two passes over the scalars.
func TestMeans(t *testing.T) {
	eachGathered(t, func(t *testing.T, s gathered) {
		M, C, D := s.Heads, s.Channels, s.Embed
		shares := biasShares(s.weights)
		var got, neurons []float32
		neuron := make([]float64, C*D)
		for h, u := range s.OV.Directions() {
			for n := range C {
				for o := range D {
					v := s.Mean[h*C+n]*float64(u[n*D+o]) + shares[h*D+o]
					got = append(got, float32(v))
					neuron[n*D+o] += v
				}
			}
		}
		for _, v := range neuron {
			neurons = append(neurons, float32(v))
		}
		golden.Compare(t, "pair_mean", got, s.Array("pair_mean").Data, 5e-6, 1e-6)
		golden.Compare(t, "neuron_mean", neurons, fortran(t, s.name, "neuron_mean"), 5e-6, 1e-6)
		var variance, want []float32
		for p := range M * C {
			sum := 0.0
			for i := range s.Count {
				δ := float64(s.all[i*M*C+p]) - s.Mean[p]
				sum += δ * δ
			}
			variance, want = append(variance, float32(s.Variance(p))), append(want, float32(sum/float64(s.Count)))
		}
		golden.Compare(t, "variance", variance, want, 1e-6, 1e-9)
	})
}

// fortran is a matrix that NumPy stored column by column, which facet does not read, row by row.
func fortran(t *testing.T, set, name string) []float32 {
	t.Helper()
	file, err := zip.OpenReader(filepath.Join(golden.Dir(t, set), "golden.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	f, err := file.Open(name + ".npy")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	a, err := npy.Parse(bytes.Replace(data, []byte("'fortran_order': True"), []byte("'fortran_order':False"), 1))
	if err != nil || len(a.Shape) != 2 {
		t.Fatal(a.Shape, err)
	}
	rows, columns := a.Shape[0], a.Shape[1]
	out := make([]float32, len(a.Data))
	for i, v := range a.Data {
		out[i%rows*columns+i/rows] = v
	}
	return out
}

// biasShares are what an even spread of the biases adds to a pair's contribution, W_O^h b_V^h/C + b_O/(C·M), by head [M,D].
func biasShares(w decompose.Weights) []float64 {
	M, C, D := w.Heads, w.Channels, w.Embed
	d := C / M
	out := make([]float64, M*D)
	for h := range M {
		for o := range D {
			sum := float64(w.OutputBias[o]) / float64(C*M)
			for k := range d {
				sum += float64(w.Output[o*C+h*d+k]) * float64(w.ValueBias[h*d+k]) / float64(C)
			}
			out[h*D+o] = sum
		}
	}
	return out
}

// TestPairNorms: the k images of largest centred norm, from extremes and mean alone.
func TestPairNorms(t *testing.T) {
	eachGathered(t, func(t *testing.T, s gathered) {
		norms := s.OV.Norms()
		var got []float32
		for p, norm := range norms {
			far := s.Farthest(p, k, s.Mean[p])
			for i := range k {
				got = append(got, float32(math.Abs(float64(far[k-1-i].Scalar)-s.Mean[p])*float64(norm)))
			}
		}
		golden.Compare(t, "pair_norms", got, s.Array("pair_norms").Data, 2e-5, 1e-6)
	})
}

// TestPairSigns: ±u/‖u‖ is the golden first component of the pair's centred contributions, sign included, wherever the pair's variance is
// above rounding.
func TestPairSigns(t *testing.T) {
	eachGathered(t, func(t *testing.T, s gathered) {
		C, D := s.Channels, s.Embed
		pc, signs, norms := s.Array("pair_pc").Data, s.PairSigns(k), s.OV.Norms()
		worst, skipped, negative := 1.0, 0, 0
		for h, u := range s.OV.Directions() {
			for n := range C {
				p := h*C + n
				if s.Variance(p) <= 1e-12*(s.Mean[p]*s.Mean[p]+1e-12) || norms[p] == 0 {
					skipped++
					continue
				}
				if signs[p] < 0 {
					negative++
				}
				cosine := float64(signs[p]) * dot(u[n*D:(n+1)*D], pc[p*D:(p+1)*D]) / float64(norms[p])
				worst = min(worst, cosine)
			}
		}
		t.Logf("worst cosine %.7f, %d of %d pairs without variance, %d negative", worst, skipped, len(signs), negative)
		if worst < 0.9999 || skipped > len(signs)/100 || negative == 0 {
			t.Errorf("worst cosine %g, %d of %d pairs without variance, %d negative", worst, skipped, len(signs), negative)
		}
	})
}

// TestRetrieval: images by uncentred contribution norm with the reference's spread of the biases. Neighbours in rank may change places when
// their norms agree to rounding.
func TestRetrieval(t *testing.T) {
	eachGathered(t, func(t *testing.T, s gathered) {
		C, D := s.Channels, s.Embed
		want, shares := s.Array("retrieval_top10").Data, biasShares(s.weights)
		differ := 0
		for h, u := range s.OV.Directions() {
			for n := range C {
				p, direction := h*C+n, u[n*D:(n+1)*D]
				square, product, rest := dot(direction, direction), 0.0, 0.0
				for o, v := range direction {
					product += float64(v) * shares[h*D+o]
					rest += shares[h*D+o] * shares[h*D+o]
				}
				norm := func(image uint32) float64 {
					v := float64(s.all[int(image)*s.Heads*C+p])
					return math.Sqrt(v*v*square + 2*v*product + rest)
				}
				for i, e := range s.Farthest(p, 10, -product/square) {
					theirs := uint32(want[p*10+i])
					if e.Image == theirs {
						continue
					}
					differ++
					if a, b := norm(e.Image), norm(theirs); math.Abs(a-b) > 3e-6*a {
						t.Fatalf("pair %d, rank %d: image %d of norm %g, want %d of norm %g", p, i, e.Image, a, theirs, b)
					}
				}
			}
		}
		t.Logf("%d of %d ranks are near-ties that changed places", differ, len(want))
		if differ > len(want)/500 {
			t.Errorf("%d of %d ranks differ", differ, len(want))
		}
	})
}

// TestNeuronComponents compares with a dense singular value decomposition of the full contributions [N,D].
func TestNeuronComponents(t *testing.T) {
	eachGathered(t, func(t *testing.T, s gathered) {
		for _, n := range []int{0, 17, s.Channels / 2, s.Channels - 1} {
			full := mat.NewDense(s.Count, s.Embed, nil)
			for i := range s.Count {
				v, err := s.OV.Scalars(s.scalar(i))
				if err != nil {
					t.Fatal(err)
				}
				setRow(full, i, v.Neuron(n))
			}
			got, err := s.NeuronComponents(s.OV, n, 4)
			if err != nil {
				t.Fatal(err)
			}
			compareComponents(t, got, full)
		}
	})
}

// TestHeadComponents likewise, for heads.
func TestHeadComponents(t *testing.T) {
	eachGathered(t, func(t *testing.T, s gathered) {
		for h := range s.Heads {
			full := mat.NewDense(s.Count, s.Embed, nil)
			for i := range s.Count {
				v, err := s.OV.Scalars(s.scalar(i))
				if err != nil {
					t.Fatal(err)
				}
				setRow(full, i, v.Head(h))
			}
			got, err := s.HeadComponents(s.weights, h, 4)
			if err != nil {
				t.Fatal(err)
			}
			compareComponents(t, got, full)
		}
	})
}

// TestNeuronSums compares the factored sums of every neuron with its directions and covariance.
func TestNeuronSums(t *testing.T) {
	s := gather(t, "tiny")
	gram := s.NeuronGram()
	for n := range s.Channels {
		meanNorm, variance := s.NeuronSums(n, gram[n*decompose.Packed(s.Heads):])
		all, err := s.NeuronComponents(s.OV, n, s.Heads)
		if err != nil {
			t.Fatal(err)
		}
		want := 0.0
		for _, c := range all {
			want += c.Variance
		}
		mean := make([]float64, s.Embed)
		for h := range s.Heads {
			for o, u := range s.OV.Direction(decompose.Pair{Head: h, Neuron: n}) {
				mean[o] += s.Mean[h*s.Channels+n] * float64(u)
			}
		}
		norm := mat.Norm(mat.NewVecDense(len(mean), mean), 2)
		if math.Abs(variance-want) > 1e-5*want+1e-12 || math.Abs(meanNorm-norm) > 1e-5*norm+1e-9 {
			t.Fatalf("neuron %d: variance %g, want %g; norm of the mean %g, want %g", n, variance, want, meanNorm, norm)
		}
	}
}

func (s gathered) scalar(i int) []float32 {
	n := s.Heads * s.Channels
	return s.all[i*n : (i+1)*n]
}

func setRow(m *mat.Dense, i int, row []float32) {
	for c, v := range row {
		m.Set(i, c, float64(v))
	}
}

// compareComponents fails unless the components are the principal components of rows [N,D], up to sign.
func compareComponents(t *testing.T, got []decompose.Component, rows *mat.Dense) {
	t.Helper()
	N, D := rows.Dims()
	for c := range D {
		mean := 0.0
		for i := range N {
			mean += rows.At(i, c) / float64(N)
		}
		for i := range N {
			rows.Set(i, c, rows.At(i, c)-mean)
		}
	}
	var svd mat.SVD
	if !svd.Factorize(rows, mat.SVDThin) {
		t.Fatal("no singular value decomposition")
	}
	values := svd.Values(nil)
	var V mat.Dense
	svd.VTo(&V)
	if len(got) != 4 {
		t.Fatalf("%d components, want 4", len(got))
	}
	for r, c := range got {
		want := values[r] * values[r] / float64(N)
		if math.Abs(c.Variance-want) > 1e-4*want {
			t.Errorf("component %d: variance %g, want %g", r, c.Variance, want)
		}
		cosine := 0.0
		for o, v := range c.Direction {
			cosine += float64(v) * V.At(o, r)
		}
		if math.Abs(cosine) < 0.9999 {
			t.Errorf("component %d: cosine %g with the dense one (variances %g, %g)", r, cosine, values[r], values[r+1])
		}
		if big := slices.MaxFunc(c.Direction, func(a, b float32) int { return cmp.Compare(math.Abs(float64(a)), math.Abs(float64(b))) }); big <= 0 {
			t.Errorf("component %d: the largest entry is %g", r, big)
		}
	}
}
