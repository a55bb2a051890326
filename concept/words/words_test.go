package words

import (
	"bytes"
	"compress/gzip"
	"regexp"
	"slices"
	"testing"
)

func TestWords(t *testing.T) {
	if len(packed) > 150_000 {
		t.Errorf("%d bytes in the program, expected 150,000 at most", len(packed))
	}
	if n := len(All()); n != 20000 {
		t.Fatalf("%d words, expected 20,000", n)
	}
	shape := regexp.MustCompile(`^[a-z]+(['-][a-z]+)*( [a-z]+(['-][a-z]+)*)?$`)
	seen := map[string]bool{}
	for _, w := range All() {
		if !shape.MatchString(w.Text) {
			t.Errorf("%q is no word of one or two parts in small letters", w.Text)
		}
		if seen[w.Text] {
			t.Errorf("%q is there twice", w.Text)
		}
		if w.Kinds&(Noun|Adjective) == 0 || w.Kinds&(Object|Scene) != 0 && w.Kinds&Noun == 0 {
			t.Errorf("%q has the kinds %06b: an object or a scene is a noun, and every word a noun or an adjective", w.Text, w.Kinds)
		}
		seen[w.Text] = true
	}
	if len(Common()) != len(All()) {
		t.Errorf("%d common words, expected all %d", len(Common()), len(All()))
	}
}

// TestKinds: words that people look for in pictures are there and are known for what they are.
func TestKinds(t *testing.T) {
	kinds := map[string]Kinds{}
	for _, w := range All() {
		kinds[w.Text] = w.Kinds
	}
	for kind, texts := range map[Kinds][]string{
		Object:  {"guitar", "butterfly", "hummingbird", "zebra", "dog", "tree", "bread", "hand", "boy", "stone", "iron"},
		Scene:   {"beach", "kitchen", "street", "forest", "airport", "mountain", "living room"},
		Colour:  {"red", "blue", "teal", "magenta", "orange", "black", "white", "chartreuse"},
		Texture: {"striped", "plaid", "polka dot", "checkered", "fuzzy", "rough", "velvet", "tartan"},
		Noun:    {"music", "war", "orange", "idea"},
		Adjective: {
			"beautiful", "red", "wooden", "old", "wet",
		},
	} {
		for _, text := range texts {
			if kinds[text]&kind == 0 {
				t.Errorf("%q has the kinds %06b, expected %06b among them", text, kinds[text], kind)
			}
		}
	}
	for _, text := range []string{"red", "idea", "music"} {
		if slices.Contains(Objects(), text) {
			t.Errorf("%q is among the objects", text)
		}
	}
	for _, text := range []string{"london", "paris", "einstein", "two", "xii", "seventeen", "cm", "km", "shit", "nigger", "cunt", "bitch", "he"} {
		if kinds[text] != 0 {
			t.Errorf("%q is among the words", text)
		}
	}
}

// TestFrequent: the most frequent words stand first.
func TestFrequent(t *testing.T) {
	for _, pair := range [][2]string{{"dog", "zebra"}, {"red", "teal"}, {"house", "abbey"}, {"old", "triangular"}} {
		first, second := slices.Index(Common(), pair[0]), slices.Index(Common(), pair[1])
		if first < 0 || second < first {
			t.Errorf("%q is word %d and %q is word %d, expected them in this order", pair[0], first, pair[1], second)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"n guitar\n", "x\tguitar\n", "n\t\n"} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if list, err := parse(b.Bytes()); err == nil {
			t.Errorf("%q is read as %v", text, list)
		}
	}
}
