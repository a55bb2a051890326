package cli

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readmePictures are the pictures of the docs that facet demo makes.
var readmePictures = map[string]string{
	"explain.png": "explain/summary.png",
	"story.png":   "story.png",
	"segment.png": "segmentation.png",
}

// TestReadme: the pictures and the table of the README are those that facet demo makes today. go test ./internal/cli -run TestReadme -update makes
// them anew.
func TestReadme(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	out := succeed(t, "demo", "-o", dir)
	for kept, made := range readmePictures {
		comparePicture(t, filepath.Join("../../docs/images", kept), filepath.Join(dir, made))
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, kept, after := tableOf(t, string(readme), "    ")
	_, made, _ := tableOf(t, out, "")
	if *update {
		if err := os.WriteFile("../../README.md", []byte(before+made+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(figure.ReplaceAllString(kept, "#"), figure.ReplaceAllString(made, "#")); diff != "" {
		t.Fatalf("README.md: %s", diff)
	}
	numbers := figure.FindAllString(made, -1)
	for i, w := range figure.FindAllString(kept, -1) {
		if !near(w, numbers[i]) {
			t.Errorf("README.md: number %d of the table is %s, facet demo prints %s", i+1, w, numbers[i])
		}
	}
}

// tableOf finds the lines from "against" to the end of the paragraph, which begin with an indent, and gives them with four spaces before each.
func tableOf(t *testing.T, text, indent string) (before, lines, after string) {
	t.Helper()
	start := strings.Index(text, "\n"+indent+"against ") + 1
	length := strings.Index(text[max(start, 0):], "\n\n")
	if start == 0 || length < 0 {
		t.Fatalf("no table in %q", text)
	}
	var list []string
	for line := range strings.Lines(text[start : start+length]) {
		list = append(list, strings.TrimRight("    "+strings.TrimPrefix(strings.TrimRight(line, "\n"), indent), " "))
	}
	return text[:start], strings.Join(list, "\n"), text[start+length:]
}

// comparePicture holds a picture to the one that is kept. Processors round differently, and few pixels may differ for it.
func comparePicture(t *testing.T, kept, made string) {
	t.Helper()
	data, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := writePNG(kept, decoded(t, data)); err != nil { // smaller than facet demo leaves it
			t.Fatal(err)
		}
		return
	}
	old, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	want, got := decoded(t, old), decoded(t, data)
	if want.Bounds() != got.Bounds() {
		t.Errorf("%s has the size %v, facet demo makes %v", kept, want.Bounds(), got.Bounds())
		return
	}
	different := 0
	for y := range got.Bounds().Dy() {
		for x := range got.Bounds().Dx() {
			r, g, b, _ := want.At(x, y).RGBA()
			r2, g2, b2, _ := got.At(x, y).RGBA()
			if far(r, r2) || far(g, g2) || far(b, b2) {
				different++
			}
		}
	}
	if share := float64(different) / float64(got.Bounds().Dx()*got.Bounds().Dy()); share > 0.005 {
		t.Errorf("%s differs from what facet demo makes in %.1f %% of its pixels", kept, 100*share)
	}
}

// far tells whether two channels of 16 bits differ by more than 8 of 256 levels.
func far(a, b uint32) bool { return max(a, b)-min(a, b) > 8<<8 }

func decoded(t *testing.T, data []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}
