package answer

import (
	"strings"

	"github.com/facet-clip/facet/decompose"
)

// Profile is the answer of facet drift profile and facet drift merge.
type Profile struct {
	// Profile is the folder that was written.
	Profile string `json:"profile"`
	// Images is how many were summarised.
	Images int `json:"images"`
	// Unread is how many files could not be read.
	Unread int `json:"unread"`
	// Repeated is how many pictures came whose content had come before. Each counts once.
	Repeated int `json:"repeated"`
	// Sample is how many images are kept one by one.
	Sample int `json:"sample"`
	// Strong is how many pairs are compared one by one.
	Strong int `json:"strong_pairs"`
	// Pairs is how many the model has.
	Pairs int `json:"pairs"`
	// Labelled is how many of the strong pairs have a label.
	Labelled int `json:"labelled"`
	// Watched are the texts that are followed.
	Watched []string `json:"watched"`
	// Qualities are those of pictures, such as noise, whose direction is known.
	Qualities []string `json:"qualities"`
}

// Drift is the answer of facet drift compare.
type Drift struct {
	// Format is the number of the shape, 2.
	Format int `json:"format"`
	// Model says which model answers.
	Model Model `json:"model"`
	// Profile is the folder of the profile.
	Profile string `json:"profile"`
	// Source is the dataset that is compared with it.
	Source string `json:"source"`
	// By says what parts were made by: group, label, time:year, time:month or time:day.
	By string `json:"by,omitempty"`
	// Previous is with how many parts before it each part is compared. It is absent where parts are compared with the profile.
	Previous int `json:"previous,omitempty"`
	// Level is the expected share of false discoveries among the changed pairs.
	Level float64 `json:"level"`
	// Unread is how many files could not be read.
	Unread int `json:"unread"`
	// Repeated is how many pictures came whose content had come before. Each counts once.
	Repeated int `json:"repeated"`
	// Verdict is the result in a sentence: what changed, how sure that is, and how large it is.
	Verdict string `json:"verdict"`
	// All compares all images.
	All Comparison `json:"all"`
	// Given compares the images within the values of something. It is absent where that was not asked for.
	Given *GivenComparison `json:"given,omitempty"`
	// Groups compare the parts of two images and more, in the order of their names.
	Groups []GroupComparison `json:"groups,omitempty"`
	// Performance says how often the pictures are classified right, where that was asked for.
	Performance *Performance `json:"performance,omitempty"`
	// Watched follow the texts of the profile, and then those that were asked for.
	Watched []FollowedText `json:"watched,omitempty"`
}

// GivenComparison says what differs within the values of something, such as cameras, and what the mix of the values explains. It is made of samples: the
// profile's, and at most 1,000 of the images compared. The shares of changes, Unnamed and 1 − Explained sum to 1.
type GivenComparison struct {
	// Of says what the values are: group or label.
	Of string `json:"of"`
	// Values are those that two images at least of both sides have, by name.
	Values []GivenValue `json:"values"`
	// Images is how many images are compared, of these values.
	Images int `json:"images"`
	// ProfileImages is how many of the profile's they are compared with.
	ProfileImages int `json:"profile_images"`
	// LeftOut is how many images of the sample have another value, or none.
	LeftOut int `json:"left_out"`
	// ProfileLeftOut is how many images of the profile's sample have another value, or none.
	ProfileLeftOut int `json:"profile_left_out"`
	// MixP is the p-value of the χ² test that the values are mixed as in the profile; 1 where there is one value.
	MixP float64 `json:"mix_p"`
	// Mix is the share of the whole shift of the mean embedding that the mix of the values explains. It may be below 0 or above 1, where both parts pull apart.
	Mix float64 `json:"mix"`
	// Within is the share of the whole shift that the changes within values explain. It sums to 1 with Mix.
	Within float64 `json:"within"`
	// Whole is the length of the whole shift.
	Whole float64 `json:"whole_shift"`
	// Shift is the length of the shift within values, joined with the weights of the profile's shares.
	Shift float64 `json:"shift"`
	// ShiftNull is what Shift is without a change, on average.
	ShiftNull float64 `json:"shift_null"`
	// Tested is how many pairs were tested, by van Elteren's rank test.
	Tested int `json:"pairs_tested"`
	// Changed is how many of them changed, at the level of the comparison.
	Changed int `json:"pairs_changed"`
	// Explained is the share of the shift within values that the changed pairs explain.
	Explained float64 `json:"explained"`
	// Unnamed is the share that they explain outside the named changes.
	Unnamed float64 `json:"unnamed"`
	// Naming says how well names explain the shift. It is absent where nothing changed, or too little to judge a name.
	Naming *Naming `json:"naming,omitempty"`
	// Changes are those that have a name, the largest first.
	Changes []Change `json:"changes"`
	// Rest is a change without a word: the changed pairs that fit no name. It is absent where there are none.
	Rest *Change `json:"unnamed_change,omitempty"`
}

// Comparison is what rules and tables ask of it.
func (g GivenComparison) Comparison() Comparison {
	return Comparison{
		Images: g.Images, ProfileImages: g.ProfileImages, Shift: g.Shift, ShiftNull: g.ShiftNull, Tested: g.Tested, Changed: g.Changed,
		Explained: g.Explained, Unnamed: g.Unnamed, Naming: g.Naming, Changes: g.Changes, Rest: g.Rest,
	}
}

// GivenValue is a value, such as a camera.
type GivenValue struct {
	// Value is the value.
	Value string `json:"value"`
	// Images is how many of those compared have it.
	Images int `json:"images"`
	// ProfileImages is how many of the profile's sample have it.
	ProfileImages int `json:"profile_images"`
	// Weight is its share of the profile's images of all values.
	Weight float64 `json:"weight"`
}

// Comparison says what differs between images and a profile. The shares of changes, Unnamed and 1 − Explained sum to 1.
type Comparison struct {
	// Images is how many are compared.
	Images int `json:"images"`
	// ProfileImages is how many the profile is of.
	ProfileImages int `json:"profile_images"`
	// Shift is ‖Δe‖, the length of the shift of the mean embedding.
	Shift float64 `json:"shift"`
	// ShiftNull is what the shift is without drift, on average: that of as many images of the profile's covariance.
	ShiftNull float64 `json:"shift_null"`
	// Chance is the share of the squared shift that is expected without drift, 1 at most. Shares of changes are shares of the whole, chance included.
	Chance float64 `json:"chance"`
	// Frechet is the Fréchet distance between the embeddings.
	Frechet float64 `json:"frechet_distance"`
	// FrechetNull is what the Fréchet distance is without drift: that of FrechetNullImages images of the profile to its other images. It falls with
	// their number, as the distance does. 0 where the profile's sample is too small to say.
	FrechetNull float64 `json:"frechet_null"`
	// FrechetNullImages is as many as are compared, or half of the profile's sample where that is less.
	FrechetNullImages int `json:"frechet_null_images"`
	// Energy is the squared energy distance between the samples.
	Energy float64 `json:"energy_distance"`
	// EnergyP is its p-value, by permutation of both samples.
	EnergyP float64 `json:"energy_p"`
	// Classifier says how well images can be told from those of the profile at all. Only the comparison of all images has it, with 20 of each side at least.
	Classifier *DomainClassifier `json:"classifier,omitempty"`
	// Detectable is the shift of one pair, in standard deviations, that so many images show with a chance of 0.8. It is absent in what earlier versions kept.
	Detectable float64 `json:"detectable,omitempty"`
	// Tested is how many pairs were tested.
	Tested int `json:"pairs_tested"`
	// Changed is how many of them changed, at the level of the comparison.
	Changed int `json:"pairs_changed"`
	// Explained is the share of the shift that the changed pairs explain.
	Explained float64 `json:"explained"`
	// Unnamed is the share that they explain outside the named changes.
	Unnamed float64 `json:"unnamed"`
	// Residual is what the pairs leave of the shift, as a share of it: rounding. Of a watched window only the strong pairs' scalars are known,
	// and it is what the others leave.
	Residual float64 `json:"residual"`
	// Naming says how well names explain the shift. It is absent where nothing changed, or too little to judge a name.
	Naming *Naming `json:"naming,omitempty"`
	// Changes are those that have a name, the largest first. There are none unless the names hold on pictures that did not choose them.
	Changes []Change `json:"changes"`
	// Rest is a change without a word: the changed pairs that fit no name. It is absent where there are none.
	Rest *Change `json:"unnamed_change,omitempty"`
}

// Performance says how often the model classifies pictures right without training, by labels where there are some and by how sure it is. Its classes are
// the labels of a reference. Estimates hold as long as a confidence means what it means in the reference.
type Performance struct {
	// Classes is how many labels are told apart.
	Classes int `json:"classes"`
	// Reference is how many labelled pictures of the reference there are.
	Reference int `json:"reference_images"`
	// Other is how many of the compared pictures have a label that none of the reference has. They are classified wrong, and no estimate knows that.
	Other int `json:"other_labels"`
	// ReferenceAccuracy is the share of them that are classified right.
	ReferenceAccuracy float64 `json:"reference_accuracy"`
	// All is of all images.
	All PerformanceOf `json:"all"`
	// Parts are of the parts, in the order of their names.
	Parts []PerformanceOf `json:"parts,omitempty"`
	// Error is how far the estimates were off, over the parts of which every image has a label. It is absent where there are none.
	Error *PerformanceError `json:"error,omitempty"`
}

// PerformanceOf is how often some pictures are classified right.
type PerformanceOf struct {
	// Name is that of the part; absent for all images.
	Name string `json:"name,omitempty"`
	// Images is how many there are.
	Images int `json:"images"`
	// Labelled is how many of them have a label.
	Labelled int `json:"labelled"`
	// Accuracy is the share of those with a label that are classified right. It is absent where none has one.
	Accuracy *float64 `json:"accuracy,omitempty"`
	// Calibrated is the estimate without labels: the mean of the first labels' probabilities, calibrated on the reference. The interval is for the accuracy on
	// these images.
	Calibrated Interval `json:"calibrated"`
	// Threshold is another estimate: the share of probabilities above the one that as many of the reference miss as are classified wrong (ATC).
	Threshold float64 `json:"threshold"`
	// Confidence is the mean of the probabilities as they are.
	Confidence float64 `json:"confidence"`
}

// PerformanceError is how far estimates of the accuracy were off, where labels say what it is.
type PerformanceError struct {
	// Parts is how many were looked at.
	Parts int `json:"parts"`
	// Calibrated is the mean absolute error of the calibrated estimate.
	Calibrated float64 `json:"calibrated"`
	// Within is how many of its intervals hold the accuracy.
	Within int `json:"within_interval"`
	// Threshold is the mean absolute error of the estimate by a threshold.
	Threshold float64 `json:"threshold"`
	// Confidence is that of the mean probability.
	Confidence float64 `json:"confidence"`
}

// DomainClassifier says how well a logistic regression on embeddings tells images from those of the profile. It learns from four fifths of the images and
// is tested on the rest, five times.
type DomainClassifier struct {
	// Images is how many of those compared it has: 400 at most.
	Images int `json:"images"`
	// ProfileImages is how many of the profile's sample it has: 400 at most.
	ProfileImages int `json:"profile_images"`
	// Components is how many principal components of the embeddings it sees.
	Components int `json:"components"`
	// AUC is the chance that it ranks a new image above one of the profile, on images that it did not learn from: 0.5 where it cannot tell.
	AUC float64 `json:"auc"`
	// AUCNull is the mean AUC when the sides are dealt by lot.
	AUCNull float64 `json:"auc_null"`
	// AUCNullHigh is what 95 in 100 of these stay below.
	AUCNullHigh float64 `json:"auc_null_high"`
	// P is the permutation p-value.
	P float64 `json:"p"`
}

// Naming says how well names explain a shift, on the half of the pictures that did not choose them.
type Naming struct {
	// Explained is the share of the shift that the names explain; without names, the share that the closest one does.
	Explained float64 `json:"explained"`
	// Closest is the name that fits best, also where it does not hold.
	Closest string `json:"closest"`
	// Needed is the share of what other names leave of the shift that it must explain to hold.
	Needed float64 `json:"needed"`
}

// Change is a word, or a quality of pictures, with the pairs whose part of the shift is most like it.
type Change struct {
	// Word names the change. It is empty where no word fits.
	Word string `json:"word"`
	// Quality says that the word is a quality of pictures, such as noise, whatever they show.
	Quality bool `json:"quality"`
	// More says that there is more of it than in the profile, and not less.
	More bool `json:"more"`
	// Share is that of the shift of the mean embedding.
	Share float64 `json:"share"`
	// Effect is the shift along the word, in standard deviations of the profile's embeddings.
	Effect float64 `json:"effect"`
	// Pairs are the ten of largest share.
	Pairs []PairTest `json:"pairs"`
	// Count is how many pairs there are in all.
	Count int `json:"pair_count"`
	// Before are the images of the profile that are most like the word.
	Before []string `json:"before"`
	// After are those of the compared images.
	After []string `json:"after"`
	// Carry are the compared images that carry the change most, whatever they are like: those whose pairs move furthest along what the change's pairs add
	// to the shift. It is absent in what earlier versions kept.
	Carry []string `json:"carry,omitempty"`
}

// PairTest is the difference of a strong pair between images and a profile.
type PairTest struct {
	Pair
	// Label is the pair in words; empty where it has none.
	Label string `json:"label"`
	// Shift is that of the mean of the pair's scalar.
	Shift float64 `json:"shift"`
	// Effect is the shift in standard deviations of the profile's images.
	Effect float64 `json:"effect"`
	// P is the p-value of the test of the pair alone: of the means, or of the ranks.
	P float64 `json:"p"`
	// Adjusted is the p-value after Benjamini and Hochberg, over the tests of all strong pairs; of a part, over those of all parts too.
	Adjusted float64 `json:"p_adjusted"`
	// Ranks says that the ranks were tested, since the scalar has heavy tails.
	Ranks bool `json:"by_ranks"`
	// Share is that of the shift of the mean embedding.
	Share float64 `json:"share"`
}

// Pair is a neuron–head pair.
type Pair struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
}

// GroupComparison compares one part of the images.
type GroupComparison struct {
	// Name is what the images of the part have in common.
	Name string `json:"name"`
	// Against are the parts that it is compared with, in place of the profile. It is absent where that is the profile, as for the first part.
	Against []string `json:"against,omitempty"`
	Comparison
}

// FollowedText follows a text over a profile, images and their parts.
type FollowedText struct {
	// Text is the text.
	Text string `json:"text"`
	// Pairs are those by which it is scored.
	Pairs []Pair `json:"pairs"`
	// Profile is the score in the profile, where it watched the text too.
	Profile *MeanScore `json:"profile,omitempty"`
	// All is the score of all images.
	All MeanScore `json:"all"`
	// P is the p-value of Welch's test of the signed score against the profile, where that watched the text too.
	P *float64 `json:"p,omitempty"`
	// Specific says how much of the text's change is its own. It is absent where the words are too few to say.
	Specific *Specificity `json:"specific,omitempty"`
	// Changed says that the score changed, at the level of the comparison, and by more than other texts did.
	Changed bool `json:"changed"`
	// Groups are the scores of the parts.
	Groups []MeanScore `json:"groups,omitempty"`
	// Images says how the scores agree with the truth over the images.
	Images ScoreAgreement `json:"truth_images"`
	// Curve says how they agree over the parts.
	Curve ScoreAgreement `json:"truth_groups"`
}

// Specificity says how much of a text's change is its own, and how much all texts share. Pictures that are zoomed or lose their colours move all texts.
// Effect² is Shared² + Specific², where the effect is the larger one.
type Specificity struct {
	// Effect is the shift of the text's score by the five strong pairs most like it, in standard deviations of the profile's sample.
	Effect float64 `json:"effect"`
	// Shared is the effect that other texts have: the root of its mean square.
	Shared float64 `json:"shared"`
	// Specific is what is left of the effect without the shared part.
	Specific float64 `json:"specific"`
	// P is the p-value that the text moves as the others do.
	P float64 `json:"p"`
	// Others is how many words there are to compare with that are not like the text.
	Others int `json:"others"`
}

// MeanScore is the mean score of a text over some images.
type MeanScore struct {
	// Name is that of the part; absent for all images.
	Name string `json:"name,omitempty"`
	// Images is how many there are.
	Images int `json:"images"`
	// Signed is the mean of the signed score.
	Signed *Interval `json:"signed"`
	// Norm is the mean of the paper's score, which is a norm.
	Norm *Interval `json:"norm"`
	// Truth is the mean of what is known to be true of the images, where it is known.
	Truth *float64 `json:"truth,omitempty"`
}

// Interval is a mean with its 95 % interval.
type Interval struct {
	// Mean is the mean.
	Mean float64 `json:"mean"`
	// Low is the lower end of the interval. One image has none.
	Low *float64 `json:"low,omitempty"`
	// High is its upper end.
	High *float64 `json:"high,omitempty"`
}

// ScoreAgreement holds correlations with the truth; absent where there is no truth, or it does not vary.
type ScoreAgreement struct {
	// Signed is that of the signed score.
	Signed *float64 `json:"signed,omitempty"`
	// Norm is that of the paper's score.
	Norm *float64 `json:"norm,omitempty"`
}

// String is "(neuron,head)".
func (p Pair) String() string { return decompose.Pair{Head: p.Head, Neuron: p.Neuron}.String() }

// String is a change in words; "(unnamed)" is one without a word.
func (c Change) String() string {
	switch {
	case c.Word == "":
		return "(unnamed)"
	case c.More:
		return "more " + c.Word
	}
	return "less " + c.Word
}

// All are the named changes and then the unnamed one. Their shares and 1 − Explained add up to 1.
func (c Comparison) All() []Change {
	if c.Rest == nil {
		return c.Changes
	}
	return append(c.Changes[:len(c.Changes):len(c.Changes)], *c.Rest)
}

// mostLargest is how many changes a comparison has in a few words.
const mostLargest = 3

// Largest are the first changes in words.
func (c Comparison) Largest() string {
	var words []string
	for _, change := range c.Changes[:min(mostLargest, len(c.Changes))] {
		words = append(words, change.String())
	}
	if len(words) == 0 && c.Rest != nil {
		return c.Rest.String()
	}
	return strings.Join(words, ", ")
}
