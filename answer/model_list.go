package answer

// ListedModel is the answer of facet model pull. The answer of facet model list is a list of them.
type ListedModel struct {
	// Name is what the model is called.
	Name string `json:"name"`
	// Source is where it is published.
	Source string `json:"source"`
	// Installed tells that it is on this machine.
	Installed bool `json:"installed"`
	// Path is where it lies, or would lie.
	Path string `json:"path"`
}
