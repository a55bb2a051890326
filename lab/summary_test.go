package lab

import (
	"fmt"
	"image"
	"math"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/experiment/attribution"
)

// TestSheet: whatever is asked, the steps of the sheet lead from one total to the other, named groups first, and there are few of them.
func TestSheet(t *testing.T) {
	l, err := Open(t.Context(), Config{Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	img := shirt(t)
	for name, q := range map[string]Explain{
		"text":       {Text: "a butterfly"},
		"all words":  {Text: "a butterfly", Cover: 1},
		"no text":    {},
		"none":       {Text: "a butterfly", Baseline: AgainstNone},
		"other text": {Text: "a cat", Against: "a butterfly"},
		"heads":      {Text: "a butterfly", By: ByHead, Cover: 1},
		"tokens":     {Text: "a butterfly", By: ByToken, Cover: 1},
		"pairs":      {Text: "a butterfly", By: ByPair},
	} {
		q.Image = img
		e, err := l.Explain(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s := e.sheet()
		at, pale := s.Steps.Start, false
		for _, step := range s.Steps.Steps {
			at += step.Value
			if pale && !step.Pale {
				t.Errorf("%s: %s stands behind what has no name", name, step.Label)
			}
			pale = step.Pale
		}
		want := e.Answer.Total
		if q.Text == "" {
			want = 100 * e.Answer.GroupsTotal
		}
		if math.Abs(at-want) > 1e-4*(1+math.Abs(want)) || len(s.Steps.Steps) > summarySteps+3 {
			t.Errorf("%s: %d steps lead to %g, expected %g", name, len(s.Steps.Steps), at, want)
		}
		if first := s.Rows[0]; (q.By != ByToken) != (first.Columns == summaryGroups) || len(first.Panels) == 0 {
			t.Errorf("%s: the first row has %d pictures", name, len(first.Panels))
		}
		if n := len(s.Rows); (n == 1) != (q.By == ByToken || q.By == ByPair) {
			t.Errorf("%s: %d rows", name, n)
		}
	}
}

// TestGroupMaps: the map of a group belongs to it, and with the class token's part it sums to the amount.
func TestGroupMaps(t *testing.T) {
	l, err := Open(t.Context(), Config{Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	img := shirt(t)
	e, err := l.Explain(t.Context(), Explain{Image: img, Text: "a butterfly", Cover: 1})
	if err != nil {
		t.Fatal(err)
	}
	maps := e.GroupMaps(5)
	if len(maps) != 5 {
		t.Fatalf("%d maps", len(maps))
	}
	for _, m := range maps {
		g := e.Answer.Groups[m.Group]
		if g.Word == answer.Constant || g.Word == answer.Others || m.Image.Rect != e.Seen.Rect {
			t.Errorf("a map of %s, %v", g.Word, m.Image.Rect)
		}
	}
	for i, g := range e.groups {
		if g.Name == attribution.Constant {
			continue
		}
		sum := 0.0
		for _, v := range e.Tokens.SumMap(g.Factors(e.parts.Per)) {
			sum += float64(v)
		}
		if a := e.Answer.Groups[i]; a.Word != g.Name || math.Abs(sum-a.Amount) > 1e-4 {
			t.Errorf("the map of %s sums to %g, %s has %g", g.Name, sum, a.Word, a.Amount)
		}
	}
}

// TestWordless: without words the summary is of pairs.
func TestWordless(t *testing.T) {
	for by, want := range map[string]bool{ByWord: true, ByHead: false} {
		e := Explained{Answer: &answer.Explanation{By: by, Groups: []answer.Group{{Word: answer.Unnamed}, {Word: answer.Constant}}}}
		if e.Wordless() != want {
			t.Errorf("by %s: %v", by, e.Wordless())
		}
		e.Answer.Groups[0].Word = fmt.Sprintf("a %s", by)
		if e.Wordless() {
			t.Errorf("by %s: has a word", by)
		}
	}
}

// shirt is the first scene of the demo.
func shirt(t *testing.T) *image.RGBA {
	t.Helper()
	pictures, err := demo.Pictures()
	if err != nil {
		t.Fatal(err)
	}
	img, err := pictures[0].Render(192)
	if err != nil {
		t.Fatal(err)
	}
	return img
}
