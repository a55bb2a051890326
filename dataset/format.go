package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"

	"github.com/facet-clip/facet/dataset/codec"
)

// opened is a picture of which the header has been read.
type opened struct {
	size    image.Point
	working int64 // bytes that decoding takes beside the result's four a pixel
	decode  func() (*image.NRGBA, error)
}

// format is a kind of picture that is read.
type format struct {
	name  string
	begin []string // of the content; '?' is any byte
	open  func(data []byte) (opened, error)
}

var formats = []format{
	{"JPEG", []string{"\xff\xd8\xff"}, openJPEG},
	{"PNG", []string{pngSignature}, openPNG},
	{"GIF", []string{"GIF87a", "GIF89a"}, openGIF},
	{"BMP", []string{"BM"}, openBMP},
	{"TIFF", []string{"II*\x00", "MM\x00*", "II+\x00", "MM\x00+"}, openTIFF},
	{"WebP", []string{"RIFF????WEBP"}, openWebP},
}

// strangers are formats that are known by name only.
var strangers = []struct{ name, begin string }{
	{"AVIF", "????ftypavif"}, {"AVIF", "????ftypavis"}, {"HEIC", "????ftyphei"}, {"HEIC", "????ftyphev"}, {"HEIF", "????ftypmif1"}, {"HEIF", "????ftypmsf1"},
	{"Canon raw (CR3)", "????ftypcrx"}, {"video", "????ftyp"}, {"JPEG XL", "\xff\x0a"}, {"JPEG XL", "\x00\x00\x00\x0cJXL "}, {"JPEG 2000", "\x00\x00\x00\x0cjP  "},
	{"JPEG 2000", "\xff\x4f\xff\x51"}, {"JPEG XR", "II\xbc"}, {"Photoshop", "8BPS"}, {"Windows icon", "\x00\x00\x01\x00"}, {"Windows cursor or Targa", "\x00\x00\x02\x00"},
	{"DirectDraw", "DDS "}, {"OpenEXR", "v/1\x01"}, {"Radiance HDR", "#?RADIANCE"}, {"PCX", "\x0a?\x01"}, {"ICNS", "icns"}, {"QOI", "qoif"},
	{"Netpbm", "P1\n"}, {"Netpbm", "P2\n"}, {"Netpbm", "P3\n"}, {"Netpbm", "P4\n"}, {"Netpbm", "P5\n"}, {"Netpbm", "P6\n"}, {"Netpbm", "P7\n"}, {"float map", "PF\n"},
	{"PDF", "%PDF-"}, {"PostScript", "%!PS"}, {"SVG", "<svg"}, {"XML or SVG", "<?xml"}, {"Sun raster", "\x59\xa6\x6a\x95"}, {"SGI", "\x01\xda"}, {"FITS", "SIMPLE  ="},
	{"DICOM", "????????????????????????????????????????????????????????????????????????????????????????????????????????????????????????????????DICM"},
}

// begins tells whether data begin like a pattern.
func begins(data []byte, pattern string) bool {
	if len(data) < len(pattern) {
		return false
	}
	for i := range len(pattern) {
		if pattern[i] != '?' && pattern[i] != data[i] {
			return false
		}
	}
	return true
}

// formatOf finds the format of a picture by its content.
func formatOf(name string, data []byte) (format, error) {
	for _, f := range formats {
		for _, pattern := range f.begin {
			if begins(data, pattern) {
				return f, nil
			}
		}
	}
	for _, s := range strangers {
		if begins(data, s.begin) {
			return format{}, fmt.Errorf("%s: unsupported kind of picture: %s: %w", name, s.name, ErrFormat)
		}
	}
	return format{}, fmt.Errorf("%s: %w", name, ErrFormat)
}

// errUnsupported marks what may be sound but is not decoded.
var errUnsupported = errors.New("unsupported")

// unsupportedKind is an error that says what kind of picture is not decoded.
type unsupportedKind string

func (k unsupportedKind) Error() string { return string(k) }

func (unsupportedKind) Unwrap() error { return errUnsupported }

// fault tells what a decoder does not know from what is broken.
func fault(err error) string {
	var p png.UnsupportedError
	if errors.As(err, &p) || errors.Is(err, codec.ErrUnsupported) || errors.Is(err, errUnsupported) {
		return "unsupported kind of"
	}
	return "damaged"
}

func openJPEG(data []byte) (opened, error) {
	j, err := codec.OpenJPEG(data)
	if err != nil {
		return opened{}, err
	}
	return opened{j.Size, j.Working(), j.Decode}, nil
}

func openTIFF(data []byte) (opened, error) {
	t, err := codec.OpenTIFF(data)
	if err != nil {
		return opened{}, err
	}
	return opened{t.Size, t.Working(), t.Decode}, nil
}

// openWith reads a header with one of Go's readers, which need up to working bytes a pixel beside the result.
func openWith(data []byte, config func(*bytes.Reader) (image.Config, error), working int64, decode func() (*image.NRGBA, error)) (opened, error) {
	c, err := config(bytes.NewReader(data))
	if err != nil {
		return opened{}, err
	}
	return opened{image.Pt(c.Width, c.Height), working * int64(c.Width) * int64(c.Height), decode}, nil
}

// opaque is a decoded picture without its transparency.
func opaque(img image.Image) *image.NRGBA {
	out := image.NewNRGBA(image.Rectangle{Max: img.Bounds().Size()})
	copyOpaque(out, img)
	return out
}
