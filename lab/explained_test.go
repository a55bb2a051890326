package lab

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
)

// TestNegativeLogit: whatever the sign of the logit, what is positive speaks for the text: in the answer, in bars, captions and maps.
func TestNegativeLogit(t *testing.T) {
	l, err := Open(t.Context(), Config{Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e, err := l.look(t.Context(), Explain{Picture: "../docs/images/scene.png"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := l.Few(t.Context(), []string{"a van"}, false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range text.Embeddings {
		text.Embeddings[i] *= -1 // no text is the opposite of another, but the numbers do not know
	}
	e.Answer.Text, e.Answer.Model = "the opposite of a van", answer.Model{Name: DemoName}
	e.tell(e.Scalars.ExplainLogit(text.Embeddings, e.Embedding, 100, 200))
	if e.Answer.Total > -10 {
		t.Fatalf("the logit is %g, expected one far below 0", e.Answer.Total)
	}
	signs := map[bool]int{}
	s := e.pairSheet()
	for i, p := range e.Answer.Pairs {
		signs[p.Amount > 0]++
		number := fmt.Sprintf("%+.3f", p.Amount)
		bar := s.Bars[i]
		if p.Share*p.Amount < 0 || bar.Value != p.Amount || bar.Number != number {
			t.Errorf("pair %d: %+v, bar %+v", i, p, bar)
		}
		if i < len(s.Panels) && !strings.HasSuffix(s.Panels[i].Caption, number) {
			t.Errorf("panel %d is captioned %q, amount %g", i, s.Panels[i].Caption, p.Amount)
		}
		var painted float64
		for _, v := range e.Tokens.PartMap(e.Split.Top[i]) {
			painted += float64(v)
		}
		if painted*p.Amount < 0 && math.Abs(painted) > 0.05*math.Abs(p.Amount) { // the class token's part is not on the map
			t.Errorf("pair %d: its map sums to %g, its amount is %g", i, painted, p.Amount)
		}
	}
	if signs[true] == 0 || signs[false] == 0 {
		t.Errorf("amounts of one sign only: %v", signs)
	}
	if !strings.Contains(s.BarsTitle, "(+ for the text)") {
		t.Errorf("the sign is not explained: %s", s.BarsTitle)
	}
}
