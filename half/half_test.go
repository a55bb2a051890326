package half

import (
	"math"
	"testing"
)

func TestToFloat(t *testing.T) {
	for bits, want := range map[uint16]float32{0x0001: 5.9604645e-8, 0x03ff: 6.097555e-5, 0x0400: 6.1035156e-5, 0xc000: -2, 0x7bff: 65504, 0x8000: float32(math.Copysign(0, -1))} {
		if got := ToFloat(bits); math.Float32bits(got) != math.Float32bits(want) {
			t.Errorf("%#04x: got %g, want %g", bits, got, want)
		}
	}
	if inf := ToFloat(0xfc00); !math.IsInf(float64(inf), -1) {
		t.Errorf("-inf read as %g", inf)
	}
	if nan := ToFloat(0x7e00); !math.IsNaN(float64(nan)) {
		t.Errorf("NaN read as %g", nan)
	}
}

// Every half survives the way to float32 and back, and every float goes to a half that is nearest.
func TestFromFloat(t *testing.T) {
	for h := range 1 << 16 {
		f := ToFloat(uint16(h))
		if got := FromFloat(f); got != uint16(h) && f == f {
			t.Fatalf("%#04x → %g → %#04x", h, f, got)
		}
	}
	for bits := uint32(0); bits < 0x7f800000; bits += 4099 {
		f := math.Float32frombits(bits)
		h := FromFloat(f)
		if h >= 0x7c00 {
			if f < 65520 {
				t.Fatalf("%g became infinite", f)
			}
			continue
		}
		near := math.Abs(float64(ToFloat(h) - f))
		for _, other := range []uint16{h - 1, h + 1} {
			if other < 0x7c00 && math.Abs(float64(ToFloat(other)-f)) < near {
				t.Fatalf("%g became %#04x, %#04x is nearer", f, h, other)
			}
		}
	}
}
