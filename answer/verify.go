package answer

// Verdicts of a [Check] beside [OK] and [Wrong].
const (
	NotApplicable = "does not apply" // it cannot be made of this model, or says nothing of it
	Doubtful      = "doubtful"       // something speaks against the model as it is opened, and proves nothing
)

// Verification is the answer of facet model verify.
type Verification struct {
	// Path is the checkpoint's.
	Path string `json:"path"`
	// Checks are those that were made, in their order, and those that do not apply.
	Checks []Check `json:"checks"`
}

// Check compares what a model is or does with what it must be or do.
type Check struct {
	// Check says what was compared.
	Check string `json:"check"`
	// Verdict is ok, wrong, doubtful or does not apply.
	Verdict string `json:"verdict"`
	// Found says what was found, and why a check does not apply.
	Found string `json:"found"`
	// Measured is the number that was measured; absent where a check has none.
	Measured *Number `json:"measured,omitempty"`
	// Expected is what it must be, and absent with it.
	Expected *Number `json:"expected,omitempty"`
	// Tolerance is how far the two may lie apart, and absent with them.
	Tolerance *Number `json:"tolerance,omitempty"`
}
