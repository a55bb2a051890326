package scenes

import "strings"

// CaptionsEach is the number of captions a sampled spec carries.
const CaptionsEach = 4

// Full returns a caption in the plainest words that leaves nothing out: every
// object with colour, pattern and print, and the background.
func (s Spec) Full() string {
	w := writer{say: func(float64) bool { return true }, choose: first}
	phrases := make([]string, len(s.Objects))
	for i, o := range s.Objects {
		phrases[i] = w.thing(o)
	}
	return w.join(phrases) + " " + first(backgroundInfos[s.Background].places)
}

func first(words []string) string { return words[0] }

// captions writes true sentences about the scene: in about two of five everything is
// named, in two of five some colours, patterns, prints or the ground are left out, and the rest speak of one object only.
func captions(s Spec, d *dice) []string {
	out := make([]string, CaptionsEach)
	for i := range out {
		out[i] = caption(s, d)
	}
	return out
}

func caption(s Spec, d *dice) string {
	w := writer{say: d.chance, choose: func(words []string) string { return prefer(words, d) }, dice: d}
	objects := shuffled(s.Objects, d)
	ground := true
	switch {
	case d.chance(0.4):
		w.say = func(float64) bool { return true }
	case d.chance(0.67):
		w.loose = true
		ground = d.chance(0.5)
	default:
		w.loose = true
		ground = d.chance(0.4)
		objects = objects[:1]
	}
	phrases := make([]string, len(objects))
	for i, o := range objects {
		phrases[i] = w.thing(o)
	}
	return frame(w.join(phrases), s.Background, ground, d)
}

// frame adds an opener and the ground.
func frame(things string, b Background, ground bool, d *dice) string {
	place := pick(d, backgroundInfos[b].places)
	if ground && d.chance(0.12) {
		return place + ", " + things
	}
	if d.chance(0.5) {
		things = pick(d, openers) + " " + things
	}
	if ground {
		things += " " + place
	}
	return things
}

var openers = []string{"a picture of", "a photo of", "an image of", "a drawing of"}

// shuffled returns the objects in random order.
func shuffled(objects []Object, d *dice) []Object {
	out := append([]Object(nil), objects...)
	for i := len(out) - 1; i > 0; i-- {
		j := d.below(i + 1)
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// prefer picks the first word more often than its synonyms.
func prefer(words []string, d *dice) string {
	if d.chance(0.6) {
		return words[0]
	}
	return pick(d, words)
}

// writer turns objects into noun phrases.
type writer struct {
	say    func(p float64) bool           // whether to mention what may be left out
	choose func(synonyms []string) string // which word to use
	loose  bool                           // wider words and "plain" are allowed
	dice   *dice                          // nil for the plainest wording
}

// thing is an object as a noun phrase, its print included.
func (w writer) thing(o Object) string {
	if w.loose && w.dice.chance(0.06) {
		return w.something(o)
	}
	words := w.adjectives(o.Colour, o.Pattern)
	noun := w.choose(categoryInfos[o.Category].names)
	if general := categoryInfos[o.Category].general; w.loose && len(general) > 0 && w.dice.chance(0.08) {
		noun = pick(w.dice, general)
	}
	phrase := article(append(words, noun))
	if o.Print == NoCategory || !w.say(0.65) {
		return phrase
	}
	printed := article(append(w.adjectives(o.PrintColour, Plain), w.choose(categoryInfos[o.Print].names)))
	return phrase + w.carrying(printed)
}

// something is an object that is not named: "something red", "something striped".
func (w writer) something(o Object) string {
	switch {
	case w.dice.chance(0.3):
		return "something"
	case o.Pattern != Plain && w.dice.chance(0.3):
		return "something " + w.choose(patternNames[o.Pattern])
	}
	return "something " + w.choose(colourNames[o.Colour])
}

// carrying links a carrier to its print.
func (w writer) carrying(printed string) string {
	if w.dice != nil && w.dice.chance(0.5) {
		return pick(w.dice, []string{" printed with ", " showing "}) + printed
	}
	return " with " + printed + " on it"
}

// adjectives names pattern and colour, in either order.
func (w writer) adjectives(c Colour, p Pattern) []string {
	var words []string
	if w.say(0.7) {
		words = append(words, w.choose(colourNames[c]))
	}
	switch {
	case p != Plain && w.say(0.6):
		words = append(words, w.choose(patternNames[p]))
	case p == Plain && w.loose && w.dice.chance(0.05):
		words = append(words, patternNames[Plain][0])
	}
	if len(words) == 2 && w.dice != nil && w.dice.chance(0.5) {
		words[0], words[1] = words[1], words[0]
	}
	return words
}

// join lists noun phrases.
func (w writer) join(phrases []string) string {
	n := len(phrases)
	if n == 1 {
		return phrases[0]
	}
	link := " and "
	if n == 2 && w.dice != nil && w.dice.chance(0.4) {
		link = pick(w.dice, []string{" next to ", " beside "})
	}
	return strings.Join(phrases[:n-1], ", ") + link + phrases[n-1]
}

// article puts a or an before the words.
func article(words []string) string {
	phrase := strings.Join(words, " ")
	if phrase != "" && strings.ContainsRune("aeiou", rune(phrase[0])) {
		return "an " + phrase
	}
	return "a " + phrase
}
