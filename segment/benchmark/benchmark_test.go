package benchmark_test

import (
	"bytes"
	"errors"
	"github.com/facet-clip/facet/dataset"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/scenes"
	"github.com/facet-clip/facet/segment"
	"github.com/facet-clip/facet/segment/benchmark"
)

// size of the fixtures' pictures.
var size = image.Pt(8, 4)

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// photo is a picture in the format of its name.
func photo(t *testing.T, name string) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rectangle{Max: size})
	var b bytes.Buffer
	var err error
	if strings.HasSuffix(name, ".jpg") {
		err = jpeg.Encode(&b, img, nil)
	} else {
		err = png.Encode(&b, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// mask is a PNG whose first pixels are the given labels and the others 255.
func mask(t testing.TB, indexed bool, size image.Point, labels ...uint8) []byte {
	t.Helper()
	pix := bytes.Repeat([]uint8{255}, size.X*size.Y)
	copy(pix, labels)
	var img image.Image = &image.Gray{Pix: pix, Stride: size.X, Rect: image.Rectangle{Max: size}}
	if indexed {
		palette := make(color.Palette, 256)
		for i := range palette {
			palette[i] = segment.Colour(i)
		}
		img = &image.Paletted{Pix: pix, Stride: size.X, Rect: image.Rectangle{Max: size}, Palette: palette}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestLayouts reads a fixture in the published layout of each set, two pictures each, and knows classes by their place.
func TestLayouts(t *testing.T) {
	for _, c := range []struct {
		set           string
		files         map[string]string // path: "picture" or "mask"
		list          string
		names         []string
		indexed       bool
		labels, truth []uint8
		classes       int
		places        map[int]string
	}{
		{
			set: "voc21", list: "ImageSets/Segmentation/val.txt", names: []string{"2007_000033", "2007_000042"}, indexed: true,
			files:  map[string]string{"JPEGImages/*.jpg": "picture", "SegmentationClass/*.png": "mask"},
			labels: []uint8{0, 1, 20, 255}, truth: []uint8{0, 1, 20, 255},
			classes: 21, places: map[int]string{0: "background", 1: "aeroplane", 12: "dog", 15: "person", 20: "television"},
		},
		{
			set: "voc20", list: "ImageSets/Segmentation/val.txt", names: []string{"2007_000033", "2007_000042"}, indexed: true,
			files:  map[string]string{"JPEGImages/*.jpg": "picture", "SegmentationClass/*.png": "mask"},
			labels: []uint8{0, 1, 20, 255}, truth: []uint8{255, 0, 19, 255},
			classes: 20, places: map[int]string{0: "aeroplane", 14: "person", 19: "television"},
		},
		{
			set: "context60", list: "ImageSets/SegmentationContext/val.txt", names: []string{"2008_000002", "2008_000003"},
			files:  map[string]string{"JPEGImages/*.jpg": "picture", "SegmentationClassContext/*.png": "mask"},
			labels: []uint8{0, 1, 59}, truth: []uint8{0, 1, 59},
			classes: 60, places: map[int]string{0: "background", 2: "bag", 23: "dog", 37: "person", 59: "wood"},
		},
		{
			set: "context59", list: "ImageSets/SegmentationContext/val.txt", names: []string{"2008_000002", "2008_000003"},
			files:  map[string]string{"JPEGImages/*.jpg": "picture", "SegmentationClassContext/*.png": "mask"},
			labels: []uint8{0, 1, 59}, truth: []uint8{255, 0, 58},
			classes: 59, places: map[int]string{0: "aeroplane", 46: "sky", 58: "wood"},
		},
		{
			set: "ade150", names: []string{"ADE_val_00000001", "ADE_val_00000002"},
			files:  map[string]string{"images/validation/*.jpg": "picture", "annotations/validation/*.png": "mask"},
			labels: []uint8{0, 1, 150}, truth: []uint8{255, 0, 149},
			classes: 150, places: map[int]string{0: "wall", 12: "person", 83: "truck", 100: "poster", 127: "bicycle", 116: "minibike", 149: "flag"},
		},
		{
			set: "coco-stuff171", names: []string{"000000000139", "000000000285"},
			files:  map[string]string{"images/val2017/*.jpg": "picture", "annotations/val2017/*_labelTrainIds.png": "mask"},
			labels: []uint8{0, 170, 255}, truth: []uint8{0, 170, 255},
			classes: 171, places: map[int]string{0: "person", 79: "toothbrush", 80: "banner", 100: "door", 122: "moss", 150: "stone", 170: "wood"},
		},
		{
			set: "coco-object81", names: []string{"000000000139", "000000000285"},
			files:  map[string]string{"images/val2017/*.jpg": "picture", "annotations/val2017/*_instanceTrainIds.png": "mask"},
			labels: []uint8{0, 1, 80}, truth: []uint8{0, 1, 80},
			classes: 81, places: map[int]string{0: "background", 1: "person", 80: "toothbrush"},
		},
		{
			set: "imagenet-seg", names: []string{"0001", "0002"},
			files:  map[string]string{"images/*.png": "picture", "masks/*.png": "mask"},
			labels: []uint8{0, 1, 255}, truth: []uint8{0, 1, 255},
			classes: 2, places: map[int]string{0: "background", 1: "foreground"},
		},
		{
			set: "cityscapes19", names: []string{"frankfurt/frankfurt_000000_000294", "lindau/lindau_000000_000019"},
			files:  map[string]string{"leftImg8bit/val/*_leftImg8bit.png": "picture", "gtFine/val/*_gtFine_labelTrainIds.png": "mask"},
			labels: []uint8{0, 18, 255}, truth: []uint8{0, 18, 255},
			classes: 19, places: map[int]string{0: "road", 10: "sky", 11: "person", 18: "bicycle"},
		},
	} {
		t.Run(c.set, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a [folder] of *")
			for pattern, kind := range c.files {
				for _, name := range c.names {
					path := strings.Replace(pattern, "*", name, 1)
					if kind == "mask" {
						write(t, dir, path, mask(t, c.indexed, size, c.labels...))
					} else {
						write(t, dir, path, photo(t, path))
					}
				}
			}
			if c.list != "" {
				write(t, dir, c.list, []byte(strings.Join(c.names, "\n")+"\n"))
				write(t, dir, "JPEGImages/not_listed.jpg", photo(t, "x.jpg"))
			}
			set, err := benchmark.Open(c.set + ":" + dir)
			if err != nil {
				t.Fatal(err)
			}
			if set.Len() != 2 || set.Item(0) != c.names[0] || set.Item(1) != c.names[1] {
				t.Errorf("got %d pictures, the first %q", set.Len(), set.Item(0))
			}
			if len(set.Classes) != c.classes {
				t.Errorf("got %d classes, want %d", len(set.Classes), c.classes)
			}
			for i, name := range c.places {
				if set.Classes[i].Name != name {
					t.Errorf("class %d is %q, want %q", i, set.Classes[i].Name, name)
				}
			}
			img, truth, err := set.Load(t.Context(), 1, dataset.NewDecoder(1000))
			if err != nil {
				t.Fatal(err)
			}
			want := bytes.Repeat([]uint8{255}, size.X*size.Y)
			copy(want, c.truth)
			if diff := cmp.Diff(want, truth); diff != "" || img.Bounds().Size() != size {
				t.Errorf("picture of %v, truth %s", img.Bounds(), diff)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	for name, want := range map[string]error{
		"nothing:x": benchmark.ErrUnknown, "voc21": benchmark.ErrUnknown, "voc21:": benchmark.ErrUnknown,
		"voc21:" + t.TempDir(): benchmark.ErrLayout, "ade150:" + t.TempDir(): benchmark.ErrLayout, "voc21:/no/such/folder": os.ErrNotExist,
	} {
		if _, err := benchmark.Open(name); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
	for _, name := range []string{"scenes:", "scenes:other", "scenes:default?n=0", "scenes:default?n=x", "scenes:default?what=1", "scenes:default?size=9999"} {
		if _, err := benchmark.Open(name); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"small": mask(t, true, image.Pt(7, 4)), "unknown label": mask(t, true, size, 21), "cut off": mask(t, true, size, 1)[:60], "no PNG": []byte("mask"),
	} {
		write(t, dir, "ImageSets/Segmentation/val.txt", []byte("one"))
		write(t, dir, "JPEGImages/one.jpg", photo(t, "one.jpg"))
		write(t, dir, "SegmentationClass/one.png", data)
		set, err := benchmark.Open("voc21:" + dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := set.Load(t.Context(), 0, dataset.NewDecoder(1000)); !errors.Is(err, benchmark.ErrMask) || !strings.Contains(err.Error(), "one.png") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestScenes: every pixel of a scene has a class, and it is the one the world says.
func TestScenes(t *testing.T) {
	set, err := benchmark.Open("scenes:default?n=3&seed=11&size=96")
	if err != nil {
		t.Fatal(err)
	}
	_, truth, err := set.Load(t.Context(), 2, dataset.NewDecoder(0))
	if err != nil {
		t.Fatal(err)
	}
	spec, err := scenes.Sample(scenes.DefaultWorld(), 11, 2)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, v := range truth {
		found[set.Classes[v].Name] = true
	}
	if !found[spec.Background.String()] || !found[spec.Main().Category.String()] {
		t.Errorf("found %v in a scene of a %v on %v", found, spec.Main().Category, spec.Background)
	}
	if got := set.Prompts(0, "sedan"); got[0] != "a picture of a sedan" {
		t.Errorf("prompts %q", got)
	}
}

func TestReadList(t *testing.T) {
	for _, text := range []string{"a\n\n b \n", "\ufeffa\r\nb", "a\rb\r"} {
		got, err := benchmark.ReadList("val.txt", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	for _, bad := range []string{"", "\n", "../secret", "a/b", "a\na", "..", "a\x00b", "\xff\xfea\x00", "caf\xe9", strings.Repeat("x", 1<<13)} {
		if _, err := benchmark.ReadList("val.txt", strings.NewReader(bad)); err == nil || !strings.HasPrefix(err.Error(), "val.txt") {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

func FuzzReadList(f *testing.F) {
	f.Add("2007_000033\n2007_000042\n")
	f.Add("../x")
	f.Fuzz(func(t *testing.T, text string) {
		names, err := benchmark.ReadList("val.txt", strings.NewReader(text))
		if err != nil {
			return
		}
		for _, n := range names {
			if strings.Contains(n, "/") || !filepath.IsLocal(n) {
				t.Fatalf("%q leaves its folder", n)
			}
		}
	})
}

func FuzzReadMask(f *testing.F) {
	f.Add(mask(f, true, size, 1, 2))
	f.Add(mask(f, false, size, 3))
	f.Fuzz(func(t *testing.T, data []byte) {
		labels, err := benchmark.ReadMask("mask", bytes.NewReader(data), size)
		if err == nil && len(labels) != size.X*size.Y {
			t.Fatalf("%d labels", len(labels))
		}
	})
}

func FuzzReadJournal(f *testing.F) {
	f.Add([]byte(`{"format":"facet evaluate segmentation 1","protocol_sha256":"p"}` + "\n" + `{"name":"a","methods":[{"cells":[[0,1,5]]}]}` + "\n{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pictures, whole, err := benchmark.ReadJournal(bytes.NewReader(data), "p", 1, 2)
		if err != nil {
			return
		}
		if whole > int64(len(data)) || whole > 0 && data[whole-1] != '\n' {
			t.Fatalf("%d of %d bytes are whole lines", whole, len(data))
		}
		for _, p := range pictures {
			if _, err := p.Methods[0].Confusion(2); err != nil {
				t.Fatal(err)
			}
		}
	})
}
