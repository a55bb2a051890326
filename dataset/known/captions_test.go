package known

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/dataset"
)

// TestCaptions reads the three fixtures: only pictures of the test split, with all their captions.
func TestCaptions(t *testing.T) {
	for kind, want := range map[string]struct {
		items []string
		of    []int
		last  string
	}{
		"flickr8k":  {[]string{"0_picture.jpg", "2_picture.jpg"}, []int{0, 0, 1}, "a cat"},
		"flickr30k": {[]string{"0_picture.jpg", "2_picture.jpg"}, []int{0, 0, 1}, "a cat"},
		"coco":      {[]string{"val2014/0_picture.jpg", "val2014/1_picture.jpg", "val2014/2_picture.jpg"}, []int{0, 0, 1, 1, 1, 2}, "a cat"},
	} {
		c, err := OpenCaptions(kind + ":" + filepath.Join("testdata", kind))
		if err != nil {
			t.Fatal(err)
		}
		var items []string
		for i := range c.Len() {
			items = append(items, c.Item(i))
		}
		if diff := cmp.Diff(want.items, items) + cmp.Diff(want.of, c.Of); diff != "" || c.Texts[len(c.Texts)-1] != want.last || c.Texts[1] != "a small  castle , seen from far away ." {
			t.Errorf("%s: %q %s", kind, c.Texts, diff)
		}
		src, err := c.Source()
		if err != nil {
			t.Fatal(err)
		}
		for item, err := range src.Items(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(item.Path); err != nil {
				t.Error(err)
			}
		}
		before := c.Fingerprint()
		c.Texts[0] += "!"
		c.seal()
		if c.Fingerprint() == before {
			t.Errorf("%s: another caption, the same fingerprint", kind)
		}
		if c.Limit(1); c.Len() != 1 || !cmp.Equal(c.Of, []int{0, 0}) || len(c.Texts) != 2 {
			t.Errorf("%s: limited to %d pictures and captions of %v", kind, c.Len(), c.Of)
		}
		if _, ok := c.Published("RN50", true); ok {
			t.Errorf("%s: a score of the whole set beside a part of it", kind)
		}
	}
	for _, c := range captionedSets[1:] {
		if p, ok := c.published.of("RN50x16", true); !ok || p.Metric != MeanRecall || p.Value < 0.4 || p.Value > 0.8 {
			t.Errorf("%s: %+v", c.name, p)
		}
	}
}

func TestCaptionsDamaged(t *testing.T) {
	const image = `{"filename":"a.jpg","split":"test","sentences":[{"raw":"a"}]}`
	for text, want := range map[string]string{
		"": "EOF", "[]": "expected {", `{"images":{}}`: "expected [", `{"images":[` + image: "EOF", `{"images":[{"split":1}]}`: "picture 1",
		`{"images":[{"split":"test","filename":"a"}]}`: "0 captions", `{"images":[],"dataset":"coco"}`: `the data set is`,
		`{"images":[{"split":"test","filename":"a","sentences":[{"raw":""}]}]}`: "caption of 0 bytes",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "dataset_flickr8k.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := OpenCaptions("flickr8k:" + dir)
		if !errors.Is(err, ErrLayout) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "dataset_flickr8k.json") {
			t.Errorf("%q: %v, expected %q", text, err, want)
		}
	}
	for text, want := range map[string]error{
		`{"images":[{"filename":"a.jpg","split":"train"}]}`:                                          dataset.ErrEmpty,
		`{"images":[` + strings.Replace(image, "a.jpg", "../../etc/passwd", 1) + `]}`:                ErrLayout,
		`{"images":[` + strings.Replace(image, `"filename"`, `"filepath":"..","filename"`, 1) + `]}`: ErrLayout,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "dataset_flickr8k.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenCaptions("flickr8k:" + dir); !errors.Is(err, want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, name := range []string{"flickr8k", "flickr8k:", "cifar10:x", ""} {
		if _, err := OpenCaptions(name); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := OpenCaptions("coco:" + t.TempDir()); !errors.Is(err, ErrLayout) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func FuzzReadKarpathy(f *testing.F) {
	for _, kind := range []string{"flickr8k", "coco"} {
		data, err := os.ReadFile("testdata/" + kind + "/dataset_" + kind + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		images, err := readKarpathy("x", strings.NewReader(text), "coco")
		if err != nil {
			return
		}
		for _, i := range images {
			if i.Split != "test" || len(i.Sentences) == 0 {
				t.Fatalf("%+v", i)
			}
		}
	})
}
