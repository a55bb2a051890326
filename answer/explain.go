package answer

import "github.com/facet-clip/facet/concept"

// Explanation is the answer of facet explain.
type Explanation struct {
	// Model says which model answers.
	Model Model `json:"model"`
	// Image is the picture that was explained.
	Image Image `json:"image"`
	// Residual is ‖Σ s·u + b − embedding‖ / ‖embedding‖, over all pairs.
	Residual float64 `json:"residual"`
	// Text is the text whose logit was split; absent where the embedding was.
	Text string `json:"text,omitempty"`
	// Total is what was split: 1 for the embedding (⟨e,e⟩/‖e‖²), the logit τ·⟨e,t⟩/‖e‖ for a text.
	Total float64 `json:"total"`
	// BiasShare is the constant term's part of the total, as a fraction of |total|, signed as shares are.
	BiasShare float64 `json:"bias_share"`
	// TopShare is Σ|amount| over the pairs listed / Σ|amount| over all pairs.
	TopShare float64 `json:"top_share"`
	// Pairs are those of largest |amount|, the largest first.
	Pairs []Part `json:"pairs"`
	// Against is what the groups are measured against; absent where they sum to the total itself.
	Against *Against `json:"against,omitempty"`
	// By says what the groups are: word, neuron, head, token or pair.
	By string `json:"by"`
	// GroupsTotal is what the groups sum to: the total, less that of the baseline.
	GroupsTotal float64 `json:"groups_total"`
	// GroupsResidual is |Σ amounts − groups_total| / Σ|amounts of pairs and constant|: rounding alone.
	GroupsResidual float64 `json:"groups_residual"`
	// Groups are the parts that pairs of one word add up to, the largest |amount| first, until they cover what was asked for. Unnamed pairs and the
	// constant are always there. The last group, others, holds the rest.
	Groups []Group `json:"groups"`
	// Redrawn says what the intervals of the groups rest on; absent unless they are asked for.
	Redrawn *Redrawn `json:"redrawn,omitempty"`

	// Labelling says which names the pairs can have.
	Labelling Labelling `json:"-"`
}

// Image is a picture that a model has seen.
type Image struct {
	// Path is where the picture lies, or its name where it is no file.
	Path string `json:"path"`
	// Grid is the height and the width of the picture in tokens.
	Grid [2]int `json:"grid"`
}

// Part is what one pair brings to the total of an explanation.
type Part struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Scalar is s[h,n].
	Scalar float64 `json:"scalar"`
	// ContributionNorm is ‖s·u‖.
	ContributionNorm float64 `json:"contribution_norm"`
	// Amount is the pair's part of the total: ⟨s·u,e⟩/‖e‖², or for a text τ·s⟨u,t⟩/‖e‖. Positive, the pair speaks for the text; negative, against it.
	Amount float64 `json:"amount"`
	// Share is amount / |total|, so that it has the sign of the amount. Over all pairs and the constant term shares sum to 1, or to −1 where
	// the total is negative. Of a total of 0 they are 0.
	Share float64 `json:"share"`
	// Words are the texts nearest to what the pair adds (s·u), where a bank is at hand, after centring it.
	Words []concept.Match `json:"words,omitempty"`
	Names
	// Map is the file of the pair's map, relative to the folder of the explanation; absent where none is written.
	Map string `json:"map,omitempty"`
}
