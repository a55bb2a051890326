// Package half turns IEEE 754 halves (float16), the numbers of most checkpoints, into float32 and back.
package half

import "math"

// ToFloat widens an IEEE 754 half: 1 sign, 5 exponent and 10 fraction bits.
func ToFloat(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch exponent {
	case 0: // fraction·2⁻²⁴
		f := float32(fraction) / (1 << 24)
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 31:
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// FromFloat rounds to the nearest half, ties to even; what is too large becomes infinite.
func FromFloat(f float32) uint16 {
	bits := math.Float32bits(f)
	sign := uint16(bits >> 16 & 0x8000)
	switch magnitude := math.Float32frombits(bits &^ (1 << 31)); {
	case magnitude != magnitude:
		return sign | 0x7e00
	case magnitude >= 65520:
		return sign | 0x7c00
	case magnitude < 1.0/(1<<14): // subnormal: multiples of 2⁻²⁴
		return sign | uint16(math.RoundToEven(float64(magnitude)*(1<<24)))
	}
	rounded := bits&^(1<<31) + 0xfff + bits>>13&1
	return sign | uint16((rounded-(127-15)<<23)>>13)
}
