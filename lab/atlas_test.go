package lab_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// TestExplainByAtlas: an atlas without labels has the strongest pairs named on the spot by what they fire for, and it is told what labels would add.
func TestExplainByAtlas(t *testing.T) {
	var log bytes.Buffer
	l := open(t, lab.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	q := lab.Explain{Picture: scene, Atlas: labtest.LargeAtlas(), Top: 2}
	for _, bank := range []string{"", words(t)} {
		q.Bank = bank
		e, err := l.Explain(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range e.Answer.Pairs {
			if p.Says == nil || p.Fires == nil || len(p.Words) == 0 {
				t.Errorf("bank %q: %+v", bank, p)
			}
		}
		if len(e.Answer.Groups) < 5 {
			t.Errorf("bank %q: groups %+v", bank, e.Answer.Groups)
		}
		if bank == "" && !strings.Contains(log.String(), "facet label ATLAS") {
			t.Errorf("it is not told what labels would add: %s", &log)
		}
	}
}

// TestIntervals: of words by the images of an atlas; no amount changes for them.
func TestIntervals(t *testing.T) {
	if testing.Short() {
		t.Skip("40,000 labels")
	}
	l := open(t, lab.Config{})
	q := lab.Explain{Picture: scene, Text: "a shirt", Atlas: labtest.LargeAtlas(), Intervals: true}
	one, err := l.Explain(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if r := one.Answer.Redrawn; r == nil || r.Draws != 200 || r.Pairs != 200 || !(r.Share > 0.2 && r.Share < 1) || r.Changed == 0 || r.Changed > r.Pairs {
		t.Errorf("redrawn: %+v", one.Answer.Redrawn)
	}
	wide := 0
	for _, g := range one.Answer.Groups {
		switch {
		case (g.Low == nil) != (g.Word == answer.Constant), (g.High == nil) != (g.Low == nil):
			t.Errorf("%s: %v to %v", g.Word, g.Low, g.High)
		case g.Low != nil && *g.Low < *g.High:
			wide++
		case g.Low != nil && *g.Low > *g.High:
			t.Errorf("%s: %v above %v", g.Word, *g.Low, *g.High)
		}
	}
	if wide < 4 {
		t.Errorf("%d intervals are wide", wide)
	}
	q.Intervals = false
	plain, err := l.Explain(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range plain.Answer.Groups {
		if g.Low != nil || g.Amount != one.Answer.Groups[i].Amount {
			t.Errorf("%+v is not %+v", g, one.Answer.Groups[i])
		}
	}
	for _, wrong := range []lab.Explain{{Picture: scene, Intervals: true}, {Picture: scene, Intervals: true, Atlas: labtest.LargeAtlas(), By: lab.ByHead}} {
		if _, err := l.Explain(t.Context(), wrong); !errors.Is(err, lab.ErrQuestion) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}

// words is a file with a text a line.
func words(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "words.txt")
	if err := os.WriteFile(path, []byte("sedan\ncastle\nsnow\nbutterfly\ncat\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
