package answer

import "github.com/facet-clip/facet/concept"

// Search is the answer of facet search.
type Search struct {
	// Model says which model answers.
	Model Model `json:"model"`
	// Text is the text that was asked for.
	Text string `json:"text"`
	// Unit is what was ranked: pair, neuron or head.
	Unit string `json:"unit"`
	// Centered tells that the mean of a bank was taken off the text.
	Centered bool `json:"centered"`
	// Bank is the bank whose mean was taken off; empty: none, or the demo world's words.
	Bank string `json:"bank"`
	// Atlas is the atlas that says how much each pair is used.
	Atlas string `json:"atlas,omitempty"`
	// Hits are the units found, the best first.
	Hits []Hit `json:"hits"`

	// Labelling says which names the hits can have.
	Labelling Labelling `json:"-"`
}

// Hit is a unit that was found. A neuron has no head, and a head no neuron.
type Hit struct {
	// Neuron is the number of the neuron.
	Neuron *int `json:"neuron,omitempty"`
	// Head is the number of the head.
	Head *int `json:"head,omitempty"`
	// Cosine is that of the unit's direction with the text.
	Cosine float64 `json:"cosine"`
	// Use is the mean of the 50 largest centred contribution norms of a pair in an atlas.
	Use *float64 `json:"use,omitempty"`
	Names
}

// Nearest is the answer of facet nearest.
type Nearest struct {
	// Model says which model answers.
	Model Model `json:"model"`
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Bank is the bank that was searched; empty: the demo world's words.
	Bank string `json:"bank"`
	// Texts are the nearest texts, the best first.
	Texts []concept.Match `json:"texts"`
}
