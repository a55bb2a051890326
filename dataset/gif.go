package dataset

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
)

// firstFrame reads the first frame of a GIF onto its canvas, as Pillow does: what the frame leaves free has the transparent colour, or the
// first of the palette when none is transparent. It changes data.
func firstFrame(data []byte, canvas image.Point) (*image.NRGBA, error) {
	fill := dropTransparency(data)
	img, err := gif.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	frame, ok := img.(*image.Paletted)
	out := image.NewNRGBA(image.Rectangle{Max: canvas})
	if !ok { // gif.Decode is documented to give any image.Image
		copyOpaque(out, img)
		return out, nil
	}
	colours := palette(frame.Palette)
	each(out, func(x, y int) color.NRGBA {
		if !(image.Point{X: x, Y: y}).In(frame.Rect) {
			return colours[fill]
		}
		return colours[frame.ColorIndexAt(x, y)]
	})
	return out, nil
}

// dropTransparency clears the transparency flags before the first frame of a GIF, because image/gif makes the transparent entry of the
// palette black and its colour would be lost. It gives the transparent index, else 0. Whatever is damaged is left to the decoder.
func dropTransparency(data []byte) (index uint8) {
	const header, extension, control = 13, 0x21, 0xF9
	if len(data) < header {
		return 0
	}
	i := header
	if flags := data[10]; flags&0x80 != 0 {
		i += 3 << (flags&7 + 1) // the global palette
	}
	for i+1 < len(data) && data[i] == extension {
		if data[i+1] == control && i+6 < len(data) && data[i+3]&1 != 0 {
			data[i+3] &^= 1
			index = data[i+6]
		}
		for i += 2; i < len(data) && data[i] != 0; i += int(data[i]) + 1 { // sub-blocks
		}
		i++
	}
	return index
}
