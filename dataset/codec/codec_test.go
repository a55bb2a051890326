package codec

import (
	"errors"
	"image"
	"os"
	"path/filepath"
	"testing"
)

// picture is what both readers give.
type picture interface {
	Decode() (*image.NRGBA, error)
}

func openAny(data []byte) (picture, image.Point, error) {
	if len(data) > 2 && data[0] == 0xff {
		j, err := OpenJPEG(data)
		if err != nil {
			return nil, image.Point{}, err
		}
		return j, j.Size, nil
	}
	t, err := OpenTIFF(data)
	if err != nil {
		return nil, image.Point{}, err
	}
	return t, t.Size, nil
}

func files(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, pattern := range []string{"*.jpg", "*.tif"} {
		names, err := filepath.Glob("../../testdata/cases/pictures/" + pattern)
		if err != nil || len(names) < 20 {
			t.Fatalf("%s: %d files, %v", pattern, len(names), err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out[filepath.Base(name)] = data
		}
	}
	return out
}

// TestCutOff: half a file is an error of a known kind, and nothing is left behind that a next picture would feel.
func TestCutOff(t *testing.T) {
	for name, data := range files(t) {
		for _, n := range []int{0, 1, 3, 9, len(data) / 10, len(data) / 3, len(data) / 2} {
			p, _, err := openAny(data[:n])
			if err == nil {
				_, err = p.Decode()
			}
			if err == nil || !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrUnsupported) {
				t.Errorf("%s, %d of %d bytes: %v", name, n, len(data), err)
			}
		}
	}
}

// TestTurn: each orientation's inverse gives the picture back.
func TestTurn(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	for i := range img.Pix {
		img.Pix[i] = uint8(i)
	}
	inverse := map[int]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
	for to, back := range inverse {
		if got := Turn(Turn(img, to), back); string(got.Pix) != string(img.Pix) || got.Rect != img.Rect {
			t.Errorf("orientation %d and back: %v", to, got.Pix)
		}
	}
	if got := Turn(img, 6); got.Rect.Max != image.Pt(2, 3) || got.Pix[0] != img.Pix[12] { // a quarter clockwise: the lower left comes to the upper left
		t.Errorf("orientation 6: %v", got.Pix)
	}
}

func FuzzOpen(f *testing.F) {
	for _, data := range files(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, size, err := openAny(data)
		if err == nil && size.X > 0 && size.Y > 0 && size.X <= 1e5/size.Y {
			_, err = p.Decode()
		}
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%v", err)
		}
	})
}
