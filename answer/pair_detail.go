package answer

import "github.com/facet-clip/facet/concept"

// PairDetail is the answer of GET atlases/{atlas}/pairs/{pair}: all that an atlas knows of one pair.
type PairDetail struct {
	// Model says which model made the atlas.
	Model Model `json:"model"`
	// Atlas is the atlas.
	Atlas string `json:"atlas"`
	// Images is how many images the atlas has.
	Images int `json:"images"`
	// Pair says what the pair did in them.
	Pair UsedPair `json:"pair"`
	// Length is ‖u‖ of the pair's direction u.
	Length float64 `json:"length"`
	// Rank is the pair's place among all pairs by norm, from 1.
	Rank int `json:"rank"`
	// Of is how many pairs the model has.
	Of int `json:"of"`
	// Labels are the evidence for the pair's names; absent where the atlas did not label this pair.
	Labels *PairLabels `json:"labels,omitempty"`
	// Texts are the texts nearest to sign·u, where a bank is at hand.
	Texts []concept.Match `json:"texts"`
	// Histogram counts images by the pair's scalar; absent where the atlas keeps no scalars.
	Histogram *Histogram `json:"histogram,omitempty"`
	// Pictures are some of the images: the largest scalars (top), the smallest (bottom), evenly spaced ranks (quantile; these need scalars), and
	// images drawn by chance (random), which are the same at every request.
	Pictures []PairPictures `json:"pictures"`
	// Near are the pairs whose direction u is most like this pair's.
	Near []NearPair `json:"near"`
	// SameNeuron are the other pairs of the neuron, most used first.
	SameNeuron []NearPair `json:"same_neuron"`
	// SameHead are the most used other pairs of the head.
	SameHead []NearPair `json:"same_head"`
	// Classes are the classes of the images, the largest mean scalar first; without scalars, the most frequent among the largest scalars first.
	Classes []PairClass `json:"classes"`
}

// PairLabels are a pair's names with the evidence for them.
type PairLabels struct {
	// Texts is how many texts there were to choose from.
	Texts int `json:"texts"`
	// Says is where the pair's direction points.
	Says Words `json:"says"`
	// SaysShown is the share of that direction that the words to show explain.
	SaysShown float64 `json:"says_shown"`
	// SaysChance is what as many words explain of 95 in 100 random directions at most.
	SaysChance float64 `json:"says_chance"`
	// Fires is what the images show in which the pair's scalar is extreme.
	Fires Words `json:"fires"`
	// FiresShown is the share that the words to show explain.
	FiresShown float64 `json:"fires_shown"`
	// FiresChance is what as many words explain of 95 in 100 random sets of images at most.
	FiresChance float64 `json:"fires_chance"`
}

// Histogram counts images in bars of equal width.
type Histogram struct {
	// Least is the smallest scalar.
	Least float64 `json:"least"`
	// Most is the largest scalar.
	Most float64 `json:"most"`
	// Counts are the images of each bar, from the smallest scalars to the largest.
	Counts []int `json:"counts"`
}

// PairPictures are images of one kind.
type PairPictures struct {
	// Kind is top, bottom, quantile or random.
	Kind string `json:"kind"`
	// Images are they.
	Images []PairPicture `json:"images"`
}

// PairPicture is an image with the scalar that a pair has in it.
type PairPicture struct {
	// Image is the row of the picture in the atlas, from 0.
	Image int `json:"image"`
	// Path is where it lies in its dataset.
	Path string `json:"path"`
	// Label is its class, where it has one.
	Label string `json:"label,omitempty"`
	// Scalar is s[h,n]; absent where the atlas does not have it.
	Scalar *float64 `json:"scalar,omitempty"`
	// Quantile is the share of images with a smaller scalar, from 0 to 1, for pictures that are chosen by it.
	Quantile *float64 `json:"quantile,omitempty"`
}

// PairScalars is the answer of GET atlases/{atlas}/pairs/{pair}/images: images by a pair's scalar.
type PairScalars struct {
	// Atlas is the atlas.
	Atlas string `json:"atlas"`
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Count is how many images have a scalar in the range asked for.
	Count int `json:"count"`
	// Images are those asked for, the largest scalar first.
	Images []PairPicture `json:"images"`
}

// PairsCompared is the answer of GET atlases/{atlas}/pairs/{pair}/with/{other}: how like each other two pairs are.
type PairsCompared struct {
	// Atlas is the atlas.
	Atlas string `json:"atlas"`
	// Direction is the cosine of the two directions u, from −1 to 1.
	Direction float64 `json:"direction"`
	// Scalars is the correlation of the two scalars over the images; absent where the atlas keeps none.
	Scalars *float64 `json:"scalars,omitempty"`
}

// NearPair is a pair beside another one.
type NearPair struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Cosine is that of the two directions u.
	Cosine float64 `json:"cosine"`
	// Norm is the mean of the pair's 50 largest centred contribution norms.
	Norm float64 `json:"norm"`
	Names
}

// PairClass says what a pair does in the images of one class.
type PairClass struct {
	// Label is the class.
	Label string `json:"label"`
	// Images is how many images the class has.
	Images int `json:"images"`
	// Mean is that of the pair's scalar over them; absent where the atlas keeps no scalars.
	Mean *float64 `json:"mean,omitempty"`
	// Top is how many of them are among the at most 50 images of largest scalar.
	Top int `json:"top"`
}

// HeadDetail is the answer of GET atlases/{atlas}/heads/{head}: what an atlas knows of one head.
type HeadDetail struct {
	// Model says which model made the atlas.
	Model Model `json:"model"`
	// Atlas is the atlas.
	Atlas string `json:"atlas"`
	// Head is its number.
	Head int `json:"head"`
	// Heads is how many heads the model has.
	Heads int `json:"heads"`
	// Share is the head's share of the summed norms of all pairs.
	Share float64 `json:"share"`
	// Pairs are its most used pairs.
	Pairs []NearPair `json:"pairs"`
	// Named is how many of its pairs have a name in the atlas.
	Named int `json:"named"`
	// Words are the words that name most of its pairs.
	Words []HeadWord `json:"words"`
	// Components are the directions along which the head's contributions differ most between images.
	Components []HeadComponent `json:"components"`
	// Pictures are some images, the same at every request, for which the page shows where the head looks.
	Pictures []PairPicture `json:"pictures"`
	// Texts are the head in texts, by TextSpan; absent where nobody asked.
	Texts []HeadText `json:"texts,omitempty"`
	// Near are the images whose contribution of this head is most like that of an image; absent where nobody asked.
	Near []NearImage `json:"near,omitempty"`
}

// HeadWord is a word of a head's names.
type HeadWord struct {
	// Text is the word.
	Text string `json:"text"`
	// Pairs is how many named pairs of the head have it.
	Pairs int `json:"pairs"`
	// Everywhere is how many named pairs of all heads have it.
	Everywhere int `json:"everywhere"`
}

// HeadComponent is a principal component of a head's contributions.
type HeadComponent struct {
	// Share is the component's share of the variance.
	Share float64 `json:"share"`
	// Toward are the texts nearest to the direction.
	Toward []concept.Match `json:"toward"`
	// Away are the texts nearest to the opposite direction.
	Away []concept.Match `json:"away"`
}

// PairStrengths is the answer of GET atlases/{atlas}/strengths: how much the model uses each pair.
type PairStrengths struct {
	// Atlas is the atlas.
	Atlas string `json:"atlas"`
	// Heads is M.
	Heads int `json:"heads"`
	// Neurons is C.
	Neurons int `json:"neurons"`
	// Largest is the largest norm of a pair: the mean of its 50 largest centred contribution norms.
	Largest float64 `json:"largest"`
	// Levels are 255·√(norm/largest) of every pair, rounded, [M,C], a byte each, as base64.
	Levels []byte `json:"levels"`
	// Names are the pairs that have a name.
	Names []PairName `json:"names"`
}

// PairName is the name of a pair on the map.
type PairName struct {
	// Pair is head·C + neuron.
	Pair int `json:"pair"`
	// Text is the name, its words after one another.
	Text string `json:"text"`
}
