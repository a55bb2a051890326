package answer

// Demo is the answer of facet demo: what the demo model sees in some scenes, and the explanation of the first.
type Demo struct {
	// Folder is where the page and its pictures are.
	Folder string `json:"folder"`
	// Scenes are those of the page.
	Scenes []DemoScene `json:"scenes"`
	*Explanation
}

// DemoScene is what the demo model says of one scene.
type DemoScene struct {
	// Picture is the file of the scene, relative to the folder.
	Picture string `json:"picture"`
	// Map is the file of the map of the text's logit, relative to the folder.
	Map string `json:"map"`
	// Text is what is looked for in the scene.
	Text string `json:"text"`
	// Logit is that of the text.
	Logit float64 `json:"logit"`
	// Categories are those that the model gives a probability of a tenth or more, the most likely first; null where there is none.
	Categories []string `json:"categories"`
	// Background is the most likely one.
	Background string `json:"background"`
}

// DemoEvaluation is the answer of facet demo --evaluate.
type DemoEvaluation struct {
	// Model says which model was measured.
	Model Model `json:"model"`
	DemoMetrics
}

// DemoMetrics are what a model knows of the demo world, on scenes it was not trained on. Classes are told apart zero-shot, with the world's own
// prompts.
type DemoMetrics struct {
	// Category counts objects that are told from 36; in scenes with one object.
	Category Score `json:"category"`
	// BodyStyle counts road vehicles that are told from 5; in scenes with one object.
	BodyStyle Score `json:"body_style"`
	// Colour counts objects whose colour is told from 10; in scenes with one object.
	Colour Score `json:"colour"`
	// Background counts backgrounds that are told from 12; in scenes with one object.
	Background Score `json:"background"`
	// Retrieval counts full captions that find their own picture among 256; in scenes with 1 to 4 objects.
	Retrieval Score `json:"retrieval"`
	// Residual is the largest relative error of Σ s·u + b against the embedding.
	Residual float64 `json:"residual"`
	// Variance says how few pairs carry how much of the embedding's variance.
	Variance []KeptVariance `json:"variance"`
}

// Score counts right answers.
type Score struct {
	// Right is how many are right.
	Right int `json:"right"`
	// Of is how many there are.
	Of int `json:"of"`
}

// KeptVariance is how much of the embedding's variance is left when only the strongest pairs vary and the others are held at their mean.
type KeptVariance struct {
	// Percent is how many of all pairs vary: those of largest var(s)·‖u‖².
	Percent float64 `json:"percent"`
	// Summed is their share of Σ var(s)·‖u‖² over all pairs.
	Summed float64 `json:"summed"`
	// Explained is 1 − Σ‖e − ê‖²/Σ‖e − ē‖².
	Explained float64 `json:"explained"`
}
