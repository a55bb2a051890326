package plot

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"
)

// TestSheet: whatever stands on it, a sheet keeps its margins, and is high enough for all.
func TestSheet(t *testing.T) {
	long := strings.Repeat("ein sehr langer Name mit Wörtern, die nicht aufhören, ", 3) + strings.Repeat("Donaudampfschiff", 20)
	for i, photo := range []image.Image{grey(64, 64), grey(10, 300), grey(300, 10)} {
		s := Sheet{
			Title: long, Subtitle: long, Footer: long, Less: "takes away", More: "adds", Photo: Panel{long, long, photo}, Sum: Panel{"", "", photo},
			Steps: Waterfall{Title: long, From: "the average: −3", To: "this: −7", Start: -3},
			Rows:  []PanelRow{{Title: long, Columns: 6, Panels: []Panel{{long, long, photo}, {"b", "", nil}}}, {Columns: 8}},
		}
		for n := range 12 * i {
			s.Steps.Steps = append(s.Steps.Steps, Step{fmt.Sprint(n, long), "+0.1", []float64{-2, 0.5, 0, math.NaN(), math.Inf(1)}[n%5], n > 9})
		}
		img := s.Draw()
		for y := range img.Rect.Dy() {
			for _, x := range []int{0, margin / 2, sheetWidth - margin/2, sheetWidth - 1} {
				if img.RGBAAt(x, y) != (color.RGBA{255, 255, 255, 255}) {
					t.Fatalf("%v: something stands in the margin at (%d,%d)", photo.Bounds(), x, y)
				}
			}
		}
		for x := range sheetWidth {
			if img.RGBAAt(x, img.Rect.Dy()-20) != (color.RGBA{255, 255, 255, 255}) {
				t.Fatalf("%v: something stands in the lower margin at %d", photo.Bounds(), x)
			}
		}
	}
}

// TestWaterfall: a step up is vermilion, a step down blue, each begins where the one before ends, and below zero it is no different.
func TestWaterfall(t *testing.T) {
	for _, start := range []float64{0, -20} {
		c := newCanvas(600, 300)
		c.waterfall(Waterfall{Start: start, Steps: []Step{{Label: "a", Value: 2}, {Label: "b", Value: -1}}}, 0, 0, 600)
		img := c.done()
		up, down := columns(img, positive), columns(img, negative)
		if width := up[1] - up[0]; width < 100 || math.Abs(float64(down[1]-up[1])) > 3 || math.Abs(float64(2*(down[1]-down[0])-width)) > 4 {
			t.Errorf("from %g: up spans %v, down %v", start, up, down)
		}
	}
}

// columns are the first and the last column with a colour.
func columns(img *image.RGBA, of color.RGBA) [2]int {
	span := [2]int{img.Rect.Dx(), -1}
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			if img.RGBAAt(x, y) == of {
				span[0], span[1] = min(span[0], x), max(span[1], x)
			}
		}
	}
	return span
}

// TestWrap: nothing of a text is lost, and no line is too wide.
func TestWrap(t *testing.T) {
	c := newCanvas(10, 10)
	c.use(labelStyle)
	for _, text := range []string{"", "a butterfly", "an unusually long name of a thing", strings.Repeat("Überlänge", 30) + " end"} {
		lines := c.wrap(text, 200)
		if got := strings.Join(lines, ""); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(text, " ", "") {
			t.Errorf("%q became %q", text, lines)
		}
		for _, line := range lines {
			if c.wide(line) > 200 {
				t.Errorf("%q is %g wide", line, c.wide(line))
			}
		}
	}
}

// TestRound gives a scale of few round numbers.
func TestRound(t *testing.T) {
	for _, span := range [][2]float64{{9.1, 14.75}, {0, 1}, {-20.3, -3}, {-0.001, 0.002}, {99, 100000}} {
		list := round(span[0], span[1])
		if len(list) < 2 || len(list) > 7 || list[0] < span[0] || list[len(list)-1] > span[1]+1e-9 {
			t.Errorf("%v: %v", span, list)
		}
	}
	if list := round(1, 1); len(list) != 0 {
		t.Errorf("of nothing: %v", list)
	}
}

// TestKeyed: the scale goes from no colour to full colour.
func TestKeyed(t *testing.T) {
	img := Keyed("a map", grey(60, 60), "12 %")
	low, high := img.Rect.Dy()-margin-line-15, img.Rect.Dx()-margin-2
	if first, last := warmth(img, margin+1, low), warmth(img, high, low); first > 5 || last < 100 {
		t.Errorf("the scale goes from %d to %d", first, last)
	}
}
