package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mostJSON bounds what a verb prints when little is asked of it, in bytes.
const mostJSON = 64 << 10

// jsonTrial is a command line of each verb that prints a result, with little asked for.
func jsonTrials(t *testing.T) [][]string {
	t.Helper()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	words := in("words.txt")
	if err := os.WriteFile(words, []byte("car\ntree\nhouse\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	edited := in("pairs.json")
	if err := os.WriteFile(edited, []byte(`[{"neuron": 3, "head": 1}, {"neuron": 5, "head": 2}]`), 0o644); err != nil {
		t.Fatal(err)
	}
	picture := "scenes:default?n=1&size=64"
	small := "scenes:default?n=12&size=64"
	_, pictures := pictureFolder(t)
	succeed(t, "scan", small, "-o", in("part0"), "--shard", "0/2", "--keep-scalars")
	succeed(t, "scan", small, "-o", in("part1"), "--shard", "1/2", "--keep-scalars")
	trials := [][]string{ // in an order in which each finds what it needs
		{"version"}, {"model", "list"}, {"model", "inspect", "demo"}, {"model", "doctor", "demo"}, {"model", "verify", "demo"},
		{"scenes", "-n", "2", "-o", in("scenes"), "--size", "64"},
		{"demo", "-o", in("demo")},
		{"explain", picture, "--top", "2"}, {"embed", picture}, {"trace", picture, "--what", "attentions", "-o", in("attentions.npy")}, {"classify", picture, "--labels", "car, tree, house", "--top", "2"},
		{"segment", pictures[0], "--classes", "car, tree"},
		{"texts", words, "-o", in("bank")}, {"nearest", "3,1", "--top", "2"}, {"search", "a car", "--top", "2"},
		{"scan", small, "-o", in("atlas"), "--keep-scalars"},
		{"atlas", "merge", in("part0"), in("part1"), "-o", in("merged")}, {"atlas", "show", in("atlas")},
		{"pairs", in("atlas"), "--top", "2"}, {"neuron", in("atlas"), "3"}, {"head", in("atlas"), "3", "--span", "2", "--top", "2", "--like", "1"}, {"property", in("atlas"), "red, green", "--top", "2"},
		{"confuse", "a cat", "a dog", "--top", "2", "--terms", "4"}, {"discover", picture, "--atlas", in("atlas"), "--top", "2", "--terms", "4"}, {"tree", in("atlas"), "3"}, {"compare", "demo", "demo"},
		{"reconstruct", in("atlas")}, {"reconstruct", in("atlas"), "--unit", "head", "--words", "1,2"}, {"components", in("atlas"), "--unit", "head", "--terms", "2", "--top", "2", "-o", in("heads.npy")},
		{"ablate", in("atlas")}, {"polysemanticity", in("atlas"), "--top", "2"}, {"sink", in("atlas"), "--limit", "4"},
		{"edit", "--means", in("atlas"), "--pairs", edited, "--dry-run"},
		{"scan", "scenes:shortcut?n=40&size=64", "-o", in("shortcut"), "--keep-scalars"}, {"evaluate", "groups", in("shortcut")},
		// A model that sees no more what the text says of cats takes some of them for birds: only such a model has a cue to be suspected.
		{"scan", "scenes:shortcut-even?n=48&size=64", "-o", in("even"), "--keep-scalars"},
		{"edit", "--means", in("even"), "--erase-texts", "cat", "--side", "image", "-o", in("blind.safetensors")},
		{"scan", "scenes:shortcut-even?n=48&size=64", "--model", in("blind.safetensors"), "-o", in("blind"), "--keep-scalars"},
		{"edit", "suggest", in("blind"), "--model", in("blind.safetensors"), "--draws", "2", "-o", in("suggested.json")},
		{"evaluate", "segmentation", "scenes:default?n=1&size=64"}, {"evaluate", "classification", "scenes:default?n=4&size=64"},
		{"evaluate", "retrieval", "coco:../../dataset/known/testdata/coco"},
	}
	if testing.Short() { // what names pairs takes long
		return trials
	}
	for _, part := range []string{"0", "1"} {
		succeed(t, "drift", "profile", "scenes:steady?n=20&size=64&seed="+part, "-o", in("part"+part+".profile"), "--vary", "0")
	}
	return append(trials, [][]string{
		{"label", "--top", "2", "--units", "top:100"}, {"label", in("atlas"), "--top", "2", "--units", "top:100"},
		{"evaluate", "labels", in("atlas"), "--top", "2"},
		{"drift", "profile", "scenes:steady?n=40&size=64", "-o", in("a.profile"), "--vary", "0"},
		{"drift", "merge", in("part0.profile"), in("part1.profile"), "-o", in("merged.profile")},
		{"drift", "compare", in("a.profile"), "scenes:yellow-cars?n=20&size=64"},
		{"drift", "watch", in("a.profile"), "scenes:yellow-cars?n=20&size=64", "--window", "20", "--store", in("drift.db")},
		{"drift", "accept", in("a.profile"), "-o", in("accepted.profile"), "--window", "20", "--store", in("drift.db")},
	}...)
}

// slowJSONTrials are the verbs that are tried only without -short.
var slowJSONTrials = []string{"label", "evaluate labels", "drift profile", "drift merge", "drift compare", "drift watch", "drift accept"}

// withoutJSONTrial are the verbs that no trial runs, and why.
var withoutJSONTrial = map[string]string{
	"":                      "the help",
	"help":                  "help",
	"atlas":                 "holds verbs",
	"completion":            "holds verbs",
	"completion bash":       "a shell's script",
	"completion fish":       "a shell's script",
	"completion powershell": "a shell's script",
	"completion zsh":        "a shell's script",
	"drift":                 "holds verbs",
	"evaluate":              "holds verbs",
	"model":                 "holds verbs",
	"model pull":            "needs a server: TestModelPull",
	"reproduce":             "holds verbs",
	"reproduce paper":       "needs data sets: TestReproducePaper",
	"serve":                 "answers over HTTP until it is interrupted: TestServeAnswersAsJSON",
}

// TestJSONOfEveryVerb: with --json, stdout is one JSON document and nothing else, small where little is asked for. The demo model has 9,216 pairs:
// what printed a row for each would be larger.
func TestJSONOfEveryVerb(t *testing.T) {
	tried := map[string]bool{}
	all := commands(t)
	for _, args := range jsonTrials(t) {
		verb := args[0]
		if all[verb].HasSubCommands() && all[verb+" "+args[1]] != nil {
			verb += " " + args[1]
		}
		tried[verb] = true
		out := succeed(t, append(args, "--json")...)
		documents := []string{out}
		if verb == "drift watch" { // one for each window
			documents = strings.SplitAfter(strings.TrimSuffix(out, "\n"), "\n")
		}
		for _, d := range documents {
			if !json.Valid([]byte(d)) || len(d) > mostJSON {
				t.Errorf("facet %s: %d bytes: expected one JSON document of at most %d: %.300s", strings.Join(args, " "), len(d), mostJSON, d)
			}
		}
	}
	for verb := range all {
		_, excused := withoutJSONTrial[verb]
		if excused = excused || testing.Short() && slices.Contains(slowJSONTrials, verb); excused == tried[verb] {
			t.Errorf("facet %s: tried %v, excused %v: every verb is one or the other", verb, tried[verb], excused)
		}
	}
}

// TestJSONGrowsWithWhatIsAsked: five times the labels at hand do not make a document larger; five times --top does.
func TestJSONGrowsWithWhatIsAsked(t *testing.T) {
	size := func(args ...string) int { return len(succeed(t, append(args, "--json")...)) }
	pictures := func(n, labels, top string) int {
		return size("classify", "scenes:default?n="+n+"&size=64", "--labels", labels, "--top", top)
	}
	two, ten := "a, b", "a, b, c, d, e, f, g, h, i, j"
	few, many := pictures("4", two, "2"), pictures("4", ten, "2")
	if asked, more := pictures("4", ten, "10"), pictures("20", ten, "2"); many > few+few/10 || asked < 2*many || more > 5*many {
		t.Errorf("classify: %d bytes of 2 labels, %d of 10, %d with five times --top, %d with five times the pictures", few, many, asked, more)
	}
}
