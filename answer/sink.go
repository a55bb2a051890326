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
	// Published is what the published code finds; absent where nobody asked.
	Published *PublishedSink `json:"published,omitempty"`

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

// PublishedSink is what the published code finds of the last place, by its own rules.
type PublishedSink struct {
	// Neurons are those that change the attention of the last place most when they are zeroed in every token, the strongest first.
	Neurons []PublishedRegister `json:"neurons"`
	// Pairs are those whose contribution changes most in length when the attention of the last place is set to zero.
	Pairs []PublishedPair `json:"pairs"`
	// Zeroed are the neurons that the published ablation sets to zero: those by which that attention falls most.
	Zeroed []int `json:"zeroed"`
	// ZeroSink is the accuracy with the attention of the last place at zero and the rest as it is; absent without labels of two classes at least.
	ZeroSink *Share `json:"zero_sink,omitempty"`
	// ZeroNeurons is the accuracy with Zeroed at zero in every token; absent as ZeroSink.
	ZeroNeurons *Share `json:"zero_neurons,omitempty"`
}

// PublishedRegister is a neuron with what the attention of the last place loses without it, as a mean over heads and pictures.
type PublishedRegister struct {
	// Neuron is its number.
	Neuron int `json:"neuron"`
	// Size is the mean over pictures of the change without its sign.
	Size float64 `json:"size"`
	// Signed is the mean of what is lost.
	Signed float64 `json:"signed"`
}

// PublishedPair is a pair with how much the length of its contribution changes without the attention of the last place.
type PublishedPair struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Change is the mean over pictures.
	Change float64 `json:"change"`
}

// SinkAccuracy is zero-shot accuracy with every place, and with the watched one left out.
type SinkAccuracy struct {
	// With is with every place.
	With Share `json:"with"`
	// Without is without the watched place.
	Without Share `json:"without"`
}
