package answer

// NamingWay is a way to name pairs, judged.
type NamingWay struct {
	// Way is fires and says (facet's names), clip-dissect, invert-1 and invert-3 (at most so many words), another-pair (the name of another pair, of those
	// that fire), random-word, or best-word, which no name of one word can exceed.
	Way string `json:"way"`
	// Knows tells that the way was told what is in pictures.
	Knows bool `json:"knows,omitempty"`
	// Named is how many pairs it names by a word of which it is known where it is.
	Named SeedSpread `json:"named"`
	// Right is the share of the named whose value tells the word with an AUC of 0.8 or more.
	Right SeedSpread `json:"right"`
	// AUC is their mean.
	AUC SeedSpread `json:"auc"`
	// CosyAUC is the mean AUC of CoSy, in scenes made of the word against all scenes that judge; only where scenes can be made.
	CosyAUC *SeedSpread `json:"cosy_auc,omitempty"`
	// CosyMAD is the mean difference of activation of CoSy, in standard deviations.
	CosyMAD *SeedSpread `json:"cosy_mad,omitempty"`
	// TextCosine is the mean cosine of the word with the best word for the pair, both as texts: CLIP-Dissect's score. Names that something is missing do not count.
	TextCosine *SeedSpread `json:"text_cosine,omitempty"`
}

// SeedSpread is a number over sets of scenes.
type SeedSpread struct {
	// Mean is the mean over the sets.
	Mean float64 `json:"mean"`
	// SD is their standard deviation, 0 for one.
	SD float64 `json:"sd"`
	// Least is the smallest.
	Least float64 `json:"least"`
	// Most is the largest.
	Most float64 `json:"most"`
}

// Calibration is how honest the probability of a name is, judged by other scenes and other neurons than those it was fitted to.
type Calibration struct {
	// Sense is fires or says.
	Sense string `json:"sense"`
	// Names is how many were judged, over all seeds.
	Names int `json:"names"`
	// Right is the share of them that is right.
	Right float64 `json:"right"`
	// Brier is the mean squared difference of probability and truth.
	Brier float64 `json:"brier"`
	// Base is the Brier score where the share that is right is said of each name.
	Base float64 `json:"base"`
	// ECE is the expected calibration error: the mean difference of probability and share over tenths, weighted by names.
	ECE float64 `json:"ece"`
	// Bins are the tenths of the probability that have names.
	Bins []CalibrationBin `json:"bins"`
	// Rule makes the probability of a name that nobody has judged: facet label --calibration. It is fitted to all names judged.
	Rule CalibrationRule `json:"rule"`
}

// CalibrationRule makes a probability of three marks of a name: its margin, its stability and the share of the direction that its shown words explain. Each mark is
// put in deviations from its mean and weighted. With the last weight, the constant, they add up to the log odds.
type CalibrationRule struct {
	// Mean is that of each mark.
	Mean [3]float64 `json:"mean"`
	// Deviation is the standard deviation of each mark.
	Deviation [3]float64 `json:"deviation"`
	// Weights are those of the marks, and the constant.
	Weights [4]float64 `json:"weights"`
}

// CalibrationBin are the names whose probability lies in a tenth.
type CalibrationBin struct {
	// Low is where the tenth begins.
	Low float64 `json:"low"`
	// Names is how many there are.
	Names int `json:"names"`
	// Probability is the mean of what was said.
	Probability float64 `json:"probability"`
	// Right is the share that is right.
	Right float64 `json:"right"`
}

// NameDiscovery is what stands of one sense of names at a false discovery rate of 5 %, by Benjamini and Hochberg, of the first seed.
type NameDiscovery struct {
	// Sense is fires or says.
	Sense string `json:"sense"`
	// Pairs is how many were tested.
	Pairs int `json:"pairs"`
	// Named is how many facet label names.
	Named int `json:"named"`
	// NamedRight is how many of the named are right.
	NamedRight int `json:"named_right"`
	// Meaning is how many pairs a first word explains better than chance, of all; null where the texts of the labels are not at hand.
	Meaning *int `json:"meaning"`
	// MeaningRight is how many of these have a first word that is right.
	MeaningRight *int `json:"meaning_right"`
	// Holding is how many of the named are right beyond doubt: their AUC is above 0.8.
	Holding int `json:"holding"`
}
