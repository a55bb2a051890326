package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// driftArgs run a drift verb with the demo model on the engine that every machine has.
func driftArgs(args ...string) []string {
	return append(append([]string{"drift"}, args...), "--model", "demo", "--engine", "portable")
}

// TestDrift finds that the cars of a stream became yellow.
func TestDrift(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes hundreds of scenes")
	}
	dir := t.TempDir()
	reference, page := filepath.Join(dir, "p"), filepath.Join(dir, "report.html")
	succeed(t, driftArgs("profile", "scenes:yellow-cars?n=160&seed=1&size=96", "--limit", "160", "--watch", "a yellow car", "-o", reference)...)
	var r compareResult
	stdout := succeed(t, driftArgs("compare", reference, "scenes:yellow-cars?n=16&seed=2&size=96", "--by", "group", "--json", "-o", page)...)
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.All.Changes) == 0 || r.All.Changes[0].String() != "more yellow" {
		t.Errorf("changes: %+v", r.All.Changes)
	}
	if r.All.Images != 160 || len(r.Groups) != 10 || r.All.Residual > 1e-4 {
		t.Errorf("%d images in %d groups, residual %g", r.All.Images, len(r.Groups), r.All.Residual)
	}
	w := r.Watched[0]
	if len(r.Watched) != 1 || w.P == nil || *w.P > 0.05 || w.Profile == nil || w.Images.Signed == nil || *w.Images.Signed < 0.2 {
		t.Errorf("watched: %+v", r.Watched)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"more yellow", "<svg", "data:image/jpeg;base64,", "2015"} {
		if !strings.Contains(string(html), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if strings.Contains(string(html), "ZgotmplZ") {
		t.Error("the report holds something that its template refused")
	}
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
		if code != exitFailure || !strings.Contains(stderr, "a profile of another model") {
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
		{"sample", []string{"profile", "x", "-o", "p", "--sample", "1"}, exitUsage, "--sample 1"},
		{"twice", []string{"profile", "scenes:steady?n=1", "-o", dir + "/p", "--watch-file", words}, exitFailure, "watched twice"},
		{"one image", []string{"profile", "scenes:steady?n=1", "--limit", "1", "-o", dir + "/p"}, exitFailure, "expected two at least"},
		{"by", []string{"compare", "p", "x", "--by", "moon"}, exitUsage, "--by moon"},
		{"level", []string{"compare", "p", "x", "--level", "2"}, exitUsage, "--level 2"},
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
