package concept

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFill: a name brings its article or the template does, never both. Names without one are put in as they are, as OpenAI's protocol does.
func TestFill(t *testing.T) {
	for _, c := range []struct{ template, label, want string }{
		{"a photo of a {}.", "cat", "a photo of a cat."},
		{"a photo of a {}.", "apple", "a photo of a apple."}, // as published
		{"a photo of a {}.", "a cat", "a photo of a cat."},
		{"a photo of a {}.", "A cat", "a photo of a cat."},
		{"a photo of a {}.", "A Cat", "a photo of a Cat."},
		{"a photo of a {}.", "  a   cat ", "a photo of a cat."},
		{"a photo of a {}.", "an apple", "a photo of an apple."},
		{"a photo of a {}.", "AN apple", "a photo of an apple."},
		{"a photo of a {}.", "the moon", "a photo of the moon."},
		{"a photo of an {}.", "a cat", "a photo of a cat."},
		{"a photo of the {}.", "a cat", "a photo of the cat."},
		{"a photo of the {}.", "The moon", "a photo of the moon."},
		{"A {} at night.", "an owl", "An owl at night."},
		{"a {} seen from far away.", "the moon", "the moon seen from far away."},
		{"a small {}.", "an apple", "a small apple."},
		{"the origami {}.", "a cat", "the origami cat."},
		{"itap of my {}.", "a cat", "itap of my cat."},
		{"a photo of many {}.", "the cats", "a photo of many cats."},
		{"a photo of {}.", "a cat", "a photo of a cat."},
		{"a photo of {}.", "The moon", "a photo of The moon."},
		{"a photo showing {}.", "a cat", "a photo showing a cat."},
		{"the weather is fine; {}.", "a cat", "the weather is fine; a cat."},
		{"{}", "a cat", "a cat"},
		{"{}.", "the moon", "the moon."},
		{"a photo of a-{}.", "a cat", "a photo of a-a cat."},
		{"a photo of a {}.", "a", "a photo of a a."}, // the letter
		{"a photo of a {}.", "the", "a photo of a the."},
		{"a photo of a {}.", "A300B4", "a photo of a A300B4."},
		{"a photo of a {}.", "anteater", "a photo of a anteater."},
		{"a photo of a {}.", "theatre", "a photo of a theatre."},
		{"a photo of a {}.", "", "a photo of a ."},
		{"a photo of a {}.", "a {} cat", "a photo of a {} cat."},
	} {
		if got := (Templates{c.template}).Fill(c.label)[0]; got != c.want {
			t.Errorf("%q into %q: %q, want %q", c.label, c.template, got, c.want)
		}
	}
}

// TestDefaultPrompts: facet's own prompts of a name with an article have one article before the noun; those of a name without are untouched.
func TestDefaultPrompts(t *testing.T) {
	for _, label := range []string{"a cat", "the cat", "An owl", "THE cat"} {
		_, noun := cutArticle(label)
		for i, prompt := range DefaultTemplates().Fill(label) {
			before, _, found := strings.Cut(strings.ToLower(prompt), noun)
			words := strings.Fields(before)
			articles := 0
			for _, w := range words[max(0, len(words)-3):] {
				if w == "a" || w == "an" || w == "the" {
					articles++
				}
			}
			if two := strings.Contains(before, "of a a ") || strings.Contains(before, "a the "); !found || two || articles == 0 || articles > 2 {
				t.Errorf("%q into %q: %q", label, DefaultTemplates()[i], prompt)
			}
		}
	}
	var literal []string
	for _, template := range DefaultTemplates() {
		literal = append(literal, strings.Replace(template, "{}", "cat", 1))
	}
	if diff := cmp.Diff(literal, DefaultTemplates().Fill("cat")); diff != "" {
		t.Error(diff)
	}
}

// FuzzFill: whatever the texts, the noun and what stands around the hole are all there, and nothing but an article goes.
func FuzzFill(f *testing.F) {
	f.Add("a photo of a {}.", "a cat")
	f.Add("The {}", "AN é")
	f.Add("{}", " the  x")
	f.Fuzz(func(t *testing.T, template, label string) {
		if strings.Count(template, hole) != 1 {
			t.Skip()
		}
		got := (Templates{template}).Fill(label)[0]
		before, after, _ := strings.Cut(template, hole)
		_, noun := cutArticle(label)
		if !strings.Contains(got, noun) || !strings.HasSuffix(got, after) || len(got) > len(before)+len(label)+len(after) {
			t.Errorf("%q into %q: %q", label, template, got)
		}
	})
}
