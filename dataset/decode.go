// Package dataset reads pictures safely: what they are is found by content, and nothing larger than a limit is decoded.
package dataset

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"

	"github.com/facet-clip/facet/internal/regular"
)

// maxFile is the most bytes that are read of one file.
const maxFile = 1 << 30

var (
	// ErrFormat is returned when the content is none of the formats that facet reads.
	ErrFormat = errors.New("not a picture that facet reads (JPEG, PNG, GIF, BMP, TIFF or WebP)")
	// ErrTooLarge is returned when a picture has more pixels than the limit.
	ErrTooLarge = errors.New("too many pixels")
	// ErrUnreadable is returned for a picture that is damaged, or of a variant of its format that facet does not decode.
	ErrUnreadable = errors.New("a picture that cannot be read")
	// ErrFileTooLarge is returned when a file has more bytes than are read of one.
	ErrFileTooLarge = errors.New("too large a file")
)

func readFile(path string) ([]byte, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: %w: %d bytes, expected at most %d", path, ErrFileTooLarge, info.Size(), maxFile)
	}
	return readAll(path, f)
}

func readAll(name string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: %w: expected at most %d bytes", name, ErrFileTooLarge, maxFile)
	}
	return data, nil
}

// fromVideo fills out with the colours of a lossy WebP picture; it reports false for a lossless one.
func fromVideo(out *image.NRGBA, img image.Image) bool {
	switch src := img.(type) {
	case *image.YCbCr:
		return fromYCbCr(out, src, videoRGB)
	case *image.NYCbCrA: // with transparency, which is dropped
		return fromYCbCr(out, &src.YCbCr, videoRGB)
	}
	return false
}

// copyOpaque copies the colours of img, whatever their transparency, to 8 bits.
func copyOpaque(out *image.NRGBA, img image.Image) {
	bounds := img.Bounds()
	switch src := img.(type) {
	case *image.NRGBA: // colours under full transparency are kept
		for y := range bounds.Dy() {
			copy(out.Pix[y*out.Stride:][:4*bounds.Dx()], src.Pix[src.PixOffset(bounds.Min.X, bounds.Min.Y+y):])
		}
	case *image.NRGBA64:
		each(out, func(x, y int) color.NRGBA {
			p := src.NRGBA64At(bounds.Min.X+x, bounds.Min.Y+y)
			return color.NRGBA{uint8(p.R >> 8), uint8(p.G >> 8), uint8(p.B >> 8), 255}
		})
	case *image.Paletted:
		colours := palette(src.Palette)
		each(out, func(x, y int) color.NRGBA { return colours[src.ColorIndexAt(bounds.Min.X+x, bounds.Min.Y+y)] })
	default: // opaque kinds: grey, RGBA
		draw.Draw(out, out.Bounds(), img, bounds.Min, draw.Src)
	}
	for i := 3; i < len(out.Pix); i += 4 {
		out.Pix[i] = 255
	}
}

// palette is p without transparency; indices past its end are black.
func palette(p color.Palette) *[256]color.NRGBA {
	var out [256]color.NRGBA
	for i, c := range p {
		out[i] = opaqueColour(c)
	}
	return &out
}

func each(out *image.NRGBA, at func(x, y int) color.NRGBA) {
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			c := at(x, y)
			copy(out.Pix[out.PixOffset(x, y):], []uint8{c.R, c.G, c.B, 255})
		}
	}
}

// opaqueColour keeps the colour of a palette entry and drops its transparency.
func opaqueColour(c color.Color) color.NRGBA {
	if n, ok := c.(color.NRGBA); ok {
		return n
	}
	return color.NRGBAModel.Convert(c).(color.NRGBA)
}
