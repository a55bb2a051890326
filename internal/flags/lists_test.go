package flags

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestListOrFile: what is there is a file, what looks like one is an error, and the rest are entries.
func TestListOrFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"there.txt", "a car, a boat", "bare"} {
		if err := os.WriteFile(name, []byte("x\ny\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := []string{"x", "y"}
	for _, c := range []struct {
		value string
		want  []string
		says  string
	}{
		{"car, tree,boat", []string{"car", "tree", "boat"}, ""},
		{"car", []string{"car"}, ""},
		{"black/white, a U.S. flag, 3.5 in", []string{"black/white", "a U.S. flag", "3.5 in"}, ""},
		{"a black/white cat", []string{"a black/white cat"}, ""},
		{"#1, #2", []string{"#1", "#2"}, ""},
		{"there.txt", file, ""},
		{"a car, a boat", file, ""},
		{"bare", file, ""},
		{"nofile.txt", nil, "nofile.txt: file does not exist"},
		{"NOFILE.TXT", nil, "does not exist"},
		{"no.csv", nil, "does not exist"},
		{"no.json", nil, "does not exist"},
		{"no.tsv", nil, "does not exist"},
		{"lists/birds", nil, "does not exist"},
		{"./birds", nil, "does not exist"},
		{filepath.Join(t.TempDir(), "my birds"), nil, "does not exist"},
		{"there.txt, other.txt", nil, "looks like a file"},
		{" , ", nil, "expected a list"},
	} {
		got, err := Entries(t.Context(), "--labels", c.value)
		if d := cmp.Diff(c.want, got); d != "" || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, expected %q %s", c.value, err, c.says, d)
		}
	}
}
