package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// things are the lexicographer's files of what can be seen: noun.animal, artifact, body, food, object, person, plant, substance.
var things = []int{5, 6, 8, 13, 17, 18, 20, 27}

// scenes are what places are below.
var scenes = []string{
	"body_of_water#1", "bridge#1", "building#1", "establishment#4", "facility#1", "forest#1", "forest#2", "garden#1", "geographical_area#1",
	"geological_formation#1", "housing#1", "land#4", "room#1", "shelter#1", "sky#1", "tower#1", "tract#1", "way#6", "workplace#1",
}

// roots are the synsets by which words are sorted.
type roots struct{ number, colour, texture, scene map[place]bool }

func (db *database) roots() (r roots, err error) {
	// collect adds what is below nouns and beside adjectives to a set.
	collect := func(set *map[place]bool, nouns, adjectives []string) {
		if err != nil {
			return
		}
		var below, beside map[place]bool
		if below, err = db.below(nouns...); err != nil {
			return
		}
		if beside, err = db.beside(adjectives...); err != nil {
			return
		}
		maps.Copy(below, beside)
		*set = below
	}
	collect(&r.number, []string{"integer#1", "digit#1"}, []string{"cardinal#2"})
	collect(&r.colour, []string{"chromatic_color#1", "achromatic_color#1"}, []string{"chromatic#3", "achromatic#1"})
	collect(&r.texture, []string{"texture#1", "texture#4", "pattern#3", "fabric#1"}, []string{"patterned#1", "rough#1", "smooth#1", "coarse#1", "hairy#1"})
	var no map[place]bool // sails, towels and flags are made of what has a texture
	collect(&no, []string{"piece_of_cloth#1", "emblem#1", "emblem#2"}, nil)
	maps.DeleteFunc(r.texture, func(p place, _ bool) bool { return no[p] })
	collect(&r.scene, scenes, nil)
	return r, err
}

// kinds are the letters of what a word is, by its senses. All of them tell whether it is a noun (n), an adjective (a) and a colour (c): an
// orange is a fruit and a colour. It is an object (o) or a scene (s) by its most used sense, the first of equally used ones. It is a texture
// (t) by any sense as an adjective, or by its most used one.
func (r roots) kinds(senses []sense) string {
	var kinds strings.Builder
	add := func(is bool, letter byte) {
		if is {
			kinds.WriteByte(letter)
		}
	}
	some := func(is func(sense) bool) bool { return slices.ContainsFunc(senses, is) }
	most := senses[0]
	for _, s := range senses {
		if s.tagged > most.tagged {
			most = s
		}
	}
	add(some(func(s sense) bool { return s.pos == noun }), 'n')
	add(some(func(s sense) bool { return s.pos == adjective }), 'a')
	add(most.pos == noun && slices.Contains(things, most.file), 'o')
	add(r.scene[most.place], 's')
	add(some(func(s sense) bool { return r.colour[s.place] }), 'c')
	add(r.texture[most.place] || some(func(s sense) bool { return s.pos == adjective && r.texture[s.place] }), 't')
	return kinds.String()
}

// find is the synset of "lemma#number", the number as WordNet counts a lemma's senses in a part of speech.
func (db *database) find(p pos, name string) (place, error) {
	lemma, number, _ := strings.Cut(name, "#")
	n, err := strconv.Atoi(number)
	if err != nil {
		return place{}, err
	}
	for _, s := range db.senses[lemma] {
		if s.pos == p {
			if n--; n == 0 {
				return s.place, nil
			}
		}
	}
	return place{}, fmt.Errorf("no sense %s (%c)", name, p)
}

// below are nouns and all that is below them, directly or not.
func (db *database) below(names ...string) (map[place]bool, error) {
	next := map[place]bool{}
	for _, name := range names {
		at, err := db.find(noun, name)
		if err != nil {
			return nil, err
		}
		next[at] = true
	}
	in := maps.Clone(next)
	for len(next) > 0 {
		next = db.leadingTo(next, "@")
		maps.DeleteFunc(next, func(at place, _ bool) bool { return in[at] })
		maps.Copy(in, next)
	}
	return in, nil
}

// beside are adjectives and those that are similar to them.
func (db *database) beside(names ...string) (map[place]bool, error) {
	heads := map[place]bool{}
	for _, name := range names {
		at, err := db.find(adjective, name)
		if err != nil {
			return nil, err
		}
		heads[at] = true
	}
	in := db.leadingTo(heads, "&")
	maps.Copy(in, heads)
	return in, nil
}

// leadingTo are the synsets with a pointer of a relation to some others.
func (db *database) leadingTo(others map[place]bool, relation string) map[place]bool {
	found := map[place]bool{}
	for at, s := range db.synsets {
		if slices.ContainsFunc(s.pointers, func(p pointer) bool { return p.relation == relation && others[p.to] }) {
			found[at] = true
		}
	}
	return found
}
