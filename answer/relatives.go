package answer

// HeadText is one of the texts that describe a head.
type HeadText struct {
	// Text is the text.
	Text string `json:"text"`
	// Deviation is the standard deviation over images of the head's contribution along the text, after the texts before it are taken off.
	Deviation float64 `json:"deviation"`
	// Explained is the share of the head's variance that this text and those before it hold.
	Explained float64 `json:"explained"`
}

// NearImage is an image with how alike a part of its embedding is to that of another image.
type NearImage struct {
	// Image is its row in the atlas, from 0.
	Image int `json:"image"`
	// Path is where it lies in its dataset.
	Path string `json:"path"`
	// Label is its class, where it has one.
	Label string `json:"label,omitempty"`
	// Cosine is that of the two images' contributions of the part, the mean over images taken off.
	Cosine float64 `json:"cosine"`
}

// Property is the answer of facet property: which units carry a property.
type Property struct {
	// Model says which model made the atlas.
	Model Model `json:"model"`
	// Atlas is the folder of the atlas.
	Atlas string `json:"atlas"`
	// Texts say what the property is.
	Texts []string `json:"texts"`
	// Unit is what was ranked: pair, neuron or head.
	Unit string `json:"unit"`
	// Images is how many images the scores are over.
	Images int `json:"images"`
	// Units are those that carry the property most, the first first.
	Units []PropertyUnit `json:"units"`
	// Near are the images most like the image asked for in these units; absent where nobody asked.
	Near []NearImage `json:"near,omitempty"`

	// Labelling says which names the units can have.
	Labelling Labelling `json:"-"`
}

// PropertyUnit is a unit with its score. A head has no neuron, and a neuron no head.
type PropertyUnit struct {
	// Neuron is the neuron, or that of the pair.
	Neuron *int `json:"neuron,omitempty"`
	// Head is the head, or that of the pair.
	Head *int `json:"head,omitempty"`
	// Score is the mean correlation over images of the unit's contribution with the whole embedding, along the directions of the property.
	Score float64 `json:"score"`
	Names
}

// Confusion is the answer of facet confuse: which words make one thing look like another.
type Confusion struct {
	// Model says which model answers.
	Model Model `json:"model"`
	// Text is what pictures are taken for.
	Text string `json:"text"`
	// Against is what they show.
	Against string `json:"against"`
	// Bank is the bank that pairs are labelled by; empty: the demo world's words.
	Bank string `json:"bank"`
	// Pairs are those that tell the two texts apart most.
	Pairs []ConfusedPair `json:"pairs"`
	// Words are the words that push towards Text, the strongest first.
	Words []PushingWord `json:"words"`
}

// ConfusedPair is a pair with what it says of two texts.
type ConfusedPair struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Product is that of its unit direction with the difference of the two texts.
	Product float64 `json:"product"`
}

// PushingWord is a word with what pairs bring to it.
type PushingWord struct {
	// Text is the word.
	Text string `json:"text"`
	// Amount is the sum over pairs of the word's coefficient in the pair's label times what the pair does.
	Amount float64 `json:"amount"`
	// Pairs is how many of the pairs have the word in their label.
	Pairs int `json:"pairs"`
}

// Discovery is the answer of facet discover: the words of one picture by its notable pairs.
type Discovery struct {
	// Model says which model answers.
	Model Model `json:"model"`
	// Picture is the picture.
	Picture string `json:"picture"`
	// Atlas is the atlas that says what is usual.
	Atlas string `json:"atlas"`
	// Bank is the bank that pairs are labelled by; empty: the demo world's words.
	Bank string `json:"bank"`
	// Notable is how many pairs contribute more to the picture than to all but 49 images of the atlas.
	Notable int `json:"notable"`
	// Labelled is how many of them, the strongest, have a part in the words.
	Labelled int `json:"labelled"`
	// Words are the words, the strongest first.
	Words []PushingWord `json:"words"`
}
