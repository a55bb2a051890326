package plot

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
)

func TestCurve(t *testing.T) {
	c := Curve{Title: "a title", X: "percentile", Y: "accuracy", Series: []Series{
		{Name: "pairs", X: []float64{0, 50, 90}, Y: []float64{1, 0.9, 0.5}, Low: []float64{0.9, 0.8, 0.4}, High: []float64{1, 1, 0.6}},
		{Name: "random", X: []float64{0, 50, 90}, Y: []float64{1, 0.5, 0.1}, Dashed: true},
	}}
	var b bytes.Buffer
	if err := c.Write(&b, "png"); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil || img.Bounds().Dx() < 500 {
		t.Errorf("%v, %v", img.Bounds(), err)
	}
	b.Reset()
	if err := c.Write(&b, "svg"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg", "a title", "percentile", "random"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the SVG lacks %q", want)
		}
	}
	if err := c.Write(&b, "doc"); err == nil {
		t.Error("an unknown format")
	}
}
