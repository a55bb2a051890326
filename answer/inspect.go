package answer

import "github.com/facet-clip/facet/clip"

// Inspection is the answer of facet model inspect.
type Inspection struct {
	// Path is the checkpoint's.
	Path string `json:"path"`
	// Format is the file format.
	Format string `json:"format"`
	// Naming says whose tensor names the file has.
	Naming string `json:"naming"`
	// Weights is the set of weights that is taken; absent where the file holds one.
	Weights string `json:"weights,omitempty"`
	// OtherWeights are the sets that are left; absent where the file holds one.
	OtherWeights []string `json:"other_weights,omitempty"`
	// SHA256 is the digest of the file; of a checkpoint in shards, of the index followed by the shards in the order of their names.
	SHA256 string `json:"sha256"`
	// Architecture is the published name of the architecture, or what is known of it.
	Architecture string `json:"architecture"`
	// Activation is that of the text tower: quickgelu or gelu. It is absent without one.
	Activation string `json:"activation,omitempty"`
	// ActivationAssumed tells that the file does not say and facet takes what every published CLIP-ResNet uses.
	ActivationAssumed bool `json:"activation_assumed"`
	// Config is the architecture in numbers.
	Config clip.Config `json:"config"`
	// ImageParameters counts the numbers of the image tower.
	ImageParameters int64 `json:"image_parameters"`
	// TextParameters counts the numbers of the text tower.
	TextParameters int64 `json:"text_parameters"`
	// DTypes counts the tensors of each element type.
	DTypes map[string]int `json:"dtypes"`
}
