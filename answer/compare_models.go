package answer

import "github.com/facet-clip/facet/concept"

// ModelComparison is the answer of facet compare: two checkpoints, or two atlases of the same images, told apart (docs/design.md, 41 to 45).
type ModelComparison struct {
	// A is the model before.
	A Model `json:"a"`
	// B is the model after.
	B Model `json:"b"`
	// AtlasA is the atlas by A; absent where checkpoints were compared.
	AtlasA string `json:"atlas_a,omitempty"`
	// AtlasB is the atlas by B of the same images.
	AtlasB string `json:"atlas_b,omitempty"`
	// Weights says what the weights alone tell; absent where the architectures differ.
	Weights *WeightChange `json:"weights,omitempty"`
	// Difference is what changed in the embeddings of the images; absent for checkpoints, and where the architectures differ.
	Difference *EmbeddingChange `json:"difference,omitempty"`
	// Doing tests which pairs do otherwise; absent where Difference is.
	Doing *DoingChange `json:"doing,omitempty"`
	// Classes are the classes of the images, those that changed most first; absent where there are none.
	Classes []ClassChange `json:"classes,omitempty"`
	// Matching pairs the pairs of both models by what they do; absent unless the architectures differ or it was asked for.
	Matching *PairMatching `json:"matching,omitempty"`

	// Labelling says which names the pairs can have.
	Labelling Labelling `json:"-"`
}

// WeightChange is how two checkpoints of one architecture differ by their weights (docs/design.md, 41).
type WeightChange struct {
	// Pairs is how many pairs there are.
	Pairs int `json:"pairs"`
	// Turned counts the pairs whose direction changed by more than rounding explains.
	Turned int `json:"turned"`
	// Rounding is that bound on the change of a direction, which weights in half precision can explain.
	Rounding float64 `json:"rounding"`
	// Constant is ‖Δb‖ over ‖b‖ of A: how much what every embedding holds changed. It is null where b has no length.
	Constant Number `json:"constant"`
	// Tensors counts the tensors of both checkpoints whose numbers differ, or that one of them lacks.
	Tensors int `json:"tensors"`
	// Names are the first of their names, in order.
	Names []string `json:"tensor_names"`
	// Top are the pairs that turned most, the largest change first.
	Top []TurnedPair `json:"top"`
}

// TurnedPair is a pair whose direction changed.
type TurnedPair struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Cosine is that of both directions, 0 where one has no length.
	Cosine float64 `json:"cosine"`
	// Ratio is the length of the direction in B over that in A.
	Ratio float64 `json:"length_ratio"`
	// Change is the length of the difference over the longer of both, from 0 to 2.
	Change float64 `json:"change"`
	// More are the texts most like the difference, where a bank is at hand.
	More []concept.Match `json:"more,omitempty"`
	// Less are the texts most like its opposite.
	Less []concept.Match `json:"less,omitempty"`
	Names
}

// EmbeddingChange is Δe of the images as a sum. Its shares are of the summed squared length of Δe; fires, says, both, constant and residual sum to 1, and
// where nothing changed all are 0 (docs/design.md, 42 and 43).
type EmbeddingChange struct {
	// Images is how many images were compared.
	Images int `json:"images"`
	// Length is the root of the summed squared lengths of Δe over that of A's embeddings.
	Length float64 `json:"length"`
	// Cosine is the mean cosine of A's and B's embeddings of an image.
	Cosine float64 `json:"cosine"`
	// Fires is the share of Δs·u: pairs that fire otherwise.
	Fires float64 `json:"fires"`
	// Says is the share of s·Δu: pairs that say otherwise.
	Says float64 `json:"says"`
	// Both is the share of Δs·Δu.
	Both float64 `json:"both"`
	// Constant is the share of Δb.
	Constant float64 `json:"constant"`
	// Residual is what the others miss: scalars are stored in half precision.
	Residual float64 `json:"residual"`
	// Average is the share of Δb + Σ s̄·Δu, a part of Says and Constant together: what the average image gets from what pairs say otherwise.
	Average float64 `json:"average"`
	// Words are the pairs' shares by the words of their labels, the largest first; with the constant and the pairs that have no name.
	Words []Group `json:"words"`
	// Pairs are those of the largest shares, by size.
	Pairs []ChangedPair `json:"pairs"`
}

// ChangedPair is what a pair brings to the difference of the embeddings.
type ChangedPair struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Share is all that the pair brings: the sum of the three that follow.
	Share float64 `json:"share"`
	// Fires is its share of Δs·u.
	Fires float64 `json:"fires"`
	// Says is its share of s·Δu.
	Says float64 `json:"says"`
	// Both is its share of Δs·Δu.
	Both float64 `json:"both"`
	// Cosine is that of its directions in A and B.
	Cosine float64 `json:"cosine"`
	// Ratio is the length of the direction in B over that in A.
	Ratio float64 `json:"length_ratio"`
	// Alike is the correlation of its scalars in A and B over the images; null where either never changes.
	Alike Number `json:"alike"`
	// Mean is by how much the mean of what it does moved, in deviations of A.
	Mean float64 `json:"mean_shift"`
	// Size is the mean deviation of what it does in B over that in A; null where A's is 0.
	Size Number `json:"size_ratio"`
	// P is the adjusted p-value that it differs no more than A does between two halves of the images.
	P float64 `json:"p_value"`
	// Names are those of the pair: fires and says stand for shares here.
	Names Names `json:"names"`
}

// DoingChange tests for every pair whether it does otherwise in B (docs/design.md, 44).
type DoingChange struct {
	// Tested is how many pairs were tested.
	Tested int `json:"tested"`
	// Level is the expected share of false discoveries among the changed pairs.
	Level float64 `json:"level"`
	// Changed counts the pairs that do otherwise, by more than A does between two halves of the images.
	Changed int `json:"changed"`
	// Measures is how many measures of a pair were compared.
	Measures int `json:"measures"`
	// Halves is how many times the images were halved at random.
	Halves int `json:"halves"`
	// NullLow is the share of pairs with a p-value of the level or less when A on one half of the images is compared with A on the other, the mean over the
	// halvings. By chance it is the level or less.
	NullLow float64 `json:"null_low_p"`
	// NullChanged is how many pairs would be found changed there, the mean over the halvings.
	NullChanged float64 `json:"null_changed"`
}

// ClassChange is how a class fares.
type ClassChange struct {
	// Class is its name.
	Class string `json:"class"`
	// Images is how many images are of the class.
	Images int `json:"images"`
	// Before is the zero-shot accuracy of A on them.
	Before Share `json:"before"`
	// After is that of B.
	After Share `json:"after"`
	// Margin is how much the mean margin of the class rose: its logit less the mean of the other classes' logits.
	Margin float64 `json:"margin"`
	// Constant is the part of that by what every embedding holds.
	Constant float64 `json:"constant"`
	// Better are the pairs that raise the margin most.
	Better []ClassPair `json:"better"`
	// Worse are the pairs that lower it most.
	Worse []ClassPair `json:"worse"`
}

// ClassPair is a pair's part of a change of a margin. The parts of all pairs and the constant sum to the change.
type ClassPair struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Amount is the pair's part.
	Amount float64 `json:"amount"`
	Names
}

// PairMatching matches pairs of two models by their scalars on the same images (docs/design.md, 45).
type PairMatching struct {
	// Images is how many images there are; the matches come from half of them and are measured on the other.
	Images int `json:"images"`
	// Candidates is how many pairs of each model were matched: those used most.
	Candidates [2]int `json:"candidates"`
	// Chance is the correlation that 95 of 100 matches do not exceed where B's images are in another order.
	Chance float64 `json:"chance"`
	// Partners counts the matches above chance.
	Partners int `json:"partners"`
	// Median is the median correlation of all matches on the other images.
	Median float64 `json:"median"`
	// Matches are those of the highest correlation on the other images.
	Matches []MatchedPair `json:"matches"`
	// AloneA are pairs of A without a partner, those used most first.
	AloneA []NamedPair `json:"without_partner_a"`
	// AloneB are pairs of B without a partner.
	AloneB []NamedPair `json:"without_partner_b"`
}

// MatchedPair is a pair of A with its partner in B.
type MatchedPair struct {
	// A is the pair of A.
	A NamedPair `json:"a"`
	// B is its partner.
	B NamedPair `json:"b"`
	// Fit is the correlation of their scalars on the images that they were matched on.
	Fit float64 `json:"fit"`
	// Held is that on the other images.
	Held float64 `json:"held_out"`
}
