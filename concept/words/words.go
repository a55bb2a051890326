// Package words is the words that come with facet: 20,000 English nouns and adjectives of WordNet 3.0, the most frequent first. They name
// what a model's directions say where nobody brings texts of their own. internal/wordbank chose them; its doc has the rule. LICENSE is
// WordNet's.
package words

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"
)

//go:generate go run ../../internal/wordbank /usr/share/wordnet common.txt.gz

// Kinds are what a word is, often several: an orange is a noun, an object, an adjective and a colour.
type Kinds uint8

const (
	// Noun is a word with a meaning as a noun.
	Noun Kinds = 1 << iota
	// Adjective is a word with a meaning as an adjective.
	Adjective
	// Object is a noun that is mostly used for an animal, an artifact, a part of a body, food, a natural object, a person, a plant or a substance.
	Object
	// Scene is a noun that is mostly used for a place, such as a beach, a kitchen or a street.
	Scene
	// Colour is a word with a meaning as a colour.
	Colour
	// Texture is a pattern, a fabric or what a surface feels like.
	Texture
)

// letters are the kinds in the file, in the order of their bits.
const letters = "naosct"

// Word is a word with what it is.
type Word struct {
	Text  string
	Kinds Kinds
}

//go:embed common.txt.gz
var packed []byte

var all = sync.OnceValue(func() []Word {
	list, err := parse(packed)
	if err != nil {
		panic("words: " + err.Error()) // the program itself is broken; a test reads every word
	}
	return list
})

// All is every word, the most frequent first. It is shared: do not change it.
func All() []Word { return all() }

// Common is the texts of all words, the most frequent first.
func Common() []string { return texts(all(), Noun|Adjective) }

// Objects is the texts of things and places, the most frequent first.
func Objects() []string { return texts(all(), Object|Scene) }

// texts are those of the words of any of some kinds.
func texts(list []Word, kinds Kinds) []string {
	var texts []string
	for _, w := range list {
		if w.Kinds&kinds != 0 {
			texts = append(texts, w.Text)
		}
	}
	return texts
}

// parse reads the packed file: a word a line, the letters of its kinds and a tab before it.
func parse(packed []byte) ([]Word, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	var list []Word
	for line := range strings.Lines(string(data)) {
		kinds, text, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		w := Word{Text: text}
		for _, letter := range kinds {
			bit := strings.IndexRune(letters, letter)
			ok = ok && bit >= 0
			w.Kinds |= 1 << max(bit, 0)
		}
		if !ok || text == "" {
			return nil, fmt.Errorf("line %d is %q: expected letters of %q, a tab and a word", len(list)+1, line, letters)
		}
		list = append(list, w)
	}
	return list, nil
}
