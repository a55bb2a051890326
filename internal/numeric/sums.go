package numeric

import (
	"fmt"
	"math"
	"math/big"
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
	b := math.Float64bits(x)
	mantissa, at := b&(1<<52-1), int(b>>52&0x7ff) // x = ±mantissa·2^(at−1074)
	if at > 0 {
		mantissa, at = mantissa|1<<52, at-1
	}
	if mantissa == 0 {
		return
	}
	const mask = 1<<digitBits - 1
	place, shift := at/digitBits, uint(at%digitBits)
	high, low := mantissa>>(64-shift), mantissa<<shift
	cut := [3]int64{int64(high >> (2*digitBits - 64)), int64((low>>digitBits | high<<(64-digitBits)) & mask), int64(low & mask)}
	place += 2
	first := 0
	for cut[first] == 0 {
		first++
	}
	if lift := place - first - int(s.places[i]); lift > 0 {
		s.lift(i, lift)
	}
	sum := s.digits[digits*i : digits*(i+1)]
	for k := first; k < len(cut); k++ {
		at := int(s.places[i]) - place + k
		if at >= digits {
			return
		}
		if b>>63 != 0 {
			sum[at] -= cut[k]
		} else {
			sum[at] += cut[k]
		}
	}
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

// AddProduct adds x·y to sum i, without rounding it: as the product and what it was rounded by.
func (s *Sums) AddProduct(i int, x, y float64) {
	p := x * y
	s.Add(i, p)
	s.Add(i, math.FMA(x, y, -p))
}

// AddMoments takes up n images by their means and co-moments of some quantities (docs/design.md, formula 56): n·mean to sums mean…, and co-moment + n·mean·mean to sums
// product…, of all products of two quantities, row by row of the upper triangle, or of the squares alone. Means are so many numbers apart, there and here.
func (s *Sums) AddMoments(n int, at Moments, mean, comoments []float64) error {
	const most = 1e100 // whose squares are far from overflowing
	for a := range at.Quantities {
		x := mean[a*at.Stride]
		if !(math.Abs(x) < most) {
			return fmt.Errorf("a mean of %g, expected less than %g", x, most)
		}
		s.AddProduct(at.Mean+a*at.Stride, float64(n), x)
		k := at.row(a)
		for b := a; b < at.end(a); b++ {
			c := comoments[k]
			if !(math.Abs(c) < most*most) {
				return fmt.Errorf("a co-moment of %g, expected less than %g", c, most*most)
			}
			i, y := at.Product+k, mean[b*at.Stride]
			s.Add(i, c)
			p := x * y
			s.AddProduct(i, float64(n), p)
			s.AddProduct(i, float64(n), math.FMA(x, y, -p))
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
const Numbers = 5

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
