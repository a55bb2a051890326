package cli

import (
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
)

// shared holds what several tests ask and none changes. TestMain removes its folder.
var shared struct {
	dir     string
	scanned sync.Once
}

// thirteen are the scenes of someAtlas.
const thirteen = "scenes:single?n=13&seed=3"

// someAtlas is the folder of an atlas of 13 scenes by the demo model, with scalars and without labels. It is scanned when it is first asked for.
func someAtlas(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(shared.dir, "scenes.atlas")
	shared.scanned.Do(func() { succeed(t, scanArgs(thirteen, dir, "--keep-scalars")...) })
	return dir
}

// ask reads what a question prints with --json.
func ask(t *testing.T, into any, args ...string) {
	t.Helper()
	out := succeed(t, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
}

// wide is the width of a PNG.
func wide(t *testing.T, path string) int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, err := png.DecodeConfig(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return c.Width
}

func TestReconstruct(t *testing.T) {
	at, chart := someAtlas(t), filepath.Join(t.TempDir(), "chart.png")
	var r answer.Reconstructions
	ask(t, &r, "reconstruct", at, "--unit", "neuron", "--components", "4,0,1", "--compat", "reference", "-o", chart)
	if r.Images != 7 || r.Unit != "neuron" || r.Compat != "reference" || len(r.Rows) != 3 || r.Rows[1].Components != 1 || wide(t, chart) < 400 {
		t.Errorf("%+v", r)
	}
	if out := succeed(t, "reconstruct", at, "--components", "1"); !strings.Contains(out, "components of each pair") ||
		!strings.Contains(out, "1.0000 ±") || !strings.Contains(out, "7 images") {
		t.Error(out)
	}
}

func TestAblate(t *testing.T) {
	at, chart := someAtlas(t), filepath.Join(t.TempDir(), "chart.svg")
	var r answer.Ablations
	ask(t, &r, "ablate", at, "--unit", "head", "--keep", "--percentile", "50", "-o", chart)
	if svg, err := os.ReadFile(chart); len(r.Rows) != 1 || r.Rows[0].Held != 6 || !r.StrongHeld || r.Rows[0].Random != nil || err != nil || !strings.Contains(string(svg), "strongest held") {
		t.Errorf("half of 12 heads: %+v, %v", r, err)
	}
	if out := succeed(t, "ablate", at, "--random", "--percentile", "90,0"); !strings.Contains(out, "8294 of 9216") ||
		strings.Index(out, "0 of 9216") > strings.Index(out, "8294 of") || strings.Count(out, " to ") != 4 {
		t.Error(out)
	}
}

func TestPolysemanticity(t *testing.T) {
	at, chart := someAtlas(t), filepath.Join(t.TempDir(), "chart.png")
	var r answer.Polysemanticity
	ask(t, &r, "polysemanticity", at, "--unit", "neuron", "--top", "3", "-o", chart)
	if len(r.Units) != 3 || r.Units[0].Head != nil || r.Units[0].Score != r.Spread.Low || wide(t, chart) < 400 {
		t.Errorf("%d units, %+v, %+v", len(r.Units), r.Comparison, r.Spread)
	}
	if out := succeed(t, "polysemanticity", at); !strings.Contains(out, "strongest pair of a neuron") || strings.Count(out, "(") < 20 {
		t.Error(out)
	}
}

func TestPairs(t *testing.T) {
	at, chart := someAtlas(t), filepath.Join(t.TempDir(), "use.svg")
	var r answer.Pairs
	ask(t, &r, "pairs", at, "--top", "30", "-o", chart)
	for i, p := range r.Pairs {
		if i > 0 && p.Norm > r.Pairs[i-1].Norm || len(p.Words) != 3 {
			t.Errorf("pair %d: %+v", i, p)
		}
	}
	if svg, err := os.ReadFile(chart); len(r.Pairs) != 30 || err != nil || !strings.Contains(string(svg), "<svg") {
		t.Errorf("%d pairs, %v", len(r.Pairs), err)
	}
	ask(t, &r, "pairs", at, "--neuron", "5", "--sort", "poly")
	if len(r.Pairs) != 12 || !(r.Pairs[0].Polysemanticity < r.Pairs[11].Polysemanticity) {
		t.Errorf("pairs of a neuron: %+v", r.Pairs)
	}
}

func TestNeuron(t *testing.T) {
	at, sheet := someAtlas(t), filepath.Join(t.TempDir(), "sheet.png")
	var r answer.Neuron
	ask(t, &r, "neuron", at, "89", "--compat", "reference", "--top", "1", "--images", "2", "-o", sheet)
	if len(r.Rows) != 2 || r.Rows[0].Head != nil || len(r.Rows[1].Images) != 2 || r.Rows[1].Images[0].Norm < r.Rows[1].Images[1].Norm {
		t.Errorf("%+v", r.Rows)
	}
	if w := wide(t, sheet); w < 400 {
		t.Errorf("a sheet of %d pixels", w)
	}
}

func TestSearchAtlas(t *testing.T) {
	at, sheet := someAtlas(t), filepath.Join(t.TempDir(), "sheet.png")
	var r answer.Search
	ask(t, &r, "search", "a castle", "--atlas", at, "--top", "3", "-o", sheet)
	if len(r.Hits) != 3 || r.Hits[0].Use == nil || !(*r.Hits[0].Use > 0) || wide(t, sheet) < 400 {
		t.Errorf("%+v", r)
	}
}

// TestLabelsKept: an atlas keeps its labels, and every verb that names pairs shows them.
func TestLabelsKept(t *testing.T) {
	if testing.Short() {
		t.Skip("scans 60 scenes, labels 369 pairs and asks a dozen questions")
	}
	at := scan(t, "scenes:single?n=60&seed=3&size=96", "--keep-scalars") // of few pictures nothing is named by what it fires for
	var labels answer.Labels
	ask(t, &labels, "label", at, "--units", "top:4%", "--terms", "6", "--top", "9216")
	if _, err := os.Stat(filepath.Join(at, "labels.parquet")); err != nil {
		t.Fatal(err)
	}
	if len(labels.FiresNull) == 0 || len(labels.Pairs) != 369 {
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
	ask(t, &again, "label", at, "--units", "top:4%", "--terms", "6", "--top", "9216")
	if diff := cmp.Diff(labels, again); diff != "" {
		t.Errorf("read again, labels differ: %s", diff)
	}
	var pairs struct{ Pairs []answer.UsedPair }
	ask(t, &pairs, "pairs", at, "--top", "5")
	for _, p := range pairs.Pairs {
		same("pairs", p.Neuron, p.Head, p.Names)
	}
	var rows struct{ Rows []answer.Unit }
	ask(t, &rows, "neuron", at, "89", "--top", "3")
	for _, r := range rows.Rows[1:] {
		same("neuron", r.Neuron, *r.Head, r.Names)
	}
	var found answer.Search
	ask(t, &found, "search", "a castle", "--atlas", at, "--top", "30")
	for _, h := range found.Hits {
		same("search", *h.Neuron, *h.Head, h.Names)
	}
	var explained answer.Explanation
	ask(t, &explained, "explain", "../../docs/images/scene.png", "--atlas", at, "--top", "5")
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
	ask(t, &kept, "atlas", "show", at)
	if kept.Labels.Pairs != 369 {
		t.Errorf("a file and a single pair leave the atlas as it is: it has %d labels", kept.Labels.Pairs)
	}
}

// TestStudiesRefuse: what is wrong with a question of an atlas is said, with the code of a mistake in the command line or of a failure.
func TestStudiesRefuse(t *testing.T) {
	at := scan(t, "scenes:single?n=2&size=64")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"reconstruct", at}, exitFailure, "--keep-scalars"},
		{[]string{"reconstruct", at, "--unit", "layer"}, exitUsage, "expected pair, neuron or head"},
		{[]string{"reconstruct", at, "-o", "x.gif"}, exitUsage, ".png or .svg"},
		{[]string{"reconstruct", at, "--classes", "bus"}, exitUsage, "--classes bus: expected at least two"},
		{[]string{"sink", at, "--classes", "bus"}, exitUsage, "--classes bus: expected at least two"},
		{[]string{"ablate", at, "--percentile", "101"}, exitUsage, "0 to 100"},
		{[]string{"pairs", at, "--neuron", "768"}, exitUsage, "0 to 767"},
		{[]string{"pairs", at, "--sort", "size"}, exitUsage, "norm, mean or poly"},
		{[]string{"pairs", "nothing"}, exitFailure, "nothing"},
		{[]string{"evaluate", "labels", at}, exitFailure, "--keep-scalars"},
		{[]string{"evaluate", "labels", "--model", "RN50"}, exitUsage, "expected an ATLAS"},
		{[]string{"evaluate", "labels", "--scenes", "3"}, exitUsage, "from 100 to"},
		{[]string{"explain", "../../docs/images/scene.png", "--atlas", at}, 0, "facet label"},
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
