package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// TestFlagsCount: every flag that a question of an atlas offers changes its answer, apart from what the answer says of the flags. A flag that no row below
// tries fails the test, so that none is offered that nobody reads.
func TestFlagsCount(t *testing.T) {
	if testing.Short() {
		t.Skip("asks some twenty questions of an atlas")
	}
	at, other := scan(t, "scenes:default?n=12&seed=5", "--keep-scalars"), scan(t, "scenes:default?n=8&seed=6", "--keep-scalars")
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	chart := filepath.Join(t.TempDir(), "chart.png")
	templates, words := file("t.txt", "{} on the moon\n"), file("w.txt", "cat\ngrass\nsomething red\n")
	const twoClasses = "grass, van" // by which the pictures' labels are none
	for verb, c := range map[string]struct {
		answer []string            // fields
		flags  map[string][]string // each flag, with what goes before it in the command line that it is compared with
	}{
		"ablate": {[]string{"rows", "notable"}, map[string][]string{
			"unit": {"head"}, "classes": {twoClasses}, "templates": {templates}, "means": {other}, "percentile": {"80"}, "random": {"true"}, "keep": {"true"}, "output": {chart},
			"activations": {"true", "--unit", "neuron"}, "notable": {"true"}, "root": nil,
		}},
		"reconstruct": {[]string{"rows"}, map[string][]string{
			"unit": {"head"}, "classes": {twoClasses, "--unit", "head"}, "templates": {templates, "--unit", "head"}, "means": {other, "--unit", "head"}, "compat": {"reference", "--unit", "head"},
			"components": {"0"}, "words": {"2", "--unit", "head"}, "bank": {words, "--unit", "head", "--words", "2"}, "truncate": nil, "output": {chart},
		}},
		"polysemanticity": {[]string{"units", "spread"}, map[string][]string{"unit": {"head"}, "top": {"2"}, "share": {"0.5"}, "output": {chart}}},
		"pairs": {[]string{"pairs"}, map[string][]string{
			"neuron": {"7"}, "head": {"3"}, "top": {"2"}, "sort": {"mean"}, "bank": {words}, "truncate": nil, "output": {chart},
		}},
	} {
		ask := func(flags ...string) map[string]any {
			var all, answer map[string]any
			args := append([]string{verb, at, "--model", "demo", "--json"}, flags...)
			if err := json.Unmarshal([]byte(succeed(t, args...)), &all); err != nil {
				t.Fatal(err)
			}
			answer = map[string]any{}
			for _, field := range c.answer {
				answer[field] = all[field]
			}
			return answer
		}
		commands(t)[verb].LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "help" {
				return
			}
			try, known := c.flags[f.Name]
			switch {
			case !known:
				t.Errorf("facet %s --%s: no row of this test says what it changes", verb, f.Name)
			case len(try) == 0: // asks for less than an error
			case f.Name == "output":
				ask("-o", chart)
				if err := os.Remove(chart); err != nil {
					t.Errorf("facet %s -o: %v", verb, err)
				}
			case cmp.Equal(ask(try[1:]...), ask(append(try[1:], "--"+f.Name+"="+try[0])...)):
				t.Errorf("facet %s %v --%s=%s changes nothing", verb, try[1:], f.Name, try[0])
			}
		})
	}
}
