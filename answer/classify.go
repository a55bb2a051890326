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
}
