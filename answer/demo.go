package answer

// Demo is the answer of facet demo: what the demo model sees in some scenes, and the explanation of the first.
type Demo struct {
	// Folder is where the page and its pictures are.
	Folder string `json:"folder"`
	// Scenes are those of the page.
	Scenes []DemoScene `json:"scenes"`
	// Story is what one neuron says of the first scene through two heads; absent where no neuron does.
	Story *DemoStory `json:"story,omitempty"`
	// Segmentation divides the first scene into what is drawn in it.
	Segmentation DemoSegmentation `json:"segmentation"`
	// Drift says what is new in scenes of a later month.
	Drift DemoDrift `json:"drift"`
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

// DemoStory is a neuron that fires for one thing through one head and for another through another.
type DemoStory struct {
	// Neuron is that neuron.
	Neuron int `json:"neuron"`
	// Facets are its two pairs.
	Facets []DemoFacet `json:"facets"`
	// Picture is the file of the sheet of their maps, relative to the folder.
	Picture string `json:"picture"`
}

// DemoFacet is what a neuron says through one head.
type DemoFacet struct {
	// Head is that of the pair.
	Head int `json:"head"`
	// Word is the first that the pair fires for.
	Word string `json:"word"`
	// Amount is the pair's part of what the groups of the explanation sum to.
	Amount float64 `json:"amount"`
	// Mean is the mean of the pair's scalar over 4,000 scenes.
	Mean float64 `json:"mean"`
	// Scalars are those of the pair in the scenes, in order.
	Scalars []float64 `json:"scalars"`
}

// DemoSegmentation is a scene in its classes.
type DemoSegmentation struct {
	// Scene is the file of the scene, relative to the folder.
	Scene string `json:"scene"`
	// Overlay is the file of the scene with its classes in colours, relative to the folder.
	Overlay string `json:"overlay"`
	// Classes are the shares of the classes, the largest first.
	Classes []ClassShare `json:"classes"`
}

// DemoDrift compares scenes of a later month with those of an earlier one.
type DemoDrift struct {
	// Before is the dataset of the earlier scenes.
	Before string `json:"before"`
	// After is that of the later ones.
	After string `json:"after"`
	// Report is the file of the report, relative to the folder.
	Report string `json:"report"`
	// Comparison says what differs.
	Comparison Comparison `json:"comparison"`
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
