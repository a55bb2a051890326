package cli

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift/profile"
)

// driftArgs run a drift verb with the demo model on the engine that every machine has.
func driftArgs(args ...string) []string {
	return append(append([]string{"drift"}, args...), "--model", "demo")
}

// TestDriftReport: a comparison prints its answer and writes a page.
func TestDriftReport(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: encodes dozens of scenes")
	}
	reference, page := smallProfile(t), filepath.Join(t.TempDir(), "report.html")
	args := driftArgs("compare", reference, "scenes:snow-arrives?n=2&seed=2&size=64", "--by", "group")
	var r answer.Drift
	if err := json.Unmarshal([]byte(succeed(t, append(args, "--json", "-o", page)...)), &r); err != nil {
		t.Fatal(err)
	}
	if r.All.Images != 24 || len(r.Groups) != 12 || len(r.Watched) != 1 || len(r.All.Changes) == 0 {
		t.Fatalf("%+v", r)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	table := succeed(t, args...)
	for _, want := range []string{r.All.Changes[0].String(), "all other pairs", "a yellow car", r.Groups[0].Name} {
		if !strings.Contains(string(html), want) || !strings.Contains(table, want) {
			t.Errorf("the report or the table lacks %q", want)
		}
	}
	for _, want := range []string{"<svg", "data:image/jpeg;base64,"} {
		if !strings.Contains(string(html), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	t.Run("rules", func(t *testing.T) {
		junit := filepath.Join(t.TempDir(), "drift.xml")
		rule := "named:" + r.All.Changes[0].Word
		code, _, stderr := facet(t, append(args, "--fail-on", rule, "--fail-on", "effect>1000", "--junit", junit)...)
		xml, err := os.ReadFile(junit)
		if err != nil || code != exitBroken || !strings.Contains(stderr, rule) || !strings.Contains(string(xml), `tests="26"`) {
			t.Errorf("code %d: %s\n%s %v", code, stderr, xml, err)
		}
		succeed(t, append(args, "--fail-on", "effect>1000")...)
	})
	t.Run("another model", func(t *testing.T) {
		header := filepath.Join(reference, "profile.json")
		data, err := os.ReadFile(header)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(header, []byte(strings.Replace(string(data), r.Model.SHA256, "feed", 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := facet(t, driftArgs("compare", reference, "scenes:steady?n=1")...)
		if code != exitFailure || !strings.Contains(stderr, "it is another model") {
			t.Errorf("code %d: %s", code, stderr)
		}
	})
}

func TestDriftBadInput(t *testing.T) {
	dir := t.TempDir()
	words := filepath.Join(dir, "words.txt")
	if err := os.WriteFile(words, []byte("red\nred\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"no output", []string{"profile", "x"}, exitUsage, "expected -o PROFILE"},
		{"no source", []string{"profile", dir + "/none", "-o", dir + "/p"}, exitFailure, "none"},
		{"folder there", []string{"profile", "scenes:steady?n=1", "-o", dir}, exitFailure, "exists already"},
		{"vary", []string{"profile", "x", "-o", "p", "--vary", "-1"}, exitUsage, "--vary -1"},
		{"merge one", []string{"merge", dir, "-o", "p"}, exitUsage, "profiles"},
		{"merge nowhere", []string{"merge", dir, dir}, exitUsage, "expected -o PROFILE"},
		{"merge no profiles", []string{"merge", dir, dir, "-o", dir + "/p"}, exitFailure, "profile.json"},
		{"sample", []string{"profile", "x", "-o", "p", "--sample", "1"}, exitUsage, "--sample 1"},
		{"twice", []string{"profile", "scenes:steady?n=1", "-o", dir + "/p", "--watch-file", words}, exitFailure, "watched twice"},
		{"one image", []string{"profile", "scenes:steady?n=1", "--limit", "1", "-o", dir + "/p"}, exitFailure, "expected two at least"},
		{"by", []string{"compare", "p", "x", "--by", "moon"}, exitUsage, "--by moon"},
		{"previous", []string{"compare", "p", "x", "--previous", "-1"}, exitUsage, "--previous -1"},
		{"level", []string{"compare", "p", "x", "--level", "2"}, exitUsage, "--level 2"},
		{"rule", []string{"compare", "p", "x", "--fail-on", "moon"}, exitUsage, "named:WORD"},
		{"report without rules", []string{"compare", "p", "x", "--junit", "r.xml"}, exitUsage, "--fail-on"},
		{"report", []string{"compare", "p", "x", "-o", "r.pdf"}, exitUsage, ".html"},
		{"no profile", []string{"compare", dir, "scenes:steady?n=1"}, exitFailure, "profile.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, _, stderr := facet(t, driftArgs(c.args...)...)
			if code != c.code || !strings.Contains(stderr, c.says) {
				t.Errorf("code %d, expected %d with %q: %s", code, c.code, c.says, stderr)
			}
		})
	}
}

const fewCars = "scenes:yellow-cars?n=4&seed=1&size=64"

// TestDriftProfileKilled: killed and interrupted at random moments and resumed, a profile is byte for byte that of an undisturbed run.
func TestDriftProfileKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: takes some seconds")
	}
	root := t.TempDir()
	whole, dir := filepath.Join(root, "whole"), filepath.Join(root, "killed")
	args := driftArgs("profile", fewCars, "--watch", "a yellow car", "--vary", "1", "--sample", "15", "--checkpoint-every", "3")
	began := time.Now()
	succeed(t, append(args, "-o", whole)...)
	took := time.Since(began)
	want := atlasFiles(t, whole)
	args = append(args, "-o", dir, "--resume")
	r := rand.New(rand.NewPCG(uint64(began.UnixNano()), 0))
	ended := 0
	for i := range 4 {
		cmd := start(t, args...)
		time.Sleep(time.Duration(r.Int64N(int64(took))))
		if i%2 == 0 {
			cmd.Process.Kill()
		} else {
			cmd.Process.Signal(os.Interrupt)
		}
		if cmd.Wait() != nil {
			ended++
		}
	}
	t.Logf("ended early %d times", ended)
	succeed(t, args...)
	sameAtlas(t, atlasFiles(t, dir), want)
	if left, err := filepath.Glob(filepath.Join(root, "*"+".partial")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestDriftProfileInterrupted(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: takes some seconds")
	}
	dir := filepath.Join(t.TempDir(), "p")
	args := driftArgs("profile", fewCars, "--vary", "0", "--checkpoint-every", "2", "-o", dir)
	cmd := start(t, args...)
	for range 2000 { // until it is under way
		if _, err := os.Stat(dir + ".partial"); err == nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		t.Fatalf("got %v, want exit code %d", err, exitInterrupted)
	}
	if code, _, log := facet(t, args...); code != exitFailure || !strings.Contains(log, "--resume") {
		t.Errorf("a new profile over an unfinished one: exit code %d: %s", code, log)
	}
	if code, _, log := facet(t, append(args, "--resume", "--sample", "7")...); code != exitFailure || !strings.Contains(log, "begun otherwise: with sample") {
		t.Errorf("resumed with another sample: exit code %d: %s", code, log)
	}
	succeed(t, append(args, "--resume")...)
	succeed(t, append(args, "--resume")...) // nothing is left to do
}

// TestDriftProfileCheckpoints: pictures that cannot be read where a checkpoint is due put it off to the next one that can.
func TestDriftProfileCheckpoints(t *testing.T) {
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "p")
	addPictures(t, dir, 2, 3)
	for _, name := range []string{"0000.png", "0001.png"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("no picture"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, _, log := facet(t, driftArgs("profile", dir, "--vary", "0", "--checkpoint-every", "2", "-o", out)...)
	if code != exitFailure || !strings.Contains(log, "1 pictures that can be read") {
		t.Fatalf("exit code %d: %s", code, log)
	}
	if _, err := os.Stat(out + ".partial"); err != nil {
		t.Errorf("after three pictures, of which a checkpoint was due at the second: %v", err)
	}
}

func TestDriftMerge(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes dozens of scenes")
	}
	root := t.TempDir()
	parts := []string{filepath.Join(root, "a"), filepath.Join(root, "b")}
	for i, source := range []string{"scenes:steady?n=16&size=64&seed=1&window=1", "scenes:steady?n=24&size=64&seed=2&window=1"} {
		succeed(t, driftArgs("profile", source, "--watch", "a yellow car", "--vary", "1", "-o", parts[i])...)
	}
	header := filepath.Join(parts[1], "profile.json")
	data, err := os.ReadFile(header)
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(data), `"labels":`, `"bank": "other", "labels":`, 1) // of another part than the labels
	if err := os.WriteFile(header, []byte(other), 0o644); err != nil || other == string(data) {
		t.Fatal("no labels", err)
	}
	merged := filepath.Join(root, "merged")
	var r answer.Profile
	if err := json.Unmarshal([]byte(succeed(t, driftArgs("merge", parts[0], parts[1], "-o", merged, "--json")...)), &r); err != nil {
		t.Fatal(err)
	}
	if r.Images != 40 || r.Sample != 40 || r.Strong < 100 || len(r.Qualities) != 11 || r.Labelled == 0 {
		t.Fatalf("%+v", r)
	}
	if h, err := profile.ReadHeader(merged); err != nil || h.Bank != "" {
		t.Errorf("labels by the words of %q, expected the first part's: %v", h.Bank, err)
	}
	succeed(t, driftArgs("compare", merged, "scenes:steady?n=4&size=64&seed=3", "--limit", "20")...)
	if code, _, log := facet(t, driftArgs("merge", parts[0], parts[0], "-o", filepath.Join(root, "twice"))...); code != exitFailure || !strings.Contains(log, "count twice") {
		t.Errorf("merged with itself: exit code %d: %s", code, log)
	}
}
