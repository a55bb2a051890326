package answer

// Tree is the answer of facet tree: a neuron as sub-concepts (docs/design.md, 37 to 40).
type Tree struct {
	// Model says which model made the atlas.
	Model Model `json:"model"`
	// Atlas is the folder of the atlas.
	Atlas string `json:"atlas"`
	// Images is how many images the atlas has.
	Images int `json:"images"`
	// Neuron is the number of the neuron.
	Neuron int `json:"neuron"`
	// Linkage is how distances of clusters are formed: average or ward.
	Linkage string `json:"linkage"`
	// ByGap tells that the number of parts was chosen by the largest gap between heights, and not asked for.
	ByGap bool `json:"by_gap"`
	// Variance is that of the neuron's contribution: the mean squared length of what is centred.
	Variance float64 `json:"variance"`
	// Parts are the numbers of the nodes that the neuron is cut into, the largest share first. Their contributions sum to the neuron's, and their shares to 1.
	Parts []int `json:"parts"`
	// Nodes are all nodes of the tree: first the heads, then each merge of two earlier nodes, in the order of their heights. The last is the neuron.
	Nodes []TreeNode `json:"nodes"`
	// Split sets the parts against random partitions of the heads; absent where the atlas keeps no scalars.
	Split *TreeSplit `json:"split,omitempty"`
}

// TreeNode is a set of heads that a neuron passes.
type TreeNode struct {
	// Node is its number, from 0.
	Node int `json:"node"`
	// Heads are those of the node, rising.
	Heads []int `json:"heads"`
	// Children are the two nodes that it merges; absent for a single head.
	Children []int `json:"children,omitempty"`
	// Height is the distance at which they were merged; 0 for a single head.
	Height float64 `json:"height"`
	// Share is the node's covariance with the neuron over the neuron's variance. It is negative where the node works against the rest.
	Share float64 `json:"share"`
	// Own is the variance of the node's contribution over the neuron's.
	Own float64 `json:"own"`
	// Fires names what the node fires for. Parts and the nodes above them have it, where there are words.
	Fires *Name `json:"fires,omitempty"`
	// Score says how much alike the images are for which the node fires. Parts and the nodes above them have it, where the atlas keeps scalars.
	Score *TreeScore `json:"score,omitempty"`
	// Images are those of largest contribution, the largest first; of parts and the nodes above them, where the atlas keeps scalars.
	Images []UnitImage `json:"images,omitempty"`
}

// TreeScore says how much alike images are, from −1 to 1 (docs/design.md, 40).
type TreeScore struct {
	// Clarity is the mean cosine between the embeddings of the ten images of largest contribution.
	Clarity float64 `json:"clarity"`
	// MonoSemanticity is the mean cosine between the embeddings of all images, weighted by their contributions.
	MonoSemanticity float64 `json:"monosemanticity"`
}

// TreeSplit says how cleanly a neuron is split into parts.
type TreeSplit struct {
	// Neuron is the score of the neuron itself.
	Neuron TreeScore `json:"neuron"`
	// Parts is the mean score of the parts, each by the variance of its contribution.
	Parts TreeScore `json:"parts"`
	// Null is the mean of that over random partitions of the heads into parts of the same sizes.
	Null TreeScore `json:"null"`
	// Spread is the standard deviation over these partitions.
	Spread TreeScore `json:"null_deviation"`
	// P is the share of partitions that score as high, the parts themselves among them.
	P TreeScore `json:"p_value"`
	// Draws is how many random partitions there were.
	Draws int `json:"draws"`
	// Images is how many images were scored.
	Images int `json:"images"`
}

// Trees is the answer of facet tree --all: neurons by how cleanly they split.
type Trees struct {
	// Model says which model made the atlas.
	Model Model `json:"model"`
	// Atlas is the folder of the atlas.
	Atlas string `json:"atlas"`
	// Linkage is how distances of clusters are formed: average or ward.
	Linkage string `json:"linkage"`
	// Scored is how many neurons were scored.
	Scored int `json:"scored"`
	// Level is the expected share of false ones among the neurons counted in Clean.
	Level float64 `json:"level"`
	// Clean counts the neurons whose parts are told from random partitions, by each score (Benjamini and Hochberg).
	Clean TreeCounts `json:"clean"`
	// Low counts the neurons with a p-value of the level or less, by each score. By chance it is that share of all.
	Low TreeCounts `json:"low_p"`
	// Better counts the neurons whose parts score higher than the neuron.
	Better TreeCounts `json:"better_than_neuron"`
	// Above counts the neurons whose parts score higher than the mean of the random partitions.
	Above TreeCounts `json:"better_than_null"`
	// Neurons are those that split most cleanly, the cleanest first: by how many deviations of the null the mean of both scores lies above it.
	Neurons []SplitNeuron `json:"neurons"`
}

// TreeCounts counts neurons by each score.
type TreeCounts struct {
	// Clarity is by clarity.
	Clarity int `json:"clarity"`
	// MonoSemanticity is by the MonoSemanticity score.
	MonoSemanticity int `json:"monosemanticity"`
}

// SplitNeuron is a neuron with how it splits.
type SplitNeuron struct {
	// Neuron is its number.
	Neuron int `json:"neuron"`
	// Parts are the heads of each part, the largest share first.
	Parts [][]int `json:"parts"`
	// Shares are those of the parts.
	Shares []float64 `json:"shares"`
	// Rank is what neurons are ordered by: the mean over both scores of (parts − null)/deviation of the null.
	Rank float64 `json:"rank"`
	// Split sets the parts against random partitions of the heads.
	Split TreeSplit `json:"split"`
}
