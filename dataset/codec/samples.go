package codec

import (
	"encoding/binary"
	"fmt"
	"image"
	"math"
)

// What samples of a TIFF mean.
const (
	whiteIsZero = 0
	blackIsZero = 1
	rgb         = 2
	palette     = 3
	cmyk        = 5
	yCbCr       = 6
)

// The formats of samples.
const (
	unsigned = 1
	signed   = 2
	floating = 3
)

// associated is the kind of an extra sample by which colours have been multiplied.
const associated = 1

// samples says what the numbers of a TIFF are.
type samples struct {
	photometric int
	bits        int
	each        int // samples of a pixel
	format      int
	extra       []int // kinds of the last samples
	palette     [][3]uint8
}

// inks is how many samples make a colour.
func (s samples) inks() int {
	switch s.photometric {
	case rgb, yCbCr:
		return 3
	case cmyk:
		return 4
	}
	return 1
}

// check allows what Pillow allows.
func (s samples) check() error {
	wide := s.bits == 8 || s.bits == 16 && s.format != signed
	ok := false
	switch s.photometric {
	case whiteIsZero, blackIsZero:
		ok = s.grey()
	case rgb, cmyk:
		ok = wide && s.format == unsigned
	case yCbCr:
		ok = s.bits == 8 && s.format == unsigned
	case palette:
		ok = s.bits <= 8 && s.bits != 0 && 8%s.bits == 0 && s.format == unsigned && s.palette != nil
	}
	if !ok || s.each < s.inks() || s.each > 16 {
		return unsupported("TIFF of %s with %d samples of %d bits (%s)", photometricName(s.photometric), s.each, s.bits, formatName(s.format))
	}
	return nil
}

func (s samples) grey() bool {
	switch s.bits {
	case 1, 2, 4, 12:
		return s.format == unsigned
	case 8:
		return s.format == unsigned || s.format == signed
	case 16:
		return s.format == unsigned || s.format == signed
	case 32:
		return s.format == unsigned || s.format == signed || s.format == floating
	}
	return false
}

// level is sample i of a row at 8 bits; of a palette, the index.
func (s samples) level(row []byte, i int) uint8 {
	switch s.bits {
	case 8:
		return row[i]
	case 16:
		if s.format == signed {
			return clip(float64(int16(binary.LittleEndian.Uint16(row[2*i:]))))
		}
		return row[2*i+1]
	case 32:
		return s.level32(binary.LittleEndian.Uint32(row[4*i:]))
	case 12:
		if at := i / 2 * 3; i%2 == 0 {
			return row[at]
		} else {
			return row[at+1]<<4 | row[at+2]>>4
		}
	}
	v := row[i*s.bits/8] >> (8 - s.bits - i*s.bits%8) & (1<<s.bits - 1)
	if s.photometric == palette {
		return v
	}
	return v * (255 / (1<<s.bits - 1))
}

func (s samples) level32(v uint32) uint8 {
	switch s.format {
	case floating:
		return clip(float64(math.Float32frombits(v)))
	case signed:
		return clip(float64(int32(v)))
	}
	return clip(float64(int32(v))) // Pillow reads these as signed as well
}

// clip is v without its fraction, between 0 and 255. What is not a number is 0.
func clip(v float64) uint8 {
	if !(v > 0) {
		return 0
	}
	return uint8(min(v, 255))
}

// levels are the samples of a picture that colours are made of, at 8 bits: [h,w,each].
type levels struct {
	samples
	size image.Point
	each int
	pix  []uint8
}

func newLevels(size image.Point, s samples) *levels {
	l := &levels{samples: s, size: size, each: s.inks()}
	if s.photometric == rgb && len(s.extra) > 0 && s.extra[0] == associated && s.each > 3 {
		l.each++
	}
	l.pix = make([]uint8, size.X*size.Y*l.each)
	return l
}

// put takes up a block of decoded rows: all samples of a pixel side by side (each of them), or one plane (each is 1).
func (l *levels) put(rect image.Rectangle, block []byte, stride, plane, each int) {
	take := l.each
	if each == 1 {
		take = 1
	}
	for y := range rect.Dy() {
		row := block[y*stride:][:stride]
		out := l.pix[((rect.Min.Y+y)*l.size.X+rect.Min.X)*l.each:]
		for x := range rect.Dx() {
			for k := range take {
				out[x*l.each+k+plane] = l.level(row, x*each+k)
			}
		}
	}
}

// colours makes red, green and blue of levels.
func (l *levels) colours() *image.NRGBA {
	out := image.NewNRGBA(image.Rectangle{Max: l.size})
	for i := range l.size.X * l.size.Y {
		l.colour(out.Pix[4*i:4*i+4:4*i+4], l.pix[i*l.each:][:l.each])
		out.Pix[4*i+3] = 255
	}
	return out
}

func (l *levels) colour(out, v []uint8) {
	switch {
	case l.photometric == cmyk:
		inkToRGB(out, v[0], v[1], v[2], v[3])
	case l.photometric == palette:
		copy(out, l.palette[v[0]][:])
	case l.photometric == yCbCr:
		lumaToRGB(out, int(v[0]), float64(v[1])-128, float64(v[2])-128)
	case len(v) == 4:
		unmultiply(out, v)
	case len(v) == 3:
		copy(out, v)
	case l.photometric == whiteIsZero && l.format == unsigned && l.bits < 32:
		out[0], out[1], out[2] = 255-v[0], 255-v[0], 255-v[0]
	default:
		out[0], out[1], out[2] = v[0], v[0], v[0]
	}
}

// unmultiply divides colours by their alpha, as Pillow does before it drops it.
func unmultiply(out, v []uint8) {
	for c := range 3 {
		switch v[3] {
		case 0:
			out[c] = 0
		case 255:
			out[c] = v[c]
		default:
			out[c] = uint8(min(int(v[c])*255/int(v[3]), 255))
		}
	}
}

// lumaToRGB is Pillow's rule, in 64ths.
func lumaToRGB(out []uint8, y int, cb, cr float64) {
	part := func(v float64) int { return int(v*64 + 0.5) }
	out[0] = clip(float64(y + part(1.402*cr)>>6))
	out[1] = clip(float64(y + (part(-0.34414*cb)+part(-0.71414*cr))>>6))
	out[2] = clip(float64(y + part(1.772*cb)>>6))
}

func photometricName(p int) string {
	names := map[int]string{whiteIsZero: "grey", blackIsZero: "grey", rgb: "RGB", palette: "a palette", 4: "a mask", cmyk: "CMYK", yCbCr: "YCbCr", 8: "CIELab",
		9: "ICCLab", 10: "ITULab", 32803: "a colour filter array", 32844: "LogL", 32845: "LogLuv", 34892: "linear raw"}
	if name, ok := names[p]; ok {
		return name
	}
	return fmt.Sprintf("colours of kind %d", p)
}

func formatName(f int) string {
	switch f {
	case unsigned:
		return "unsigned"
	case signed:
		return "signed"
	case floating:
		return "floating point"
	}
	return fmt.Sprintf("format %d", f)
}

func compressionName(c int) string {
	names := map[int]string{32766: "NeXT", 32809: "ThunderScan", 32908: "PixarFilm", 32909: "PixarLog", 34661: "JBIG", 34676: "SGILog", 34677: "SGILog24", 34712: "JPEG 2000",
		34887: "LERC", 34925: "LZMA", 50000: "Zstandard", 50001: "WebP", 50002: "JPEG XL"}
	if name, ok := names[c]; ok {
		return name
	}
	return fmt.Sprintf("of kind %d", c)
}
