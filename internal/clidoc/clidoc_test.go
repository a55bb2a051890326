package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/facet-clip/facet/internal/cli"
	"github.com/facet-clip/facet/internal/verbs"
)

// TestMan: every verb has a page with its flags, which man's own formatter takes without a warning where it is at hand.
func TestMan(t *testing.T) {
	root := cli.Command(io.Discard)
	pages, err := Man(root, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if want := len(verbs.Shown(root)) + 1; len(pages) != want || want < 25 {
		t.Fatalf("%d pages of %d verbs", len(pages), want)
	}
	for name, want := range map[string]string{"facet-explain.1": "--text", "facet-drift-watch.1": "--window", "facet.1": "facet-explain(1)"} {
		if !bytes.Contains(pages[name], []byte(want)) {
			t.Errorf("%s: no %s in %.300s", name, want, pages[name])
		}
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Log("groff is not at hand: the pages are not formatted")
		return
	}
	var all []byte
	for _, page := range pages {
		all = append(all, page...)
	}
	cmd := exec.Command(groff, "-man", "-Tutf8", "-z", "-ww")
	cmd.Stdin = bytes.NewReader(all)
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "warning: macro") {
		t.Errorf("groff: %v: %.1000s", err, out)
	}
}

// TestCompletions: bash takes its script, and the script defines what completes facet.
func TestCompletions(t *testing.T) {
	scripts, err := Completions(cli.Command(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"facet.bash": "__start_facet", "_facet": "#compdef facet", "facet.fish": "complete -c facet", "facet.ps1": "Register-ArgumentCompleter"} {
		if !bytes.Contains(scripts[name], []byte(want)) {
			t.Errorf("%s: no %q", name, want)
		}
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not at hand")
	}
	file := filepath.Join(t.TempDir(), "facet.bash")
	if err := os.WriteFile(file, scripts["facet.bash"], 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(bash, "-c", `. "$1" && complete -p facet`, "bash", file).CombinedOutput(); err != nil || !strings.Contains(string(out), "__start_facet") {
		t.Errorf("bash: %v: %s", err, out)
	}
}

// TestReleased: the date comes from outside, and what is no date is refused.
func TestReleased(t *testing.T) {
	if d, err := released("86400"); err != nil || d.Format(time.DateOnly) != "1970-01-02" {
		t.Errorf("got %v, %v", d, err)
	}
	if _, err := released("yesterday"); err == nil || !strings.Contains(err.Error(), "seconds since 1970") {
		t.Errorf("got %v", err)
	}
}
