package cli

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
)

// plain writes pictures of one colour each, in folders that are classes.
func plain(t *testing.T, folder string, colours ...color.Gray) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), folder)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, c := range colours {
		img := image.NewNRGBA(image.Rect(0, 0, 40, 30))
		for p := range 40 * 30 {
			img.Set(p%40, p/40, c)
		}
		if err := writePNG(filepath.Join(dir, fmt.Sprintf("%d.png", i)), img); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Dir(dir)
}

// noNumber is what no answer may hold.
var noNumber = regexp.MustCompile(`NaN|Inf\b|-0\.000\b`)

// TestOddAtlases: one picture, pictures that are all alike, one class: every question is answered without a number that is none, or refused with what was expected.
func TestOddAtlases(t *testing.T) {
	if testing.Short() {
		t.Skip("scans three atlases and asks some thirty questions")
	}
	black, grey, white := color.Gray{0}, color.Gray{128}, color.Gray{255}
	for name, source := range map[string]string{
		"one picture": plain(t, "bus", grey), "alike": plain(t, "bus", black, black, black, black, black, black), "one class": plain(t, "bus", black, grey, white, grey, black),
	} {
		at := scan(t, source, "--keep-scalars")
		chart := filepath.Join(t.TempDir(), "c.png")
		for _, args := range [][]string{
			{"pairs", at, "--top", "3"}, {"pairs", at, "--top", "99999", "--json"}, {"pairs", at, "--sort", "poly", "-o", chart}, {"neuron", at, "3", "--json", "--images", "50", "--pairs", "999"},
			{"reconstruct", at}, {"reconstruct", at, "--classes", "bus, cat", "--components", "1"}, {"ablate", at, "--classes", "cat, dog", "--random", "--percentile", "0,100", "-o", chart},
			{"ablate", at, "--unit", "head", "--classes", "bus, cat"}, {"polysemanticity", at, "-o", chart}, {"polysemanticity", at, "--json"}, {"sink", at}, {"sink", source, "--json"},
		} {
			code, out, log := facet(t, append(args, "--model", "demo")...)
			what := fmt.Sprintf("%s: facet %s: code %d\n%s%s", name, strings.Join(args, " "), code, out, log)
			switch {
			case noNumber.MatchString(out) || code == exitOK && out == "":
				t.Error(what)
			case code != exitOK && (code != exitFailure || !strings.Contains(log, "expected") && !strings.Contains(log, "too few")):
				t.Error(what)
			case strings.Contains(out, "no labels") && (strings.Contains(out, "0.0 % (0.0 to 0.0)") || !strings.Contains(log, "no accuracy is measured")):
				t.Error(what)
			}
			if args[0] == "reconstruct" && len(args) == 2 && code == exitOK {
				t.Errorf("%s: one class is none to tell from others: %s", name, out)
			}
		}
	}
}

// TestNoDeviation: a pair whose scalar never differs has no sign of its own and says what its direction says.
func TestNoDeviation(t *testing.T) {
	at := scan(t, plain(t, "bus", color.Gray{90}))
	var r struct{ Pairs []answer.UsedPair }
	if err := json.Unmarshal([]byte(succeed(t, "pairs", at, "--top", "99999", "--json")), &r); err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Pairs {
		if p.Deviation != 0 || p.Sign != 1 || p.Norm != 0 || p.Polysemanticity != 0 {
			t.Fatalf("%+v", p)
		}
	}
}

// TestEqualLabels: a label that is given twice is one label, and says so; one class alone is refused where others are needed.
func TestEqualLabels(t *testing.T) {
	picture := filepath.Join(plain(t, "bus", color.Gray{128}), "bus", "0.png")
	code, out, log := facet(t, "classify", picture, "--labels", "cat, cat,dog, cat", "--model", "demo", "--json")
	var r answer.Classification
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != exitOK || len(r.Images[0].Classes) != 2 || strings.Count(log, "given twice") != 2 {
		t.Errorf("code %d, %v: %s%s", code, err, out, log)
	}
	if code, _, log := facet(t, "explain", picture, "--text", "", "--model", "demo"); code != exitUsage || !strings.Contains(log, "--text: expected a text") {
		t.Errorf("an empty text: code %d: %s", code, log)
	}
	if code, _, log := facet(t, "segment", picture, "--classes", "cat, dog", "--pairs", "2000000000", "--model", "demo"); code != exitUsage ||
		!strings.Contains(log, "--pairs 2000000000: expected 1 to 9216") {
		t.Errorf("more pairs than there are: code %d: %s", code, log)
	}
}
