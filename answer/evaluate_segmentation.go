package answer

// SegmentationScores is the answer of facet evaluate segmentation. Scores are those of mmsegmentation's IoUMetric: pixels are accumulated over
// the pictures, and scores of pictures are not averaged.
type SegmentationScores struct {
	// Model says which model answers.
	Model Model `json:"model"`
	// Protocol is all that decides the scores.
	Protocol SegmentationProtocol `json:"protocol"`
	// Images is how many pictures were measured.
	Images int `json:"images"`
	// Encoding is what a picture took in the image tower, in seconds: the median.
	Encoding float64 `json:"encoding_seconds"`
	// Methods are the scores of each method, in the order in which they were asked for.
	Methods []MethodScore `json:"methods"`
}

// MethodScore is what a method scored.
type MethodScore struct {
	// Method is the name of the method.
	Method string `json:"method"`
	// MIoU is the mean of the classes' IoUs that are defined.
	MIoU Number `json:"miou"`
	// MAcc is the mean of the classes' accuracies that are defined.
	MAcc Number `json:"macc"`
	// AP is the mean over pictures of the average precision of the thing against the rest; absent in sets of more classes.
	AP *Number `json:"ap,omitempty"`
	// AAcc is the share of pixels that are right.
	AAcc Number `json:"aacc"`
	// Groups are the means over groups of classes, for data sets that have groups.
	Groups []GroupScore `json:"groups,omitempty"`
	// Seconds is what a picture took beyond the image tower: the median.
	Seconds float64 `json:"seconds"`
	// Classes are the scores of each class, in the order of the labels.
	Classes []ClassIoU `json:"classes"`
}

// GroupScore is what a method scored on some of the classes.
type GroupScore struct {
	// Group is the name of the group.
	Group string `json:"group"`
	// MIoU is the mean of the IoUs of its classes that are defined.
	MIoU Number `json:"miou"`
}

// ClassIoU is what a method scored on a class.
type ClassIoU struct {
	// Class is the name of the class.
	Class string `json:"class"`
	// IoU is right pixels over those that have the class in truth or were given it; null where there are none.
	IoU Number `json:"iou"`
	// Accuracy is right pixels over those that have the class in truth; null where there are none.
	Accuracy Number `json:"accuracy"`
	// Mistaken is the class that most of the missed pixels were given; absent where none was missed.
	Mistaken string `json:"mistaken_for,omitempty"`
}
