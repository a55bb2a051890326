package answer

// Version is the answer of facet version.
type Version struct {
	// Module is the path of the module that was built.
	Module string `json:"module"`
	// Version is the module's; (devel) where Go does not know it.
	Version string `json:"version"`
	// Commit is that of the repository; absent in builds from elsewhere.
	Commit string `json:"commit,omitempty"`
	// Time is that of the commit.
	Time string `json:"time,omitempty"`
	// Modified tells that files differed from the commit.
	Modified *bool `json:"modified,omitempty"`
	// Go is the version of Go that built it.
	Go string `json:"go"`
	// Platform is the operating system and the processor.
	Platform string `json:"platform"`
	// Engine is what many pictures run on.
	Engine Engine `json:"engine"`
}

// Engine is what runs a network.
type Engine struct {
	// Name is the engine's, with its version.
	Name string `json:"name"`
	// Library is the file of ONNX Runtime; absent where another engine runs.
	Library string `json:"library,omitempty"`
	// Reason says why it is not ONNX Runtime; absent where it is.
	Reason string `json:"reason,omitempty"`
}
