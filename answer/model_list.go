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
	// Bytes is the size of its checkpoint; of a model that is not on this machine, what the hub will send, and 0 where that is not known.
	Bytes int64 `json:"bytes"`
	// Approximate tells that the size is not what a file has, but four bytes for each parameter of the architecture.
	Approximate bool `json:"approximate,omitempty"`
	// InPlace tells that the checkpoint lies in a folder of another program, and is used there.
	InPlace bool `json:"in_place"`
	// UnfinishedBytes is how much of a download that was cut off lies on this machine.
	UnfinishedBytes int64 `json:"unfinished_bytes"`
	// Hub is its repository on the Hugging Face hub.
	Hub string `json:"hub"`
}
