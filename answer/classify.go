package answer

import "github.com/facet-clip/facet/concept"

// Classification is the answer of facet classify.
type Classification struct {
	// Model says which model answers.
	Model Model `json:"model"`
	// Templates are the prompts that each label was put into, {} for the label.
	Templates concept.Templates `json:"templates"`
	// Images are the pictures, in the order in which they were given.
	Images []ClassifiedImage `json:"images"`
	// Skipped are the pictures of datasets that could not be read.
	Skipped []Skipped `json:"skipped,omitempty"`
}

// ClassifiedImage is a picture with its most likely labels.
type ClassifiedImage struct {
	// Image is the picture.
	Image string `json:"image"`
	// Classes are the labels, the most likely first. A probability is that among all labels that were asked for.
	Classes []concept.Class `json:"classes"`
	// Why says why the first label and not another; absent where it is not asked for.
	Why *Why `json:"why,omitempty"`
}

// Why is what speaks for the first label of a picture rather than for another.
type Why struct {
	// First is the most likely label.
	First string `json:"first"`
	// Second is the label that it is compared with: the one after it, or the one that was asked for.
	Second string `json:"second"`
	// Difference is the logit of the first less that of the second, among all labels that were asked for. The groups sum to it.
	Difference float64 `json:"difference"`
	// Residual is how far the parts of all pairs are from summing to the difference, relative to Σ|part|: rounding alone.
	Residual float64 `json:"residual"`
	// Groups are the words of pairs: positive, a word speaks for the first label; negative, for the second. Shares are of the difference.
	Groups []Group `json:"groups"`
}
