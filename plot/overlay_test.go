package plot_test

import (
	"image"
	"image/color"
	"testing"

	"github.com/facet-clip/facet/plot"
)

// TestOverlay: half of a picture is painted, half is not, and the legend has room at any size of the picture.
func TestOverlay(t *testing.T) {
	white := func(w, h int) *image.RGBA {
		img := image.NewRGBA(image.Rect(0, 0, w, h))
		for i := range img.Pix {
			img.Pix[i] = 255
		}
		return img
	}
	areas := white(600, 400)
	for y := range 400 {
		for x := range 300 {
			areas.SetRGBA(x, y, color.RGBA{200, 0, 0, 255})
		}
	}
	legend := []plot.Entry{{Colour: color.RGBA{200, 0, 0, 255}, Label: "red", Note: "50 %"}, {Colour: color.White, Label: "white", Note: "50 %"}}
	sheet := plot.Overlay(white(600, 400), areas, legend)
	left, right := sheet.RGBAAt(16+100, 16+200), sheet.RGBAAt(16+500, 16+200)
	if left.R < left.G+60 || right.R < 250 || right.G < 250 {
		t.Errorf("painted %v, not painted %v", left, right)
	}
	if key := sheet.RGBAAt(16+7, 16+400+16+7); key != (color.RGBA{200, 0, 0, 255}) {
		t.Errorf("the legend's first colour is %v", key)
	}
	for _, size := range []image.Point{{1, 1}, {12_000, 200}, {200, 12_000}} {
		if b := plot.Overlay(white(size.X, size.Y), white(size.X, size.Y), legend).Bounds(); b.Dx() > 1700 || b.Dy() > 1800 || b.Dx() < 200 {
			t.Errorf("%v: a sheet of %v", size, b)
		}
	}
}

func TestBarChart(t *testing.T) {
	one := plot.BarChart("title", "", []plot.Bar{{Label: "a", Value: 0.5}}, "")
	two := plot.BarChart("title", "", []plot.Bar{{Label: "a", Value: 0.5}, {Label: "b", Value: 0.25}}, "")
	if two.Bounds().Dy() <= one.Bounds().Dy() {
		t.Error("a second bar has no room")
	}
	coloured := 0
	for i := 0; i < len(one.Pix); i += 4 {
		if one.Pix[i] > one.Pix[i+2]+100 {
			coloured++
		}
	}
	if coloured < 1000 {
		t.Errorf("%d coloured pixels: no bar", coloured)
	}
}
