package scenes

import (
	"slices"
	"sort"
	"strings"
	"testing"
)

// reader reads captions back: an independent parser of the little language.
type reader struct {
	words  []string // every known expression, longest first
	kind   map[string]string
	things map[string][]Category
	paint  map[string]string // canonical colour or pattern
	ground map[string]Background
}

func newReader() *reader {
	r := &reader{kind: map[string]string{}, things: map[string][]Category{}, paint: map[string]string{}, ground: map[string]Background{}}
	for _, c := range Categories() {
		for _, w := range append(c.Synonyms(), c.General()...) {
			r.kind[w] = "noun"
			r.things[w] = append(r.things[w], c)
		}
	}
	for _, c := range Colours() {
		for _, w := range c.Synonyms() {
			r.kind[w], r.paint[w] = "colour", c.String()
		}
	}
	for _, p := range Patterns() {
		for _, w := range p.Synonyms() {
			r.kind[w], r.paint[w] = "pattern", p.String()
		}
	}
	for _, b := range Backgrounds() {
		for _, w := range b.Places() {
			r.kind[w], r.ground[w] = "ground", b
		}
	}
	for _, w := range []string{"a picture of", "a photo of", "an image of", "a drawing of", "a", "an", "and", ",", "next to", "beside", "on it"} {
		r.kind[w] = "glue"
	}
	r.kind["something"] = "something"
	for _, w := range []string{"with", "showing", "printed with"} {
		r.kind[w] = "carries"
	}
	for w := range r.kind {
		r.words = append(r.words, w)
	}
	sort.Slice(r.words, func(i, j int) bool { return len(r.words[i]) > len(r.words[j]) })
	return r
}

// next takes the longest known expression off the front of a caption.
func (r *reader) next(caption string) (word, rest string) {
	for _, w := range r.words {
		if rest, ok := strings.CutPrefix(caption, w); ok && (rest == "" || rest[0] == ' ' || rest[0] == ',' || w == ",") {
			return w, strings.TrimSpace(rest)
		}
	}
	return "", caption
}

// mention is one noun phrase of a caption.
type mention struct {
	noun, colour, pattern string
	carried               bool
}

// read returns the noun phrases and grounds of a caption.
func (r *reader) read(t *testing.T, caption string) (mentions []mention, grounds []Background) {
	t.Helper()
	var m mention
	rest := caption
	for rest != "" {
		var w string
		if w, rest = r.next(rest); w == "" {
			t.Fatalf("caption %q: nobody knows %q", caption, rest)
		}
		switch r.kind[w] {
		case "colour":
			m.colour = r.paint[w]
		case "pattern":
			m.pattern = r.paint[w]
		case "carries":
			m = mention{carried: true}
		case "ground":
			grounds = append(grounds, r.ground[w])
		case "noun":
			m.noun = w
			mentions = append(mentions, m)
			m = mention{}
		case "something": // its paint comes after it
			m = mention{noun: w}
			if w, after := r.next(rest); r.paint[w] != "" {
				rest = after
				if r.kind[w] == "colour" {
					m.colour = r.paint[w]
				} else {
					m.pattern = r.paint[w]
				}
			}
			mentions = append(mentions, m)
			m = mention{}
		}
	}
	if m != (mention{}) {
		t.Fatalf("caption %q: %+v describes nothing", caption, m)
	}
	return mentions, grounds
}

func (r *reader) fits(m mention, c Category, colour Colour, pattern Pattern) bool {
	return (m.noun == "something" || slices.Contains(r.things[m.noun], c)) &&
		(m.colour == "" || m.colour == colour.String()) && (m.pattern == "" || m.pattern == pattern.String())
}

// assign matches the mentions, in order, to distinct objects of the scene, and prints to the object before them.
func (r *reader) assign(s Spec, mentions []mention, used uint, last int) bool {
	if len(mentions) == 0 {
		return true
	}
	m, rest := mentions[0], mentions[1:]
	if m.carried {
		o := s.Objects[last]
		return o.Print != NoCategory && r.fits(m, o.Print, o.PrintColour, Plain) && r.assign(s, rest, used, last)
	}
	for i, o := range s.Objects {
		if used>>i&1 == 0 && r.fits(m, o.Category, o.Colour, o.Pattern) && r.assign(s, rest, used|1<<i, i) {
			return true
		}
	}
	return false
}

func TestCaptionsAreTrue(t *testing.T) {
	r := newReader()
	nouns, complete, lone, withGround, total := map[string]int{}, 0, 0, 0, 0
	for i := range uint64(3000) {
		s := sample(t, DefaultWorld(), 53, i)
		if len(s.Captions) != CaptionsEach {
			t.Fatalf("%d captions, want %d", len(s.Captions), CaptionsEach)
		}
		for _, caption := range s.Captions {
			mentions, grounds := r.read(t, caption)
			if !r.assign(s, mentions, 0, -1) {
				t.Errorf("scene %d: %q is not true of %q", i, caption, s.Full())
			}
			for _, g := range grounds {
				if g != s.Background {
					t.Errorf("scene %d: %q names another ground than %s", i, caption, s.Background)
				}
			}
			for _, m := range mentions {
				nouns[m.noun]++
			}
			total++
			withGround += len(grounds)
			if isComplete(s, mentions, grounds) {
				complete++
			}
			if len(s.Objects) > 1 && len(mentions) == 1 {
				lone++
			}
		}
	}
	for w, kind := range r.kind {
		if kind == "noun" && nouns[w] == 0 {
			t.Errorf("%q is never said", w)
		}
	}
	for what, share := range map[string]float64{"complete": float64(complete) / float64(total), "ground": float64(withGround) / float64(total)} {
		if share < 0.35 || share > 0.8 {
			t.Errorf("%.2f of the captions: %s", share, what)
		}
	}
	if lone == 0 {
		t.Error("no caption speaks of one object among several")
	}
}

// isComplete reports whether nothing is left unsaid.
func isComplete(s Spec, mentions []mention, grounds []Background) bool {
	things, colours, patterns := 0, 0, 0
	for _, o := range s.Objects {
		things++
		if o.Print != NoCategory {
			things++
		}
		if o.Pattern != Plain {
			patterns++
		}
	}
	for _, m := range mentions {
		if m.colour != "" {
			colours++
		}
		if m.pattern != "" && m.pattern != Plain.String() {
			patterns--
		}
	}
	return len(mentions) == things && colours == things && patterns == 0 && len(grounds) == 1
}

func TestFullCaptionSaysEverything(t *testing.T) {
	r := newReader()
	for i := range uint64(500) {
		s := sample(t, DefaultWorld(), 59, i)
		mentions, grounds := r.read(t, s.Full())
		if !r.assign(s, mentions, 0, -1) || !isComplete(s, mentions, grounds) || grounds[0] != s.Background {
			t.Errorf("scene %d: %q leaves something out of %+v", i, s.Full(), s)
		}
	}
	for _, tc := range []struct {
		spec Spec
		want string
	}{
		{Spec{Background: Night, Objects: []Object{{Category: Airplane, Colour: Orange}}}, "an orange airplane in the night sky"},
		{Spec{Background: Brick, Objects: []Object{
			{Category: Shirt, Colour: Red, Print: Butterfly, PrintColour: Yellow},
			{Category: Umbrella, Colour: White, Pattern: Dotted},
			{Category: Oak, Colour: Green},
		}}, "a red shirt with a yellow butterfly on it, a white dotted umbrella and a green oak tree in front of a brick wall"},
	} {
		if got := tc.spec.Full(); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

// The checker itself must notice lies.
func TestReaderNoticesLies(t *testing.T) {
	r := newReader()
	s := Spec{Background: Sand, Objects: []Object{
		{Category: Mug, Colour: Red, Print: Heart, PrintColour: White},
		{Category: Cat, Colour: Black, Pattern: Striped},
	}}
	for caption, want := range map[string]bool{
		"a red mug with a white heart on it": true,
		"something striped and a cup":        true,
		"an animal, a mug":                   true,
		"a black mug":                        false,
		"a red mug with a white star on it":  false,
		"a heart":                            false,
		"a cat and a black cat":              false,
		"a dotted cat":                       false,
		"a cat with a heart on it":           false,
		"a plain black cat":                  false,
	} {
		mentions, _ := r.read(t, caption)
		if got := r.assign(s, mentions, 0, -1); got != want {
			t.Errorf("%q: taken for %t, want %t", caption, got, want)
		}
	}
}
