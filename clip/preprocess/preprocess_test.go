package preprocess_test

import (
	"archive/zip"
	"image"
	"image/color"
	"math"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/npy"
)

// lossy are the most levels by which a picture may differ whose codec leaves rounding open (measured 2 and 4). The others are equal, level
// for level.
var lossy = map[string]float64{"cmyk.jpg": 3, "rotated-exif.jpg": 8}

// TestNative compares with torchvision over Pillow, on pictures converted to RGB before they are resized.
func TestNative(t *testing.T) {
	truth, err := zip.OpenReader("testdata/preprocess.npz")
	if err != nil {
		t.Fatal(err)
	}
	defer truth.Close()
	for _, f := range truth.File {
		name, side, _ := strings.Cut(strings.TrimSuffix(f.Name, ".npy"), "/")
		size, err := strconv.Atoi(side)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name+side, func(t *testing.T) {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			want, err := npy.Read(r)
			if err != nil {
				t.Fatal(err)
			}
			var worst, mean float64
			err = dataset.NewDecoder(0).File(t.Context(), path.Join("testdata", name), func(img *image.NRGBA) error {
				worst, mean = levels(preprocess.Native(img, size), want.Data, size*size)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("largest difference %.3f levels, mean %.4f", worst, mean)
			if worst > lossy[name]+1e-3 || mean > 1 {
				t.Errorf("largest difference %.3f levels (≤ %g), mean %.4f", worst, lossy[name], mean)
			}
		})
	}
}

// levels are the largest and the mean difference in grey levels, 1/255.
func levels(got, want []float32, channel int) (worst, mean float64) {
	if len(got) != len(want) {
		return math.Inf(1), math.Inf(1)
	}
	for i := range want {
		d := 255 * math.Abs(float64(got[i]-want[i])) * preprocess.Deviation[i/channel]
		worst, mean = max(worst, d), mean+d/float64(len(want))
	}
	return worst, mean
}

func gradient(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(3, 5, 3+w, 5+h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(3+x, 5+y, color.NRGBA{uint8(x * 7), uint8(y * 5), uint8(x + y), 255})
		}
	}
	return img
}

func TestCropKeepsNativeSize(t *testing.T) {
	img := gradient(32, 32)
	crop := preprocess.Crop(img, 32)
	for y := range 32 {
		for x := range 32 {
			if got, want := crop.RGBAAt(x, y), img.NRGBAAt(3+x, 5+y); color.RGBA(want) != got {
				t.Fatalf("(%d,%d): got %v, want %v", x, y, got, want)
			}
		}
	}
}

func TestWhole(t *testing.T) {
	for _, c := range []struct{ w, h, size, wantW, wantH int }{
		{100, 100, 64, 64, 64},
		{200, 100, 64, 128, 64},
		{100, 149, 64, 64, 96}, // 95.4 → 96
		{1, 1, 64, 64, 64},
	} {
		img, err := preprocess.Whole(gradient(c.w, c.h), c.size)
		if err != nil {
			t.Errorf("%d×%d: %v", c.w, c.h, err)
		} else if got := img.Rect.Size(); got != image.Pt(c.wantW, c.wantH) {
			t.Errorf("%d×%d: got %v, want %d×%d", c.w, c.h, got, c.wantW, c.wantH)
		}
	}
	if _, err := preprocess.Whole(gradient(2, 600), 64); err == nil {
		t.Error("2×600: no error")
	}
}

func TestPictureInvertsNormalise(t *testing.T) {
	crop := preprocess.Crop(gradient(40, 30), 32)
	back := preprocess.Picture(preprocess.Normalise(crop), 32, 32)
	for i := range crop.Pix {
		if crop.Pix[i] != back.Pix[i] {
			t.Fatalf("byte %d: got %d, want %d", i, back.Pix[i], crop.Pix[i])
		}
	}
	wild := preprocess.Picture([]float32{float32(math.NaN()), 1e9, -1e9}, 1, 1)
	if wild.Pix[3] != 255 || wild.Pix[1] != 255 || wild.Pix[2] != 0 {
		t.Errorf("out of range: %v", wild.Pix)
	}
}

func BenchmarkNative12MP(b *testing.B) {
	img := gradient(4000, 3000)
	for b.Loop() {
		preprocess.Native(img, 224)
	}
}
