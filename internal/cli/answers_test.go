package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
)

var update = flag.Bool("update", false, "write testdata/answers anew")

// question is one question of the command line whose answer is kept in testdata/answers, as a table and as JSON.
type question struct {
	name string
	args []string // PICTURE, ATLAS, BANK, SCENES and PROFILE stand for what TestAnswers made
}

// everyQuestion asks each verb that prints a result of the demo model. What needs a network, a database or minutes is left out.
var everyQuestion = []question{
	{"explain", []string{"explain", "PICTURE", "--top", "5"}},
	{"explain-text", []string{"explain", "PICTURE", "--top", "5", "--text", "a yellow convertible"}},
	{"explain-bank", []string{"explain", "PICTURE", "--top", "3", "--bank", "BANK"}},
	{"classify", []string{"classify", "PICTURE", "--labels", "sedan, tree, cat", "--top", "3"}},
	{"classify-why", []string{"classify", "PICTURE", "--labels", "sedan, tree, cat", "--top", "2", "--why"}},
	{"embed", []string{"embed", "PICTURE", "-o", "OUT.npy"}},
	{"search", []string{"search", "a castle", "--top", "4"}},
	{"search-neuron", []string{"search", "a castle", "--top", "4", "--unit", "neuron"}},
	{"search-head", []string{"search", "a castle", "--top", "4", "--unit", "head"}},
	{"search-atlas", []string{"search", "a castle", "--top", "4", "--atlas", "ATLAS"}},
	{"nearest", []string{"nearest", "89,3", "--top", "4"}},
	{"label", []string{"label", "--units", "top:3", "--terms", "4"}},
	{"label-pair", []string{"label", "--units", "89,3"}},
	{"compare-atlases", []string{"compare", "ATLAS", "ATLAS", "--top", "3", "--match", "--candidates", "50"}},
	{"edit-dry-run", []string{"edit", "--means", "ATLAS", "--remove", "castle", "--keep", "house", "--erase-texts", "snow", "--dry-run"}},
	{"label-atlas", []string{"label", "ATLAS", "--units", "top:5", "--terms", "4"}},
	{"pairs", []string{"pairs", "ATLAS", "--top", "4"}},
	{"pairs-neuron", []string{"pairs", "ATLAS", "--neuron", "5", "--sort", "poly"}},
	{"neuron", []string{"neuron", "ATLAS", "89", "--pairs", "2", "--images", "3", "-o", "OUT.png"}},
	{"tree", []string{"tree", "ATLAS", "273", "--clusters", "3", "--images", "2", "-o", "OUT.png"}},
	{"tree-all", []string{"tree", "ATLAS", "--all", "--clusters", "2", "--draws", "19", "--top", "3"}},
	{"compare", []string{"compare", "demo", "demo"}},
	{"sink", []string{"sink", "ATLAS", "--limit", "8"}},
	{"reconstruct", []string{"reconstruct", "ATLAS", "--unit", "pair", "--components", "1"}},
	{"reconstruct-neuron", []string{"reconstruct", "ATLAS", "--unit", "neuron", "--components", "0,1,4"}},
	{"ablate", []string{"ablate", "ATLAS", "--percentile", "0,90", "--random"}},
	{"polysemanticity", []string{"polysemanticity", "ATLAS", "--unit", "head"}},
	{"atlas-show", []string{"atlas", "show", "ATLAS"}},
	{"segment", []string{"segment", "PICTURE", "--classes", "sedan, tree, grass", "-o", "OUT"}},
	{"evaluate-segmentation", []string{"evaluate", "segmentation", "scenes:default?n=2&seed=5"}},
	{"evaluate-classification", []string{"evaluate", "classification", "imagefolder:../../dataset/known/testdata/imagefolder"}},
	{"evaluate-retrieval", []string{"evaluate", "retrieval", "coco:../../dataset/known/testdata/coco"}},
	{"model-list", []string{"model", "list"}},
	{"model-inspect", []string{"model", "inspect", "demo"}},
	{"model-doctor", []string{"model", "doctor", "demo"}},
	{"drift-compare", []string{"drift", "compare", "PROFILE", "scenes:snow-arrives?n=12&seed=9&window=3"}},
}

// TestAnswers holds every verb's table and JSON to what they were. go test ./internal/cli -run TestAnswers -update writes them anew.
func TestAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("asks some thirty questions, twice each")
	}
	dir := t.TempDir()
	stand := map[string]string{}
	for name, file := range map[string]string{"ATLAS": "scenes.atlas", "SCENES": "scenes", "PROFILE": "scenes.profile", "BANK": "words.txt"} {
		stand[name] = filepath.Join(dir, file)
	}
	portable := []string{"--model", "demo", "--engine", "portable"}
	succeed(t, append([]string{"scan", "scenes:single?n=24&seed=3", "-o", stand["ATLAS"], "--keep-scalars"}, portable...)...)
	succeed(t, "scenes", "-n", "1", "--seed", "11", "-o", stand["SCENES"])
	succeed(t, append([]string{"drift", "profile", "scenes:single?n=24&seed=4", "--vary", "0", "-o", stand["PROFILE"]}, portable...)...)
	if err := os.WriteFile(stand["BANK"], []byte("sedan\ncastle\nsnow\nbutterfly\ncat\nguitar\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	pictures, err := filepath.Glob(filepath.Join(stand["SCENES"], "images", "*", "*.png"))
	if err != nil || len(pictures) == 0 {
		t.Fatalf("no picture: %v", err)
	}
	stand["PICTURE"] = pictures[0]
	for _, q := range everyQuestion {
		t.Run(q.name, func(t *testing.T) { q.compare(t, dir, stand, portable) })
	}
}

func (q question) compare(t *testing.T, dir string, stand map[string]string, flags []string) {
	args := make([]string, len(q.args))
	for i, a := range q.args {
		if args[i] = a; strings.HasPrefix(a, "OUT") {
			args[i] = filepath.Join(t.TempDir(), "out"+strings.TrimPrefix(a, "OUT"))
		} else if s, ok := stand[a]; ok {
			args[i] = s
		}
	}
	args = append(args, flags...)
	if q.args[0] == "compare" { // which models are compared, the arguments say
		args = append(args[:len(q.args)], "--engine", "portable")
	}
	if q.args[0] == "model" {
		args = args[:len(q.args)]
		alone(t)
	}
	for ending, out := range map[string]string{".txt": succeed(t, args...), ".json": succeed(t, append(args, "--json")...)} {
		if ending == ".txt" && strings.Contains(out, "ms an image") {
			continue // times differ from run to run
		}
		compareAnswer(t, filepath.Join("testdata", "answers", q.name+ending), lasting(out, dir, os.TempDir()))
	}
}

// shapes are the types of the answers, by the first words of the question.
var shapes = map[string]func() any{
	"explain": func() any { return new(answer.Explanation) }, "classify": func() any { return new(answer.Classification) },
	"embed": func() any { return new(answer.Embeddings) }, "search": func() any { return new(answer.Search) },
	"nearest": func() any { return new(answer.Nearest) }, "pairs": func() any { return new(answer.Pairs) },
	"neuron": func() any { return new(answer.Neuron) }, "compare": func() any { return new(answer.ModelComparison) }, "tree": func() any { return new(answer.Tree) }, "tree-all": func() any { return new(answer.Trees) }, "segment": func() any { return new(answer.Segmentation) },
	"evaluate segmentation":   func() any { return new(answer.SegmentationScores) },
	"evaluate retrieval":      func() any { return new(answer.RetrievalScores) },
	"evaluate classification": func() any { return new(answer.ClassificationScores) },
	"model inspect":           func() any { return new(answer.Inspection) }, "model doctor": func() any { return new(answer.Diagnosis) },
	"model verify":  func() any { return new(answer.Verification) },
	"drift compare": func() any { return new(answer.Drift) }, "label": func() any { return new(answer.Labels) },
	"sink": func() any { return new(answer.Sink) }, "reconstruct": func() any { return new(answer.Reconstructions) },
	"ablate": func() any { return new(answer.Ablations) }, "polysemanticity": func() any { return new(answer.Polysemanticity) },
	"edit": func() any { return new(answer.EditPrice) }, "model list": func() any { return new([]answer.ListedModel) }, "atlas show": func() any { return new(atlas.Manifest) },
}

// TestShapes: what is printed has no field that package answer, and so docs/reference/json.md, does not have.
func TestShapes(t *testing.T) {
	for _, q := range everyQuestion {
		shape := shapes[q.name]
		if shape == nil {
			shape = shapes[q.args[0]]
		}
		if shape == nil {
			shape = shapes[strings.Join(q.args[:2], " ")]
		}
		if shape == nil {
			t.Errorf("%s: no type of package answer", q.name)
			continue
		}
		data, err := os.ReadFile(filepath.Join("testdata", "answers", q.name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(shape()); err != nil {
			t.Errorf("%s: %v", q.name, err)
		}
	}
}

// lasting takes out of an answer what differs from run to run: folders, and times.
func lasting(out string, folders ...string) string {
	for _, f := range folders {
		out = strings.ReplaceAll(out, f, "DIR")
	}
	out = regexp.MustCompile(`(seconds": )[\d.e-]+`).ReplaceAllString(out, "${1}0")
	out = regexp.MustCompile(`DIR/TestAnswers[\w-]*/\d+`).ReplaceAllString(out, "DIR")
	return regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z?`).ReplaceAllString(out, "TIME")
}

// figure is a number in a text, with its sign and its exponent.
var figure = regexp.MustCompile(`[-+−]?\d+(\.\d+)?(e[-+]?\d+)?`)

// compareAnswer holds an answer to a file: texts are the same, numbers the same to what processors differ by.
func compareAnswer(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := string(data)
	if diff := cmp.Diff(figure.ReplaceAllString(want, "#"), figure.ReplaceAllString(got, "#")); diff != "" {
		t.Errorf("%s: %s", file, diff)
		return
	}
	numbers := figure.FindAllString(got, -1)
	for i, w := range figure.FindAllString(want, -1) {
		if !near(w, numbers[i]) {
			t.Errorf("%s: number %d is %s, was %s", file, i+1, numbers[i], w)
		}
	}
}

// near compares whole numbers exactly, and others to three in a thousand or one in the last digit shown; what is all rounding (below 1e-5) counts as 0.
func near(want, got string) bool {
	if want == got {
		return true
	}
	w, err := strconv.ParseFloat(strings.ReplaceAll(want, "−", "-"), 64)
	g, err2 := strconv.ParseFloat(strings.ReplaceAll(got, "−", "-"), 64)
	if err != nil || err2 != nil || !strings.Contains(want+got, ".") && !strings.Contains(want+got, "e") {
		return false
	}
	last := 0.0
	if _, digits, ok := strings.Cut(want, "."); ok && !strings.Contains(want, "e") && len(digits) <= 4 {
		last = math.Pow(10, -float64(len(digits)))
	}
	return math.Abs(w-g) <= 3e-3*math.Abs(w)+1.01*last+1e-5
}
