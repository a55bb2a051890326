package dataset

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCases holds every picture of testdata/cases against Pillow's open(…).convert("RGB"). Only lossy WebP is not by the library that Pillow has.
func TestCases(t *testing.T) {
	truths, err := filepath.Glob("../testdata/cases/pictures/*.truth.png")
	if err != nil || len(truths) < 130 {
		t.Fatalf("%d truths, %v", len(truths), err)
	}
	for _, truth := range truths {
		file := strings.TrimSuffix(truth, ".truth.png")
		t.Run(filepath.Base(file), func(t *testing.T) {
			got, err := decodeFile(file, DefaultMaxPixels)
			if err != nil {
				t.Fatal(err)
			}
			want := readTruth(t, truth)
			if got.Rect != want.Rect {
				t.Fatalf("got %v, want %v", got.Rect, want.Rect)
			}
			worst := 0
			for i, v := range want.Pix {
				d := int(got.Pix[i]) - int(v)
				worst = max(worst, d, -d)
			}
			if worst > lossy[filepath.Base(file)] {
				t.Errorf("up to %d levels off", worst)
			}
		})
	}
}

func readTruth(t *testing.T, path string) *image.NRGBA {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return opaque(img)
}
