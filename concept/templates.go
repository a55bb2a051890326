package concept

import (
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const hole = "{}"

// Templates are prompts with a hole {} for the name of a class, such as "a photo of a {}.".
type Templates []string

// ReadTemplates reads one template a line; blank lines and lines that begin with # are left out. A line without exactly
// one {} is an error that names it.
func ReadTemplates(name string, r io.Reader) (Templates, error) {
	lines, err := ReadLines(name, r)
	if err != nil {
		return nil, err
	}
	for _, line := range lines {
		if strings.Count(line, hole) != 1 {
			return nil, fmt.Errorf("%s: template %q: expected exactly one {} for the class name", name, line)
		}
	}
	return lines, nil
}

//go:embed templates.txt
var defaultTemplates string

// DefaultTemplates are facet's own prompts for photographs.
func DefaultTemplates() Templates {
	t, err := ReadTemplates("templates.txt", strings.NewReader(defaultTemplates))
	if err != nil {
		panic(err) // the file is part of the program; a test reads it
	}
	return t
}

// Fill puts a class name into every template. A name without an article stands in the hole as it is, as in OpenAI's protocol, whose class names have
// none and whose templates say "a photo of a apple." too. A name with one (a, an or the, in any case) is not given a second: its own takes the place of
// a template's "a" before the hole, a template's "the" stays, and after an adjective ("a small {}.") or another determiner ("my {}.") it is left out.
func (t Templates) Fill(label string) []string {
	prompts := make([]string, len(t))
	for i, template := range t {
		prompts[i] = fill(template, label)
	}
	return prompts
}

func fill(template, label string) string {
	before, after, _ := strings.Cut(template, hole)
	article, noun := cutArticle(label)
	if article == "" {
		return before + label + after
	}
	words := strings.Fields(before)
	switch at := determiner(words); {
	case at < 0 || !strings.HasSuffix(before, " "):
		return before + label + after
	case at == len(words)-1 && slices.Contains([]string{"a", "an"}, strings.ToLower(words[at])):
		start := strings.LastIndex(before, words[at])
		return before[:start] + likeCase(article, words[at]) + " " + noun + after
	}
	return before + noun + after
}

// cutArticle takes the article, in small letters, off a name that begins with one; "" where it does not, or is nothing else.
func cutArticle(label string) (article, noun string) {
	first, rest, found := strings.Cut(strings.TrimSpace(label), " ")
	rest = strings.TrimSpace(rest)
	if first = strings.ToLower(first); found && rest != "" && slices.Contains([]string{"a", "an", "the"}, first) {
		return first, rest
	}
	return "", label
}

// The words that say which thing is meant, before which, or instead of which, stands no article.
var determiners = strings.Fields("a an the my your his her its our their this that these those one some any every each no many several")

// The words that end the search for a determiner: what stands before them is of another thing.
var boundaries = strings.Fields("of in on at with without by from to into near under over behind for as and or is are was were has have like " +
	"photo photograph picture image drawing painting")

// determiner finds the word that determines what follows the words: the last one, or one with adjectives after it; −1: none.
func determiner(words []string) int {
	for i, w := range slices.Backward(words) {
		w = strings.ToLower(w)
		switch {
		case slices.Contains(determiners, w):
			return i
		case slices.Contains(boundaries, w) || strings.HasSuffix(w, "ing") || strings.ContainsFunc(w, unicode.IsPunct):
			return -1
		}
	}
	return -1
}

// likeCase begins a word with a capital letter where the model does.
func likeCase(word, model string) string {
	first, _ := utf8.DecodeRuneInString(model)
	if unicode.IsUpper(first) {
		return strings.ToUpper(word[:1]) + word[1:]
	}
	return word
}
