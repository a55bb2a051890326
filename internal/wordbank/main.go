// Command wordbank writes the words that come with facet, from WordNet's database files: scripts/words.sh.
//
// # The rule
//
// A candidate is a noun or an adjective of WordNet in one or two words of small letters, hyphens and apostrophes. These are left out:
//
//   - proper names: lemmas that WordNet only writes with a capital, and instances of something, such as cities;
//   - numbers: what is below the nouns "integer" and "digit" or beside the adjective "cardinal";
//   - words of two letters that WordNet's tagged texts never use, words of one, and words without a vowel: units and abbreviations;
//   - offensive words, by [database.offensive].
//
// A candidate's frequency is t + g·(t+1)/(T+1). Here t is how often WordNet's tagged texts use it as a noun or an adjective, T how often
// they use it at all, and g in how many of WordNet's glosses it stands, also as a
// regular plural. Words are ranked by frequency; equal ones by the number of their senses
// as a noun or an adjective, then by the alphabet. Every name of a colour or texture is taken, and of the others those of the highest frequency, until
// there are 20,000.
//
// What a word is called (see package words) is decided by [database.kinds].
package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/facet-clip/facet/internal/atomicfile"
)

// size is how many words there are.
const size = 20000

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: wordbank WORDNET FILE.txt.gz")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "wordbank:", err)
		os.Exit(1)
	}
}

func run(dir, file string) error {
	db, err := read(dir)
	if err != nil {
		return err
	}
	words, err := db.choose(size)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if len(words) != size {
		return fmt.Errorf("%s: %d words, expected %d", dir, len(words), size)
	}
	return atomicfile.Write(file, func(w io.Writer) error { return write(w, words) })
}

// write is a word a line, with its kinds before it.
func write(w io.Writer, words []candidate) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	for _, c := range words {
		if _, err := fmt.Fprintf(z, "%s\t%s\n", c.kinds, strings.ReplaceAll(c.lemma, "_", " ")); err != nil {
			return err
		}
	}
	return z.Close()
}
