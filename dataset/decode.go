// Package dataset reads pictures safely: what they are is found by content, and nothing larger than a limit is decoded.
package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	_ "golang.org/x/image/webp" // known to image.Decode

	"github.com/facet-clip/facet/internal/regular"
)

// DefaultMaxPixels is the most pixels that a picture may have by default: two thirds of 2²⁸, where Pillow refuses too.
const DefaultMaxPixels = 178_956_970

// maxFile is the most bytes that are read of one file.
const maxFile = 1 << 30

var (
	// ErrFormat is returned when the content is none of the formats that facet reads.
	ErrFormat = errors.New("not a picture that facet reads (JPEG, PNG, GIF, BMP, TIFF or WebP)")
	// ErrTooLarge is returned when a picture has more pixels than the limit.
	ErrTooLarge = errors.New("too many pixels")
	// ErrFileTooLarge is returned when a file has more bytes than are read of one.
	ErrFileTooLarge = errors.New("too large a file")
)

// DecodeFile reads a picture file; see [Decode].
func DecodeFile(path string, maxPixels int64) (*image.NRGBA, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return decodeBytes(path, data, maxPixels)
}

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

// Decode reads JPEG, PNG, GIF (the first frame), BMP, TIFF or WebP, found by content, as Pillow's open(…).convert("RGB") does:
// transparency is dropped and not painted over anything, of 16 bits the high byte stays, EXIF orientation is not applied. The result
// is opaque. The size is checked against maxPixels before memory is taken for it. Errors name the picture and, where the decoders
// do not know a kind (animated WebP; TIFF in CMYK, with grey and alpha, or JPEG-compressed), say so.
func Decode(name string, r io.Reader, maxPixels int64) (*image.NRGBA, error) {
	data, err := readAll(name, r)
	if err != nil {
		return nil, err
	}
	return decodeBytes(name, data, maxPixels)
}

func decodeBytes(name string, data []byte, maxPixels int64) (img *image.NRGBA, err error) {
	defer func() { // the decoders are other people's, and the bytes are anybody's
		if p := recover(); p != nil {
			img, err = nil, fmt.Errorf("%s: the picture is damaged: %v", name, p)
		}
	}()
	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	if errors.Is(err, image.ErrFormat) {
		return nil, fmt.Errorf("%s: %w", name, ErrFormat)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s %s picture: %w", name, fault(err), format, err)
	}
	if c.Width < 1 || c.Height < 1 {
		return nil, fmt.Errorf("%s: a picture of %d×%d pixels", name, c.Width, c.Height)
	}
	if int64(c.Width) > maxPixels/int64(c.Height) {
		return nil, fmt.Errorf("%s: %w: %d×%d, expected at most %d in all (--max-pixels raises it)", name, ErrTooLarge, c.Width, c.Height, maxPixels)
	}
	img, err = decodeAs(format, data, image.Pt(c.Width, c.Height))
	if err != nil {
		return nil, fmt.Errorf("%s: %s %s picture: %w", name, fault(err), format, err)
	}
	return img, nil
}

// decodeAs decodes data of a known format and size.
func decodeAs(format string, data []byte, size image.Point) (*image.NRGBA, error) {
	if format == "gif" {
		return firstFrame(data, size)
	}
	if format == "webp" && animated(data) {
		return nil, errAnimated
	}
	decoded, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	out := image.NewNRGBA(image.Rectangle{Max: decoded.Bounds().Size()})
	if format == "webp" && fromVideo(out, decoded) {
		return out, nil
	}
	copyOpaque(out, decoded)
	return out, nil
}

var errAnimated = errors.New("expected a still picture, found an animated WebP")

// animated tells whether a WebP file says in its extended header that it is an animation.
func animated(data []byte) bool {
	return len(data) > 20 && string(data[12:16]) == "VP8X" && data[20]&2 != 0
}

// fault tells what a decoder does not know from what is broken.
func fault(err error) string {
	var j jpeg.UnsupportedError
	var p png.UnsupportedError
	var t tiff.UnsupportedError
	if errors.As(err, &j) || errors.As(err, &p) || errors.As(err, &t) || errors.Is(err, bmp.ErrUnsupported) || errors.Is(err, errAnimated) {
		return "unsupported kind of"
	}
	return "damaged"
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
	case *image.YCbCr:
		if !fromYCbCr(out, src, fullRGB) {
			draw.Draw(out, out.Bounds(), img, bounds.Min, draw.Src)
		}
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
	case *image.CMYK:
		each(out, func(x, y int) color.NRGBA { return fromCMYK(src.CMYKAt(bounds.Min.X+x, bounds.Min.Y+y)) })
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

// fromCMYK is Pillow's rule: each of red, green and blue is what ink and black leave, (255−ink)·(255−K)/255 rounded as Pillow rounds.
func fromCMYK(c color.CMYK) color.NRGBA {
	left := func(ink uint8) uint8 {
		t := int(255-c.K)*int(ink) + 128
		return uint8(max(int(255-c.K)-((t>>8)+t)>>8, 0))
	}
	return color.NRGBA{left(c.C), left(c.M), left(c.Y), 255}
}
