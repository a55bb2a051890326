package answer

import "github.com/facet-clip/facet/clip"

// Inspection is the answer of facet model inspect.
type Inspection struct {
	Path   string `json:"path"`
	Format string `json:"format"`
	Naming string `json:"naming"`
	// Weights is which set of weights is taken, and OtherWeights those that are not; both are empty where the file holds one.
	Weights      string   `json:"weights,omitempty"`
	OtherWeights []string `json:"other_weights,omitempty"`
	SHA256       string   `json:"sha256"`
	Architecture string   `json:"architecture"`
	Activation   string   `json:"activation,omitempty"`
	// ActivationAssumed tells that the file does not say and facet takes what every published CLIP-ResNet uses.
	ActivationAssumed bool           `json:"activation_assumed"`
	Config            clip.Config    `json:"config"`
	ImageParameters   int64          `json:"image_parameters"`
	TextParameters    int64          `json:"text_parameters"`
	DTypes            map[string]int `json:"dtypes"` // tensors of each type
}
