package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wordnet is where Debian's package wordnet-base puts WordNet's files.
const wordnet = "/usr/share/wordnet"

// TestMadeByTheRule: what is in the program is what the rule gives.
func TestMadeByTheRule(t *testing.T) {
	if _, err := os.Stat(filepath.Join(wordnet, "index.noun")); err != nil {
		t.Skip("no WordNet: apt-get install wordnet-base")
	}
	db, err := read(wordnet)
	if err != nil {
		t.Fatal(err)
	}
	list, err := db.choose(size)
	if err != nil {
		t.Fatal(err)
	}
	var made bytes.Buffer
	if err := write(&made, list); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("../../concept/words/common.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	if a, b := unpacked(t, made.Bytes()), unpacked(t, kept); !bytes.Equal(a, b) { // packed, they may differ with Go's version
		t.Errorf("%d bytes, expected the %d of concept/words/common.txt.gz: run scripts/words.sh", len(a), len(b))
	}
}

func unpacked(t *testing.T, packed []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// small is a WordNet of a few words.
func small(t *testing.T) *database {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"data.noun": "  1 a licence \n" +
			"00000001 05 n 02 dog 0 domestic_dog 0 001 @ 00000009 n 0000 | a member of the genus Canis; \"dogs bark\"  \n" +
			"00000002 15 n 01 Paris 0 001 @i 00000009 n 0000 | a city  \n" +
			"00000003 18 n 01 cur 0 000 | (slang) offensive term for a dog  \n" +
			"00000004 05 n 01 genus 0 000 | a kind  \n" +
			"00000005 05 n 01 genu 0 000 | the knee  \n",
		"data.adj":    "00000006 00 a 01 wet(p) 0 000 | like a dog in the rain  \n",
		"data.verb":   "00000007 30 v 01 dog 0 000 01 + 08 00 | go after dogs  \n",
		"data.adv":    "00000008 02 r 01 wetly 0 000 | in a wet manner  \n",
		"index.noun":  "dog n 1 1 @ 1 1 00000001  \ndomestic_dog n 1 1 @ 1 0 00000001  \nparis n 1 1 @ 1 0 00000002  \ncur n 1 0 1 0 00000003  \ngenus n 1 0 1 1 00000004  \ngenu n 1 0 1 0 00000005  \n",
		"index.adj":   "wet a 1 0 1 1 00000006  \n",
		"cntlist.rev": "dog%1:05:00:: 1 42\ndog%2:30:00:: 1 8\nwet%3:00:00:: 1 3\ngenus%1:05:00:: 1 2\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestRead(t *testing.T) {
	db := small(t)
	dog := db.senses["dog"]
	if len(dog) != 1 || dog[0].tagged != 42 || db.tagged["dog"] != 50 || dog[0].file != 5 {
		t.Errorf("dog is %+v, used %d times; expected one noun in file 5, used 42 times of 50", dog, db.tagged["dog"])
	}
	if wet := db.senses["wet"]; len(wet) != 1 || !usable("wet", wet[0]) {
		t.Errorf("wet is %+v, expected an adjective without its marker (p)", wet)
	}
	if usable("paris", db.senses["paris"][0]) {
		t.Error("paris is no proper name")
	}
	// Four glosses have dogs: its own "dogs", the cur's and the wet one's "dog", the verb's "dogs".
	if n := db.glosses["dog"]; n != 4 {
		t.Errorf("dog stands in %d glosses, expected 4", n)
	}
	if db.glosses["genus"] != 1 || db.glosses["genu"] != 0 {
		t.Errorf("genus stands in %d glosses and genu in %d, expected 1 and 0: genus is no plural", db.glosses["genus"], db.glosses["genu"])
	}
}

func TestOffensive(t *testing.T) {
	db := small(t)
	for lemma, want := range map[string]bool{"cur": true, "dog": false, "wet": false, "bitch": true} {
		if got := db.offensive(lemma); got != want {
			t.Errorf("%s: offensive is %v, expected %v", lemma, got, want)
		}
	}
	db.senses["cur"] = append(db.senses["cur"], sense{place{noun, "00000001"}, db.senses["dog"][0].synset, 20})
	if db.offensive("cur") {
		t.Error("cur is offensive although its other sense is used 20 times")
	}
}

// TestBest: colours and textures come first into the bank, but its order is that of frequency, then senses, then the alphabet.
func TestBest(t *testing.T) {
	all := []candidate{{"rare", "n", 1, 9}, {"teal", "nc", 0, 1}, {"often", "a", 7, 1}, {"b", "n", 3, 1}, {"a", "n", 3, 1}, {"many", "n", 3, 2}}
	var got []string
	for _, c := range best(all, 5) {
		got = append(got, c.lemma)
	}
	if want := "often many a b teal"; strings.Join(got, " ") != want {
		t.Errorf("%v, expected %s", got, want)
	}
}

// TestClosure: what is below and beside is found through others, and a sense that is not there is said.
func TestClosure(t *testing.T) {
	db := small(t)
	db.senses["animal"] = []sense{{place{noun, "00000009"}, &synset{}, 0}}
	below, err := db.below("animal#1")
	if err != nil || !below[place{noun, "00000001"}] || below[place{noun, "00000004"}] {
		t.Errorf("below animal are %v (%v), expected the dog and not the genus", below, err)
	}
	if _, err := db.below("animal#2"); err == nil {
		t.Error("a second sense of animal is found")
	}
}

func TestKinds(t *testing.T) {
	colour, dog := place{adjective, "1"}, place{noun, "2"}
	r := roots{colour: map[place]bool{colour: true}}
	orange := []sense{{dog, &synset{file: 13}, 5}, {colour, &synset{}, 1}}
	if got := r.kinds(orange); got != "naoc" {
		t.Errorf("an orange is %s, expected a noun, an adjective, an object and a colour: naoc", got)
	}
	orange[1].tagged = 9
	if got := r.kinds(orange); got != "nac" {
		t.Errorf("what is mostly a colour is %s, expected nac", got)
	}
}

func TestBrokenFiles(t *testing.T) {
	for _, line := range []string{"00000001 05 n 02 dog 0", "00000001 xx n 01 dog 0 000", "00000001 05 n 09 dog 0 000", "00000001 05 n 01 dog 0 003 @ 00000002 n 0000"} {
		if s, err := parseSynset(strings.Fields(line), ""); err == nil {
			t.Errorf("%q is read as %+v", line, s)
		}
	}
}
