package plot

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"testing"
)

func grey(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 128
	}
	return img
}

// warmth is how much more red than blue a pixel has.
func warmth(img *image.RGBA, x, y int) int {
	c := img.RGBAAt(x, y)
	return int(c.R) - int(c.B)
}

func TestHeatMapPlace(t *testing.T) {
	values := make([]float32, 12) // 3×4
	values[1*4+2], values[0] = 5, -5
	img := HeatMap(grey(80, 60), values, 3, 4, 0)
	if got := img.Rect.Size(); got != image.Pt(80, 60) {
		t.Fatalf("size %v", got)
	}
	hottest, coldest := image.Point{}, image.Point{}
	for y := range 60 {
		for x := range 80 {
			if warmth(img, x, y) > warmth(img, hottest.X, hottest.Y) {
				hottest = image.Pt(x, y)
			}
			if warmth(img, x, y) < warmth(img, coldest.X, coldest.Y) {
				coldest = image.Pt(x, y)
			}
		}
	}
	if !hottest.In(image.Rect(48, 28, 52, 32)) || !coldest.In(image.Rect(0, 0, 11, 11)) {
		t.Errorf("hottest at %v, coldest at %v", hottest, coldest)
	}
}

func TestHeatMapConstant(t *testing.T) {
	for name, v := range map[string]float32{"positive": 2, "zero": 0, "NaN": float32(math.NaN()), "infinite": float32(math.Inf(1))} {
		img := HeatMap(grey(7, 5), []float32{v, v, v, v}, 2, 2, 0)
		for i := range img.Pix {
			if img.Pix[i] != img.Pix[i%4] {
				t.Fatalf("%s: a constant map is not constant", name)
			}
		}
		if colourless := warmth(img, 0, 0) == 0; colourless != (name != "positive") {
			t.Errorf("%s: %v", name, img.At(0, 0))
		}
	}
}

// TestHeatMapBetween: half-pixel centres, as torch's interpolate(align_corners=False): of two cells over four pixels the parts are 0, ¼, ¾, 1.
func TestHeatMapBetween(t *testing.T) {
	for i, want := range []float64{0, 0.25, 0.75, 1} {
		first, second, part := between(i, 4, 2)
		if got := float64(first) + part*float64(second-first); got != want {
			t.Errorf("pixel %d: got %g, want %g", i, got, want)
		}
	}
}

func TestSummaryDraws(t *testing.T) {
	if testing.Short() {
		t.Skip("draws sixteen sheets, one after the other")
	}
	long := "ein sehr langer Name mit Zeichen, die keine Schrift hat: 日本語 🦋 und noch viel mehr, bis es nicht mehr passt"
	for _, photo := range []image.Image{grey(64, 64), grey(10, 300), grey(300, 10), grey(1, 1)} {
		for _, n := range []int{0, 1, 5, 24} {
			s := Summary{Title: long, Subtitle: "", Photo: photo, BarsTitle: long, Footer: long}
			for i := range n {
				s.Panels = append(s.Panels, Panel{long, long, photo})
				s.Bars = append(s.Bars, Bar{fmt.Sprint(long, i), []float64{0.2, -0.1, 0, math.NaN(), math.Inf(-1)}[i%5], long, long})
			}
			img := s.Draw()
			if img.Rect.Dx() != sheetWidth || img.Rect.Dy() < 200 || img.Rect.Dy() > 5000 {
				t.Errorf("%v, %d panels: %v", photo.Bounds(), n, img.Rect)
			}
			for y := range img.Rect.Dy() { // the margins stay white
				for _, x := range []int{0, margin / 2, sheetWidth - margin/2, sheetWidth - 1} {
					if img.RGBAAt(x, y) != (color.RGBA{255, 255, 255, 255}) {
						t.Fatalf("%v, %d panels: something stands in the margin at (%d,%d)", photo.Bounds(), n, x, y)
					}
				}
			}
		}
	}
}

func TestContactSheet(t *testing.T) {
	sheet := ContactSheet("Neuron 7", 3, []Panel{{"a", "b", grey(20, 20)}, {"c", "", nil}, {"", "d", grey(5, 50)}, {"e", "f", grey(50, 5)}}, Key{})
	keyed := ContactSheet("Neuron 7", 1, []Panel{{"a", "b", grey(20, 20)}}, Key{"takes away", "adds"})
	plain := ContactSheet("Neuron 7", 1, []Panel{{"a", "b", grey(20, 20)}}, Key{})
	if at := plain.Rect.Dy() - margin + gap + 8; keyed.Rect.Dy() <= plain.Rect.Dy() || warmth(keyed, margin+2, at) > -50 || warmth(keyed, sheetWidth-margin-2, at) < 50 {
		t.Errorf("the key goes from %d to %d, the sheet is %d high, without it %d", warmth(keyed, margin+2, at), warmth(keyed, sheetWidth-margin-2, at), keyed.Rect.Dy(), plain.Rect.Dy())
	}
	if sheet.Rect.Dx() != sheetWidth {
		t.Errorf("%v", sheet.Rect)
	}
	if c := sheet.RGBAAt(margin+100, margin+64+100); c == (color.RGBA{255, 255, 255, 255}) {
		t.Error("the first panel is empty")
	}
}
