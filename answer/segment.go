package answer

import "github.com/facet-clip/facet/concept"

// Segmentation is the answer of facet segment.
type Segmentation struct {
	// Model says which model answers.
	Model Model `json:"model"`
	// Protocol is all that decides the labels but the picture.
	Protocol SegmentationProtocol `json:"protocol"`
	// Images are the pictures, in the order in which they were given. It is null where there is none yet.
	Images []SegmentedImage `json:"images"`
	// Skipped are the pictures of datasets that could not be read.
	Skipped []Skipped `json:"skipped,omitempty"`
}

// SegmentedImage is a picture with the classes that are in it.
type SegmentedImage struct {
	// Image is the path of the picture, or its name where it is no file.
	Image string `json:"image"`
	// Width of the picture, in pixels.
	Width int `json:"width"`
	// Height of the picture, in pixels.
	Height int `json:"height"`
	// Windows is how many windows the image tower looked at.
	Windows int `json:"windows"`
	// Seconds is how long the picture took, without decoding it.
	Seconds float64 `json:"seconds"`
	// Classes are the classes that some pixel has, the largest first.
	Classes []ClassShare `json:"classes"`
	// Why says which pairs made a region what it is; absent where nobody asked.
	Why *RegionReason `json:"why,omitempty"`
}

// ClassShare is how much of a picture a class has.
type ClassShare struct {
	// Class is the name of the class.
	Class string `json:"class"`
	// Label is the value of its pixels in the picture of labels.
	Label int `json:"label"`
	// Pixels is how many pixels have the class.
	Pixels int `json:"pixels"`
	// Share is Pixels over all pixels of the picture.
	Share float64 `json:"share"`
}

// RegionReason is what made a region of a picture look like its class.
type RegionReason struct {
	// Region is left, top, right and bottom in pixels of the picture, the last two exclusive.
	Region [4]int `json:"region"`
	// Class is the class that most of the region has.
	Class string `json:"class"`
	// Text is the text of that class with the largest logit there.
	Text string `json:"text"`
	// Logit is the text's mean over the region, before any refinement. The amounts of all pairs sum to it.
	Logit float64 `json:"logit"`
	// Pairs are those that bring most, the strongest first.
	Pairs []PairReason `json:"pairs"`
}

// PairReason is what one pair brings to a logit.
type PairReason struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Amount is what the pair brings, in units of the logit.
	Amount float64 `json:"amount"`
	// Share is Amount over the logit's absolute value: positive for the text.
	Share float64 `json:"share"`
	// Words are the texts most like the pair's direction; absent without a bank.
	Words []concept.Match `json:"words,omitempty"`
}

// SegmentationProtocol is all that decides a segmentation but the picture. The same methods differ by 6 points of mIoU from a background
// threshold alone, so every result carries one.
type SegmentationProtocol struct {
	// Preset is the protocol whose sizes were taken where nothing else was asked: native, paper-384, paper-512 or sclip.
	Preset string `json:"preset"`
	// ShortSide is that of the resized picture, in pixels.
	ShortSide int `json:"short_side"`
	// Window is the side of a window, in pixels.
	Window int `json:"window"`
	// Stride is the distance from window to window, in pixels.
	Stride int `json:"stride"`
	// Scale is what logits are multiplied by before the softmax over texts.
	Scale float64 `json:"scale"`
	// Threshold is the probability below which a pixel is background; 0: there is no threshold.
	Threshold float64 `json:"threshold"`
	// Area is the share of what is not background from which on a class may have pixels; absent: any.
	Area float64 `json:"area,omitempty"`
	// Compat is reference where the published code's way was asked for.
	Compat string `json:"compat,omitempty"`
	// Refine is what is done to the logits of pixels: pamr; absent: nothing.
	Refine string `json:"refine,omitempty"`
	// Resize says how pictures are resized.
	Resize string `json:"resize"`
	// Methods are the names of the methods.
	Methods []string `json:"methods"`
	// Pairs is how many neuron–head pairs each text has.
	Pairs int `json:"pairs"`
	// NeuronsBack tells that neurons are those of the block so many before the last; absent: of the last.
	NeuronsBack int `json:"neurons_back,omitempty"`
	// HeadsBack tells that attention and values are those of the block so many before the last; absent: of the last.
	HeadsBack int `json:"heads_back,omitempty"`
	// ExifRotate tells that pictures were turned as their EXIF data say.
	ExifRotate bool `json:"exif_rotate"`
	// Signs are those of the pairs' directions: "+" for all, or the SHA-256 of an atlas's signs.
	Signs string `json:"signs"`
	// Sink says what was done about the last token.
	Sink SegmentationSink `json:"sink"`
	// Classes are the classes, in the order of their labels.
	Classes []SegmentationClass `json:"classes"`
	// Prompts is the SHA-256 of all prompts, in order.
	Prompts string `json:"prompts_sha256"`
	// Model is the SHA-256 of the checkpoint.
	Model string `json:"model_sha256"`
	// Activation is that of the text tower.
	Activation string `json:"activation"`
	// Dataset is the data set that was measured on; absent where nothing was measured.
	Dataset string `json:"dataset,omitempty"`
	// ReduceZero tells that label 0 of the data set's masks counts for nothing and the others are one less.
	ReduceZero bool `json:"reduce_zero_label,omitempty"`
	// SHA256 is the digest of this record as JSON without white space, its own field empty.
	SHA256 string `json:"sha256"`
}

// SegmentationSink is the part of a protocol about the last token, which draws attention in many CLIP-ResNets.
type SegmentationSink struct {
	// Rule is auto (method facet goes by whether there is a sink), drop (all methods do) or published (none does).
	Rule string `json:"rule"`
	// Exists tells that the last token was found to be an attention sink. It is false as well where nobody looked.
	Exists bool `json:"exists"`
	// Registers are the neurons through which it draws attention, the strongest first; absent where there are none.
	Registers []int `json:"registers,omitempty"`
}

// SegmentationClass is a class in words.
type SegmentationClass struct {
	// Name is the name of the class.
	Name string `json:"name"`
	// Texts are the texts that mean it. They are null for a background that a threshold alone decides about.
	Texts []string `json:"texts"`
}
