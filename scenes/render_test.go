package scenes

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"image"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden hashes and the contact sheet")

func sample(t testing.TB, w World, seed, index uint64) Spec {
	t.Helper()
	s, err := Sample(w, seed, index)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func render(t testing.TB, s Spec, size int) *Scene {
	t.Helper()
	scene, err := Render(s, size)
	if err != nil {
		t.Fatal(err)
	}
	return scene
}

// fingerprint is a hash of everything a scene tells: pixels, owners, labels, words.
func fingerprint(s *Scene) string {
	h := sha256.New()
	h.Write(s.Image.Pix)
	h.Write(s.Owners.Pix)
	h.Write(s.Labels().Pix)
	fmt.Fprintln(h, s.Spec.Full(), s.Spec.Captions, s.Seen)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// The golden hashes are the same on every machine. amd64 (v1 and v3), 386,
// arm64, ppc64le, riscv64 and s390x were seen to agree: with and without fused
// multiply-add, with 32 and 64 bits, of either byte order.
func TestGoldenHashes(t *testing.T) {
	if testing.Short() {
		t.Skip("draws twenty large scenes, one after the other")
	}
	var got strings.Builder
	for seed := range uint64(20) {
		size := []int{192, 192, 64, 224, 384}[seed%5]
		w := DefaultWorld()
		if seed%4 == 3 {
			w.Noise = 12
		}
		s := render(t, sample(t, w, seed, seed*seed), size)
		fmt.Fprintf(&got, "%d %d %s %s\n", seed, size, fingerprint(s), s.Spec.Full())
	}
	const file = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("scenes changed (raise WorldVersion, run with -update if meant): -want +got\n%s", diff)
	}
}

// A scene does not depend on what is rendered before it or beside it.
func TestSceneIsTheSameAmongOthers(t *testing.T) {
	const n = 40
	alone := make([]string, n)
	for i := range alone {
		alone[i] = fingerprint(render(t, sample(t, DefaultWorld(), 5, uint64(i)), 96))
	}
	together := make([]string, n)
	var wg sync.WaitGroup
	for i := n - 1; i >= 0; i-- {
		wg.Go(func() {
			render(t, sample(t, DefaultWorld(), 99, uint64(i)), 64+i) // somebody else's scene on the same scratch
			together[i] = fingerprint(render(t, sample(t, DefaultWorld(), 5, uint64(i)), 96))
		})
	}
	wg.Wait()
	if diff := cmp.Diff(alone, together); diff != "" {
		t.Error(diff)
	}
}

// The owners of a scene are those of its objects drawn one by one, the last one winning.
func TestOwnersFollowPaintingOrder(t *testing.T) {
	overlaps := 0
	for i := range uint64(150) {
		s := sample(t, DefaultWorld(), 17, i)
		scene := render(t, s, 128)
		want := make([]uint8, len(scene.Owners.Pix))
		for k, o := range s.Objects {
			one := s
			one.Objects = []Object{o}
			for at, v := range render(t, one, 128).Owners.Pix {
				if v != 0 {
					if want[at] != 0 {
						overlaps++
					}
					want[at] = uint8(k + 1)
				}
			}
		}
		if !bytes.Equal(want, scene.Owners.Pix) {
			t.Fatalf("scene %d: owners differ from the objects drawn one by one", i)
		}
	}
	if overlaps == 0 {
		t.Error("no two objects overlap: the test shows nothing")
	}
}

// Labels, boxes and pixel counts are recomputed from the owners, pixel by pixel.
func TestTruthAgreesWithMasks(t *testing.T) {
	for i := range uint64(150) {
		s := sample(t, DefaultWorld(), 23, i)
		scene := render(t, s, 160)
		labels, context := scene.Labels(), scene.Context()
		want := make([]Seen, len(s.Objects))
		for y := range 160 {
			for x := range 160 {
				label, ground := uint8(0), uint8(1+NumCategories)+uint8(s.Background)
				if v := scene.Owners.GrayAt(x, y).Y; v != 0 {
					label = uint8(s.Objects[v-1].Category)
					ground = label
					pixel := image.Rect(x, y, x+1, y+1)
					want[v-1].Box = want[v-1].Box.Union(pixel)
					want[v-1].Pixels++
				}
				if got := labels.GrayAt(x, y).Y; got != label {
					t.Fatalf("scene %d (%d,%d): label %d, want %d", i, x, y, got, label)
				}
				if got := context.GrayAt(x, y).Y; got != ground {
					t.Fatalf("scene %d (%d,%d): context label %d, want %d", i, x, y, got, ground)
				}
			}
		}
		if diff := cmp.Diff(want, scene.Seen); diff != "" {
			t.Fatalf("scene %d: %s", i, diff)
		}
	}
}

// Objects stay inside the picture, have about the size they claim, and most of each can be seen.
func TestObjectsAreVisible(t *testing.T) {
	const size = 128
	for i := range uint64(300) {
		s := sample(t, DefaultWorld(), 29, i)
		scene := render(t, s, size)
		for k, seen := range scene.Seen {
			one := s
			one.Objects = s.Objects[k : k+1]
			alone := render(t, one, size).Seen[0]
			if share := float64(seen.Pixels) / float64(alone.Pixels); share < 0.6 {
				t.Errorf("scene %d: only %.2f of the %s can be seen", i, share, s.Objects[k].Category)
			}
			b := alone.Box
			if b.Min.X < 1 || b.Min.Y < 1 || b.Max.X > size-1 || b.Max.Y > size-1 {
				t.Errorf("scene %d: %s at %v is cut off", i, s.Objects[k].Category, b)
			}
			long := float64(max(b.Dx(), b.Dy())) / size
			if claim := s.Objects[k].Size; long < claim*0.88 || long > claim*1.12+0.02 {
				t.Errorf("scene %d: %s is %.3f long, claims %.3f", i, s.Objects[k].Category, long, claim)
			}
		}
	}
}

// The colour of a plain body is nearer to the colour it is named after than to any other.
func TestBodiesHaveTheirColour(t *testing.T) {
	for i := range uint64(400) {
		w := DefaultWorld().Single().Only(Categories()[i%uint64(NumCategories)])
		w.Patterns = [NumPatterns]float64{Plain: 1}
		w.Print = 0
		s := sample(t, w, 31, i)
		scene := render(t, s, 192)
		if got := nearestColour(scene); got != s.Main().Colour {
			t.Errorf("%d: %s %s looks %s", i, s.Main().Colour, s.Main().Category, got)
		}
	}
}

// nearestColour counts, for each named colour, the object's pixels close to it.
func nearestColour(s *Scene) Colour {
	var votes [NumColours]int
	for at, v := range s.Owners.Pix {
		if v == 0 {
			continue
		}
		best, dist := Red, 60*60
		for c, want := range bodyColours {
			dr, dg, db := int(s.Image.Pix[4*at])-int(want.r), int(s.Image.Pix[4*at+1])-int(want.g), int(s.Image.Pix[4*at+2])-int(want.b)
			if d := dr*dr + dg*dg + db*db; d < dist {
				best, dist = Colour(c), d
			}
		}
		if dist < 60*60 {
			votes[best]++
		}
	}
	best := Red
	for c, n := range votes {
		if n > votes[best] {
			best = Colour(c)
		}
	}
	return best
}

// A pattern, a print, another variant and noise each change the picture, and the print leaves the mask alone.
func TestDetailsShow(t *testing.T) {
	base := Spec{Objects: []Object{{Category: Shirt, Colour: Blue, X: 0.5, Y: 0.5, Size: 0.7, PrintColour: White}}}
	plain := render(t, base, 192)
	for _, tc := range []struct {
		name     string
		change   func(*Spec)
		sameMask bool
	}{
		{"striped", func(s *Spec) { s.Objects[0].Pattern = Striped }, true},
		{"dotted", func(s *Spec) { s.Objects[0].Pattern = Dotted }, true},
		{"checked", func(s *Spec) { s.Objects[0].Pattern = Checked }, true},
		{"print", func(s *Spec) { s.Objects[0].Print = Butterfly }, true},
		{"noise", func(s *Spec) { s.Noise = 20 }, true},
		{"ground", func(s *Spec) { s.Background = Snow }, true},
		{"texture", func(s *Spec) { s.Texture = 1 }, true},
		{"variant", func(s *Spec) { s.Objects[0].Variant = 3 }, false},
		{"mirror", func(s *Spec) { s.Objects[0].X, s.Objects[0].Mirror = 0.4, true }, false},
		{"angle", func(s *Spec) { s.Objects[0].Angle = 9 }, false},
	} {
		s := base
		s.Objects = append([]Object(nil), base.Objects...)
		tc.change(&s)
		got := render(t, s, 192)
		if bytes.Equal(got.Image.Pix, plain.Image.Pix) {
			t.Errorf("%s: the picture does not change", tc.name)
		}
		if bytes.Equal(got.Owners.Pix, plain.Owners.Pix) != tc.sameMask {
			t.Errorf("%s: mask unchanged is %t, want %t", tc.name, !tc.sameMask, tc.sameMask)
		}
	}
}

// Noise has the deviation it claims.
func TestNoiseDeviation(t *testing.T) {
	s := Spec{Background: Asphalt, Objects: []Object{{Category: Star, X: 0.5, Y: 0.5, Size: 0.2}}}
	clean := render(t, s, 256)
	s.Noise = 10
	noisy := render(t, s, 256)
	var sum, squares, n float64
	for i, v := range noisy.Image.Pix {
		if i%4 == 3 {
			continue
		}
		d := float64(v) - float64(clean.Image.Pix[i])
		sum, squares, n = sum+d, squares+d*d, n+1
	}
	mean, variance := sum/n, squares/n
	if mean < -1 || mean > 1 || variance < 9*9 || variance > 11*11 {
		t.Errorf("noise has mean %.2f and variance %.1f, want about 0 and 100", mean, variance)
	}
}

func TestRenderRefuses(t *testing.T) {
	good := Spec{Objects: []Object{{Category: Cat, X: 0.5, Y: 0.5, Size: 0.5}}}
	for _, tc := range []struct {
		name   string
		change func(*Spec)
		size   int
		want   string
	}{
		{"small", func(*Spec) {}, 8, "size 8"},
		{"large", func(*Spec) {}, 513, "size 513"},
		{"background", func(s *Spec) { s.Background = 200 }, 64, "background 200"},
		{"no objects", func(s *Spec) { s.Objects = nil }, 64, "0 objects"},
		{"many objects", func(s *Spec) { s.Objects = make([]Object, 5) }, 64, "5 objects"},
		{"no category", func(s *Spec) { s.Objects[0].Category = NoCategory }, 64, "object 0: category 0"},
		{"category", func(s *Spec) { s.Objects[0].Category = 77 }, 64, "category 77"},
		{"colour", func(s *Spec) { s.Objects[0].Colour = 10 }, 64, "colour 10"},
		{"pattern", func(s *Spec) { s.Objects[0].Pattern = 4 }, 64, "pattern 4"},
		{"carrier", func(s *Spec) { s.Objects[0].Print = Heart }, 64, "a cat carries no print"},
		{"print", func(s *Spec) { s.Objects[0].Category, s.Objects[0].Print = Mug, Bus }, 64, "not one that is printed"},
		{"print colour", func(s *Spec) { s.Objects[0].PrintColour = 10 }, 64, "print colour 10"},
		{"size", func(s *Spec) { s.Objects[0].Size = 0 }, 64, "size 0"},
		{"centre", func(s *Spec) { s.Objects[0].X = 2 }, 64, "centre (2, 0.5)"},
		{"angle", func(s *Spec) { s.Objects[0].Angle = 1000 }, 64, "angle 1000"},
		{"noise", func(s *Spec) { s.Noise = -1 }, 64, "noise -1"},
	} {
		s := good
		s.Objects = append([]Object(nil), good.Objects...)
		tc.change(&s)
		if _, err := Render(s, tc.size); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", tc.name, err, tc.want)
		}
	}
}

// Whatever passes Validate is drawn, and what is drawn keeps to its labels.
func FuzzRender(f *testing.F) {
	f.Add(uint8(1), uint8(0), uint8(0), uint8(0), uint8(0), 0.5, 0.5, 0.5, 0.0, uint64(1), uint16(64))
	f.Add(uint8(29), uint8(3), uint8(2), uint8(16), uint8(11), 1.0, 0.0, 1.0, -360.0, uint64(2), uint16(512))
	f.Add(uint8(36), uint8(9), uint8(3), uint8(0), uint8(4), 0.0, 1.0, 1e-300, 45.0, uint64(1<<63), uint16(32))
	f.Fuzz(func(t *testing.T, category, colour, pattern, print, ground uint8, x, y, size, angle float64, variant uint64, side uint16) {
		s := Spec{Background: Background(ground), Texture: variant, Objects: []Object{{
			Category: Category(category), Colour: Colour(colour), Pattern: Pattern(pattern), Print: Category(print),
			X: x, Y: y, Size: size, Angle: angle, Mirror: variant%2 == 1, Variant: variant,
		}}}
		scene, err := Render(s, int(side))
		if err != nil {
			return
		}
		for _, v := range scene.Owners.Pix {
			if v > 1 {
				t.Fatalf("owner %d of one object", v)
			}
		}
	})
}

func BenchmarkRender192(b *testing.B) { benchmarkRender(b, 192) }
func BenchmarkRender384(b *testing.B) { benchmarkRender(b, 384) }

// benchmarkRender times a scene from its seed to pixels, masks and captions.
func benchmarkRender(b *testing.B, size int) {
	for _, g := range Backgrounds() {
		textureOf(g)
	}
	b.ReportAllocs()
	i := uint64(0)
	for b.Loop() {
		render(b, sample(b, DefaultWorld(), 3, i), size)
		i++
	}
}
