package codec

import (
	"image"
)

// JPEG is a JPEG file whose header has been read.
type JPEG struct {
	Size       image.Point
	components int
	library    *library
}

// OpenJPEG reads the header of a JPEG file. Errors are [ErrDamaged] or [ErrUnsupported].
func OpenJPEG(data []byte) (j *JPEG, err error) {
	defer caught(&err)
	l := newLibrary(data)
	l.Xjpeg_open()
	j = &JPEG{image.Pt(int(l.Xjpeg_width()), int(l.Xjpeg_height())), int(l.Xjpeg_components()), l}
	if bits := l.Xjpeg_precision(); bits != 8 {
		return nil, unsupported("a JPEG of %d bits, expected 8", bits)
	}
	if j.components != 1 && j.components != 3 && j.components != 4 {
		return nil, unsupported("a JPEG of %d components, expected 1, 3 or 4", j.components)
	}
	return j, nil
}

// Working is how many bytes decoding takes beside the picture itself: what arrives in several scans is kept whole.
func (j *JPEG) Working() int64 { return j.library.Xjpeg_coefficients() }

// rowsAtOnce are decoded before they are copied out of the libraries' memory.
const rowsAtOnce = 16

// Decode reads the pixels, opaque. It can be called once.
func (j *JPEG) Decode() (out *image.NRGBA, err error) {
	defer caught(&err)
	j.library.Xjpeg_start()
	out = image.NewNRGBA(image.Rectangle{Max: j.Size})
	buffer := j.library.allocate(rowsAtOnce * out.Stride)
	for rest := out.Pix; len(rest) > 0; {
		n := int(j.library.Xjpeg_rows(buffer, rowsAtOnce)) * out.Stride
		if n == 0 {
			return nil, damaged("the file is cut off")
		}
		rows := j.library.memory()[uint32(buffer):][:n]
		if j.components == 4 {
			fromInverseInks(rest, rows)
		} else {
			copy(rest, rows)
		}
		rest = rest[n:]
	}
	return out, nil
}

// fromInverseInks turns C, M, Y, K into R, G, B, 255. JPEGs hold the inverse of inks, as Adobe writes them and Pillow takes all for.
func fromInverseInks(out, inks []uint8) {
	for i := 0; i+4 <= len(inks); i += 4 {
		inkToRGB(out[i:i+4:i+4], 255-inks[i], 255-inks[i+1], 255-inks[i+2], 255-inks[i+3])
	}
}

// inkToRGB is Pillow's rule: of red, green and blue stays what ink and black leave, (255−ink)·(255−K)/255 rounded as Pillow rounds.
func inkToRGB(out []uint8, c, m, y, k uint8) {
	left := func(ink uint8) uint8 {
		t := int(255-k)*int(ink) + 128
		return uint8(max(int(255-k)-((t>>8)+t)>>8, 0))
	}
	out[0], out[1], out[2], out[3] = left(c), left(m), left(y), 255
}
