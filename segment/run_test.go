package segment_test

import (
	"errors"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/scenes"
	"github.com/facet-clip/facet/segment"
)

// runner is every method with the golden model tiny, on windows of its 64 pixels.
func runner(t testing.TB, s scene) *segment.Runner {
	t.Helper()
	p, err := segment.Preset("native", s.model.Config.Image)
	if err != nil {
		t.Fatal(err)
	}
	r := &segment.Runner{Model: s.model, Protocol: p}
	for _, m := range segment.Methods() {
		seg, err := segment.New(s.pool, s.classes, m, segment.Options{Pairs: 200})
		if err != nil {
			t.Fatal(err)
		}
		r.Methods = append(r.Methods, seg)
	}
	return r
}

func picture(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, color.RGBA{uint8(5 * x), uint8(3 * y), uint8(x * y), 255})
		}
	}
	return img
}

// TestRunNative: one native window gives what the golden arrays have, through resizing, cutting and batching.
func TestRunNative(t *testing.T) {
	s := load(t, "tiny")
	images := s.Array("images")
	S := images.Shape[1]
	img := image.NewRGBA(image.Rect(0, 0, S, S))
	for i := range S * S {
		rgb := images.Data[3*i : 3*i+3]
		img.SetRGBA(i%S, i/S, color.RGBA{uint8(rgb[0]), uint8(rgb[1]), uint8(rgb[2]), 255})
	}
	seg, err := segment.New(s.pool, s.classes, segment.NAP, segment.Options{Pairs: 200, Signs: s.signs()})
	if err != nil {
		t.Fatal(err)
	}
	r := runner(t, s)
	r.Methods = []*segment.Segmenter{seg}
	maps, err := r.Run(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "logits", maps[0].Logits(0, 1, 2, 3), s.Array("seg_logits_upsampled").Data[:4*S*S], 2e-5, 1e-6)
}

// TestOddPictures: any size and aspect gives a label for each pixel.
func TestOddPictures(t *testing.T) {
	r := runner(t, load(t, "tiny"))
	for _, size := range []image.Point{{1, 1}, {1, 40}, {70, 65}, {200, 64}, {1200, 20}} {
		if testing.Short() && size.X > 1000 {
			continue // 119 windows by every method
		}
		maps, err := r.Run(t.Context(), picture(size.X, size.Y))
		if err != nil {
			t.Fatalf("%v: %v", size, err)
		}
		for i, m := range maps {
			l := m.Labels()
			if l.Size != size || len(l.Class) != size.X*size.Y {
				t.Errorf("%v: %d labels of size %v", size, len(l.Class), l.Size)
			}
			for _, v := range m.Class(0) {
				if math.IsNaN(float64(v)) {
					t.Fatalf("%v: %s gives NaN", size, r.Methods[i].Method)
				}
			}
		}
	}
	if _, err := r.Run(t.Context(), picture(1, 300_000)); !errors.Is(err, segment.ErrTooLong) {
		t.Errorf("1×300000: %v", err)
	}
}

// TestWhy: the parts of a region's pairs sum to its mean logit, over several windows and after resizing.
func TestWhy(t *testing.T) {
	r := runner(t, load(t, "tiny"))
	img := picture(150, 90)
	maps, err := r.Run(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range r.Methods {
		for _, region := range []image.Rectangle{image.Rect(0, 0, 1, 1), image.Rect(75, 40, 76, 41), image.Rect(10, 5, 140, 90)} {
			reason, err := r.Why(t.Context(), img, maps[i], i, region)
			if s.Method != segment.Facet && s.Method != segment.NAP {
				if !errors.Is(err, segment.ErrNoPairs) {
					t.Errorf("%s: %v", s.Method, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			sum, mean := 0.0, 0.0
			for _, v := range reason.Parts {
				sum += float64(v)
			}
			logits := maps[i].Logits(reason.Query)
			for y := region.Min.Y; y < region.Max.Y; y++ {
				for x := region.Min.X; x < region.Max.X; x++ {
					mean += float64(logits[y*150+x]) / float64(region.Dx()*region.Dy())
				}
			}
			if math.Abs(sum-mean) > 1e-5*math.Abs(mean)+1e-8 || math.Abs(reason.Logit-mean) > 1e-5*math.Abs(mean)+1e-8 {
				t.Errorf("%s at %v: pairs sum to %g, the reason says %g, the map's mean is %g", s.Method, region, sum, reason.Logit, mean)
			}
		}
	}
	if _, err := r.Why(t.Context(), img, maps[0], 0, image.Rect(150, 0, 151, 1)); err == nil {
		t.Error("a pixel outside: no error")
	}
}

func TestLabelPictures(t *testing.T) {
	want := scenes.Indexed(image.NewGray(image.Rect(0, 0, 1, 1))).Palette
	l := &segment.Labels{Size: image.Pt(3, 1), Class: []uint16{0, 7, 254}}
	indexed, ok := l.Image(255).(*image.Paletted)
	if !ok {
		t.Fatalf("255 classes: got %T", l.Image(255))
	}
	for i, c := range indexed.Palette {
		if c != want[i] {
			t.Errorf("colour %d: got %v, PASCAL VOC's is %v", i, c, want[i])
		}
	}
	if diff := cmp.Diff([]uint8{0, 7, 254}, indexed.Pix); diff != "" {
		t.Error(diff)
	}
	many := &segment.Labels{Size: image.Pt(2, 1), Class: []uint16{3, 999}}
	grey, ok := many.Image(1000).(*image.Gray16)
	if !ok || grey.Gray16At(1, 0).Y != 999 || grey.Gray16At(0, 0).Y != 3 {
		t.Errorf("1000 classes: got %T %v", many.Image(1000), grey)
	}
}

// TestThousandClasses: more classes than a palette has, each found where its logit is the largest.
func TestThousandClasses(t *testing.T) {
	const P = 1000
	names, of, texts := make([]string, P), make([]int, P), make([]float32, P*32)
	for i := range P {
		names[i], of[i] = strings.Repeat("x", i+1), i
		for j := range 32 {
			texts[i*32+j] = float32(math.Sin(float64(i*32 + j + 1)))
		}
	}
	c, err := segment.NewClasses(names, of, names, texts, 32)
	if err != nil {
		t.Fatal(err)
	}
	s := load(t, "tiny")
	r := runner(t, s)
	seg, err := segment.New(s.pool, c, segment.Facet, segment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r.Methods = []*segment.Segmenter{seg}
	maps, err := r.Run(t.Context(), picture(64, 64))
	if err != nil {
		t.Fatal(err)
	}
	l := maps[0].Labels()
	best := maps[0].Class(int(l.Class[100]))[100]
	for q := 0; q < P; q += 37 {
		if v := maps[0].Class(q)[100]; v > best {
			t.Errorf("class %d has %g, the label's class %g", q, v, best)
		}
	}
}
