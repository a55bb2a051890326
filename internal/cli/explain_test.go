package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

// TestTableOfNegativeLogit: the table says which sign speaks for the text, and shows amounts with it where the logit is negative.
func TestTableOfNegativeLogit(t *testing.T) {
	var out bytes.Buffer
	show.Explanation(&out, &lab.Explained{Answer: &answer.Explanation{
		Text: "the opposite of a van", Total: -20, Pairs: []answer.Part{{Amount: -3, Share: -0.15}, {Amount: 2, Share: 0.1}},
	}})
	for _, want := range []string{"(+ for the text)", "-20.000", "-3.000", "+2.000"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table does not have %s:\n%s", want, out.String())
		}
	}
}

// TestGroupMapFiles: the maps of groups are files that explain.json names, whatever the words are.
func TestGroupMapFiles(t *testing.T) {
	dir := t.TempDir()
	bank, out := filepath.Join(dir, "words.txt"), filepath.Join(dir, "out")
	if err := os.WriteFile(bank, []byte("shirt\n../../butterfly: a/b\\c*?\nmoon\nÄpfel\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	succeed(t, "explain", "../../docs/images/scene.png", "--text", "a van", "--bank", bank, "--cover", "1", "-o", out)
	data, err := os.ReadFile(filepath.Join(out, "explain.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r answer.Explanation
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, g := range r.Groups {
		if (g.Map == "") != (g.Word == answer.Constant) {
			t.Errorf("%s: map %q", g.Word, g.Map)
		}
		if g.Map == "" {
			continue
		}
		files++
		if _, err := os.Stat(filepath.Join(out, g.Map)); err != nil || filepath.Dir(g.Map) != "maps" || strings.ContainsAny(filepath.Base(g.Map), `/\:*? `) {
			t.Errorf("%s: %q, %v", g.Word, g.Map, err)
		}
	}
	if files < 4 {
		t.Errorf("%d maps of groups", files)
	}
}
