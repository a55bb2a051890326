package cli

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// glossaryRow is a row of docs/reference/flags.md.
var glossaryRow = regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\| (\\w+) \\| (.+) \\|$")

// glossary are the kinds of flags in a table of docs/reference/flags.md, and how their help begins.
func glossary(table string) (kinds, begins map[string]string) {
	kinds, begins = map[string]string{}, map[string]string{}
	for _, row := range glossaryRow.FindAllStringSubmatch(table, -1) {
		kinds[row[1]], begins[row[1]] = row[2], row[3]
	}
	return kinds, begins
}

// TestFlagGlossary: a flag that several verbs have is of one kind, and its help begins alike, as docs/reference/flags.md says.
func TestFlagGlossary(t *testing.T) {
	page, err := os.ReadFile("../../docs/reference/flags.md")
	if err != nil {
		t.Fatal(err)
	}
	all, edits, found := strings.Cut(string(page), "| of an edit |")
	if !found {
		t.Fatal("docs/reference/flags.md has no table of the flags of an edit")
	}
	kinds, begins := glossary(all)
	editKinds, editBegins := glossary(edits)
	verbs := map[string][]string{}
	for path, cmd := range commands(t) {
		if strings.HasPrefix(path, "completion") {
			continue // cobra's
		}
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "help" {
				return
			}
			usage := strings.ReplaceAll(f.Usage, "`", "")
			if begin, ok := editBegins[f.Name]; ok && (path == "edit" || path == "evaluate groups") {
				if !strings.HasPrefix(usage, begin) || f.Value.Type() != editKinds[f.Name] {
					t.Errorf("facet %s: --%s %s: %q: expected %s: %q", path, f.Name, f.Value.Type(), usage, editKinds[f.Name], begin)
				}
				return
			}
			verbs[f.Name] = append(verbs[f.Name], path)
			if begin, ok := begins[f.Name]; ok && (!strings.HasPrefix(usage, begin) || f.Value.Type() != kinds[f.Name]) {
				t.Errorf("facet %s: --%s %s: %q: expected %s: %q", path, f.Name, f.Value.Type(), usage, kinds[f.Name], begin)
			}
		})
	}
	for name, in := range verbs {
		if _, listed := begins[name]; listed != (len(in) > 1) {
			slices.Sort(in)
			t.Errorf("--%s: in docs/reference/flags.md: %v, in %d verbs: %q", name, listed, len(in), in)
		}
	}
	for name := range begins {
		if len(verbs[name]) == 0 {
			t.Errorf("docs/reference/flags.md has --%s, which no verb has", name)
		}
	}
}

// TestFlagsOfEveryVerbAreNotTaken: no verb has a flag of its own by the name of one that all have.
func TestFlagsOfEveryVerbAreNotTaken(t *testing.T) {
	common := pflag.NewFlagSet("", pflag.ContinueOnError)
	(&app{}).commonFlags(common)
	for path, cmd := range commands(t) {
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if common.Lookup(f.Name) != nil {
				t.Errorf("facet %s has a --%s of its own", path, f.Name)
			}
		})
	}
}

// TestOldFlags: every old name sets the flag that replaced it, which help alone shows, and says so once.
func TestOldFlags(t *testing.T) {
	all := commands(t)
	for verb, flags := range renamedFlags {
		cmd := all[verb]
		if cmd == nil {
			t.Errorf("no verb %q", verb)
			continue
		}
		for _, r := range flags {
			value := "32"
			if err := cmd.Flags().Parse([]string{"--" + r.old + "=" + value}); err != nil {
				t.Errorf("facet %s --%s: %v", verb, r.old, err)
				continue
			}
			if got := cmd.Flags().Lookup(r.now).Value.String(); got != value {
				t.Errorf("facet %s --%s=%s: --%s is %q", verb, r.old, value, r.now, got)
			}
			if strings.Contains(cmd.LocalFlags().FlagUsages(), "--"+r.old+" ") {
				t.Errorf("facet %s: help shows --%s", verb, r.old)
			}
		}
	}
	code, _, log := facet(t, "explain", "nowhere.png", "--words", "w.txt", "--words", "v.txt", "--model", tinyModel)
	want := "facet: warning: --words is called --bank now; the old name will go away\n"
	if diff := cmp.Diff(want, log[:min(len(want), len(log))]); diff != "" || code != exitFailure || strings.Count(log, "--words") != 1 {
		t.Errorf("exit code %d: %s", code, log)
	}
}
