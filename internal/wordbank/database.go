package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/internal/regular"
)

// mostBytes is more than any file of WordNet has.
const mostBytes = 64 << 20

// pos is a part of speech, as in the names of pointers.
type pos byte

const (
	noun      pos = 'n'
	adjective pos = 'a'
)

// place names a synset.
type place struct {
	pos    pos
	offset string
}

// synset is a meaning and the words for it.
type synset struct {
	file     int      // the lexicographer's, by its number
	forms    []string // as they are written, capitals and all
	pointers []pointer
	gloss    string
}

// pointer leads from a synset to another.
type pointer struct {
	relation string // "@" to what is above, "@i" to what it is an instance of, "&" between similar adjectives, ";u" to its usage
	to       place
}

// sense is a lemma in one of its meanings.
type sense struct {
	place
	*synset
	tagged int // how often the tagged texts use it
}

// database is the part of WordNet that is asked for words.
type database struct {
	synsets map[place]*synset
	senses  map[string][]sense // by lemma: nouns before adjectives, each in WordNet's order
	tagged  map[string]int     // by lemma, in all parts of speech
	glosses map[string]int     // by lemma: in how many glosses it stands
}

// read opens the folder of WordNet's database files.
func read(dir string) (*database, error) {
	db := &database{map[place]*synset{}, map[string][]sense{}, map[string]int{}, map[string]int{}}
	var glosses []string
	for name, p := range map[string]pos{"noun": noun, "adj": adjective, "verb": 'v', "adv": 'r'} {
		err := lines(dir, "data."+name, 6, func(fields []string, gloss string) error {
			glosses = append(glosses, gloss)
			if p != noun && p != adjective {
				return nil
			}
			s, err := parseSynset(fields, gloss)
			db.synsets[place{p, fields[0]}] = s
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	counts, err := db.readCounts(dir)
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		name string
		pos  pos
	}{{"noun", noun}, {"adj", adjective}} {
		if err := db.readIndex(dir, part.name, part.pos, counts); err != nil {
			return nil, err
		}
	}
	for _, g := range glosses {
		db.count(g)
	}
	return db, nil
}

// lines gives the fields of each line of a file, and its gloss where it has one. Lines that begin with a space are the licence.
func lines(dir, name string, least int, take func(fields []string, gloss string) error) error {
	path := filepath.Join(dir, name)
	data, err := regular.ReadFile(path, mostBytes)
	if err != nil {
		return err
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if strings.HasPrefix(line, " ") {
			continue
		}
		entry, gloss, _ := strings.Cut(line, "|")
		fields := strings.Fields(entry)
		if len(fields) < least {
			return fmt.Errorf("%s:%d: %d fields, expected %d or more", path, n, len(fields), least)
		}
		if err := take(fields, strings.TrimSpace(gloss)); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	return nil
}

// marker is where an adjective may stand: "(a)", "(p)" or "(ip)" after its form.
var marker = regexp.MustCompile(`\([a-z]+\)$`)

// parseSynset reads a line of a data file: offset, lexicographer's file, type, number of words, words, number of pointers, pointers.
func parseSynset(fields []string, gloss string) (*synset, error) {
	file, err := strconv.Atoi(fields[1])
	if err != nil {
		return nil, err
	}
	words, err := strconv.ParseUint(fields[3], 16, 16)
	if err != nil {
		return nil, err
	}
	s := &synset{file: file, gloss: gloss}
	at := 4 + 2*int(words)
	if len(fields) <= at {
		return nil, fmt.Errorf("%d fields, expected %d words and the number of pointers", len(fields), words)
	}
	for i := 4; i < at; i += 2 {
		s.forms = append(s.forms, marker.ReplaceAllString(fields[i], ""))
	}
	pointers, err := strconv.Atoi(fields[at])
	if err != nil {
		return nil, err
	}
	if len(fields) < at+1+4*pointers {
		return nil, fmt.Errorf("%d fields, expected %d pointers", len(fields), pointers)
	}
	for p := fields[at+1 : at+1+4*pointers]; len(p) > 0; p = p[4:] {
		s.pointers = append(s.pointers, pointer{p[0], place{pos(p[2][0]), p[1]}})
	}
	return s, nil
}

// numbered is a lemma's sense by its number, as counts name it.
type numbered struct {
	lemma  string
	pos    pos
	number int
}

// readCounts is how often the tagged texts use each sense. A line is "lemma%type:…", the sense's number and its count; types 1, 3 and 5
// are nouns, adjectives and similar adjectives.
func (db *database) readCounts(dir string) (map[numbered]int, error) {
	counts := map[numbered]int{}
	return counts, lines(dir, "cntlist.rev", 3, func(fields []string, _ string) error {
		lemma, kind, _ := strings.Cut(fields[0], "%")
		number, err := strconv.Atoi(fields[1])
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(fields[2])
		if err != nil {
			return err
		}
		db.tagged[lemma] += n
		switch kind[:min(1, len(kind))] {
		case "1":
			counts[numbered{lemma, noun, number}] += n
		case "3", "5":
			counts[numbered{lemma, adjective, number}] += n
		}
		return nil
	})
}

// readIndex is the senses of each lemma. The offsets of its synsets are the last fields of its line, the most usual first.
func (db *database) readIndex(dir, name string, p pos, counts map[numbered]int) error {
	return lines(dir, "index."+name, 6, func(fields []string, _ string) error {
		lemma := fields[0]
		n, err := strconv.Atoi(fields[2])
		if err != nil || n < 1 || n > len(fields) {
			return fmt.Errorf("number of synsets %q", fields[2])
		}
		for i, offset := range fields[len(fields)-n:] {
			at := place{p, offset}
			s := db.synsets[at]
			if s == nil {
				return fmt.Errorf("no synset %s", offset)
			}
			db.senses[lemma] = append(db.senses[lemma], sense{at, s, counts[numbered{lemma, p, i + 1}]})
		}
		return nil
	})
}

var token = regexp.MustCompile(`[a-z]+(?:['-][a-z]+)*`)

// count counts the lemmas of one or two words that stand in a gloss, each once.
func (db *database) count(gloss string) {
	seen := map[string]bool{}
	tokens := token.FindAllString(strings.ToLower(gloss), -1)
	for i, t := range tokens {
		seen[db.singular(t)] = true
		if i > 0 {
			seen[db.singular(tokens[i-1]+"_"+t)] = true
		}
	}
	for lemma := range seen {
		db.glosses[lemma]++
	}
}

// singular undoes a regular plural where that gives a noun which the tagged texts use more than the plural: "genus" stays.
func (db *database) singular(word string) string {
	for _, plural := range []struct{ end, instead string }{{"ies", "y"}, {"s", ""}, {"es", ""}} {
		stem, ok := strings.CutSuffix(word, plural.end)
		stem += plural.instead
		if ok && db.isNoun(stem) && (len(db.senses[word]) == 0 || db.tagged[stem] > db.tagged[word]) {
			return stem
		}
	}
	return word
}

// isNoun is true for a common noun of three letters or more.
func (db *database) isNoun(lemma string) bool {
	return len(lemma) > 2 && slices.ContainsFunc(db.senses[lemma], func(s sense) bool { return s.pos == noun && named(lemma, s) })
}
