package cli

import (
	"encoding/json"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/lab"
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

	var pairs struct{ Pairs []answer.UsedPair }
	ask(&pairs, "pairs", at, "--top", "30")
	for i, p := range pairs.Pairs {
		if i > 0 && p.Norm > pairs.Pairs[i-1].Norm || len(p.Words) != 3 {
			t.Errorf("pair %d: %+v after %+v", i, p, pairs.Pairs[i-1])
		}
	}
	ask(&pairs, "pairs", at, "--neuron", "5", "--sort", "poly")
	if len(pairs.Pairs) != 12 || pairs.Pairs[0].Polysemanticity > pairs.Pairs[11].Polysemanticity {
		t.Errorf("pairs of a neuron: %+v", pairs.Pairs)
	}

	var rebuilt struct {
		Images int
		Rows   []answer.Reconstruction
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

	var ablated struct{ Rows []answer.Ablation }
	ask(&ablated, "ablate", at, "--random", "-o", filepath.Join(dir, "chart.svg"), "--percentile", "0,90")
	first, last := ablated.Rows[0], ablated.Rows[1]
	if first.Held != 0 || math.Abs(first.Cosine-1) > 1e-5 || last.Held != 8294 || last.Cosine <= last.Random.Cosine {
		t.Errorf("ablation %+v", ablated.Rows)
	}
	ask(&ablated, "ablate", at, "--unit", "head", "--keep", "--percentile", "50")
	if ablated.Rows[0].Held != 6 {
		t.Errorf("half of 12 heads: %+v", ablated.Rows)
	}

	var poly answer.Polysemanticity
	ask(&poly, "polysemanticity", at, "--unit", "neuron", "-o", chart)
	if len(poly.Units) != 20 || poly.Units[0].Head != nil || poly.Units[0].Score != poly.Spread.Low || poly.Comparison.Lower+poly.Comparison.Higher > 768 || !(poly.Spread.Median > 0) {
		t.Errorf("%d units, %+v, %+v", len(poly.Units), poly.Comparison, poly.Spread)
	}

	var sink answer.Sink
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

	var found answer.Search
	ask(&found, "search", "a castle", "--atlas", at, "--top", "3", "-o", chart)
	if len(found.Hits) != 3 || found.Hits[0].Use == nil || !(*found.Hits[0].Use > 0) {
		t.Errorf("%+v", found)
	}
	var labels answer.Labels
	ask(&labels, "label", at, "--units", "top:5", "--terms", "4")
	ask(&pairs, "pairs", at, "--top", "5")
	for i, l := range labels.Pairs {
		if p := pairs.Pairs[i]; l.Neuron != p.Neuron || l.Head != p.Head {
			t.Errorf("label %d is of (%d,%d), the pair used most of (%d,%d)", i, l.Neuron, l.Head, p.Neuron, p.Head)
		}
	}
	labelsKept(t, ask, at)
	succeed(t, "pairs", at, "-o", filepath.Join(dir, "use.svg"), "--engine", engine)
	var rows struct{ Rows []answer.Unit }
	ask(&rows, "neuron", at, "89", "--compat", "reference", "--top", "2", "--images", "3")
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

// labelsKept: an atlas keeps its labels, and every verb that names pairs shows them.
func labelsKept(t *testing.T, ask func(into any, args ...string), at string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(at, "labels.parquet")); err != nil {
		t.Fatal(err)
	}
	var labels answer.Labels
	ask(&labels, "label", at, "--units", "top:40%", "--terms", "6", "--top", "9216")
	if len(labels.FiresNull) == 0 || len(labels.Pairs) != 3687 {
		t.Errorf("%d labels, %d numbers of chance", len(labels.Pairs), len(labels.FiresNull))
	}
	want := map[[2]int]answer.LabelledPair{}
	named := 0
	for _, l := range labels.Pairs {
		if want[[2]int{l.Neuron, l.Head}] = l; l.Fires.Named {
			named++
		}
	}
	if named < 100 {
		t.Errorf("only %d pairs are named by what they fire for", named)
	}
	same := func(where string, neuron, head int, got answer.Names) {
		l, labelled := want[[2]int{neuron, head}]
		if labelled != (got.Says != nil) || labelled && !(cmp.Equal(*got.Says, l.Name) && cmp.Equal(*got.Fires, l.Fires.Name)) {
			t.Errorf("%s: (%d,%d) is shown as %+v, labelled %+v", where, neuron, head, got, l)
		}
	}
	var again answer.Labels
	ask(&again, "label", at, "--units", "top:40%", "--terms", "6", "--top", "9216")
	if diff := cmp.Diff(labels, again); diff != "" {
		t.Errorf("read again, labels differ: %s", diff)
	}
	var pairs struct{ Pairs []answer.UsedPair }
	ask(&pairs, "pairs", at, "--top", "5")
	for _, p := range pairs.Pairs {
		same("pairs", p.Neuron, p.Head, p.Names)
	}
	var rows struct{ Rows []answer.Unit }
	ask(&rows, "neuron", at, "89", "--top", "3")
	for _, r := range rows.Rows[1:] {
		same("neuron", r.Neuron, *r.Head, r.Names)
	}
	var found answer.Search
	ask(&found, "search", "a castle", "--atlas", at, "--top", "30")
	for _, h := range found.Hits {
		same("search", *h.Neuron, *h.Head, h.Names)
	}
	var explained answer.Explanation
	ask(&explained, "explain", "../../docs/images/scene.png", "--atlas", at, "--top", "5")
	for _, p := range explained.Pairs {
		same("explain", p.Neuron, p.Head, p.Names)
	}
	if out := succeed(t, "pairs", at, "--top", "3"); !strings.Contains(out, "fires for") || !strings.Contains(out, "says") {
		t.Error(out)
	}
	file := filepath.Join(t.TempDir(), "labels.csv")
	succeed(t, "label", at, "--units", "top:3", "-o", file)
	succeed(t, "label", at, "--units", "89,5")
	var kept struct{ Labels struct{ Pairs int } }
	ask(&kept, "atlas", "show", at)
	if kept.Labels.Pairs != 3687 {
		t.Errorf("a file and a single pair leave the atlas as it is: it has %d labels", kept.Labels.Pairs)
	}
}

// TestEvaluateLabels: the demo model's labels hold, for most pairs, on scenes that they were not made from.
func TestEvaluateLabels(t *testing.T) {
	if testing.Short() {
		t.Skip("renders 600 scenes and labels every pair four times")
	}
	var r answer.LabelReport
	if err := json.Unmarshal([]byte(succeed(t, "evaluate", "labels", "--scenes", "150", "--top", "1000", "--json")), &r); err != nil {
		t.Fatal(err)
	}
	if r.Fires.Pairs != 200 || r.Fires.Named < 120 || 10*r.Fires.Predictive < 8*r.Fires.Named || r.Truth.Named < 20 {
		t.Errorf("fires: %d named, %d predictive; says: %d, %d", r.Fires.Named, r.Fires.Predictive, r.Truth.Named, r.Truth.Predictive)
	}
	more, own, control := 0, 0.0, 0.0
	for _, a := range r.CausalFires {
		own, control = own+a.Own, control+a.Control
		if a.Own > a.Others {
			more++
		}
	}
	if n := len(r.CausalFires); n < 30 || 3*more < 2*n || own < 3*max(control, 0.01) {
		t.Errorf("holding their pairs hurts %d of %d words more than others; falls sum to %g, of random pairs to %g", more, n, own, control)
	}
	whole, words := r.Reconstruction[0], r.Reconstruction[1:]
	if whole.Terms != 0 || math.Abs(whole.Cosine-1) > 1e-6 || whole.Accuracy.Of != 75 || whole.Accuracy.Value() < 0.9 {
		t.Errorf("the pairs themselves: %+v", whole)
	}
	for i, terms := range []int{1, 4, 16, 64} {
		if x := words[i]; x.Terms != terms || i > 0 && x.Cosine <= words[i-1].Cosine {
			t.Errorf("more words, less like the model: %+v", words)
		}
	}
	var out strings.Builder
	(&app{stdout: &out}).printLabelReport(&r, 3)
	if printed := out.String(); !strings.Contains(printed, "fires for") || strings.Count(printed, "Holding the pairs") != 2 || strings.Count(printed, "\n") < len(r.CausalFires) {
		t.Error(printed)
	}
	if c := lab.LabelCurve(&r); len(c.Series) != 3 || len(c.Series[0].X) != r.Fires.Named {
		t.Errorf("chart of %d lines", len(c.Series))
	}
	if c := lab.LabelCurve(&answer.LabelReport{Reconstruction: r.Reconstruction}); len(c.Series) != 2 || len(c.Series[0].X) != 4 {
		t.Errorf("chart of the reconstruction: %+v", c)
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
		{[]string{"evaluate", "labels", at}, exitFailure, "--keep-scalars"},
		{[]string{"evaluate", "labels", "--model", "RN50"}, exitUsage, "expected an ATLAS"},
		{[]string{"evaluate", "labels", "--scenes", "3"}, exitUsage, "from 100 to"},
		{[]string{"explain", "../../docs/images/scene.png", "--atlas", at}, exitFailure, "facet label"},
		{[]string{"label", at, "more"}, exitUsage, "too much"},
		{[]string{"label", "RN50", "--model", "RN50"}, exitUsage, "one model"},
		{[]string{"label", "nowhere.pt", "--bank", "x"}, exitFailure, "nowhere.pt"},
		{[]string{"neuron", at, "x", "-o", "y.png"}, exitUsage, "the number of a neuron"},
		{[]string{"pairs", at, "--model", "../../testdata/tiny/model.safetensors"}, exitFailure, "it is another model"},
	} {
		code, _, log := facet(t, c.args...)
		if code != c.code || !strings.Contains(log, c.want) {
			t.Errorf("%v: exit code %d, %s; want %d and %q", c.args, code, log, c.code, c.want)
		}
	}
}
