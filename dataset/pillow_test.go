package dataset

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// lossy are the most levels by which our pixels may differ from Pillow's where the codec leaves rounding open; the others are equal.
var lossy = map[string]int{"lossy.webp": 1, "lossy-alpha.webp": 1, "alpha.webp": 1}

// TestDecodeLikePillow compares with the pixels that testdata/make.py wrote.
func TestDecodeLikePillow(t *testing.T) {
	truths, err := filepath.Glob("testdata/*.ppm")
	if err != nil || len(truths) < 20 {
		t.Fatalf("%d truths, %v", len(truths), err)
	}
	for _, truth := range truths {
		file := strings.TrimSuffix(truth, ".ppm")
		t.Run(filepath.Base(file), func(t *testing.T) {
			img, err := decodeFile(file, DefaultMaxPixels)
			if err != nil {
				t.Fatal(err)
			}
			size, want := readPPM(t, truth)
			if img.Rect != (image.Rectangle{Max: size}) || !img.Opaque() {
				t.Fatalf("got %v, opaque: %t, want %v, opaque", img.Rect, img.Opaque(), size)
			}
			worst := 0
			for i, v := range want {
				d := int(img.Pix[i/3*4+i%3]) - int(v)
				worst = max(worst, d, -d)
			}
			if worst > lossy[filepath.Base(file)] {
				t.Errorf("up to %d levels off, want at most %d", worst, lossy[filepath.Base(file)])
			}
		})
	}
}

// readPPM reads a binary portable pixmap.
func readPPM(t *testing.T, path string) (image.Point, []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var size image.Point
	var top int
	if _, err := fmt.Sscanf(string(data[:min(len(data), 20)]), "P6\n%d %d\n%d\n", &size.X, &size.Y, &top); err != nil || top != 255 {
		t.Fatalf("%s: not a pixmap of 8 bits: %v", path, err)
	}
	pixels := 3 * size.X * size.Y
	return size, data[len(data)-pixels:]
}

func TestDecodeNamesWhatItCannotRead(t *testing.T) {
	_, err := decodeFile("testdata/animation.webp", DefaultMaxPixels)
	if err == nil || !strings.Contains(err.Error(), "animated WebP") || strings.Contains(err.Error(), "damaged") {
		t.Errorf("animated WebP: %v", err)
	}
}

// TestDecodeCutOff cuts each picture in many places: an error or a picture, never a panic (which Decode would report as such).
func TestDecodeCutOff(t *testing.T) {
	truths, _ := filepath.Glob("testdata/*.ppm")
	for _, truth := range truths {
		file := strings.TrimSuffix(truth, ".ppm")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for n := range len(data) {
			_, err := decodeBytes(file, data[:n], 10_000)
			if n < len(data)/2 && err == nil {
				t.Errorf("%s, %d of %d bytes: no error", file, n, len(data))
			}
			if err != nil && strings.Contains(err.Error(), "runtime error") {
				t.Errorf("%s, %d of %d bytes: %v", file, n, len(data), err)
			}
		}
	}
}

// TestFromYCbCrConstant: at any size and ratio a picture of one colour stays so, borders included.
func TestFromYCbCrConstant(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422,
		image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio440} {
		for w := 1; w < 6; w++ {
			for h := 1; h < 6; h++ {
				src := image.NewYCbCr(image.Rect(0, 0, w, h), ratio)
				fill(src.Y, 90)
				fill(src.Cb, 30)
				fill(src.Cr, 201)
				out := image.NewNRGBA(src.Rect)
				if !fromYCbCr(out, src, videoRGB) {
					t.Fatalf("%v: not converted", ratio)
				}
				r, g, b := videoRGB(90, 30, 201)
				for i := range w * h {
					if got := [4]uint8(out.Pix[4*i:]); got != [4]uint8{r, g, b, 255} {
						t.Errorf("%v %d×%d, pixel %d: got %v", ratio, w, h, i, got)
					}
				}
			}
		}
	}
	if fromYCbCr(image.NewNRGBA(image.Rect(0, 0, 4, 4)), image.NewYCbCr(image.Rect(0, 0, 4, 4), image.YCbCrSubsampleRatio411), videoRGB) {
		t.Error("4:1:1 was converted with the wrong ratio")
	}
}

func fill(s []uint8, v uint8) {
	for i := range s {
		s[i] = v
	}
}

// TestVideoRGB: black, white and the primaries of BT.601 in video range.
func TestVideoRGB(t *testing.T) {
	for _, c := range []struct{ yuv, want [3]uint8 }{
		{[3]uint8{16, 128, 128}, [3]uint8{0, 0, 0}},
		{[3]uint8{235, 128, 128}, [3]uint8{255, 255, 255}},
		{[3]uint8{81, 90, 240}, [3]uint8{255, 0, 0}},
		{[3]uint8{145, 54, 34}, [3]uint8{0, 255, 0}},
		{[3]uint8{41, 240, 110}, [3]uint8{0, 0, 255}},
		{[3]uint8{0, 0, 0}, [3]uint8{0, 135, 0}},
	} {
		r, g, b := videoRGB(c.yuv[0], c.yuv[1], c.yuv[2])
		for i, v := range [3]uint8{r, g, b} {
			if d := int(v) - int(c.want[i]); d > 1 || d < -1 {
				t.Errorf("%v: got %v, want %v", c.yuv, [3]uint8{r, g, b}, c.want)
			}
		}
	}
}
