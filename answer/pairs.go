package answer

import "github.com/facet-clip/facet/concept"

// Pairs is the answer of facet pairs.
type Pairs struct {
	// Model says which model made the atlas.
	Model Model `json:"model"`
	// Atlas is the folder of the atlas.
	Atlas string `json:"atlas"`
	// Pairs are those asked for, in the order asked for.
	Pairs []UsedPair `json:"pairs"`

	// Labelling says which names the pairs can have.
	Labelling Labelling `json:"-"`
}

// UsedPair says what a pair did in a dataset.
type UsedPair struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Norm is the mean of the pair's 50 largest centred contribution norms.
	Norm float64 `json:"norm"`
	// Mean is that of the pair's scalar.
	Mean float64 `json:"mean"`
	// Deviation is the standard deviation of the scalar.
	Deviation float64 `json:"deviation"`
	// Sign is +1 or −1: that of the pair's principal direction against its direction u.
	Sign int `json:"sign"`
	// Polysemanticity is the summed squared distance to their mean of the unit embeddings of its ten images of largest centred norm.
	Polysemanticity float64 `json:"polysemanticity"`
	// Words are the texts nearest to sign·u, where a bank is at hand.
	Words []concept.Match `json:"words,omitempty"`
	Names
}

// Neuron is the answer of facet neuron.
type Neuron struct {
	// Model says which model made the atlas.
	Model Model `json:"model"`
	// Atlas is the folder of the atlas.
	Atlas string `json:"atlas"`
	// Rows are the neuron itself, where the atlas keeps scalars, and then its strongest pairs.
	Rows []Unit `json:"rows"`
}

// Unit is a neuron or a pair with the images in which it contributes most.
type Unit struct {
	// Neuron is the neuron, or that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair, and absent for the neuron itself.
	Head *int `json:"head,omitempty"`
	// Norm is the mean of a pair's 50 largest centred contribution norms, and 0 for the neuron itself.
	Norm float64 `json:"norm"`
	// Words are the texts nearest to the pair's principal direction, where a bank is at hand.
	Words []concept.Match `json:"words,omitempty"`
	Names
	// Images are those of largest contribution, the largest first.
	Images []UnitImage `json:"images"`
}

// UnitImage is an image in which a unit contributes much.
type UnitImage struct {
	// Image is the row of the picture in the atlas, from 0.
	Image int `json:"image"`
	// Path is where the picture lies. Where it is not found, it is the path that the atlas has, from the root of its dataset.
	Path string `json:"path"`
	// Label is the image's class, where it has one.
	Label string `json:"label,omitempty"`
	// Norm is that of the centred contribution; in the reference's order, that of the whole one.
	Norm float64 `json:"norm"`

	// Missing says why the picture cannot be opened; nil where it can.
	Missing error `json:"-"`
}
