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
	{set: "cifar10:cifar10-python", classes: 10, items: []string{"test_batch#0", "test_batch#1", "test_batch#2"},
		keys: []string{"cat", "truck", "airplane"}, size: image.Pt(32, 32)},
	{set: "cifar100:cifar100-python", classes: 100, items: []string{"test#0", "test#1", "test#2"},
		keys: []string{"worm", "apple", "leopard"}, size: image.Pt(32, 32)},
	{set: "stl10:stl10", classes: 10, items: []string{"test_X.bin#0", "test_X.bin#1"}, keys: []string{"truck", "airplane"}, size: image.Pt(96, 96)},
	{set: "voc2007:voc2007", classes: 20, items: []string{"000001.jpg", "000002.jpg", "000004.jpg"}, keys: []string{"dog,person", "train", "car"},
		unsure: map[int]string{2: "person"}, size: image.Pt(64, 64)},
	{set: "voc2007-objects:voc2007", classes: 20, items: []string{"000001.jpg#0", "000001.jpg#1", "000002.jpg#0", "000004.jpg#0", "000004.jpg#1", "000004.jpg#2"},
		keys: []string{"dog", "person", "train", "car", "car", "person"}, size: image.Pt(31, 43)},
	{set: "pets:pets", classes: 37, items: []string{"Abyssinian_201.jpg", "yorkshire_terrier_190.jpg", "staffordshire_bull_terrier_7.jpg", "Bengal_12.jpg"},
		keys: []string{"abyssinian", "yorkshire_terrier", "staffordshire_bull_terrier", "bengal"}, names: map[int]string{34: "staffordshire bull terrier"}, size: image.Pt(64, 64)},
	{set: "flowers102:flowers102", classes: 102, items: []string{"image_00003.jpg", "image_00001.jpg", "image_00002.jpg"},
		keys: []string{"1", "77", "102"}, names: map[int]string{0: "pink primrose", 101: "blackberry lily"}, size: image.Pt(64, 64)},
	{set: "cars:cars", classes: 196, items: []string{"00001.jpg", "00002.jpg", "00003.jpg"}, keys: []string{"181", "2", "196"},
		names: map[int]string{0: "AM General Hummer SUV 2000", 1: "Acura RL Sedan 2012"}, size: image.Pt(64, 64)},
	{set: "dtd:dtd", classes: 47, items: []string{"zigzagged/zigzagged_0064.jpg", "banded/banded_0002.jpg", "polka-dotted/polka-dotted_0038.jpg"},
		keys: []string{"zigzagged", "banded", "polka-dotted"}, size: image.Pt(64, 64)},
	{set: "eurosat:eurosat", classes: 10, items: []string{"AnnualCrop/AnnualCrop_1.jpg", "HerbaceousVegetation/HerbaceousVegetation_9.jpg", "SeaLake/SeaLake_1.jpg"},
		keys: []string{"AnnualCrop", "HerbaceousVegetation", "SeaLake"}, names: map[int]string{2: "brushland or shrubland"}, size: image.Pt(64, 64)},
	{set: "gtsrb:gtsrb", classes: 43, items: []string{"00000.ppm", "00001.ppm", "00002.ppm"}, keys: []string{"16", "0", "42"},
		names: map[int]string{0: "red and white circle 20 kph speed limit"}, size: image.Pt(32, 32)},
	{set: "imagenet:imagenet-devkit", classes: 1000, items: valNames, keys: valKeys, names: map[int]string{0: "tench", 281: "tabby cat", 999: "toilet paper"}, size: image.Pt(64, 64)},
	{set: "imagenet:imagenet-list", classes: 1000, items: valNames, keys: valKeys, size: image.Pt(64, 64)},
	{set: "imagenet:imagenet-kaggle", classes: 1000, items: []string{valNames[2], valNames[1], valNames[0]}, keys: []string{valKeys[2], valKeys[1], valKeys[0]}, size: image.Pt(64, 64)},
	{set: "imagenet:imagenet-folders", classes: 1000, items: []string{"n01440764/" + valNames[1], "n02123045/" + valNames[2], "n15075141/" + valNames[0]},
		keys: []string{valKeys[1], valKeys[2], valKeys[0]}, size: image.Pt(64, 64)},
}

// The pictures of the fixtures of ImageNet.
var (
	valNames = []string{"ILSVRC2012_val_00000001.JPEG", "ILSVRC2012_val_00000002.JPEG", "ILSVRC2012_val_00000003.JPEG"}
	valKeys  = []string{"n15075141", "n01440764", "n02123045"}
)

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
	for _, set := range []string{"cifar10:cifar10", "cifar100:cifar100", "cifar10:cifar10-python", "cifar100:cifar100-python", "gtsrb:gtsrb"} {
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

// TestSTL10Upright: its planes are kept column by column; the first picture is the scene itself.
func TestSTL10Upright(t *testing.T) {
	s, err := known.Open(in("stl10:stl10"))
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(pictures(t, s)[0], scene(t, "star/0.png")); d > 0 {
		t.Errorf("%.2f levels from its scene", d)
	}
}

// TestVOCObjects: an object is cut out where its box says, and is the picture there.
func TestVOCObjects(t *testing.T) {
	whole, err := known.Open(in("voc2007:voc2007"))
	if err != nil {
		t.Fatal(err)
	}
	parts, err := known.Open(in("voc2007-objects:voc2007"))
	if err != nil {
		t.Fatal(err)
	}
	img, part := pictures(t, whole)[0], pictures(t, parts)[0]
	if part.NRGBAAt(0, 0) != img.NRGBAAt(9, 17) || part.NRGBAAt(30, 42) != img.NRGBAAt(39, 59) {
		t.Errorf("%v and %v, expected %v and %v", part.NRGBAAt(0, 0), part.NRGBAAt(30, 42), img.NRGBAAt(9, 17), img.NRGBAAt(39, 59))
	}
}

// TestCarNames: a name that the devkit spells otherwise stays OpenAI's; one that is another name is the devkit's, and the words say so.
func TestCarNames(t *testing.T) {
	s, err := known.Open(in("cars:cars"))
	if err != nil || strings.Contains(s.Words, "devkit") {
		t.Errorf("%q, %v", s.Words, err)
	}
	dir := broken(t, "cars", "stanford_cars/devkit/cars_meta.mat", replaced("AM General Hummer SUV", "AM General Hammer SUV"))
	s, err = known.Open("cars:" + dir)
	if err != nil || s.Classes[0].Name != "AM General Hammer SUV 2000" || !strings.HasSuffix(s.Words, "; 1 of the names are the devkit's") {
		t.Errorf("%q, %q, %v", s.Classes[0].Name, s.Words, err)
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
		"cifar10 without its pickle":  {"cifar10", "cifar10-python", "cifar-10-batches-py/test_batch", nil, "expected cifar-10-batches-bin"},
		"a pickle cut off":            {"cifar10", "cifar10-python", "cifar-10-batches-py/test_batch", cutTo(5000), "the pickle"},
		"a pickle of another thing":   {"cifar10", "cifar10-python", "cifar-10-batches-py/test_batch", func([]byte) []byte { return []byte("\x80\x02].") }, "found a list"},
		"a pickle of floats":          {"cifar10", "cifar10-python", "cifar-10-batches-py/test_batch", replaced("u1", "f4"), "array data"},
		"a pickle without labels":     {"cifar10", "cifar10-python", "cifar-10-batches-py/test_batch", replaced("labels", "lapels"), "list labels"},
		"names in another order":      {"cifar100", "cifar100-python", "cifar-100-python/meta", replaced("apple", "appel"), "class 0"},
		"stl10 cut off":               {"stl10", "stl10", "stl10_binary/test_X.bin", cutTo(30000), "each of the 2 labels"},
		"stl10 with a label of 0":     {"stl10", "stl10", "stl10_binary/test_y.bin", func([]byte) []byte { return []byte{0, 1} }, "1 to 10"},
		"voc without a list":          {"voc2007", "voc2007", "VOCdevkit/VOC2007/ImageSets/Main/cat_test.txt", nil, "cat_test.txt"},
		"voc with a short list":       {"voc2007", "voc2007", "VOCdevkit/VOC2007/ImageSets/Main/cat_test.txt", replaced("000002 -1\n", ""), "2 pictures, expected 3"},
		"voc with other pictures":     {"voc2007", "voc2007", "VOCdevkit/VOC2007/ImageSets/Main/cat_test.txt", replaced("000002", "000003"), "same pictures"},
		"voc with a mark of 2":        {"voc2007", "voc2007", "VOCdevkit/VOC2007/ImageSets/Main/cat_test.txt", replaced("-1", " 2"), "1, −1 or 0"},
		"voc that leaves its folder":  {"voc2007", "voc2007", "VOCdevkit/VOC2007/ImageSets/Main/aeroplane_test.txt", replaced("000001", "../../x"), "the name of a file"},
		"an annotation cut off":       {"voc2007-objects", "voc2007", "VOCdevkit/VOC2007/Annotations/000002.xml", cutTo(100), "000002.xml"},
		"an object of no class":       {"voc2007-objects", "voc2007", "VOCdevkit/VOC2007/Annotations/000002.xml", replaced("<name>train", "<name>tram"), "no class"},
		"an empty box":                {"voc2007-objects", "voc2007", "VOCdevkit/VOC2007/Annotations/000002.xml", replaced("<xmax>64", "<xmax>3"), "box"},
		"pets of another number":      {"pets", "pets", "annotations/test.txt", replaced("Bengal_12 6", "Bengal_12 7"), "the number of its breed"},
		"pets of too few fields":      {"pets", "pets", "annotations/test.txt", replaced("6 1 2", ""), "NAME CLASS SPECIES BREED"},
		"pets without a list":         {"pets", "pets", "annotations/test.txt", nil, "test.txt"},
		"flowers without numbers":     {"flowers102", "flowers102", "flowers-102/setid.mat", func([]byte) []byte { return make([]byte, 300) }, "setid.mat"},
		"flowers' labels cut off":     {"flowers102", "flowers102", "flowers-102/imagelabels.mat", cutTo(150), "imagelabels.mat"},
		"cars' annotations cut off":   {"cars", "cars", "stanford_cars/cars_test_annos_withlabels.mat", cutTo(200), "cars_test_annos_withlabels.mat"},
		"cars without labels":         {"cars", "cars", "stanford_cars/cars_test_annos_withlabels.mat", nil, "cars_test_annos_withlabels.mat"},
		"textures of another class":   {"dtd", "dtd", "dtd/labels/test1.txt", replaced("banded/", "banned/"), "CLASS/NAME.jpg"},
		"a folder that is no class":   {"eurosat", "eurosat", "2750/SeaLake/SeaLake_1.jpg", nil, ""},
		"signs without ClassId":       {"gtsrb", "gtsrb", "GT-final_test.csv", replaced("ClassId", "Class"), "ClassId"},
		"signs of class 43":           {"gtsrb", "gtsrb", "GT-final_test.csv", replaced(";42", ";43"), "0 to 42"},
		"a devkit of 999 synsets":     {"imagenet", "imagenet-devkit", "ILSVRC2012_devkit_t12/data/meta.mat", nil, "meta.mat"},
		"a devkit of other numbers":   {"imagenet", "imagenet-devkit", "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt", replaced("\n", "\n1001\n"), "entry 2"},
		"a list of label 1000":        {"imagenet", "imagenet-list", "val.txt", replaced(" 999", " 1000"), "0 to 999"},
		"a solution of no synset":     {"imagenet", "imagenet-kaggle", "LOC_val_solution.csv", replaced("n15075141", "n00000000"), "no synset"},
		"ImageNet of nothing":         {"imagenet", "imagenet-list", "val.txt", nil, "folders named by synsets"},
		"pictures in no folder":       {"imagefolder", "imagefolder/star", "0.png", replaced("", ""), "a folder of pictures for each class"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := broken(t, c.fixture, c.file, c.change)
			if c.want == "" { // in place of what was removed
				if err := os.Rename(filepath.Join(dir, "2750", "SeaLake"), filepath.Join(dir, "2750", "Lake")); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "2750", "Lake", "a.jpg"), nil, 0o644); err != nil {
					t.Fatal(err)
				}
				c.want = "no class"
			}
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
