package benchmark

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
)

// ReadMask reads a mask of the given size, row-major: the labels that Pillow and NumPy give. In an indexed PNG they are the indices, in a
// grey one the levels, which PNG spreads over 0 to 255 where there are 2 or 4 bits; 1 bit is the labels 0 and 1. Errors wrap [ErrMask] and name it.
func ReadMask(name string, r io.ReadSeeker, size image.Point) ([]uint8, error) {
	labels, err := readMask(r, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, ErrMask, err)
	}
	return labels, nil
}

func readMask(r io.ReadSeeker, size image.Point) ([]uint8, error) {
	depth, err := maskDepth(r)
	if err != nil {
		return nil, err
	}
	head, err := png.DecodeConfig(r)
	if err != nil {
		return nil, err
	}
	if head.Width != size.X || head.Height != size.Y {
		return nil, fmt.Errorf("%d×%d, expected the picture's %d×%d", head.Width, head.Height, size.X, size.Y)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, err := png.Decode(r)
	if err != nil {
		return nil, err
	}
	return maskLabels(img, depth, size)
}

// The kinds of pixels of a PNG, and where they stand in its header.
const (
	depthAt, kindAt = 24, 25
	kindGrey        = 0
	kindIndexed     = 3
)

var otherKinds = map[byte]string{2: "RGB", 4: "grey and alpha", 6: "RGB and alpha"}

// maskDepth is how many bits a label has. It refuses pictures that are no labels, and goes back to the beginning.
func maskDepth(r io.ReadSeeker) (int, error) {
	head := make([]byte, kindAt+1)
	if _, err := io.ReadFull(r, head); err != nil || !bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")) {
		return 0, errors.New("not a PNG: expected an indexed or grey PNG whose values are labels")
	}
	if kind := head[kindAt]; kind != kindGrey && kind != kindIndexed {
		return 0, fmt.Errorf("pixels of %s are colours: expected an indexed or grey PNG whose values are labels", otherKinds[kind])
	}
	depth := int(head[depthAt])
	if head[kindAt] == kindIndexed {
		depth = 8 // indices are never spread
	}
	_, err := r.Seek(0, io.SeekStart)
	return depth, err
}

// maskLabels takes the labels out of a decoded mask. Grey with a transparent level comes with an alpha channel, which is no part of a label.
func maskLabels(img image.Image, depth int, size image.Point) ([]uint8, error) {
	out := make([]uint8, 0, size.X*size.Y)
	for y := range size.Y {
		for x := range size.X {
			var v uint16
			switch m := img.(type) {
			case *image.Paletted:
				v = uint16(m.ColorIndexAt(x, y))
			case *image.Gray:
				v = uint16(m.GrayAt(x, y).Y)
			case *image.NRGBA:
				v = uint16(m.NRGBAAt(x, y).R)
			case *image.Gray16:
				v = m.Gray16At(x, y).Y
			case *image.NRGBA64:
				v = m.NRGBA64At(x, y).R
			}
			switch {
			case depth == 1:
				v = min(v, 1)
			case v > math.MaxUint8:
				return nil, fmt.Errorf("label %d at %d,%d: expected 0 to 255", v, x, y)
			}
			out = append(out, uint8(v))
		}
	}
	return out, nil
}
