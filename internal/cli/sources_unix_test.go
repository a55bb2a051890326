//go:build unix

package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/facet-clip/facet/internal/filetest"
	"github.com/facet-clip/facet/scenes"
)

// TestNothingWaitsForAPipe: whatever a verb is given to open, a pipe there is refused by name and not waited for.
func TestNothingWaitsForAPipe(t *testing.T) {
	dir := t.TempDir()
	picture := drawn(t, dir, "a.png", 1)
	pipe := func(name string) string { return filetest.Pipe(t, filepath.Join(dir, name)) }
	p := pipe("p.png")
	words := pipe("words.txt")
	bank, at, profile := filepath.Dir(pipe("bank/bank.json")), filepath.Dir(pipe("at/atlas.json")), filepath.Dir(pipe("profile/profile.json"))
	for _, args := range [][]string{
		{"explain", p}, {"embed", p, "--json"}, {"classify", p, "--labels", "a, b"}, {"segment", p, "--classes", "a, b"},
		{"scan", pipe("m.csv"), "-o", filepath.Join(dir, "1")}, {"scan", pipe("m.jsonl"), "-o", filepath.Join(dir, "2")},
		{"scan", pipe("m.parquet"), "-o", filepath.Join(dir, "3")}, {"scan", pipe("m.tar"), "-o", filepath.Join(dir, "4")},
		{"embed", "--pixels", pipe("p.npy"), "--json"}, {"embed", "--texts", words, "--json"},
		{"classify", picture, "--labels", words}, {"classify", picture, "--labels", "a, b", "--templates", words},
		{"explain", picture, "--bank", words}, {"segment", picture, "--classes-file", words}, {"segment", picture, "--classes", words},
		{"search", "a car", "--bank", words}, {"search", "a car", "--bank", bank}, {"search", "a car", "--vocab", pipe("bpe.txt.gz")},
		{"texts", words, "-o", filepath.Join(dir, "5")}, {"atlas", "show", at}, {"pairs", at},
		{"drift", "profile", "scenes:steady?n=2&size=64", "--watch-file", words, "-o", filepath.Join(dir, "6")},
		{"drift", "compare", profile, "scenes:steady?n=2&size=64"}, {"drift", "watch", profile, dir, "--once"},
		{"explain", picture, "--model", pipe("m.pt")},
	} {
		if args[len(args)-2] != "--model" {
			args = append(args, "--model", "demo")
		}
		filetest.Within(t, func() {
			code, _, log := facet(t, args...)
			if code != exitFailure || !strings.Contains(log, "found a pipe") {
				t.Errorf("facet %s: exit code %d: %s", strings.Join(args, " "), code, log)
			}
		})
	}
	store := filetest.Pipe(t, filepath.Join(t.TempDir(), "drift.db"))
	whole := smallProfile(t)
	filetest.Within(t, func() {
		code, _, log := facet(t, driftArgs("watch", whole, dir, "--once", "--store", store)...)
		if code != exitFailure || !strings.Contains(log, "found a pipe") {
			t.Errorf("--store: exit code %d: %s", code, log)
		}
	})
}

// oddFolder has three pictures, two of them behind links, and four things that cannot be read.
func oddFolder(t *testing.T) string {
	t.Helper()
	dir, elsewhere := t.TempDir(), t.TempDir()
	drawn(t, dir, "a.png", 1)
	drawn(t, elsewhere, "b.png", 2)
	filetest.Pipe(t, filepath.Join(dir, "pipe.png"))
	err := errors.Join(os.Symlink(elsewhere, filepath.Join(dir, "linked")), os.Symlink(filepath.Join(elsewhere, "b.png"), filepath.Join(dir, "c.png")),
		os.Symlink(".", filepath.Join(dir, "loop")), os.Symlink("x", filepath.Join(dir, "x")), os.Symlink("nothing.png", filepath.Join(dir, "gone.png")))
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	for _, path := range []string{filepath.Join(dir, "a.png"), filepath.Join(elsewhere, "b.png")} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var odd = []string{"pipe.png", "loop", "x", "gone.png"}

// TestVerbsWalkAlike: every verb that takes a folder follows its links, lists what cannot be read and takes the rest.
func TestVerbsWalkAlike(t *testing.T) {
	dir := oddFolder(t)
	atlas := filepath.Join(t.TempDir(), "atlas")
	filetest.Within(t, func() {
		succeed(t, scanArgs(dir, atlas)...)
		var m struct {
			Images  int
			Skipped []struct{ Path, Reason string }
		}
		data, err := os.ReadFile(filepath.Join(atlas, "atlas.json"))
		if err != nil || json.Unmarshal(data, &m) != nil {
			t.Fatal(err)
		}
		if m.Images != 3 || len(m.Skipped) != len(odd) {
			t.Errorf("scan: %d images, skipped %+v", m.Images, m.Skipped)
		}
	})
	type result struct {
		Images  []struct{ Image string }
		Inputs  []string
		Skipped []struct{ Path, Reason string }
	}
	for _, args := range [][]string{
		{"embed", dir, "--json"}, {"classify", dir, "--labels", "a car, a bird", "--json"},
		{"segment", dir, "--classes", "a car, a bird", "--json", "-o", filepath.Join(t.TempDir(), "out")},
	} {
		filetest.Within(t, func() {
			var r result
			if err := json.Unmarshal([]byte(succeed(t, append(args, "--model", "demo")...)), &r); err != nil {
				t.Fatal(err)
			}
			if len(r.Images)+len(r.Inputs) != 3 || len(r.Skipped) != len(odd) {
				t.Errorf("%s: %d pictures, skipped %+v", args[0], len(r.Images)+len(r.Inputs), r.Skipped)
			}
		})
	}
	profile := filepath.Join(t.TempDir(), "p")
	for _, args := range [][]string{
		{"profile", dir, "-o", profile, "--vary", "1"},
		{"watch", profile, dir, "--once", "--store", filepath.Join(t.TempDir(), "drift.db")},
	} {
		filetest.Within(t, func() {
			code, out, log := facet(t, driftArgs(args...)...)
			if code != exitOK || !strings.Contains(out, "images") {
				t.Errorf("drift %s: exit code %d: %s%s", args[0], code, out, log)
			}
			for _, name := range odd {
				if args[0] == "watch" && strings.Count(log, filepath.Join(dir, name)+": ") != 1 {
					t.Errorf("drift watch: %s is not reported once:\n%s", name, log)
				}
			}
			if args[0] == "profile" && !strings.Contains(log, "4") {
				t.Errorf("drift profile: %s", log)
			}
		})
	}
}

// TestWrittenScenesAreADataset: every verb takes the pictures of a folder that facet scenes wrote, and no mask.
func TestWrittenScenesAreADataset(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "world")
	const n = 4
	if err := scenes.WriteImageFolder(t.Context(), dir, scenes.Writing{Scenes: n, Seed: 1, Size: 64}); err != nil {
		t.Fatal(err)
	}
	atlas := filepath.Join(t.TempDir(), "atlas")
	for _, args := range [][]string{
		{"scan", dir, "-o", atlas}, {"embed", dir}, {"classify", dir, "--labels", "a car, a bird"}, {"segment", dir, "--classes", "a car, a bird", "--short-side", "224"},
	} {
		out := succeed(t, append(args, "--json", "--model", "demo")...)
		var r struct {
			Images json.RawMessage
			Inputs []string
		}
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		var images []any
		if got := string(r.Images); args[0] == "scan" && got != fmt.Sprint(n) {
			t.Errorf("scan: %s images", got)
		} else if json.Unmarshal(r.Images, &images); args[0] != "scan" && len(images)+len(r.Inputs) != n {
			t.Errorf("%s: %d images", args[0], len(images)+len(r.Inputs))
		}
	}
}

// TestOneNameTwice: two pictures of one name are refused only where they would be written under it.
func TestOneNameTwice(t *testing.T) {
	dir := t.TempDir()
	a, b := drawn(t, filepath.Join(dir), "a.png", 1), filepath.Join(dir, "sub", "a.png")
	if err := os.MkdirAll(filepath.Dir(b), 0o755); err != nil {
		t.Fatal(err)
	}
	drawn(t, filepath.Dir(b), "a.png", 2)
	args := []string{"segment", a, b, "--classes", "a car, a bird", "--model", "demo"}
	succeed(t, args...)
	out := filepath.Join(dir, "out")
	if code, _, log := facet(t, append(args, "-o", out)...); code != exitFailure || !strings.Contains(log, "one name") {
		t.Errorf("exit code %d: %s", code, log)
	}
	succeed(t, "segment", filepath.Dir(b), a, "--classes", "a car, a bird", "--model", "demo") // without -o, again
	succeed(t, "segment", dir, "--classes", "a car, a bird", "--model", "demo", "-o", out)
	for _, name := range []string{"a.json", "sub/a.json", "sub/a.labels.png"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
}

// TestPassedOnPipe: a list may come from another command, as in --labels <(cut -f 2 words.tsv).
func TestPassedOnPipe(t *testing.T) {
	picture := drawn(t, t.TempDir(), "a.png", 1)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := fmt.Fprint(w, "a car\na bird\n"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	passed := fmt.Sprintf("/dev/fd/%d", r.Fd())
	if _, err := os.Stat(passed); err != nil {
		t.Skip("no such paths here: ", err)
	}
	filetest.Within(t, func() {
		out := succeed(t, "classify", picture, "--labels", passed, "--model", "demo")
		if !strings.Contains(out, "a car") || !strings.Contains(out, "a bird") {
			t.Errorf("printed %s", out)
		}
	})
}
