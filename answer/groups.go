package answer

// The groups that are no word.
const (
	Unnamed  = "unnamed"  // the pairs that no word names
	Constant = "constant" // the term that is the same for every picture
	Others   = "others"   // the groups that are not listed
)

// Against is the baseline of an explanation.
type Against struct {
	// Kind is text (another text), picture (another picture), average text (of a bank) or average picture (of a dataset).
	Kind string `json:"kind"`
	// Name is the text, the picture, or the bank or dataset of the average.
	Name string `json:"name"`
	// Total is what the baseline has where the explanation has its total; the groups sum to the difference.
	Total float64 `json:"total"`
}

// Group is the sum of pairs that share a word, a neuron or a head.
type Group struct {
	// Word is the word, with a minus where it is missing when the pairs are strong. It is unnamed for pairs without a word, constant for the term that
	// is the same for every picture, and others for the groups that are not listed.
	Word string `json:"word"`
	// Amount is the group's part. The amounts of all groups sum to groups_total.
	Amount float64 `json:"amount"`
	// Share is amount / |groups_total|.
	Share float64 `json:"share"`
	// Low is the lower end of the amount's 95 % interval: the images of labels drawn anew, 200 times. Absent unless intervals are asked for.
	Low *float64 `json:"low,omitempty"`
	// High is the upper end of that interval.
	High *float64 `json:"high,omitempty"`
	// PairCount is how many pairs the group has a portion of; of others, how many groups they are.
	PairCount int `json:"pair_count"`
	// Pairs are the strongest of them, at most five.
	Pairs []GroupPair `json:"pairs"`
	// Groups are the words of a head, where heads are asked for; absent otherwise.
	Groups []Group `json:"groups,omitempty"`
	// Map is the file of the group's map, relative to the folder of the explanation; absent where none is written.
	Map string `json:"map,omitempty"`
}

// Redrawn says what the intervals of groups rest on.
type Redrawn struct {
	// Draws is how often each label was made anew.
	Draws int `json:"draws"`
	// Pairs is how many pairs were named anew in each draw: of those with a label the ones of largest |amount|. The others keep their labels.
	Pairs int `json:"pairs"`
	// Share is Σ|amount| of these pairs / Σ|amount| of all pairs with a label.
	Share float64 `json:"share"`
	// Changed is how many of these pairs have in some draw a word that their label lacks, or lack one that it has.
	Changed int `json:"changed"`
}

// GroupPair is a pair in a group.
type GroupPair struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Of is how much of the pair belongs to the group, from 0 to 1.
	Of float64 `json:"of"`
	// Amount is that portion's part.
	Amount float64 `json:"amount"`
	// Share is amount / |groups_total|.
	Share float64 `json:"share"`
}
