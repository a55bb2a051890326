package main

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// candidate is a word that may come into the bank.
type candidate struct {
	lemma     string
	kinds     string
	frequency float64
	senses    int
}

var (
	shape = regexp.MustCompile(`^[a-z]+(['-][a-z]+)*(_[a-z]+(['-][a-z]+)*)?$`)
	vowel = regexp.MustCompile(`[aeiouy]`)
)

// choose is the n words of the rule above, the most frequent first.
func (db *database) choose(n int) ([]candidate, error) {
	roots, err := db.roots()
	if err != nil {
		return nil, err
	}
	var all []candidate
	for lemma, senses := range db.senses {
		senses = slices.DeleteFunc(slices.Clone(senses), func(s sense) bool { return !usable(lemma, s) })
		if len(senses) == 0 || !shape.MatchString(lemma) || !vowel.MatchString(lemma) || db.offensive(lemma) ||
			slices.ContainsFunc(senses, func(s sense) bool { return roots.number[s.place] }) {
			continue
		}
		tagged := 0
		for _, s := range senses {
			tagged += s.tagged
		}
		if len(lemma) < 2 || len(lemma) == 2 && tagged == 0 {
			continue
		}
		share := float64(tagged+1) / float64(db.tagged[lemma]+1)
		all = append(all, candidate{lemma, roots.kinds(senses), float64(tagged) + float64(db.glosses[lemma])*share, len(senses)})
	}
	return best(all, n), nil
}

// best are n candidates: all colours and textures, then by frequency.
func best(all []candidate, n int) []candidate {
	byRank := func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.frequency, a.frequency), cmp.Compare(b.senses, a.senses), strings.Compare(a.lemma, b.lemma))
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(-compareBool(always(a), always(b)), byRank(a, b))
	})
	all = all[:min(n, len(all))]
	slices.SortFunc(all, byRank)
	return all
}

// always is true for what is taken at any frequency.
func always(c candidate) bool { return strings.ContainsAny(c.kinds, "ct") }

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// usable is true for a sense that is no proper name.
func usable(lemma string, s sense) bool { return named(lemma, s) && !s.is("@i") }

// named is true where WordNet writes the lemma small in this sense.
func named(lemma string, s sense) bool { return slices.Contains(s.forms, lemma) }

// is tells whether the synset has a pointer of a relation.
func (s *synset) is(relation string) bool {
	return slices.ContainsFunc(s.pointers, func(p pointer) bool { return p.relation == relation })
}

// Usages of WordNet that make a sense offensive: obscenity, ethnic slur, disparagement.
var offensiveUsage = []string{"07124340", "06718862", "06717170"}

// offensiveGloss is how WordNet's glosses say it: "offensive term for …", "obscene words for …", "vulgar slang for …".
var offensiveGloss = regexp.MustCompile(`\b(offensive|obscene|vulgar|insulting|disparaging|derogatory|profane)\b[^;]*\b(terms?|names?|words?|slang|expressions?|references?)\b` +
	`|\b(slang|slur)\)? (an? )?(extremely )?(offensive|vulgar|derogatory|disparaging|obscene)|vulgarism for|obscenity for`)

// unmarked are coarse words and slurs that WordNet has without saying that they are.
var unmarked = strings.Fields(`bitch bitchy boob boobs cripple fart farting gyp gypsy halfwit hooker homo imbecile jerk-off midget moron negroid
	negress octoroon porn porno pornographer quadroon retard sambo savage slut sluttish slattern squaw strumpet tit titty tosser wank wanker whore whorehouse`)

// offensive is true for a lemma with a sense that WordNet marks as obscene, a slur or disparaging, unless its other senses are used more: in
// the tagged texts not less often than the marked ones, and 12 times or more in these and the glosses. It is also true for a few words
// that WordNet does not mark.
func (db *database) offensive(lemma string) bool {
	if slices.Contains(unmarked, lemma) {
		return true
	}
	marked, other, any := 0, 0, false
	for _, s := range db.senses[lemma] {
		if s.offensive() {
			marked, any = marked+s.tagged, true
		} else {
			other += s.tagged
		}
	}
	return any && (other < marked || other+db.glosses[lemma] < 12)
}

func (s *synset) offensive() bool {
	definition, _, _ := strings.Cut(s.gloss, `"`) // not the examples
	return offensiveGloss.MatchString(definition) || slices.ContainsFunc(s.pointers, func(p pointer) bool {
		return p.relation == ";u" && slices.Contains(offensiveUsage, p.to.offset)
	})
}
