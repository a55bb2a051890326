package known

import (
	"bytes"
	"fmt"
	"image"
	"strconv"

	"github.com/facet-clip/facet/dataset"
)

// maxPPM is the most bytes of a picture of GTSRB: the largest has 250×250 pixels.
const maxPPM = 16 << 20

// readPPM reads a binary PPM of 8 bits: P6, width, height, 255, and the pixels.
func readPPM(name string, data []byte) (*image.NRGBA, error) {
	head, rest := [4]string{}, data
	for i := range head {
		var ok bool
		if head[i], rest, ok = ppmToken(rest); !ok {
			return nil, fmt.Errorf("%s: %w: the header of a PPM ends early", name, dataset.ErrUnreadable)
		}
	}
	w, err1 := strconv.Atoi(head[1])
	h, err2 := strconv.Atoi(head[2])
	if head[0] != "P6" || err1 != nil || err2 != nil || head[3] != "255" || w < 1 || h < 1 || w > maxPPM/3/h {
		return nil, fmt.Errorf("%s: %w: expected a binary PPM of 8 bits", name, dataset.ErrUnreadable)
	}
	if len(rest) < 3*w*h {
		return nil, fmt.Errorf("%s: %w: %d bytes of pixels, expected %d", name, dataset.ErrUnreadable, len(rest), 3*w*h)
	}
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		copy(img.Pix[4*i:], rest[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img, nil
}

// ppmToken takes the next word of a header, and the one white space behind it. Comments are passed over.
func ppmToken(data []byte) (token string, rest []byte, ok bool) {
	const space = " \t\r\n\v\f"
	data = bytes.TrimLeft(data, space)
	for len(data) > 0 && data[0] == '#' {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			return "", nil, false
		}
		data = bytes.TrimLeft(data[end:], space)
	}
	end := bytes.IndexAny(data, space)
	if end < 1 || end > 16 {
		return "", nil, false
	}
	return string(data[:end]), data[end+1:], true
}
