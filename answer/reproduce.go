package answer

// Verdicts of a [PaperFigure].
const (
	Agrees      = "agrees"       // the published value lies in the interval of the measured one, or they print alike
	Differs     = "differs"      // it does not
	OtherModel  = "other model"  // the published value is that of another model
	OtherData   = "other data"   // the published value is that of the whole data set, and this is an easier part
	Unpublished = "no number"    // the paper says it without a number
	NotMeasured = "not measured" // its data are missing
)

// Reproduction is the answer of facet reproduce paper: the paper's figures beside what was measured here.
type Reproduction struct {
	// Model says which model was measured.
	Model Model `json:"model"`
	// PublishedFor names the model whose figures are published.
	PublishedFor string `json:"published_for"`
	// Steps are the parts of the work, in their order.
	Steps []ReproductionStep `json:"steps"`
	// Page is the file of the HTML page; empty where none was written.
	Page string `json:"page,omitempty"`
}

// ReproductionStep is a part of the work that needs one data set. It is kept as a JSON file, and made again only when what it depends on has changed.
type ReproductionStep struct {
	// Step is its name.
	Step string `json:"step"`
	// Fingerprint changes with the model, the data and the settings.
	Fingerprint string `json:"fingerprint,omitempty"`
	// Data says what was measured on.
	Data string `json:"data,omitempty"`
	// Missing says what is needed to take the step; empty where it was taken.
	Missing string `json:"missing,omitempty"`
	// Kept tells that the step was taken by an earlier run.
	Kept bool `json:"kept,omitempty"`
	// Seconds is how long the step took.
	Seconds float64 `json:"seconds,omitempty"`
	// Bytes is what its files take on disk.
	Bytes int64 `json:"bytes,omitempty"`
	// Figures are those of the paper that the step measures.
	Figures []PaperFigure `json:"figures"`
}

// PaperFigure is a figure of the paper beside the measured one.
type PaperFigure struct {
	// Key names the figure, and stands in docs/research/paper.md.
	Key string `json:"key"`
	// What says what is measured.
	What string `json:"what"`
	// Unit is %, points, r or empty.
	Unit string `json:"unit,omitempty"`
	// Published is the paper's value in that unit; absent where it gives none.
	Published *Number `json:"published,omitempty"`
	// Measured is the value here, in the same unit; absent where none was measured.
	Measured *Number `json:"measured,omitempty"`
	// Low is the lower end of its 95 % interval; absent where there is none.
	Low *Number `json:"low,omitempty"`
	// High is the upper end of it.
	High *Number `json:"high,omitempty"`
	// Of is how many pictures the value is of.
	Of int `json:"of,omitempty"`
	// Found says in words what was found, where a number is not all.
	Found string `json:"found,omitempty"`
	// Verdict is agrees, differs, other model, other data, no number or not measured.
	Verdict string `json:"verdict"`
}
