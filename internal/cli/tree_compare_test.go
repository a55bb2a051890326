package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
)

// TestTreeAndCompareUsage: mistakes in the command line are told, with exit code 2, before anything is computed.
func TestTreeAndCompareUsage(t *testing.T) {
	for want, args := range map[string][]string{
		"expected the number of a neuron, or --all": {"tree", "x.atlas"},
		`"seven": expected the number of a neuron`:  {"tree", "x.atlas", "seven"},
		"expected an atlas alone, and no -o":        {"tree", "x.atlas", "--all", "-o", "x.png"},
		"ends in .png or .svg":                      {"tree", "x.atlas", "7", "-o", "x.gif"},
		"ends in .html":                             {"compare", "a", "b", "-o", "x.png"},
		"the two models are the arguments":          {"compare", "a", "b", "--model", "demo"},
		"expected two checkpoints, or two atlases":  {"compare", "a"},
		"expected two atlases, or two checkpoints":  {"compare", "demo", someAtlas(t)},
		"needs two atlases":                         {"compare", "demo", "demo", "--match"},
		"expected average or ward":                  {"tree", someAtlas(t), "7", "--linkage", "single"},
		"expected 1 to 12, the heads of the model":  {"tree", someAtlas(t), "7", "--clusters", "13"},
		"neuron 5000: expected 0 to 767":            {"tree", someAtlas(t), "5000"},
	} {
		code, out, log := facet(t, args...)
		if code != exitUsage || !strings.Contains(log, want) || out != "" {
			t.Errorf("%v: code %d: %q%q, want %q", args, code, out, log, want)
		}
	}
}

// TestTreeDrawn and its table: a drawing of either format, a row for each part.
func TestTreeDrawn(t *testing.T) {
	at, png, svg := someAtlas(t), filepath.Join(t.TempDir(), "tree.png"), filepath.Join(t.TempDir(), "tree.svg")
	var grown answer.Tree
	ask(t, &grown, "tree", at, "273", "--clusters", "3", "-o", png)
	if len(grown.Parts) != 3 || wide(t, png) < 700 {
		t.Errorf("%+v", grown.Parts)
	}
	out := succeed(t, "tree", at, "273", "--linkage", "ward", "--clusters", "2", "--draws", "9", "-o", svg)
	if drawn, err := os.ReadFile(svg); err != nil || !strings.Contains(string(drawn), "Neuron 273 in 2 parts") || !strings.Contains(out, "ward linkage, cut into 2") || !strings.Contains(out, " 2    ") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestComparePage: the page of a model against itself says so.
func TestComparePage(t *testing.T) {
	at, page := someAtlas(t), filepath.Join(t.TempDir(), "compare.html")
	out := succeed(t, "compare", at, at, "-o", page)
	html, err := os.ReadFile(page)
	if err != nil || !strings.Contains(string(html), "<h1>Both checkpoints hold the same weights</h1>") || !strings.Contains(out, "Pairs that do otherwise: 0 of 9216") {
		t.Errorf("%v: %s", err, out)
	}
}
