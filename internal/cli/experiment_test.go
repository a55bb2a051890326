package cli

import (
	"encoding/json"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/experiment"
)

// TestStudies asks every question of one small atlas of scenes.
func TestStudies(t *testing.T) {
	if testing.Short() {
		t.Skip("scans and asks some twenty questions")
	}
	dir := t.TempDir()
	at, chart := filepath.Join(dir, "atlas"), filepath.Join(dir, "chart.png")
	engine := engineNames(t)[len(engineNames(t))-1]
	succeed(t, "scan", "scenes:single?n=80&seed=3", "--model", "demo", "--engine", engine, "-o", at, "--keep-scalars")
	ask := func(into any, args ...string) {
		t.Helper()
		out := succeed(t, append(args, "--engine", engine, "--json")...)
		if err := json.Unmarshal([]byte(out), into); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
	}

	var pairs struct{ Pairs []usedPair }
	ask(&pairs, "pairs", at, "--top", "30")
	for i, p := range pairs.Pairs {
		if i > 0 && p.Norm > pairs.Pairs[i-1].Norm || len(p.Words) != wordsPerPair {
			t.Errorf("pair %d: %+v after %+v", i, p, pairs.Pairs[i-1])
		}
	}
	ask(&pairs, "pairs", at, "--neuron", "5", "--sort", "poly")
	if len(pairs.Pairs) != 12 || pairs.Pairs[0].Polysemanticity > pairs.Pairs[11].Polysemanticity {
		t.Errorf("pairs of a neuron: %+v", pairs.Pairs)
	}

	var rebuilt struct {
		Images int
		Rows   []experiment.Reconstruction
	}
	ask(&rebuilt, "reconstruct", at, "--unit", "pair", "--components", "1")
	// Scalars are kept in half precision, so the identity holds to that.
	if r := rebuilt.Rows[0]; rebuilt.Images != 40 || math.Abs(r.Cosine-1) > 1e-5 || r.Accuracy.Value() < 0.9 {
		t.Errorf("pairs with their one direction: %+v", rebuilt)
	}
	ask(&rebuilt, "reconstruct", at, "--unit", "neuron", "--components", "4,0,1", "--compat", "reference", "-o", chart)
	for i, r := range rebuilt.Rows {
		if i > 0 && r.Cosine <= rebuilt.Rows[i-1].Cosine {
			t.Errorf("more components, less like the model: %+v", rebuilt.Rows)
		}
	}

	var ablated struct{ Rows []experiment.Ablation }
	ask(&ablated, "ablate", at, "--random", "-o", filepath.Join(dir, "chart.svg"), "--percentile", "0,90")
	first, last := ablated.Rows[0], ablated.Rows[1]
	if first.Held != 0 || math.Abs(first.Cosine-1) > 1e-5 || last.Held != 8294 || last.Cosine <= last.Random.Cosine {
		t.Errorf("ablation %+v", ablated.Rows)
	}
	ask(&ablated, "ablate", at, "--unit", "head", "--keep", "--percentile", "50")
	if ablated.Rows[0].Held != 6 {
		t.Errorf("half of 12 heads: %+v", ablated.Rows)
	}

	var poly polysemanticityResult
	ask(&poly, "polysemanticity", at, "--unit", "neuron", "-o", chart)
	if len(poly.Scores) != 768 || poly.Comparison.Lower+poly.Comparison.Higher > 768 || !(poly.Spread.Median > 0) {
		t.Errorf("%d scores, %+v, %+v", len(poly.Scores), poly.Comparison, poly.Spread)
	}

	var sink sinkResult
	for _, source := range []string{at, "scenes:single?n=80&seed=3"} {
		ask(&sink, "sink", source, "--model", "demo", "--limit", "20", "-o", chart)
		var sum float64
		for _, m := range sink.Mass {
			sum += m
		}
		if sink.Images != 20 || math.Abs(sum+sink.Class-1) > 1e-4 || sink.Accuracy.With.Of != 20 {
			t.Errorf("%s: attention sums to %g, %+v", source, sum+sink.Class, sink.Accuracy)
		}
	}

	var found searchResult
	ask(&found, "search", "a castle", "--atlas", at, "--top", "3", "-o", chart)
	if len(found.Hits) != 3 || found.Hits[0].Use == nil || !(*found.Hits[0].Use > 0) {
		t.Errorf("%+v", found)
	}
	var labels labelResult
	ask(&labels, "label", at, "--units", "top:5", "--terms", "4")
	ask(&pairs, "pairs", at, "--top", "5")
	for i, l := range labels.Pairs {
		if p := pairs.Pairs[i]; l.Neuron != p.Neuron || l.Head != p.Head {
			t.Errorf("label %d is of (%d,%d), the pair used most of (%d,%d)", i, l.Neuron, l.Head, p.Neuron, p.Head)
		}
	}
	succeed(t, "pairs", at, "-o", filepath.Join(dir, "use.svg"), "--engine", engine)
	var rows struct{ Rows []neuronRow }
	ask(&rows, "neuron", at, "89", "--compat", "reference", "--pairs", "2", "--images", "3")
	if len(rows.Rows) != 3 || len(rows.Rows[2].Images) != 3 || rows.Rows[1].Images[0].Norm < rows.Rows[1].Images[2].Norm {
		t.Errorf("%+v", rows.Rows)
	}
	succeed(t, "neuron", at, "89", "-o", chart, "--engine", engine)
	f, err := os.Open(chart)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if img, err := png.Decode(f); err != nil || img.Bounds().Dx() != 1600 {
		t.Errorf("the sheet: %v", err)
	}
}

func TestStudiesRefuse(t *testing.T) {
	at := filepath.Join(t.TempDir(), "atlas")
	succeed(t, "scan", "scenes:single?n=8&size=64", "--model", "demo", "-o", at)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"reconstruct", at}, exitFailure, "--keep-scalars"},
		{[]string{"reconstruct", at, "--unit", "layer"}, exitUsage, "expected pair, neuron or head"},
		{[]string{"reconstruct", at, "-o", "x.gif"}, exitUsage, ".png or .svg"},
		{[]string{"ablate", at, "--percentile", "101"}, exitUsage, "0 to 100"},
		{[]string{"pairs", at, "--neuron", "768"}, exitUsage, "0 to 767"},
		{[]string{"pairs", at, "--sort", "size"}, exitUsage, "norm, mean or poly"},
		{[]string{"pairs", "nothing"}, exitFailure, "nothing"},
		{[]string{"neuron", at, "x", "-o", "y.png"}, exitUsage, "the number of a neuron"},
		{[]string{"pairs", at, "--model", "../../testdata/tiny/model.safetensors"}, exitFailure, "atlas is of something else"},
	} {
		code, _, log := facet(t, c.args...)
		if code != c.code || !strings.Contains(log, c.want) {
			t.Errorf("%v: exit code %d, %s; want %d and %q", c.args, code, log, c.code, c.want)
		}
	}
}
