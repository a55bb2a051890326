package cli

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
)

// TestNegativeLogit: whatever the sign of the logit, what is positive speaks for the text: in the table, in JSON, in bars, captions and maps.
func TestNegativeLogit(t *testing.T) {
	var out bytes.Buffer
	a := &app{model: demoName, engine: "portable", stdout: &out, stderr: io.Discard}
	if err := a.start(); err != nil {
		t.Fatal(err)
	}
	m, err := a.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	e, err := m.look(t.Context(), input{paths: []string{"../../docs/images/scene.png"}})
	if err != nil {
		t.Fatal(err)
	}
	bank, err := m.bankOf(t.Context(), []string{"a van"}, false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range bank.Embeddings {
		bank.Embeddings[i] *= -1 // no text is the opposite of another, but the numbers do not know
	}
	e.text, e.split = "the opposite of a van", e.scalars.ExplainLogit(bank.Embeddings, e.embedding, 100, 200)
	r := e.report(modelRecord{Name: demoName})
	if r.Total > -10 {
		t.Fatalf("the logit is %g, expected one far below 0", r.Total)
	}
	signs := map[bool]int{}
	s := e.summary(r, e.pictures())
	a.printExplanation(e, r)
	for i, p := range r.Pairs {
		signs[p.Amount > 0]++
		number := fmt.Sprintf("%+.3f", p.Amount)
		bar := s.Bars[i]
		if p.Share*p.Amount < 0 || bar.Value != p.Amount || bar.Number != number {
			t.Errorf("pair %d: %+v, bar %+v", i, p, bar)
		}
		if i < len(s.Panels) && !strings.HasSuffix(s.Panels[i].Caption, number) {
			t.Errorf("panel %d is captioned %q, amount %g", i, s.Panels[i].Caption, p.Amount)
		}
		if !strings.Contains(out.String(), number) {
			t.Errorf("pair %d: the table does not have %s", i, number)
		}
		var painted float64
		for _, v := range e.tokens.PartMap(e.split.Top[i]) {
			painted += float64(v)
		}
		if painted*p.Amount < 0 && math.Abs(painted) > 0.05*math.Abs(p.Amount) { // the class token's part is not on the map
			t.Errorf("pair %d: its map sums to %g, its amount is %g", i, painted, p.Amount)
		}
	}
	if signs[true] == 0 || signs[false] == 0 {
		t.Errorf("amounts of one sign only: %v", signs)
	}
	if !strings.Contains(out.String(), "(+ for the text)") || !strings.Contains(s.BarsTitle, "(+ for the text)") {
		t.Errorf("the sign is not explained: %s, %s", s.BarsTitle, out.String())
	}
}
