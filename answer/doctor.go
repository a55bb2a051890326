package answer

// The verdicts of a [Finding].
const (
	OK      = "ok"
	Assumed = "assumed" // nothing says otherwise, and nothing says so
	Wrong   = "wrong"
)

// Diagnosis is the answer of facet model doctor.
type Diagnosis struct {
	// Path is the checkpoint's.
	Path string `json:"path"`
	// Findings are the checks, in the order in which they were made.
	Findings []Finding `json:"findings"`
}

// Finding is one check.
type Finding struct {
	// Check says what was looked at.
	Check string `json:"check"`
	// Verdict is ok, assumed or wrong.
	Verdict string `json:"verdict"`
	// Found says what was found.
	Found string `json:"found"`
}
