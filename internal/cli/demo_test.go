package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/scenes"
)

var imageSource = regexp.MustCompile(`src="([^"]+)"`)

// TestDemo: the page shows pictures that are there, both engines see the same, and the model sees what was drawn.
func TestDemo(t *testing.T) {
	shown, err := demo.Pictures()
	if err != nil {
		t.Fatal(err)
	}
	for _, engine := range engineNames(t) {
		t.Run(engine, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			var r answer.Demo
			if err := json.Unmarshal([]byte(succeed(t, "demo", "--engine", engine, "-o", dir, "--json")), &r); err != nil {
				t.Fatal(err)
			}
			if !(r.Residual <= 1e-5) {
				t.Errorf("residual %g", r.Residual)
			}
			page, err := os.ReadFile(filepath.Join(dir, "index.html"))
			if err != nil {
				t.Fatal(err)
			}
			sources := imageSource.FindAllSubmatch(page, -1)
			if len(sources) < 2*len(shown)+3 {
				t.Errorf("the page shows %d pictures", len(sources))
			}
			for _, s := range sources {
				if _, err := os.Stat(filepath.Join(dir, string(s[1]))); err != nil {
					t.Errorf("the page shows a picture that is not there: %v", err)
				}
			}
			for i, s := range r.Scenes {
				drawn := shown[i].Spec
				if s.Background != drawn.Background.String() || len(s.Categories) == 0 || !drawn.Contains(category(t, s.Categories[0])) {
					t.Errorf("%s: sees %s", s.Picture, sees(s))
				}
			}
		})
	}
	if code, _, _ := facet(t, "demo", "--model", "RN50"); code != exitUsage {
		t.Errorf("with another model: exit code %d, want %d", code, exitUsage)
	}
}

func category(t *testing.T, name string) scenes.Category {
	t.Helper()
	for _, c := range scenes.Categories() {
		if c.String() == name {
			return c
		}
	}
	t.Fatalf("no category %q", name)
	return scenes.NoCategory
}

// TestNextSteps: what the demo says to try works as it is printed, from a folder whose name has a space too.
func TestNextSteps(t *testing.T) {
	t.Chdir(t.TempDir())
	folder := "a demo"
	succeed(t, "demo", "-o", folder)
	page, err := os.ReadFile(filepath.Join(folder, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	if hyphen := regexp.MustCompile(`>-\d[^<]*<`).Find(page); hyphen != nil || !bytes.Contains(page, []byte(">−")) {
		t.Errorf("the page writes a minus as %q, expected − as in its pictures", hyphen)
	}
	for _, step := range nextSteps(folder) {
		words := words(t, step.Command)
		if i := slices.Index(words, "./cmd/facet"); i >= 0 {
			words = words[i+1:]
		}
		switch words[0] {
		case "model": // needs a network
			continue
		case "scenes":
			words[2] = "2"
		}
		succeed(t, words...)
	}
}

// words are those of a command as a shell splits it.
func words(t *testing.T, command string) (list []string) {
	t.Helper()
	for _, w := range regexp.MustCompile(`"[^"]*"|\S+`).FindAllString(command, -1) {
		list = append(list, strings.Trim(w, `"`))
	}
	return list
}
