package known_test

import (
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/dataset/known"
)

// want is what is true of a fixture of testdata, which make.py made.
type want struct {
	set     string
	classes int
	items   []string
	keys    []string       // of the class of each picture, or of its classes with commas
	names   map[int]string // of some classes
	unsure  map[int]string // keys of the classes of a picture that do not count
	size    image.Point
}

var fixtures = []want{
	{set: "imagefolder:imagefolder", classes: 4, items: []string{"butterfly/2.png", "butterfly/7.png", "hot-air_balloon/6.png", "star/0.png", "van/3.png"},
		keys: []string{"butterfly", "butterfly", "hot-air_balloon", "star", "van"}, names: map[int]string{1: "hot-air balloon"}, size: image.Pt(96, 96)},
	{set: "imagefolder:synsets", classes: 2, items: []string{"n01440764/1.JPEG", "n02123045/0.JPEG", "n02123045/2.JPEG"},
		keys: []string{"n01440764", "n02123045", "n02123045"}, names: map[int]string{0: "tench", 1: "tabby cat"}, size: image.Pt(64, 64)},
	{set: "cifar10:cifar10", classes: 10, items: []string{"test_batch.bin#0", "test_batch.bin#1", "test_batch.bin#2"},
		keys: []string{"cat", "truck", "airplane"}, size: image.Pt(32, 32)},
	{set: "cifar100:cifar100", classes: 100, items: []string{"test.bin#0", "test.bin#1", "test.bin#2"},
		keys: []string{"worm", "apple", "leopard"}, names: map[int]string{1: "aquarium fish"}, size: image.Pt(32, 32)},
}

// in is the name of a set in testdata.
func in(set string) string {
	kind, dir, _ := strings.Cut(set, ":")
	return kind + ":" + filepath.Join("testdata", dir)
}

// keysOf names classes by their keys.
func keysOf(s *known.Set, classes []int) string {
	var keys []string
	for _, c := range classes {
		keys = append(keys, s.Classes[c].Key)
	}
	return strings.Join(keys, ",")
}

// pictures decodes all pictures of a set.
func pictures(t *testing.T, s *known.Set) (all []*image.NRGBA) {
	t.Helper()
	src, err := s.Source()
	if err != nil {
		t.Fatal(err)
	}
	for l, err := range dataset.Load(t.Context(), src, 0, dataset.NewDecoder(1<<20), func(_ dataset.Item, img *image.NRGBA) (*image.NRGBA, error) {
		out := image.NewNRGBA(img.Rect)
		copy(out.Pix, img.Pix)
		return out, nil
	}) {
		if err := errors.Join(err, l.Err); err != nil {
			t.Fatal(err)
		}
		all = append(all, l.Made)
	}
	return all
}

// TestLayouts reads every fixture: names, order, classes, and pixels that are those of the scene that they were made of.
func TestLayouts(t *testing.T) {
	for _, w := range fixtures {
		t.Run(w.set, func(t *testing.T) {
			s, err := known.Open(in(w.set))
			if err != nil {
				t.Fatal(err)
			}
			var items, keys []string
			for i := range s.Len() {
				items, keys = append(items, s.Item(i)), append(keys, keysOf(s, s.Truth(i)))
				if got := keysOf(s, s.Unsure(i)); got != w.unsure[i] {
					t.Errorf("picture %d: unsure %q, expected %q", i, got, w.unsure[i])
				}
			}
			if diff := cmp.Diff(w.items, items); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(w.keys, keys); diff != "" {
				t.Error(diff)
			}
			if len(s.Classes) != w.classes || len(s.Templates) == 0 || s.Words == "" {
				t.Errorf("%d classes, %d templates, words %q", len(s.Classes), len(s.Templates), s.Words)
			}
			for i, name := range w.names {
				if s.Classes[i].Name != name {
					t.Errorf("class %d is called %q, expected %q", i, s.Classes[i].Name, name)
				}
			}
			all := pictures(t, s)
			if len(all) != len(w.items) || all[0].Rect.Size() != w.size {
				t.Fatalf("%d pictures, the first of %v", len(all), all[0].Rect)
			}
		})
	}
}

// scene is a picture that the fixtures were made of.
func scene(t *testing.T, name string) image.Image {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "imagefolder", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// difference is the mean difference of a picture and the third of its side that a scene of 96 pixels has there, in levels.
func difference(small *image.NRGBA, whole image.Image) float64 {
	sum, n := 0.0, small.Rect.Dx()
	step := whole.Bounds().Dx() / n
	for y := range n {
		for x := range n {
			var mean [3]float64
			for dy := range step {
				for dx := range step {
					r, g, b, _ := whole.At(x*step+dx, y*step+dy).RGBA()
					for c, v := range []uint32{r, g, b} {
						mean[c] += float64(v>>8) / float64(step*step)
					}
				}
			}
			at := small.PixOffset(x, y)
			for c := range 3 {
				sum += max(mean[c]-float64(small.Pix[at+c]), float64(small.Pix[at+c])-mean[c]) / float64(3*n*n)
			}
		}
	}
	return sum
}

// TestPlanes: the pictures of the sets that keep bytes are the scenes that they were made of, upright and in their colours.
func TestPlanes(t *testing.T) {
	star, butterfly := scene(t, "star/0.png"), scene(t, "butterfly/2.png")
	for _, set := range []string{"cifar10:cifar10", "cifar100:cifar100"} {
		s, err := known.Open(in(set))
		if err != nil {
			t.Fatal(err)
		}
		all := pictures(t, s)
		if d := difference(all[0], star); d > 8 {
			t.Errorf("%s: picture 0 is %.1f levels from its scene", set, d)
		}
		if d := difference(all[2], butterfly); d > 8 {
			t.Errorf("%s: picture 2 is %.1f levels from its scene", set, d)
		}
		if d := difference(all[0], butterfly); d < 20 {
			t.Errorf("%s: picture 0 is %.1f levels from another scene: the test tells nothing apart", set, d)
		}
	}
}

func TestFingerprint(t *testing.T) {
	fingerprint := func(name string, limit int) string {
		s, err := known.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		s.Limit(limit)
		return s.Fingerprint()
	}
	seen := map[string]string{}
	for _, name := range []string{in("cifar10:cifar10"), in("cifar100:cifar100"), "scenes:single?n=3&seed=1", "scenes:single?n=3&seed=2"} {
		for _, limit := range []int{2, 3} {
			f := fingerprint(name, limit)
			if other := seen[f]; other != "" || f != fingerprint(name, limit) {
				t.Errorf("%s of %d has the fingerprint of %s, or a new one each time", name, limit, other)
			}
			seen[f] = name
		}
	}
}

func TestRename(t *testing.T) {
	s, err := known.Open(in("imagefolder:imagefolder"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Rename([]string{"moth", "balloon", "star"}); err == nil || !strings.Contains(err.Error(), "butterfly") {
		t.Errorf("too few names: %v", err)
	}
	if err := s.Rename([]string{"moth", "balloon", "star", "car"}); err != nil || s.Classes[0] != (known.Class{Key: "butterfly", Name: "moth"}) {
		t.Errorf("%v, %+v", err, s.Classes[0])
	}
}

// broken copies a fixture and changes one of its files; nil removes it.
func broken(t *testing.T, fixture, file string, change func([]byte) []byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", fixture))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, filepath.FromSlash(file))
	if change == nil {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(data), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// replaced changes a text in a file.
func replaced(old, new string) func([]byte) []byte {
	return func(data []byte) []byte { return []byte(strings.Replace(string(data), old, new, 1)) }
}

func cutTo(n int) func([]byte) []byte { return func(data []byte) []byte { return data[:n] } }

// TestDamaged: what is missing or wrong is named with its file and what was expected.
func TestDamaged(t *testing.T) {
	for name, c := range map[string]struct {
		kind, fixture, file string
		change              func([]byte) []byte
		want                string // in the message, besides the file
	}{
		"cifar10 without its batch":   {"cifar10", "cifar10", "cifar-10-batches-bin/test_batch.bin", nil, "expected cifar-10-batches-bin"},
		"cifar10 cut off":             {"cifar10", "cifar10", "cifar-10-batches-bin/test_batch.bin", cutTo(5000), "a multiple of 3073"},
		"cifar10 with a label of 200": {"cifar10", "cifar10", "cifar-10-batches-bin/test_batch.bin", func(b []byte) []byte { b[0] = 200; return b }, "label 200"},
		"cifar10 in another order":    {"cifar10", "cifar10", "cifar-10-batches-bin/batches.meta.txt", replaced("bird\ncat", "cat\nbird"), "class 2"},
		"cifar100 of too few names":   {"cifar100", "cifar100", "cifar-100-binary/fine_label_names.txt", replaced("worm\n", ""), "99 classes"},
		"pictures in no folder":       {"imagefolder", "imagefolder/star", "0.png", replaced("", ""), "a folder of pictures for each class"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := broken(t, c.fixture, c.file, c.change)
			_, err := known.Open(c.kind + ":" + dir)
			if !errors.Is(err, known.ErrLayout) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nexpected %q", err, c.want)
			}
		})
	}
	for _, name := range []string{"nothing:x", "cifar10", "cifar10:", ""} {
		if _, err := known.Open(name); !errors.Is(err, known.ErrUnknown) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := known.Open("imagefolder:" + t.TempDir()); !errors.Is(err, dataset.ErrEmpty) {
		t.Errorf("an empty folder: %v", err)
	}
}
