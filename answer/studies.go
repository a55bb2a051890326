package answer

// Share is a share of test images with its 95 % Wilson interval.
type Share struct {
	// Right is how many were right.
	Right int `json:"right"`
	// Of is how many were asked.
	Of int `json:"of"`
	// Low is the lower end of the interval.
	Low float64 `json:"low"`
	// High is the upper end of the interval.
	High float64 `json:"high"`
}

// Value is the share itself; 0 of nothing.
func (s Share) Value() float64 {
	if s.Of == 0 {
		return 0
	}
	return float64(s.Right) / float64(s.Of)
}

// Asked is what was asked of which images.
type Asked struct {
	// Model says which model made the atlas.
	Model Model `json:"model"`
	// Atlas is the folder of the atlas.
	Atlas string `json:"atlas"`
	// Unit is pair, neuron or head.
	Unit string `json:"unit"`
	// Images is how many images were scored.
	Images int `json:"images"`
}

// Study is what a scored result was measured on.
type Study struct {
	Asked
	// Means says where means, components and scores come from.
	Means string `json:"means"`
	// Classes is how many classes the images were told apart by.
	Classes int `json:"classes"`
	// Compat is reference where the published code's way was asked for.
	Compat string `json:"compat,omitempty"`
}

// Reconstructions is the answer of facet reconstruct.
type Reconstructions struct {
	Study
	// Rows are the results, one for each number of components.
	Rows []Reconstruction `json:"rows"`
}

// Reconstruction is what is left of the test images' embeddings when each unit keeps its mean and its first components (docs/design.md, 17).
type Reconstruction struct {
	// Components is how many each unit keeps; 0 leaves the means alone.
	Components int `json:"components"`
	// Words is how many texts the one direction of each unit is written in; absent where the direction is its own.
	Words int `json:"words,omitempty"`
	// Accuracy is zero-shot.
	Accuracy Share `json:"accuracy"`
	// Cosine is the mean cosine with the embedding itself.
	Cosine float64 `json:"cosine"`
	// CosineHalf is half the width of its 95 % interval.
	CosineHalf float64 `json:"cosine_half_width"`
}

// Components is the answer of facet components: the first principal directions of neurons or heads (docs/design.md, 14).
type Components struct {
	// Model says which model made the atlas.
	Model Model `json:"model"`
	// Atlas is the folder of the atlas.
	Atlas string `json:"atlas"`
	// Unit is neuron or head.
	Unit string `json:"unit"`
	// Count is how many units there are.
	Count int `json:"count"`
	// Rank is how many components a unit has at most.
	Rank int `json:"rank"`
	// Embed is the width of a direction.
	Embed int `json:"embed"`
	// Compat is reference where the published code's way was asked for.
	Compat string `json:"compat,omitempty"`
	// File is the array of float32 [count,rank,embed] that was written; zeros stand where a unit has fewer components.
	File string `json:"file,omitempty"`
	// Units are those of the largest first component, in words.
	Units []UnitComponents `json:"units"`
}

// UnitComponents are the components of one neuron or head.
type UnitComponents struct {
	// Unit is its number.
	Unit int `json:"unit"`
	// Variance is that of its contributions along each component; with compat reference the mean square over the images that it takes.
	Variance []float64 `json:"variance"`
	// Explained is the share of the first component that the texts explain.
	Explained float64 `json:"explained"`
	// Words are the first texts, with their weights in a fit of these alone. The sign of a component means nothing, so that of all weights together does not.
	Words []Word `json:"words"`
	// Terms are all texts whose sum the first component is written as.
	Terms []Term `json:"terms"`
}

// Ablations is the answer of facet ablate.
type Ablations struct {
	Study
	// Activations tells that neurons were held where they fire, in every token, and not where heads read them.
	Activations bool `json:"activations,omitempty"`
	// StrongHeld tells that the strongest units are held at their mean, and not the weakest.
	StrongHeld bool `json:"strong_held"`
	// Rows are the results, one for each percentile; none where units of note were held.
	Rows []Ablation `json:"rows"`
	// Notable are the results where each image's own units of note were held, or all others; absent where nobody asked.
	Notable []NotableAblation `json:"notable,omitempty"`
}

// NotableAblation is what is left when units are held image by image: a unit is of note in an image where its contribution is longer than its own fiftieth
// longest among the images that means come from.
type NotableAblation struct {
	// Held says which units are held at their mean: none, notable, others or all.
	Held string `json:"held"`
	// Mean is how many are held in an image, on average.
	Mean float64 `json:"mean_held"`
	// Of is how many units there are.
	Of int `json:"of"`
	// Accuracy is zero-shot.
	Accuracy Share `json:"accuracy"`
	// Cosine is the mean cosine with the embedding itself.
	Cosine float64 `json:"cosine"`
}

// Ablation is a point of the ablation curve (docs/design.md, 18).
type Ablation struct {
	// Percentile is that of strength at which units are held.
	Percentile float64 `json:"percentile"`
	// Held is how many units are held at their mean.
	Held int `json:"held"`
	// Of is how many units there are.
	Of int `json:"of"`
	// Accuracy is zero-shot.
	Accuracy Share `json:"accuracy"`
	// Cosine is the mean cosine with the embedding itself.
	Cosine float64 `json:"cosine"`
	// Random is the accuracy when as many units are held that were drawn at random; absent where nobody asked.
	Random *Draws `json:"random,omitempty"`
}

// Draws sums up a control over random draws.
type Draws struct {
	// Mean is the mean accuracy over draws.
	Mean float64 `json:"mean"`
	// Low is the lowest.
	Low float64 `json:"low"`
	// High is the highest.
	High float64 `json:"high"`
	// Cosine is the mean cosine with the embedding itself.
	Cosine float64 `json:"cosine"`
	// Number is how many draws were made.
	Number int `json:"draws"`
}

// Polysemanticity is the answer of facet polysemanticity.
type Polysemanticity struct {
	Asked
	// Units are those of lowest score.
	Units []ScoredUnit `json:"units"`
	// Spread is that of the scores of all units.
	Spread Spread `json:"spread"`
	// TopImages is how many images a score is over.
	TopImages int `json:"top_images"`
	// Comparison sets the strongest pair of each neuron against the neuron; absent for an atlas without scalars.
	Comparison *PolysemanticityComparison `json:"comparison,omitempty"`
	// Purest sets the pair of lowest score of each neuron against the neuron, absent likewise. Half of the images chooses the pair, the other half gives the scores.
	Purest *PolysemanticityComparison `json:"purest,omitempty"`

	// Scores are those of every unit, by kind of unit.
	Scores map[string][]float64 `json:"-"`
}

// ScoredUnit is a unit with its score. A neuron has no head, and a head no neuron.
type ScoredUnit struct {
	// Neuron is its number, or that of the pair.
	Neuron *int `json:"neuron,omitempty"`
	// Head is its number, or that of the pair.
	Head *int `json:"head,omitempty"`
	// Score is the unit's polysemanticity (docs/design.md, 19).
	Score float64 `json:"score"`
}

// Spread is a distribution in a few numbers.
type Spread struct {
	// Low is the least value.
	Low float64 `json:"Low"`
	// Quarter is the lower quartile.
	Quarter float64 `json:"Quarter"`
	// Median is the median.
	Median float64 `json:"Median"`
	// ThreeQuarters is the upper quartile.
	ThreeQuarters float64 `json:"ThreeQuarters"`
	// High is the largest value.
	High float64 `json:"High"`
}

// PolysemanticityComparison sets a pair of each neuron against the neuron.
type PolysemanticityComparison struct {
	// Neurons is how many neurons were compared.
	Neurons int `json:"neurons"`
	// Lower is how many neurons have a pair that is less polysemantic.
	Lower int `json:"lower"`
	// Higher is how many have one that is more so.
	Higher int `json:"higher"`
	// Median is that of the difference, pair less neuron.
	Median float64 `json:"median"`
	// P is the p-value of the two-sided sign test that both are as likely.
	P float64 `json:"p_value"`
}

// SinkReport says where the class query looks (docs/design.md, 22).
type SinkReport struct {
	// Images is how many pictures were looked at.
	Images int `json:"images"`
	// Mass is the mean attention of each spatial token [K].
	Mass []float64 `json:"mass"`
	// Class is the mean attention of the class token.
	Class float64 `json:"class"`
	// Token is the spatial token that stands out most from its neighbours, counted from 0.
	Token int `json:"token"`
	// Ratio is its attention over the mean of its neighbours': the geometric mean over pictures.
	Ratio float64 `json:"ratio"`
	// RatioLow is the lower end of the ratio's 95 % interval over pictures; null of one picture.
	RatioLow *float64 `json:"ratio_low"`
	// RatioHigh is the upper end of it; null of one picture.
	RatioHigh *float64 `json:"ratio_high"`
	// Exists tells that there is a sink: the interval lies above 3.
	Exists bool `json:"exists"`
	// Watched is the token that was watched for a sink.
	Watched int `json:"watched"`
	// Registers are the neurons that draw attention to the watched token, the strongest first; none unless it is the sink.
	Registers []Register `json:"registers"`
}

// Register is a neuron that draws attention to the watched token.
type Register struct {
	// Neuron is its number.
	Neuron int `json:"neuron"`
	// Share is that of the token's attention that goes when the neuron is zeroed there.
	Share float64 `json:"share"`
}
