package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
)

func labelsOf(t *testing.T, args ...string) (r answer.Labels) {
	t.Helper()
	out := succeed(t, append([]string{"label", "--json", "--model", "demo", "--top", "1000"}, args...)...)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestLabel: engines agree, residuals shrink, and every file holds what --json prints.
func TestLabel(t *testing.T) {
	var first answer.Labels
	for i, engine := range engineNames(t) {
		r := labelsOf(t, "--engine", engine, "--units", "top:30", "--terms", "8")
		if len(r.Pairs) != 30 || len(r.Null) == 0 || r.Texts < 10 {
			t.Fatalf("%d pairs, %d numbers of chance, %d texts", len(r.Pairs), len(r.Null), r.Texts)
		}
		for k, l := range r.Pairs {
			if k > 0 && l.Norm > r.Pairs[k-1].Norm || len(l.Terms) == 0 || len(l.Label) < 1 {
				t.Errorf("pair %d: %+v", k, l)
			}
			for j, term := range l.Terms {
				if j > 0 && term.Explained < l.Terms[j-1].Explained || math.Abs(term.Cosine*term.Cosine-term.Explained) > 1e-9 {
					t.Errorf("pair (%d,%d), term %d: %+v", l.Neuron, l.Head, j, term)
				}
			}
		}
		if r.Model.Engine = ""; i == 0 {
			first = r
		} else if diff := cmp.Diff(first, r, cmpopts.EquateApprox(0, 1e-4)); diff != "" {
			t.Errorf("%s: %s", engine, diff)
		}
	}
	dir := t.TempDir()
	want := 0
	for _, l := range first.Pairs {
		want += len(l.Terms)
	}
	for _, ending := range []string{"parquet", "csv", "jsonl"} {
		path := filepath.Join(dir, "labels."+ending)
		out := succeed(t, "label", "--model", "demo", "--units", "top:30", "--terms", "8", "--top", "3", "-o", path)
		if !strings.Contains(out, path) || strings.Count(out, "(") < 4 {
			t.Errorf("printed %q", out)
		}
		if got := countTerms(t, path); got != want {
			t.Errorf("%s: %d terms, want %d", path, got, want)
		}
	}
}

func countTerms(t *testing.T, path string) (n int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	switch filepath.Ext(path) {
	case ".parquet":
		rows, err := parquet.Read[atlas.LabelRow](bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		return len(rows)
	case ".csv":
		rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return len(rows) - 1
	}
	for line := range bytes.Lines(data) {
		var l answer.LabelledPair
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		n += len(l.Terms)
	}
	return n
}

// TestLabelMethods: one pair in the words of a file, by each method.
func TestLabelMethods(t *testing.T) {
	words := writeText(t, "a sedan", "something red", "a butterfly", "on grass", "a butterfly")
	for _, method := range []string{"omp", "nnomp", "lasso"} {
		r := labelsOf(t, "--bank", words, "--units", "(7,1)", "--method", method)
		if len(r.Pairs) != 1 || r.Pairs[0].Neuron != 7 || r.Pairs[0].Head != 1 || r.Texts != 4 {
			t.Errorf("%s: %d texts, %+v", method, r.Texts, r.Pairs)
		}
		for _, term := range r.Pairs[0].Terms {
			if method != "omp" && term.Coefficient < 0 {
				t.Errorf("%s: %+v", method, term)
			}
		}
	}
	reference := labelsOf(t, "--units", "7,1", "--dictionary-norm", "reference")
	rows := labelsOf(t, "--units", "7,1")
	if cmp.Equal(reference.Pairs, rows.Pairs) {
		t.Error("--dictionary-norm makes no difference")
	}
}

func TestLabelErrors(t *testing.T) {
	one := writeText(t, "a sedan")
	for _, c := range []struct {
		code int
		say  string
		args []string
	}{
		{exitUsage, "--method", []string{"--method", "pca"}},
		{exitUsage, "--dictionary-norm", []string{"--dictionary-norm", "columns"}},
		{exitUsage, "--terms", []string{"--terms", "0"}},
		{exitUsage, ".parquet", []string{"-o", "labels.xls"}},
		{exitUsage, "--units", []string{"--units", "top:0%"}},
		{exitUsage, "--units", []string{"--units", "top:x"}},
		{exitUsage, "neuron from 0", []string{"--units", "7,100"}},
		{exitUsage, "NEURON,HEAD", []string{"--units", "most"}},
		{exitFailure, "two different words", []string{"--bank", one}},
		{exitFailure, "no such file", []string{"--bank", "nowhere.txt"}},
	} {
		code, _, log := facet(t, append([]string{"label"}, c.args...)...)
		if code != c.code || !strings.Contains(log, c.say) {
			t.Errorf("label %v: exit code %d, %q", c.args, code, log)
		}
	}
}

// TestSearch: what search finds for a text, nearest finds back.
func TestSearch(t *testing.T) {
	for unit, named := range map[string]func(answer.Hit) bool{
		"pair":   func(h answer.Hit) bool { return h.Neuron != nil && h.Head != nil },
		"neuron": func(h answer.Hit) bool { return h.Neuron != nil && h.Head == nil },
		"head":   func(h answer.Hit) bool { return h.Neuron == nil && h.Head != nil },
	} {
		args := []string{"search", "a butterfly", "--model", "demo", "--unit", unit, "--top", "4"}
		var r answer.Search
		if err := json.Unmarshal([]byte(succeed(t, append(args, "--json")...)), &r); err != nil {
			t.Fatal(err)
		}
		if !r.Centered || len(r.Hits) != 4 {
			t.Fatalf("%s: %+v", unit, r)
		}
		for i, h := range r.Hits {
			if !named(h) || i > 0 && h.Cosine > r.Hits[i-1].Cosine || math.Abs(h.Cosine) > 1 {
				t.Errorf("%s: hit %d: %+v", unit, i, h)
			}
		}
		if out := succeed(t, append(args, "--no-center")...); strings.Count(out, "\n") != 6 {
			t.Errorf("%s: printed %q", unit, out)
		}
	}
}

// TestNearest: the cosine of a text with a pair is the one that search gives for that text, centred alike.
func TestNearest(t *testing.T) {
	words := writeText(t, "a sedan", "something red", "a butterfly", "on grass")
	var found answer.Search
	out := succeed(t, "search", "a butterfly", "--bank", words, "--model", "demo", "--top", "1", "--json")
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatal(err)
	}
	pair := found.Hits[0]
	name := "(" + jsonOf(t, *pair.Neuron) + "," + jsonOf(t, *pair.Head) + ")"
	var near answer.Nearest
	out = succeed(t, "nearest", name, "--bank", words, "--model", "demo", "--json")
	if err := json.Unmarshal([]byte(out), &near); err != nil {
		t.Fatal(err)
	}
	if len(near.Texts) != 4 {
		t.Fatalf("%+v", near)
	}
	for _, m := range near.Texts {
		if m.Text == "a butterfly" && math.Abs(m.Cosine-pair.Cosine) > 1e-5 {
			t.Errorf("cosine %v, search says %v", m.Cosine, pair.Cosine)
		}
	}
	if out := succeed(t, "nearest", name, "--model", "demo", "--top", "2"); strings.Count(out, "\n") != 4 {
		t.Errorf("printed %q", out)
	}
	for _, c := range [][]string{
		{"nearest", "7"}, {"nearest", "7,99"}, {"nearest", "7,1", "--top", "0"}, {"nearest"},
		{"search"}, {"search", "x", "--unit", "layer"}, {"search", "x", "--top", "0"},
	} {
		if code, _, log := facet(t, c...); code != exitUsage {
			t.Errorf("%v: exit code %d, %q", c, code, log)
		}
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestLabelKilled: killed and interrupted at random moments and run again, labels are byte for byte those of an undisturbed run, in a file and in an
// atlas.
func TestLabelKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: takes some seconds")
	}
	root := t.TempDir()
	whole, dir := filepath.Join(root, "whole"), filepath.Join(root, "killed")
	for _, at := range []string{whole, dir} {
		succeed(t, scanArgs(someScenes, at)...)
	}
	label := []string{"label", "--model", "demo", "--units", "top:60%"}
	for name, run := range map[string]struct{ undisturbed, args []string }{
		"file":  {append(label, "-o", filepath.Join(root, "whole.csv")), append(label, "-o", filepath.Join(root, "killed.csv"))},
		"atlas": {append(label, whole), append(label, dir)},
	} {
		part := filepath.Join(dir, "labels"+".part")
		if name == "file" {
			part = filepath.Join(root, "killed.csv"+".part")
		}
		succeed(t, run.undisturbed...)
		random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
		ended := 0
		for i := range 4 {
			before := size(part)
			cmd := start(t, run.args...)
			for range 1000 { // until it has kept some
				if time.Sleep(5 * time.Millisecond); size(part) > max(before, 100) {
					break
				}
			}
			time.Sleep(time.Duration(random.Int64N(int64(20 * time.Millisecond))))
			if i%2 == 0 {
				cmd.Process.Kill()
			} else {
				cmd.Process.Signal(os.Interrupt)
			}
			if cmd.Wait() != nil && size(part) > 100 {
				ended++
			}
		}
		t.Logf("%s: ended half way %d times, the last time with %d bytes of labels", name, ended, size(part))
		if ended == 0 {
			t.Errorf("%s: no run was ended half way", name)
		}
		succeed(t, run.args...)
		if left, err := filepath.Glob(part + "*"); err != nil || len(left) > 0 {
			t.Errorf("%s: left behind: %v, %v", name, left, err)
		}
	}
	sameAtlas(t, atlasFiles(t, dir), atlasFiles(t, whole))
	if want, got := readFile(t, filepath.Join(root, "whole.csv")), readFile(t, filepath.Join(root, "killed.csv")); got != want {
		t.Errorf("killed: %d bytes that are not the %d expected", len(got), len(want))
	}
}

// size is that of a file, 0 when there is none.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestLabelForeignPart: what another run left is not written over, and says so.
func TestLabelForeignPart(t *testing.T) {
	out := filepath.Join(t.TempDir(), "labels.csv")
	if err := os.WriteFile(out+".part", []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, log := facet(t, "label", "--model", "demo", "--units", "top:3", "-o", out)
	if code != exitFailure || !strings.Contains(log, out+".part") || !strings.Contains(log, "something else") {
		t.Errorf("exit code %d, %q", code, log)
	}
	if got := readFile(t, out+".part"); got != "something else" {
		t.Errorf("it is now %q", got)
	}
}

// TestNamesByBank: a bank gives the pairs that are shown the labels that facet label gives them, in every verb; it wins over the labels of an atlas.
func TestNamesByBank(t *testing.T) {
	if testing.Short() {
		t.Skip("labels by a bank in four verbs")
	}
	words := writeText(t, "a sedan", "something red", "a butterfly", "on grass", "a castle", "a yellow car", "snow")
	dir := filepath.Join(t.TempDir(), "atlas")
	succeed(t, scanArgs(someScenes, dir, "--keep-scalars")...)
	ask := func(into any, args ...string) {
		t.Helper()
		if err := json.Unmarshal([]byte(succeed(t, append(args, "--model", "demo", "--json")...)), into); err != nil {
			t.Fatal(err)
		}
	}
	var own answer.Labels
	ask(&own, "label", dir) // by the demo world's words, kept in the atlas
	// same compares with what facet label says of the one pair by its weights, and of what it fires for by this atlas.
	same := func(where string, neuron, head, sign int, got answer.Names, fires bool) {
		t.Helper()
		var of answer.Labels
		args := []string{"label", "--bank", words, "--units", "(" + jsonOf(t, neuron) + "," + jsonOf(t, head) + ")"}
		if fires {
			args = append(args, dir)
		}
		ask(&of, args...)
		want := of.Pairs[0]
		for i := range want.Label {
			want.Label[i].Weight *= float64(sign)
		}
		if got.Says == nil || !cmp.Equal(got.Says.Label, want.Label) || fires != (got.Fires != nil) || fires && !cmp.Equal(*got.Fires, want.Fires.Name) {
			t.Errorf("%s: (%d,%d) is %+v, labelled %+v", where, neuron, head, got, want)
		}
	}
	var pairs struct{ Pairs []answer.UsedPair }
	ask(&pairs, "pairs", dir, "--top", "3", "--bank", words)
	for _, p := range pairs.Pairs {
		same("pairs", p.Neuron, p.Head, 1, p.Names, true)
	}
	var rows struct{ Rows []answer.Unit }
	ask(&rows, "neuron", dir, "89", "--top", "2", "--bank", words)
	for _, r := range rows.Rows[1:] {
		same("neuron", r.Neuron, *r.Head, 1, r.Names, true)
	}
	var explained answer.Explanation
	ask(&explained, "explain", "../../docs/images/scene.png", "--bank", words, "--top", "4")
	for _, p := range explained.Pairs {
		sign := 1
		if p.Scalar < 0 {
			sign = -1
		}
		same("explain", p.Neuron, p.Head, sign, p.Names, false)
	}
	ask(&explained, "explain", "../../docs/images/scene.png", "--bank", words, "--atlas", dir, "--top", "2")
	for _, p := range explained.Pairs {
		same("explain with an atlas", p.Neuron, p.Head, 1, p.Names, true)
	}
	for _, args := range [][]string{{"pairs", dir}, {"explain", "../../docs/images/scene.png"}} {
		flag := "--bank"
		if args[0] == "explain" {
			flag = "--bank"
		}
		out := succeed(t, append(args, flag, words, "--model", "demo")...)
		if !strings.Contains(out, "says") || strings.Contains(out, "fires for") != (args[0] == "pairs") {
			t.Errorf("%s prints %s", args[0], out)
		}
	}
}
