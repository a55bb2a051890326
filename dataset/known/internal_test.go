package known

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/facet-clip/facet/concept"
)

// TestProtocols: the names and templates of every data set can be read, in OpenAI's numbers. No name begins with an article, so that templates are filled
// as OpenAI fills them.
func TestProtocols(t *testing.T) {
	for name, want := range map[string][2]int{
		"cifar10": {10, 18}, "cifar100": {100, 18}, "stl10": {10, 2}, "voc2007": {20, 1}, "pets": {37, 1}, "flowers102": {102, 1}, "cars": {196, 8}, "dtd": {47, 8},
		"eurosat": {10, 3}, "gtsrb": {43, 3}, "imagenet": {1000, 80},
	} {
		s, err := protocol(name, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Classes) != want[0] || len(s.Templates) != want[1] || len(index(s.Classes)) != want[0] {
			t.Errorf("%s: %d classes, %d templates, expected %v; %d keys", name, len(s.Classes), len(s.Templates), want, len(index(s.Classes)))
		}
		for _, c := range s.Classes {
			for i, prompt := range s.Templates.Fill(c.Name) {
				if prompt != strings.Replace(s.Templates[i], "{}", c.Name, 1) {
					t.Errorf("%s: %q becomes %q", name, c.Name, prompt)
				}
			}
		}
	}
	imagenet, _ := protocol("imagenet", "")
	for i, c := range []Class{{"n01440764", "tench"}, {"n01443537", "goldfish"}} {
		if imagenet.Classes[i] != c {
			t.Errorf("class %d is %+v", i, imagenet.Classes[i])
		}
	}
	if _, err := concept.ReadTemplates("x", strings.NewReader(imagenet.Templates[0])); err != nil || imagenet.Templates[0] != "a bad photo of a {}." {
		t.Errorf("%v, %q", err, imagenet.Templates[0])
	}
}

// TestPublished: the table has every column that a layout names, and the rows of every published model.
func TestPublished(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(string(publishedScores))).ReadAll()
	if err != nil || len(rows) != 14 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	for _, l := range layouts {
		if l.published.column == "" {
			continue
		}
		for _, model := range []string{"RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "RN50/yfcc15m", "RN50/cc12m", "RN101/yfcc15m"} {
			p, ok := l.published.of(model, true)
			if !ok || p.Value <= 0.01 || p.Value >= 1 || p.Metric == "" {
				t.Errorf("%s of %s: %+v", model, l.name, p)
			}
		}
		if _, ok := l.published.of("RN51", true); ok {
			t.Errorf("%s has a score of RN51", l.name)
		}
	}
	if p, ok := layouts[6].published.of("RN50", true); !ok || p.Metric != MeanPerClass || p.Value != 0.8529 {
		t.Errorf("pets: %+v", p)
	}
	cifar := layouts[1].published
	for _, c := range []struct {
		model string
		quick bool
		want  float64
	}{{"RN50", true, 0.7157}, {"RN50/yfcc15m", true, 0.4919}, {"RN50/yfcc15m", false, 0.4943}, {"RN101/yfcc15m", true, 0.5298}} {
		if p, ok := cifar.of(c.model, c.quick); !ok || p.Value != c.want || p.Metric != Top1 {
			t.Errorf("%s, QuickGELU %v: %+v, expected %g", c.model, c.quick, p, c.want)
		}
	}
	s := &Set{published: cifar, pictures: make([]picture, 9999)}
	if _, ok := s.Published("RN50", true); ok {
		t.Error("a score of the whole set beside a part of it")
	}
}

func FuzzReadCIFAR(f *testing.F) {
	f.Add(make([]byte, 3073), 1)
	f.Add(make([]byte, 2*3074), 2)
	f.Fuzz(func(t *testing.T, data []byte, labels int) {
		if labels < 1 || labels > 2 {
			return
		}
		pictures, classes, err := readCIFAR(data, labels)
		if err != nil {
			return
		}
		if len(pictures) != len(classes) || len(pictures)*(cifarBytes+labels) != len(data) {
			t.Fatalf("%d pictures, %d labels of %d bytes", len(pictures), len(classes), len(data))
		}
		for _, p := range pictures {
			fromPlanes(p, cifarSide, true)
		}
	})
}

func FuzzReadPickledCIFAR(f *testing.F) {
	for _, name := range []string{"cifar10-python/cifar-10-batches-py/test_batch", "cifar10-python/cifar-10-batches-py/batches.meta"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		pictures, classes, err := readPickledCIFAR(data, "labels")
		if err != nil {
			return
		}
		if len(pictures) != len(classes) || len(pictures) == 0 || len(pictures[0]) != cifarBytes {
			t.Fatalf("%d pictures, %d labels", len(pictures), len(classes))
		}
	})
}

func FuzzReadPPM(f *testing.F) {
	f.Add([]byte("P6\n# a comment\n2 1\n255\n012345"))
	f.Add([]byte("P6 99999 99999 255 "))
	f.Fuzz(func(t *testing.T, data []byte) {
		if img, err := readPPM("x", data); err == nil && 3*img.Rect.Dx()*img.Rect.Dy() > len(data) {
			t.Fatalf("%v of %d bytes", img.Rect, len(data))
		}
	})
}

func FuzzReadLists(f *testing.F) {
	f.Add("Filename;Width;ClassId\r\n00000.ppm;53;16\r\n")
	f.Add("ImageId,PredictionString\na,n01440764 1 2 3 4\n")
	f.Add("<annotation><object><name>dog</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>")
	f.Fuzz(func(t *testing.T, text string) {
		if rows, err := readSigns("x", strings.NewReader(text), 43); err == nil {
			for _, r := range rows {
				if r.class < 0 || r.class > 42 {
					t.Fatalf("%+v", r)
				}
			}
		}
		if rows, err := readSolution("x", strings.NewReader(text), map[string]int{"n01440764": 0}); err == nil {
			for _, r := range rows {
				if r.class != 0 {
					t.Fatalf("%+v", r)
				}
			}
		}
		if objects, err := readObjects("x", strings.NewReader(text), map[string]int{"dog": 3}); err == nil {
			for _, o := range objects {
				if o.class != 3 || o.box.Empty() {
					t.Fatalf("%+v", o)
				}
			}
		}
	})
}

func FuzzLocal(f *testing.F) {
	f.Add("../x")
	f.Add("a/b.jpg")
	f.Fuzz(func(t *testing.T, name string) {
		path, err := local("dir", name)
		if err == nil && path != "dir" && !strings.HasPrefix(path, "dir/") {
			t.Fatalf("%q is %q", name, path)
		}
	})
}
