package decompose

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// weights are random maps of an attention pool.
func weights(heads, channels, embed int, seed uint64) Weights {
	r := rand.New(rand.NewPCG(seed, 0))
	fill := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64()) / 16
		}
		return x
	}
	return Weights{
		Heads: heads, Channels: channels, Embed: embed,
		Value: fill(channels * channels), ValueBias: fill(channels), Output: fill(embed * channels), OutputBias: fill(embed),
	}
}

// A little world: 3 heads, 12 neurons, embedding 5.
var small = weights(3, 12, 5, 7)

// scalarsOf are the scalars of image i of the little world [M,C]. They are coarse, so that many are equal.
func scalarsOf(i int) []float32 {
	r := rand.New(rand.NewPCG(uint64(i), 3))
	scalars := make([]float32, small.Heads*small.Channels)
	for p := range scalars {
		scalars[p] = float32(math.Round(8*(r.NormFloat64()+float64(p)))) / 8
	}
	return scalars
}

// sameStats compares statistics to a relative rounding; extremes exactly.
func sameStats(t testing.TB, got, want *Stats, tolerance float64) {
	t.Helper()
	near := gocmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= tolerance*(1+math.Abs(a)+math.Abs(b)) })
	if diff := gocmp.Diff(want, got, near); diff != "" {
		t.Fatal(diff)
	}
}

// sameNumbers compares to a part of the largest.
func sameNumbers(t *testing.T, got, want []float64, tolerance float64) {
	t.Helper()
	largest := 1.0
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	for i, v := range want {
		if !(math.Abs(got[i]-v) <= tolerance*largest) {
			t.Fatalf("number %d is %g, want %g", i, got[i], v)
		}
	}
}

// TestStatsAreTwoPass compares with two passes in float64 and with sorting, for image counts around the size of a block.
func TestStatsAreTwoPass(t *testing.T) {
	for _, N := range []int{1, 2, Block - 1, Block, Block + 1, 3*Block + 5} {
		acc, err := NewAccumulator(small)
		if err != nil {
			t.Fatal(err)
		}
		var all [][]float32
		for i := range N {
			s := scalarsOf(i)
			all = append(all, s)
			if err := acc.Add(uint32(i), s); err != nil {
				t.Fatal(err)
			}
		}
		got, want := acc.Stats(), twoPass(all, small)
		sameNumbers(t, got.HeadMean, want.HeadMean, 1e-6) // W_V^h s_h is a product in float32
		sameNumbers(t, got.HeadCov, want.HeadCov, 1e-5)
		got.HeadMean, got.HeadCov, want.HeadMean, want.HeadCov = nil, nil, nil, nil
		sameStats(t, got, want, 1e-11)
	}
}

// twoPass computes statistics in the plainest way.
func twoPass(all [][]float32, w Weights) *Stats {
	M, C, N := w.Heads, w.Channels, len(all)
	d := C / M
	s := &Stats{Heads: M, Channels: C, Embed: w.Embed, Count: N, HeadMean: make([]float64, M*d)}
	comoments := func(x, y func(i int) float64) (sum float64) {
		var mx, my float64
		for i := range N {
			mx, my = mx+x(i)/float64(N), my+y(i)/float64(N)
		}
		for i := range N {
			sum += (x(i) - mx) * (y(i) - my)
		}
		return sum
	}
	scalar := func(p int) func(int) float64 { return func(i int) float64 { return float64(all[i][p]) } }
	value := func(h, k int) func(int) float64 {
		return func(i int) (sum float64) {
			for n := range C {
				sum += float64(w.Value[(h*d+k)*C+n]) * float64(all[i][h*C+n])
			}
			return sum
		}
	}
	for p := range M * C {
		mean := 0.0
		for i := range N {
			mean += scalar(p)(i) / float64(N)
		}
		s.Mean, s.M2 = append(s.Mean, mean), append(s.M2, comoments(scalar(p), scalar(p)))
		s.Largest = append(s.Largest, sorted(all, p, 1))
		s.Smallest = append(s.Smallest, sorted(all, p, -1))
	}
	for n := range C {
		for h := range M {
			for g := h; g < M; g++ {
				s.NeuronCov = append(s.NeuronCov, comoments(scalar(h*C+n), scalar(g*C+n)))
			}
		}
	}
	for h := range M {
		for k := range d {
			for i := range N {
				s.HeadMean[h*d+k] += value(h, k)(i) / float64(N)
			}
			for l := k; l < d; l++ {
				s.HeadCov = append(s.HeadCov, comoments(value(h, k), value(h, l)))
			}
		}
	}
	return s
}

// sorted are the Extremes images of largest (sign 1) or smallest scalar of a pair, ties by image.
func sorted(all [][]float32, p int, sign float32) []Extreme {
	list := []Extreme{}
	for i, s := range all {
		list = append(list, Extreme{uint32(i), s[p]})
	}
	slices.SortStableFunc(list, func(a, b Extreme) int {
		switch {
		case sign*a.Scalar > sign*b.Scalar:
			return -1
		case sign*a.Scalar < sign*b.Scalar:
			return 1
		}
		return 0
	})
	return list[:min(Extremes, len(list))]
}

// TestFarthest compares with sorting all images, with many ties, from any value.
func TestFarthest(t *testing.T) {
	for _, N := range []int{1, 30, 70, 99, 100, 300} {
		acc, _ := NewAccumulator(small)
		var all [][]float32
		for i := range N {
			s := scalarsOf(i)
			s[0], s[1] = 3, float32(i%2)
			all = append(all, s)
			if err := acc.Add(uint32(i), s); err != nil {
				t.Fatal(err)
			}
		}
		s := acc.Stats()
		for p := range s.Mean {
			for _, from := range []float64{s.Mean[p], 0, -100, 1e6, float64(all[0][p])} {
				want := []Extreme{}
				for i, v := range all {
					want = append(want, Extreme{uint32(i), v[p]})
				}
				slices.SortStableFunc(want, func(a, b Extreme) int {
					return cmp.Compare(math.Abs(float64(b.Scalar)-from), math.Abs(float64(a.Scalar)-from))
				})
				for _, k := range []int{1, 11, 50, 80} {
					if diff := gocmp.Diff(want[:min(k, N, Extremes)], s.Farthest(p, k, from)); diff != "" {
						t.Fatalf("%d images, pair %d, %d from %g: %s", N, p, k, from, diff)
					}
				}
			}
		}
	}
}

// TestBytes holds the size budget: what a scan keeps in memory whatever the dataset.
func TestBytes(t *testing.T) {
	const megabyte = 1e6
	union := NewUnion(32, 2048, 1024)
	if got := float64(union.Bytes()) / megabyte; got > 100 {
		t.Errorf("RN50: a union holds %.0f MB, at most 100", got)
	}
	for _, c := range []struct {
		name            string
		heads, channels int
		most            float64
	}{{"RN50", 32, 2048, 150}, {"RN50x16", 48, 3072, 400}, {"RN50x64", 64, 4096, 700}} {
		t.Run(c.name, func(t *testing.T) {
			got := float64(accumulatorBytes(c.heads, c.channels)) / megabyte
			t.Logf("%.0f MB", got)
			if got > c.most {
				t.Errorf("%.0f MB, at most %.0f", got, c.most)
			}
		})
	}
	a, err := NewAccumulator(small)
	if err != nil {
		t.Fatal(err)
	}
	if want := accumulatorBytes(small.Heads, small.Channels); a.Bytes() != want {
		t.Errorf("an accumulator holds %d bytes, the formula says %d", a.Bytes(), want)
	}
	if n := testing.AllocsPerRun(3, func() {
		if _, err := NewAccumulator(small); err != nil {
			t.Fatal(err)
		}
	}); n > 30 {
		t.Errorf("%v allocations: some for each pair?", n)
	}
}

// accumulatorBytes is what [Accumulator.Bytes] must give for a shape.
func accumulatorBytes(M, C int) int {
	d := C / M
	moments := 8 * (M*C + C*M*(M+1)/2 + M*d + M*d*(d+1)/2)
	extremes := 2 * M * C * (8*Extremes + 1 + 4)
	return moments + extremes + 4*Block*M*C
}

// TestShapesRefused: nothing of another attention pool is merged, restored or used.
func TestShapesRefused(t *testing.T) {
	a, _ := NewAccumulator(small)
	other := weights(1, 2, 1, 7)
	b, _ := NewAccumulator(other)
	ov, err := New(other)
	if err != nil {
		t.Fatal(err)
	}
	cut := a.State()
	cut.NeuronCov = cut.NeuronCov[1:]
	_, neuron := a.Stats().NeuronComponents(ov, 0, 1)
	_, head := a.Stats().HeadComponents(other, 0, 1)
	for name, err := range map[string]error{
		"union": NewUnion(3, 12, 5).Add(b.Stats(), nil, nil, nil), "restore": a.Restore(b.State()), "restore cut off": a.Restore(cut), "neuron": neuron, "head": head,
	} {
		if !errors.Is(err, ErrMismatch) {
			t.Errorf("%s: got %v, want ErrMismatch", name, err)
		}
	}
	full := a.State()
	full.Images, full.Waiting = make([]uint32, Block), make([]float32, Block*len(full.Mean))
	if err := a.Restore(full); err == nil {
		t.Error("a whole block that waits was taken")
	}
}
