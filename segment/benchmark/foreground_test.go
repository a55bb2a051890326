package benchmark_test

import (
	"bytes"
	"image"
	"image/png"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/segment"
	"github.com/facet-clip/facet/segment/benchmark"
)

// split is a set of two pictures of one thing each, of 7×5 pixels, whose mask has the odd pixels.
func split(t *testing.T) *benchmark.Set {
	t.Helper()
	dir := t.TempDir()
	size := image.Pt(7, 5)
	labels := make([]uint8, size.X*size.Y)
	for i := range labels {
		labels[i] = uint8(i % 2)
	}
	for _, name := range []string{"0001", "0002"} {
		img := image.NewRGBA(image.Rectangle{Max: size})
		for i := range img.Pix {
			img.Pix[i] = uint8(i * 7)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		write(t, dir, "images/"+name+".png", b.Bytes())
		write(t, dir, "masks/"+name+".png", mask(t, false, size, labels...))
	}
	set, err := benchmark.Open("imagenet-seg:" + dir)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestSqueezed: as published, a picture is cropped and its truth squeezed, to the pixels that Pillow takes.
func TestSqueezed(t *testing.T) {
	set := split(t)
	if set.Background || !set.Split {
		t.Errorf("background %t, split %t", set.Background, set.Split)
	}
	if err := set.Rename("a list", []segment.Class{{Name: "a"}, {Name: "b"}, {Name: "c"}}); err != nil || len(set.Named()) != 3 || len(set.Classes) != 2 {
		t.Errorf("%d classes may be shown of %d: %v", len(set.Named()), len(set.Classes), err)
	}
	img, truth, err := set.Squeezed(4).Load(t.Context(), 0, dataset.NewDecoder(1000))
	if err != nil {
		t.Fatal(err)
	}
	var want []uint8
	for _, at := range []uint8{0, 2, 4, 6, 7, 9, 11, 13, 21, 23, 25, 27, 28, 30, 32, 34} { // of Image.fromarray(arange(35)).resize((4, 4), NEAREST)
		want = append(want, at%2)
	}
	if diff := cmp.Diff(want, truth); diff != "" || img.Bounds().Size() != image.Pt(4, 4) {
		t.Errorf("%v: %s", img.Bounds(), diff)
	}
	if img, truth, err = set.Load(t.Context(), 0, dataset.NewDecoder(1000)); err != nil || img.Bounds().Dx() != 7 || len(truth) != 35 {
		t.Errorf("as it is: %v, %d labels, %v", img.Bounds(), len(truth), err)
	}
}

// TestForegroundEvaluation: pictures of one thing have average precision, also from a journal.
func TestForegroundEvaluation(t *testing.T) {
	run := func(journal string) []benchmark.Picture {
		e := evaluation(t, journal)
		e.Set = split(t)
		pictures, err := e.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return pictures
	}
	journal := filepath.Join(t.TempDir(), "journal.jsonl")
	first, again := run(journal), run(journal)
	if diff := cmp.Diff(first, again); diff != "" || len(first) != 2 {
		t.Error(diff)
	}
	for _, p := range first {
		for _, c := range p.Methods {
			m, err := c.Confusion(2)
			if err != nil {
				t.Fatal(err)
			}
			n := int64(0)
			for _, v := range m.Counts {
				n += v
			}
			if n != 35 || c.Precision == nil || !(*c.Precision > 0 && *c.Precision <= 1) {
				t.Errorf("%d pixels, precision %v", n, c.Precision)
			}
		}
	}
	e := evaluation(t, "")
	e.Set = split(t)
	e.Runner.Earlier = &segment.Earlier{Neurons: 1}
	if _, err := e.Run(t.Context()); err == nil {
		t.Error("what a picture shows was asked of an earlier block, and no error")
	}
}
