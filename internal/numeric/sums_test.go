package numeric

import (
	"math"
	"math/big"
	"math/rand/v2"
	"reflect"
	"testing"
)

// drawn are numbers of all sizes and signs, with some zeros and some that are the negative of others.
func drawn(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		switch r.IntN(8) {
		case 0:
		case 1:
			x[i] = -x[r.IntN(i+1)]
		case 2:
			x[i] = math.Float64frombits(r.Uint64() &^ (1 << 62)) // below 2
		default:
			x[i] = math.Ldexp(r.NormFloat64(), r.IntN(60))
		}
	}
	return x
}

// TestSumsHaveNoOrder: shuffled, and cut into trees of sums that are merged, the same numbers give the same digits, which are the sum to 120 bits.
func TestSumsHaveNoOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		numbers := drawn(r, 1+r.IntN(40))
		want, exact, largest := NewSums(1), new(big.Float).SetPrec(3000), 0.0
		for _, x := range numbers {
			want.Add(0, x)
			exact.Add(exact, big.NewFloat(x))
			largest = max(largest, math.Abs(x))
		}
		r.Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
		if got := tree(t, r, numbers); !reflect.DeepEqual(got, want) {
			t.Fatalf("%v: %v, in another order %v", numbers, want, got)
		}
		var sum, scratch big.Int
		e := want.exactly(0, &sum, &scratch)
		got := new(big.Float).SetPrec(3000).SetInt(&sum)
		off, _ := got.Sub(got.SetMantExp(got, e), exact).Float64()
		if off = math.Abs(off); off > math.Ldexp(largest*float64(len(numbers)), -120) {
			t.Fatalf("%v: off by %g", numbers, off)
		}
	}
}

// tree adds numbers one by one to two sums, or the sums of two parts.
func tree(t *testing.T, r *rand.Rand, numbers []float64) *Sums {
	s := NewSums(1)
	if len(numbers) < 3 {
		for _, x := range numbers {
			s.Add(0, x)
		}
		return s
	}
	cut := r.IntN(len(numbers))
	for _, part := range [][]float64{numbers[cut:], numbers[:cut]} {
		if err := s.Merge(tree(t, r, part)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestMoments: of parts that are known by their means and co-moments, against rational numbers. Spreads go down to what float32 can tell apart, 10⁻⁷
// of the mean, where sums of squares in float64 have nothing left.
func TestMoments(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const quantities = 3
	at := Moments{Quantities: quantities, Mean: 0, Product: quantities, Stride: 1}
	for _, spread := range []float64{1, 1e-3, 1e-7, 0} {
		s := NewSums(quantities + 6)
		var n int
		want := newRational(quantities)
		for range 40 {
			images := 1 + r.IntN(30_000_000)
			mean, comoments := make([]float64, quantities), make([]float64, 6)
			for a := range mean {
				mean[a] = float64(float32(math.Ldexp(1+spread*r.NormFloat64(), 40*(a-1)))) // about 10⁻¹², 1, 10¹²
			}
			for k, ab := range [][2]int{{0, 0}, {0, 1}, {0, 2}, {1, 1}, {1, 2}, {2, 2}} {
				comoments[k] = spread * spread * float64(images) * r.Float64() * mean[ab[0]] * mean[ab[1]]
			}
			if err := s.AddMoments(images, at, mean, comoments); err != nil {
				t.Fatal(err)
			}
			want.add(images, mean, comoments)
			n += images
		}
		mean, comoments := make([]float64, quantities), make([]float64, 6)
		s.Moments(n, at, mean, comoments)
		wantMean, wantComoments := want.moments()
		for i, pair := range [][2][]float64{{mean, wantMean}, {comoments, wantComoments}} {
			for k, got := range pair[0] {
				if w := pair[1][k]; math.Abs(got-w) > 3e-16*math.Abs(w) {
					t.Errorf("spread %g: number %d of %d is %g, want %g: off by %.2g of it", spread, k, i, got, w, (got-w)/w)
				}
			}
		}
	}
	if err := NewSums(9).AddMoments(1, at, []float64{0, math.Inf(1), 0}, make([]float64, 6)); err == nil {
		t.Error("an infinite mean was taken")
	}
}

// rational sums without any rounding.
type rational struct {
	n             *big.Rat
	sums, product []*big.Rat
}

func newRational(k int) *rational {
	zeros := func(n int) (z []*big.Rat) {
		for range n {
			z = append(z, new(big.Rat))
		}
		return z
	}
	return &rational{new(big.Rat), zeros(k), zeros(k * (k + 1) / 2)}
}

func rat(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }

func (q *rational) add(images int, mean, comoments []float64) {
	n, k := rat(float64(images)), 0
	q.n.Add(q.n, n)
	for a := range mean {
		q.sums[a].Add(q.sums[a], new(big.Rat).Mul(n, rat(mean[a])))
		for b := a; b < len(mean); b++ {
			p := new(big.Rat).Mul(rat(mean[a]), rat(mean[b]))
			q.product[k].Add(q.product[k], p.Mul(p, n))
			q.product[k].Add(q.product[k], rat(comoments[k]))
			k++
		}
	}
}

func (q *rational) moments() (mean, comoments []float64) {
	for a := range q.sums {
		m, _ := new(big.Rat).Quo(q.sums[a], q.n).Float64()
		mean = append(mean, m)
	}
	k := 0
	for a := range q.sums {
		for b := a; b < len(q.sums); b++ {
			p := new(big.Rat).Mul(q.sums[a], q.sums[b])
			c, _ := p.Sub(q.product[k], p.Quo(p, q.n)).Float64()
			comoments = append(comoments, c)
			k++
		}
	}
	return mean, comoments
}

func TestDigitsRefused(t *testing.T) {
	s := NewSums(2)
	s.Add(1, -1e300)
	place, d := s.Digits(1)
	if err := s.SetDigits(0, place, d, 1); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"place": s.SetDigits(0, 60, d, 1), "below": s.SetDigits(0, -1, d, 1), "digit": s.SetDigits(0, 3, [4]int64{0, 0, 5 << 40, 0}, 4), "shape": s.Merge(NewSums(1)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func BenchmarkMoments(b *testing.B) {
	const M = 32
	at := Moments{Quantities: M, Mean: 0, Product: M, Stride: 1}
	s := NewSums(M + M*(M+1)/2)
	mean, comoments := make([]float64, M), make([]float64, M*(M+1)/2)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range mean {
		mean[i] = r.NormFloat64()
	}
	b.Run("add", func(b *testing.B) {
		for range b.N {
			s.AddMoments(1000, at, mean, comoments)
		}
	})
	b.Run("round", func(b *testing.B) {
		for range b.N {
			s.Moments(1000, at, mean, comoments)
		}
	})
}

// TestBothAtOnce: co-moments and products that are added together leave the digits that they leave one by one, in any order.
func TestBothAtOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	together := 0
	for range 300 {
		type moment struct {
			n       int
			x, y, c float64
		}
		var all []moment
		spread := r.IntN(70)
		for range 1 + r.IntN(30) {
			m := moment{1 + r.IntN(1<<r.IntN(32)), math.Ldexp(r.NormFloat64(), r.IntN(spread+1)), math.Ldexp(r.NormFloat64(), r.IntN(spread+1)), math.Ldexp(r.NormFloat64(), r.IntN(spread+1))}
			if r.IntN(6) == 0 {
				m.x, m.c = 0, math.Ldexp(m.c, -1000)
			}
			all = append(all, m)
		}
		want, got := NewSums(1), NewSums(1)
		for _, m := range all {
			want.Add(0, m.c)
			want.addWide(0, factorOf(m.x).times(uint64(m.n)).product(factorOf(m.y)))
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, m := range all {
			nx := factorOf(m.x).times(uint64(m.n))
			if got.addBoth(0, m.c, &nx, factorOf(m.y)) {
				together++
				continue
			}
			got.addWide(0, nx.product(factorOf(m.y)))
			got.Add(0, m.c)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%v: %v, want %v", all, got, want)
		}
	}
	if together < 1000 {
		t.Errorf("%d were added together", together)
	}
}
