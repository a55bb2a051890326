package cli

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/internal/verbs"
)

// TestHelpOfEveryVerb holds every verb to one form: what it answers, an example of its own, then its own flags before those of all.
func TestHelpOfEveryVerb(t *testing.T) {
	for _, cmd := range commands(t) {
		path := cmd.CommandPath()
		if strings.HasSuffix(cmd.Short, ".") || len(cmd.Short) < 10 {
			t.Errorf("%s: short help %q: expected a sentence without its full stop", path, cmd.Short)
		}
		for line := range strings.SplitSeq(cmd.Example, "\n") {
			if !strings.HasPrefix(line, "  facet ") {
				t.Errorf("%s: example %q: expected a command line behind two blanks", path, line)
			}
		}
		if !strings.Contains(cmd.Example, "  "+path) {
			t.Errorf("%s: no example of it in %q", path, cmd.Example)
		}
		help := succeed(t, append(strings.Fields(path)[1:], "--help")...)
		if !strings.HasPrefix(help, cmd.Short+".\n\n  facet ") {
			t.Errorf("%s: help begins with %.200q", path, help)
		}
		if !cmd.HasParent() {
			continue
		}
		if cmd.Parent().Name() == "facet" && cmd.GroupID == "" {
			t.Errorf("%s stands in no group of the help", path)
		}
		own, common, _ := strings.Cut(help, "\nEvery verb also has ")
		cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) {
			if strings.Contains(own, "  --"+f.Name+" ") || !strings.Contains(common, "--"+f.Name) {
				t.Errorf("%s: --%s belongs to every verb: expected it only in the last lines of the help", path, f.Name)
			}
		})
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && f.Name != "help" && !strings.Contains(own, "--"+f.Name) {
				t.Errorf("%s: the help lacks --%s", path, f.Name)
			}
		})
	}
}

// TestHelpFitsTheTerminal wraps all text at the width; only examples and names may be longer.
func TestHelpFitsTheTerminal(t *testing.T) {
	for _, width := range []int{40, 60, 100} {
		for _, cmd := range commands(t) {
			var out strings.Builder
			verbs.Page{Out: &out, Width: width}.Write(cmd)
			for line := range strings.SplitSeq(out.String(), "\n") {
				if text.StringWidth(line) > width && strings.Trim(line, " ") != "" && line[0] != ' ' && line[0] != '\t' {
					t.Errorf("%s: %d wide at %d: %s", cmd.CommandPath(), text.StringWidth(line), width, line)
				}
			}
		}
	}
}

// TestRootHelp names every verb in its group, and completion.
func TestRootHelp(t *testing.T) {
	help := succeed(t)
	if again := succeed(t, "help"); again != help {
		t.Errorf("facet help differs from facet:\n%s", again)
	}
	for _, g := range verbGroups() {
		if !strings.Contains(help, "\n"+g.Title+"\n") {
			t.Errorf("no group %q in\n%s", g.Title, help)
		}
	}
	for _, want := range []string{"\n  completion ", "\n  version ", "\n  polysemanticity Ask", "facet completion bash", "--model FILE"} {
		if !strings.Contains(help, want) {
			t.Errorf("no %q in\n%s", want, help)
		}
	}
}

// TestHelpIsDocumented: the page of all verbs holds the help as it is now.
func TestHelpIsDocumented(t *testing.T) {
	got, err := os.ReadFile("../../docs/reference/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(verbs.Document(Command(io.Discard)))); diff != "" {
		t.Errorf("docs/reference/cli.md is not what help says; run go generate ./internal/clidoc: %s", diff)
	}
}
