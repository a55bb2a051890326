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
	// PairCount is how many pairs the group has a portion of; of others, how many groups they are.
	PairCount int `json:"pair_count"`
	// Pairs are the strongest of them, at most five.
	Pairs []GroupPair `json:"pairs"`
	// Groups are the words of a head, where heads are asked for; absent otherwise.
	Groups []Group `json:"groups,omitempty"`
	// Map is the file of the group's map, relative to the folder of the explanation; absent where none is written.
	Map string `json:"map,omitempty"`
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
