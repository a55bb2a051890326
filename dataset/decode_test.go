package dataset

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// sample has fully transparent colours, which must survive.
func sample() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	for i := range 6 {
		img.SetNRGBA(i%3, i/3, color.NRGBA{uint8(40 * i), 200, uint8(255 - 40*i), uint8(51 * i)})
	}
	return img
}

func encoded(t testing.TB, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch format {
	case "png":
		err = png.Encode(&b, sample())
	case "jpeg":
		err = jpeg.Encode(&b, sample(), nil)
	case "gif":
		err = gif.Encode(&b, sample(), nil)
	case "bmp":
		err = bmp.Encode(&b, sample())
	case "tiff":
		err = tiff.Encode(&b, sample(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecodeDropsTransparency(t *testing.T) {
	for _, format := range []string{"png", "tiff"} {
		img, err := decodeBytes("sample", encoded(t, format), 100)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 6 {
			want := sample().NRGBAAt(i%3, i/3)
			want.A = 255
			if got := img.NRGBAAt(i%3, i/3); got != want {
				t.Errorf("%s, pixel %d: got %v, want %v", format, i, got, want)
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	whole := encoded(t, "png")
	for name, c := range map[string]struct {
		data []byte
		want error
		says string
	}{
		"text":      {[]byte("hello, I am no picture"), ErrFormat, "JPEG"},
		"empty":     {nil, ErrFormat, ""},
		"too large": {whole, ErrTooLarge, "in all"},
		"cut off":   {whole[:len(whole)-30], nil, "damaged PNG"},
	} {
		limit := int64(100)
		if name == "too large" {
			limit = 5
		}
		_, err := decodeBytes(name, c.data, limit)
		if err == nil || (c.want != nil && !errors.Is(err, c.want)) || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := decodeFile(filepath.Join(t.TempDir(), "none.jpg"), 100); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// A BMP whose header claims 2 billion pixels must be refused from its header.
func TestDecodeBomb(t *testing.T) {
	data := bytes.Clone(encoded(t, "bmp"))
	copy(data[18:], []byte{0x00, 0x00, 0x01, 0x00, 0x00, 0x80, 0x00, 0x00})
	if _, err := decodeBytes("bomb", data, DefaultMaxPixels); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, format := range []string{"png", "jpeg", "gif", "bmp", "tiff"} {
		f.Add(encoded(f, format))
	}
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) < 20 {
		f.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files { // the few that are no pictures do no harm
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		img, err := decodeBytes("fuzz", data, 10_000)
		if err != nil {
			return
		}
		if n := img.Rect.Dx() * img.Rect.Dy(); n < 1 || n > 10_000 || !img.Opaque() {
			t.Errorf("%v, opaque: %t", img.Rect, img.Opaque())
		}
	})
}
