package show

import (
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
)

// TestWindowNamesItsReference: a reference of one window is one.
func TestWindowNamesItsReference(t *testing.T) {
	for want, span := range map[string]answer.WindowSpan{"compared with window 2;": {From: 2, To: 2}, "compared with windows 2 to 4;": {From: 2, To: 4}} {
		var out strings.Builder
		Window(&out, answer.Window{Number: 5, Reference: &span, Evidence: []answer.Evidence{{Followed: "zoom"}}})
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s lacks %q", out.String(), want)
		}
	}
}

// TestGivenHasNoMinusZero: a mix that explains nothing explains 0 %.
func TestGivenHasNoMinusZero(t *testing.T) {
	var out strings.Builder
	given(&out, answer.GivenComparison{Of: "group", Mix: -0.001, Within: 1.001}, 0.05)
	if !strings.Contains(out.String(), "explains 0 % of the shift") {
		t.Error(out.String())
	}
}
