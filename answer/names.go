package answer

import "strings"

// Names are what a pair is called, where a bank or an atlas with labels is at hand.
type Names struct {
	// Says names where the pair's direction points.
	Says *Name `json:"says,omitempty"`
	// Fires names what the images show in which the pair's scalar is extreme. It needs an atlas.
	Fires *Name `json:"fires,omitempty"`
}

// Name is a direction in words.
type Name struct {
	// Named is false where the words explain no more than chance does.
	Named bool `json:"named"`
	// Label holds the words to show, of most weight first, whether the pair is named or not.
	Label []Word `json:"label"`
}

// String is the name as people read it: its words, a minus before those of negative weight, or unnamed.
func (n *Name) String() string {
	if n == nil || !n.Named {
		return "unnamed"
	}
	var words []string
	for _, w := range n.Label {
		if w.Weight < 0 {
			w.Text = "−" + w.Text
		}
		words = append(words, w.Text)
	}
	return strings.Join(words, ", ")
}

// Word is a word of a label.
type Word struct {
	// Text is the word.
	Text string `json:"text"`
	// Weight is the word's weight in a fit with the words of the label alone.
	Weight float64 `json:"weight"`
}

// Labelling says which names an answer can give, for tables.
type Labelling int

const (
	// Unlabelled: no bank and no labels are at hand.
	Unlabelled Labelling = iota
	// Said: pairs are named by what they say.
	Said
	// Fired: pairs are named by what they say and by what they fire for.
	Fired
)

// Skipped is a picture of a dataset that was left out.
type Skipped struct {
	// Path names the picture.
	Path string `json:"path"`
	// Reason says why it could not be read.
	Reason string `json:"reason"`
}
