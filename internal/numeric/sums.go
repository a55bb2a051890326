package numeric

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
)

const (
	digitBits = 40
	digits    = 4        // of a sum that are kept: 121 bits at least, of the largest number added
	lowest    = 1 - 1075 // the exponent of a float64's last bit, of the smallest one
	mostPlace = (0x7fe + 52) / digitBits
)

// MostSums is how many numbers may be added to a sum, here and in all that are merged into it, before a digit could overflow.
const MostSums = 1 << (63 - digitBits)

// Sums are n sums of float64 numbers that depend on which numbers were added and on nothing else: not on their order, nor on how many were added
// elsewhere and merged (docs/design.md, formula 55). Every number is cut into digits of 40 bits at places that are the same for all numbers. A sum adds them
// place by place, as integers, and keeps the four highest places that any of its numbers reached. Integers add up alike in any order, and a place
// that is dropped would have been dropped whatever came first. Sums of different indexes may be used at the same time.
type Sums struct {
	places []uint8 // of each sum's first digit [n]
	digits []int64 // of 2^(40·place − 1074), 2^(40·(place − 1) − 1074), … [n,4]
}

// NewSums is n sums of nothing.
func NewSums(n int) *Sums { return &Sums{make([]uint8, n), make([]int64, digits*n)} }

// Len is n.
func (s *Sums) Len() int { return len(s.places) }

// Bytes is the memory that the sums hold.
func (s *Sums) Bytes() int { return len(s.places) + 8*len(s.digits) }

// Digits are sum i as it is kept: the place of the first digit, and the digits from there downwards.
func (s *Sums) Digits(i int) (place int, d [digits]int64) {
	return int(s.places[i]), [digits]int64(s.digits[digits*i:])
}

// SetDigits makes sum i what [Sums.Digits] gave. It is an error when so many numbers cannot have such a sum.
func (s *Sums) SetDigits(i, place int, d [digits]int64, numbers int) error {
	if place < 0 || place > mostPlace {
		return fmt.Errorf("a digit at place %d, expected 0 to %d", place, mostPlace)
	}
	for _, v := range d {
		if most := int64(numbers) << digitBits; v > most || v < -most {
			return fmt.Errorf("a digit of %d, more than %d numbers give", v, numbers)
		}
	}
	s.places[i] = uint8(place)
	copy(s.digits[digits*i:], d[:])
	return nil
}

// Add adds a finite number to sum i.
func (s *Sums) Add(i int, x float64) {
	mantissa, at := parts(x)
	if mantissa == 0 {
		return
	}
	const mask = 1<<digitBits - 1
	place, shift := at/digitBits, uint(at%digitBits)
	high, low := mantissa>>1>>(63-shift&63), mantissa<<(shift&63)
	var c cut
	c[digits-1], c[digits], c[digits+1] = int64(low&mask), int64((low>>digitBits|high<<(64-digitBits))&mask), int64(high>>(2*digitBits-64))
	top := place
	if c[digits+1] != 0 {
		top += 2
	} else if c[digits] != 0 {
		top++
	}
	s.add(i, place, top, &c, int64(math.Float64bits(x))>>63)
}

// cut is a number in digits, the lowest first, with room for a sum's places above and below.
type cut [3*digits - 1]int64

// parts are a number's mantissa and exponent: |x| = mantissa·2^(at−1074).
func parts(x float64) (mantissa uint64, at int) {
	b := math.Float64bits(x)
	mantissa, at = b&(1<<52-1), int(b>>52&0x7ff)
	if at > 0 {
		mantissa, at = mantissa|1<<52, at-1
	}
	return mantissa, at
}

// add adds a number to sum i: its digits, of which the lowest, at digits-1, is of some place and the highest that is not 0 is of place top; minus, −1, takes it off.
func (s *Sums) add(i, place, top int, c *cut, minus int64) {
	if lift := top - int(s.places[i]); lift > 0 {
		s.lift(i, lift)
	}
	first := int(s.places[i]) - place + digits - 1 // of the sum's first digit
	if first >= len(c) {                           // the number lies below the sum's digits
		return
	}
	sum := (*[digits]int64)(s.digits[digits*i:])
	four := (*[digits]int64)(c[first-digits+1:])
	sum[0] += (four[3] ^ minus) - minus
	sum[1] += (four[2] ^ minus) - minus
	sum[2] += (four[1] ^ minus) - minus
	sum[3] += (four[0] ^ minus) - minus
}

// lift makes room for digits at higher places, and drops as many of the lowest.
func (s *Sums) lift(i, by int) {
	sum := s.digits[digits*i : digits*(i+1)]
	for k := digits - 1; k >= 0; k-- {
		if k >= by {
			sum[k] = sum[k-by]
		} else {
			sum[k] = 0
		}
	}
	s.places[i] += uint8(by)
}

// factor is a number as ±mantissa·2^(at−1074); minus is −1 where it is negative, else 0.
type factor struct {
	mantissa uint64
	at       int
	minus    int64
}

func factorOf(x float64) factor {
	mantissa, at := parts(x)
	return factor{mantissa, at, int64(math.Float64bits(x)) >> 63}
}

// wide is a whole number of up to 192 bits, the lowest first, times ±2^(at−1074).
type wide struct {
	w0, w1, w2 uint64
	at         int
	minus      int64
}

// times is n·x.
func (x factor) times(n uint64) wide {
	high, low := bits.Mul64(n, x.mantissa)
	return wide{low, high, 0, x.at, x.minus}
}

// product is x·y without rounding, but for what lies below 2^−1074. The highest word of x is 0.
func (x wide) product(y factor) wide {
	h0, l0 := bits.Mul64(x.w0, y.mantissa)
	h1, l1 := bits.Mul64(x.w1, y.mantissa)
	middle, carry := bits.Add64(h0, l1, 0)
	p := wide{l0, middle, h1 + carry, x.at + y.at + lowest, x.minus ^ y.minus}
	if p.at < 0 {
		p = p.raised()
	}
	return p
}

// raised is a number without what lies below 2^−1074.
func (x wide) raised() wide {
	for x.w0|x.w1|x.w2 != 0 && x.at < 0 {
		x = wide{x.w0>>1 | x.w1<<63, x.w1>>1 | x.w2<<63, x.w2 >> 1, x.at + 1, x.minus}
	}
	x.at = max(x.at, 0)
	return x
}

// addBoth is [Sums.Add] of c and [Sums.addWide] of x·y at once, in less time, for the numbers that come most often: it gives false, and adds nothing, where the sum
// would have to be lifted or where the numbers lie far below it. It cuts both numbers at the places of the sum. The highest word of x is 0.
func (s *Sums) addBoth(i int, c float64, x *wide, y factor) bool {
	const mask = 1<<digitBits - 1
	from := digitBits * (int(s.places[i]) - digits + 1) // of the sum's lowest digit
	end := from + digits*digitBits
	h0, w0 := bits.Mul64(x.w0, y.mantissa)
	w2, l1 := bits.Mul64(x.w1, y.mantissa)
	w1, carry := bits.Add64(h0, l1, 0)
	w2 += carry
	top := 2*64 - bits.LeadingZeros64(w1|1)
	if w2 != 0 {
		top = 3*64 - bits.LeadingZeros64(w2)
	}
	at := x.at + y.at + lowest
	down := 64 + from - at // the shift of the number with an empty word below it
	mantissa, atC := parts(c)
	up := atC - from
	if at < 0 || at+top > end || uint(down) >= 128 || atC+53 > end || up < -63 {
		return false
	}
	b := uint(down) & 63
	v0, v1, v2, v3 := uint64(0), w0, w1, w2
	if down >= 64 {
		v0, v1, v2, v3 = w0, w1, w2, 0
	}
	w0, w1, w2 = v0>>b|v1<<1<<(63-b), v1>>b|v2<<1<<(63-b), v2>>b|v3<<1<<(63-b)
	b = uint(up) & 63
	low, high := mantissa<<b, mantissa>>1>>(63-b)
	c0, c1 := low, high
	if up < 0 {
		c0, c1 = high, 0
	}
	c2 := uint64(0)
	if up >= 64 {
		c0, c1, c2 = 0, low, high
	}
	sum := (*[digits]int64)(s.digits[digits*i:])
	m, n := x.minus^y.minus, int64(math.Float64bits(c))>>63
	sum[3] += (int64(w0&mask) ^ m) - m + (int64(c0&mask) ^ n) - n
	sum[2] += (int64((w0>>40|w1<<24)&mask) ^ m) - m + (int64((c0>>40|c1<<24)&mask) ^ n) - n
	sum[1] += (int64((w1>>16)&mask) ^ m) - m + (int64((c1>>16)&mask) ^ n) - n
	sum[0] += (int64(w1>>56|w2<<8) ^ m) - m + (int64(c1>>56|c2<<8) ^ n) - n
	return true
}

// addWide adds a number to sum i, as one.
func (s *Sums) addWide(i int, x wide) {
	if x.w0|x.w1|x.w2 == 0 {
		return
	}
	const mask = 1<<digitBits - 1
	place, shift := x.at/digitBits, uint(x.at%digitBits)
	w0 := x.w0 << (shift & 63)
	w1 := x.w1<<(shift&63) | x.w0>>1>>(63-shift&63)
	w2 := x.w2<<(shift&63) | x.w1>>1>>(63-shift&63)
	var c cut
	c[3], c[4], c[5] = int64(w0&mask), int64((w0>>40|w1<<24)&mask), int64(w1>>16&mask)
	c[6], c[7] = int64((w1>>56|w2<<8)&mask), int64(w2>>32)
	top := place + 4
	for c[top-place+3] == 0 {
		top--
	}
	s.add(i, place, top, &c, x.minus)
}

// AddTimes adds n·x to sum i, n ≥ 0, without rounding it.
func (s *Sums) AddTimes(i, n int, x float64) { s.addWide(i, factorOf(x).times(uint64(n))) }

// AddMoments takes up n images by their means and co-moments of some quantities (docs/design.md, formula 56): n·mean to sums mean…, and co-moment and n·mean·mean to sums
// product…, of all products of two quantities, row by row of the upper triangle, or of the squares alone. Means are so many numbers apart, there and here. There are fewer than 2^32 images.
func (s *Sums) AddMoments(n int, at Moments, mean, comoments []float64) error {
	const most = 1e100 // whose squares are far from overflowing
	factors := make([]factor, at.Quantities)
	for a := range factors {
		x := mean[a*at.Stride]
		if !(math.Abs(x) < most) {
			return fmt.Errorf("a mean of %g, expected less than %g", x, most)
		}
		factors[a] = factorOf(x)
	}
	for a, x := range factors {
		nx := x.times(uint64(n))
		s.addWide(at.Mean+a*at.Stride, nx)
		k := at.row(a)
		for b := a; b < at.end(a); b++ {
			c := comoments[k]
			if !(math.Abs(c) < most*most) {
				return fmt.Errorf("a co-moment of %g, expected less than %g", c, most*most)
			}
			if i := at.Product + k; !s.addBoth(i, c, &nx, factors[b]) {
				s.Add(i, c)
				s.addWide(i, nx.product(factors[b]))
			}
			k++
		}
	}
	return nil
}

// Moments says where the sums of some quantities and of their products lie.
type Moments struct {
	Quantities    int
	Mean, Product int  // the first sums
	Stride        int  // of the quantities' sums
	Squares       bool // no products but squares
}

// row is where the products of quantity a begin.
func (m Moments) row(a int) int {
	if m.Squares {
		return a
	}
	return a*m.Quantities - a*(a-1)/2
}

// end is the quantity after the last with which a has a product, from itself on.
func (m Moments) end(a int) int {
	if m.Squares {
		return a + 1
	}
	return m.Quantities
}

// Numbers is how many numbers [Sums.AddMoments] adds to a sum at most.
const Numbers = 2

// Moments fills in the means and co-moments of n images (docs/design.md, formula 57): the sums' own, without rounding but of the result. A square is not below 0.
func (s *Sums) Moments(n int, at Moments, mean, comoments []float64) {
	var product, scratch, count big.Int
	count.SetInt64(int64(n))
	sums, exponents := make([]big.Int, at.Quantities), make([]int, at.Quantities)
	for a := range sums {
		exponents[a] = s.exactly(at.Mean+a*at.Stride, &sums[a], &scratch)
		mean[a*at.Stride] = quotient(&sums[a], exponents[a], &count)
	}
	var nxy, xy big.Int
	for a := range sums {
		k := at.row(a)
		for b := a; b < at.end(a); b++ {
			e := s.exactly(at.Product+k, &product, &scratch)
			nxy.Mul(&product, &count)
			xy.Mul(&sums[a], &sums[b])
			if lift := e - exponents[a] - exponents[b]; lift > 0 {
				nxy.Lsh(&nxy, uint(lift))
				e -= lift
			} else {
				xy.Lsh(&xy, uint(-lift))
			}
			nxy.Sub(&nxy, &xy)
			comoments[k] = rounded(&nxy, e) / float64(n)
			if a == b {
				comoments[k] = max(comoments[k], 0) // below it are only the places that were dropped
			}
			k++
		}
	}
}

// Mean is sum i over n, rounded once.
func (s *Sums) Mean(i, n int) float64 {
	var sum, scratch big.Int
	return quotient(&sum, s.exactly(i, &sum, &scratch), scratch.SetInt64(int64(n)))
}

// exactly is sum i as sum·2^exponent.
func (s *Sums) exactly(i int, sum, scratch *big.Int) (exponent int) {
	place, d := s.Digits(i)
	sum.SetInt64(d[0])
	for _, v := range d[1:] {
		sum.Lsh(sum, digitBits)
		sum.Add(sum, scratch.SetInt64(v))
	}
	return digitBits*(place-digits+1) + lowest
}

// rounded is x·2^exponent, to the nearest float64, in the memory of x.
func rounded(x *big.Int, exponent int) float64 {
	sign := float64(x.Sign())
	x.Abs(x)
	over := x.BitLen() - 64
	if over <= 0 {
		return sign * math.Ldexp(float64(x.Uint64()), exponent)
	}
	tail := x.TrailingZeroBits() < uint(over)
	high := x.Rsh(x, uint(over)).Uint64()
	if tail { // something follows: more than half of a last bit is no tie
		high |= 1
	}
	return sign * math.Ldexp(float64(high), exponent+over)
}

// quotient is x·2^exponent/n.
func quotient(x *big.Int, exponent int, n *big.Int) float64 {
	var f, by, q big.Float
	f.SetInt(x)
	q.SetPrec(53).Quo(f.SetMantExp(&f, exponent), by.SetInt(n))
	v, _ := q.Float64()
	return v
}

// Merge adds every sum of others to that of the same index. It is an error when there are not as many.
func (s *Sums) Merge(other *Sums) error {
	if s.Len() != other.Len() {
		return fmt.Errorf("%d sums, expected %d", other.Len(), s.Len())
	}
	for i, place := range other.places {
		d := other.digits[digits*i : digits*(i+1)]
		if lift := int(place) - int(s.places[i]); lift > 0 {
			s.lift(i, lift)
		}
		down := int(s.places[i] - place)
		for k := range max(digits-down, 0) {
			s.digits[digits*i+down+k] += d[k]
		}
	}
	return nil
}
