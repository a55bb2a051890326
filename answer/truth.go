package answer

// Truth is how well the scalars of pairs tell the presence of what they are named by.
type Truth struct {
	// Pairs is how many pairs were asked.
	Pairs int `json:"pairs"`
	// Named is how many of them have a label better than chance.
	Named int `json:"named"`
	// Unknown counts labels whose first word has no ground truth here. They do not count as predictive.
	Unknown int `json:"unknown,omitempty"`
	// Predictive is how many of the named have an AUC of 0.8 or more.
	Predictive int `json:"predictive"`
	// Rows are the pairs, in the order of the names.
	Rows []Detection `json:"rows"`
}

// Detection is a pair, its label and what its scalar knows.
type Detection struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Strength is the mean of the pair's 50 largest centred contribution norms.
	Strength float64 `json:"strength"`
	// Sign is +1 where strong scalars are large ones, −1 where they are small ones.
	Sign int `json:"sign"`
	// Word is the first of the label; empty: unnamed.
	Word string `json:"word"`
	// Not tells that the label says that the word is missing.
	Not bool `json:"not,omitempty"`
	// Unknown tells that it is not known where the word is.
	Unknown bool `json:"unknown,omitempty"`
	// Label is the label.
	Label string `json:"label"`
	// AUC is that of sign·s for the word, or of −sign·s where the word is missing; 0 when unnamed or unknown.
	AUC float64 `json:"auc"`
	// Best is the concept that sign·s tells best.
	Best string `json:"best"`
	// BestAUC is how well it does.
	BestAUC float64 `json:"best_auc"`
	// Probability is that the first word is right, by a regression on margin, stability and explained share that has not seen the pair; null without a
	// known word.
	Probability *float64 `json:"probability"`
	// RankSum is Mann and Whitney's p-value that images with and without the word have the same values, as INVERT and CoSy give it; null without a known word.
	RankSum *float64 `json:"rank_sum_p"`
	// Wrong is the p-value that the AUC is 0.8 or less, adjusted over the named pairs (Benjamini and Hochberg); null without a known word.
	Wrong *float64 `json:"wrong_q"`
	// Chance is the p-value that the first word explains no more than that of something meaningless, adjusted over all labelled pairs that were tested; null where
	// the texts of the labels are not at hand.
	Chance *float64 `json:"chance_q"`
	// Invert is INVERT's name for the pair, of at most three words; empty for pairs that are not compared.
	Invert string `json:"invert,omitempty"`
	// Dissect is CLIP-Dissect's name for it.
	Dissect string `json:"clip_dissect,omitempty"`
}

// Ablated is what becomes of the detection of a concept when the pairs named by it are held at their mean. It is measured by the AUC of the cosine of image
// and word.
type Ablated struct {
	// Word is the concept.
	Word string `json:"word"`
	// Pairs is how many pairs are named by it.
	Pairs int `json:"pairs"`
	// Before is the AUC before.
	Before float64 `json:"before"`
	// Own is its fall.
	Own float64 `json:"own"`
	// Others is the mean fall of the other concepts' AUC.
	Others float64 `json:"others"`
	// Control is its own fall when as many random pairs of equal strength are held, the mean of five draws.
	Control float64 `json:"control"`
}

// WordReconstruction is what is left of a model when each pair's direction is replaced by its sparse label: means stay as they are, what varies goes along
// the words (paper, table of labels).
type WordReconstruction struct {
	// Terms is how many words a label has; 0: the pairs' own directions.
	Terms int `json:"terms"`
	// Accuracy is zero-shot.
	Accuracy Share `json:"accuracy"`
	// Cosine is the mean cosine with the model's own embedding, both minus the mean.
	Cosine float64 `json:"cosine"`
}
