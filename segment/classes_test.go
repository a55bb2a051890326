package segment_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/segment"
	"github.com/facet-clip/facet/textfile"
)

func TestReadClasses(t *testing.T) {
	want := []segment.Class{{Name: "car", Texts: []string{"car", "automobile"}}, {Name: "dog", Texts: []string{"dog"}}}
	for _, text := range []string{"car, automobile\n# wild\n\ndog\n", "\ufeffcar,automobile\r\ndog", "car,automobile\rdog\r"} {
		got, err := segment.ReadClasses("classes.txt", strings.NewReader(text))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v, %s", text, err, diff)
		}
	}
	for text, want := range map[string]string{
		"":                         "expected a class a line",
		"a\nb, a\n":                `classes.txt:2: "a" is there twice, first in line 1`,
		"# only\n":                 "expected a class a line",
		",\n":                      "classes.txt:1: ",
		"\xff\xfea\x00":            "UTF-16",
		"dog\nb\xe2ton\n":          "line 2: expected a text in UTF-8",
		"a\x00\n":                  "UTF-16 without",
		strings.Repeat("x", 2<<20): textfile.ErrLong.Error(),
	} {
		_, err := segment.ReadClasses("classes.txt", strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "classes.txt") {
			t.Errorf("%.20q: got %v, want %q", text, err, want)
		}
	}
}

func FuzzReadClasses(f *testing.F) {
	f.Add("car, automobile\ntree\n")
	f.Add("# x\n,\n")
	f.Add("\ufeffcar\rdog\xff\xfe")
	f.Fuzz(func(t *testing.T, text string) {
		classes, err := segment.ReadClasses("f", strings.NewReader(text))
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, c := range classes {
			if c.Name != c.Texts[0] {
				t.Fatalf("name %q, first text %q", c.Name, c.Texts[0])
			}
			for _, text := range c.Texts {
				if text == "" || seen[text] {
					t.Fatalf("text %q is empty or there twice", text)
				}
				seen[text] = true
			}
		}
	})
}
