package cli

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
)

// scan makes an atlas of the demo model.
func scan(t *testing.T, source string, flags ...string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "atlas")
	succeed(t, append([]string{"scan", source, "-o", dir, "--model", "demo"}, flags...)...)
	return dir
}

// TestWithoutScalars: what needs the scalars of single images says so once; what does not does without.
func TestWithoutScalars(t *testing.T) {
	bare, full := scan(t, "scenes:single?n=4&seed=1&size=64"), someAtlas(t)
	for _, args := range [][]string{
		{"ablate", bare}, {"reconstruct", bare}, {"polysemanticity", bare, "--unit", "neuron"}, {"polysemanticity", bare, "--unit", "head"}, {"evaluate", "labels", bare},
		{"ablate", full, "--means", bare, "--unit", "neuron"}, {"ablate", full, "--means", bare, "--unit", "head"},
		{"reconstruct", full, "--means", bare, "--unit", "head", "--compat", "reference"},
	} {
		code, out, log := facet(t, args...)
		if code != exitFailure || out != "" || strings.Count(log, "--keep-scalars") != 1 || !strings.Contains(log, bare) {
			t.Errorf("facet %s: code %d: %s%s", strings.Join(args, " "), code, out, log)
		}
	}
	for _, args := range [][]string{{"ablate", full, "--means", bare}, {"reconstruct", full, "--means", bare, "--unit", "head", "--components", "1"}, {"pairs", bare, "--top", "2"}} {
		succeed(t, args...)
	}
	code, out, log := facet(t, "polysemanticity", bare)
	if code != exitOK || strings.Contains(out, "neuron") || strings.Count(log, "--keep-scalars") != 1 {
		t.Errorf("polysemanticity of pairs: code %d: %s%s", code, out, log)
	}
	code, out, log = facet(t, "neuron", bare, "89", "--json")
	var sheet struct{ Rows []answer.Unit }
	if err := json.Unmarshal([]byte(out), &sheet); err != nil {
		t.Fatal(err, log)
	}
	if code != exitOK || len(sheet.Rows) != 4 || slices.ContainsFunc(sheet.Rows, func(r answer.Unit) bool { return r.Head == nil }) || strings.Count(log, "--keep-scalars") != 1 {
		t.Errorf("pairs of a neuron: code %d: %s%s", code, out, log)
	}
	for _, verb := range []string{"reconstruct", "ablate", "polysemanticity", "evaluate labels", "neuron"} {
		if usage := commands(t)["scan"].Flags().Lookup("keep-scalars").Usage; !strings.Contains(usage, verb) {
			t.Errorf("the help of --keep-scalars does not name %s: %s", verb, usage)
		}
	}
}

// TestPolysemanticityNeedsNoClasses: pictures without labels will do.
func TestPolysemanticityNeedsNoClasses(t *testing.T) {
	at := scan(t, filepath.Join("..", "..", "docs", "images"), "--keep-scalars", "--limit", "2")
	if out := succeed(t, "polysemanticity", at, "--unit", "head"); strings.Contains(out, "NaN") || !strings.Contains(out, "strongest pair") {
		t.Error(out)
	}
}
