package plot

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"
)

// forked is a tree of two rows, the first of which has two leaves.
func forked(name string) Tree {
	picture := grey(20, 20)
	leaf := func(name string) Branch { return Branch{Name: name} }
	first := Branch{Name: name, Share: "60 %", Note: "heads 0, 2", Height: 0.4, Row: true, Children: []Branch{leaf("0"), leaf("2")}, Pictures: []image.Image{picture, nil}}
	second := Branch{Name: "second", Share: "40 %", Note: "head 1", Row: true, Pictures: []image.Image{picture}}
	return Tree{Title: "a tree", Subtitle: "of three heads", Axis: "distance", Root: Branch{Name: "root", Height: 1, Children: []Branch{first, second}, Pictures: []image.Image{picture}}}
}

// TestTree: both formats hold every row, names are escaped, and a longer tree is a higher picture.
func TestTree(t *testing.T) {
	var svg, one, two bytes.Buffer
	if err := forked("<script>").Write(&svg, "svg"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a tree", "of three heads", "second", "60 %", "heads 0, 2", "distance", "&lt;script&gt;", "data:image/png;base64,"} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("the SVG lacks %q", want)
		}
	}
	if strings.Contains(svg.String(), "<script>") {
		t.Error("a name is not escaped")
	}
	if err := forked("first").Write(&one, "png"); err != nil {
		t.Fatal(err)
	}
	alone := Tree{Root: Branch{Name: "alone", Row: true}}
	if err := alone.Write(&two, "png"); err != nil {
		t.Fatal(err)
	}
	high, err := png.DecodeConfig(&one)
	if err != nil {
		t.Fatal(err)
	}
	low, err := png.DecodeConfig(&two)
	if err != nil || low.Height >= high.Height || low.Width != high.Width {
		t.Errorf("%d × %d for one row, %d × %d for two and the root, %v", low.Width, low.Height, high.Width, high.Height, err)
	}
	if err := alone.Write(&two, "gif"); err == nil {
		t.Error("a format that is none is drawn")
	}
}
