package answer

import "github.com/facet-clip/facet/concept"

// Sink is the answer of facet sink.
type Sink struct {
	// Model says which model looked.
	Model Model `json:"model"`
	// Source is the dataset or the atlas.
	Source string `json:"source"`
	SinkReport
	// Unread counts pictures that cannot be read. They are left out.
	Unread int `json:"unread"`
	// Accuracy is zero-shot, with and without the watched place; absent without labels of two classes at least.
	Accuracy *SinkAccuracy `json:"accuracy,omitempty"`
	// Words are for each register the texts nearest to its direction when every head passes it alike.
	Words [][]concept.Match `json:"words,omitempty"`
	// Pairs are for each register the pair that is used most, or has the longest direction; with a bank or an atlas with labels.
	Pairs []NamedPair `json:"pairs,omitempty"`

	// Grid is the side of the grid of places.
	Grid int `json:"-"`
	// Labelling says which names the pairs can have.
	Labelling Labelling `json:"-"`
}

// NamedPair is a pair with its names.
type NamedPair struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	Names
}

// SinkAccuracy is zero-shot accuracy with every place, and with the watched one left out.
type SinkAccuracy struct {
	// With is with every place.
	With Share `json:"with"`
	// Without is without the watched place.
	Without Share `json:"without"`
}
