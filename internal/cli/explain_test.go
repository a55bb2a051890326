package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/lab"
)

// TestTableOfNegativeLogit: the table says which sign speaks for the text, and shows amounts with it where the logit is negative.
func TestTableOfNegativeLogit(t *testing.T) {
	var out bytes.Buffer
	a := &app{stdout: &out}
	a.printExplanation(&lab.Explained{Answer: &answer.Explanation{
		Text: "the opposite of a van", Total: -20, Pairs: []answer.Part{{Amount: -3, Share: -0.15}, {Amount: 2, Share: 0.1}},
	}})
	for _, want := range []string{"(+ for the text)", "-20.000", "-3.000", "+2.000"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table does not have %s:\n%s", want, out.String())
		}
	}
}
