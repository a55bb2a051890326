package lab_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/labtest"
)

const tiny = "../testdata/tiny/model.safetensors"

func open(t *testing.T, c lab.Config) *lab.Lab { return labtest.Open(t, c) }

// TestZeroValues: a config and a question that say nothing but what is asked are useful.
func TestZeroValues(t *testing.T) {
	l := open(t, lab.Config{})
	found, err := l.Search(t.Context(), lab.Search{Text: "a castle"})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Hits) != 20 || found.Unit != lab.UnitPair || !found.Centered || found.Model.Name != lab.DemoName {
		t.Errorf("%+v", found)
	}
	near, err := l.Nearest(t.Context(), lab.Nearest{Pair: decompose.Pair{Neuron: *found.Hits[0].Neuron, Head: *found.Hits[0].Head}})
	if err != nil {
		t.Fatal(err)
	}
	if len(near.Texts) != 20 || near.Texts[0].Text != "castle" {
		t.Errorf("the pair most like a castle is nearest to %+v", near.Texts[:3])
	}
}

// TestMistakes: what is wrong with a question is an ErrQuestion that names the field, and no flag.
func TestMistakes(t *testing.T) {
	demo := open(t, lab.Config{})
	for name, ask := range map[string]func() error{
		"no text": func() error { _, err := demo.Search(t.Context(), lab.Search{}); return err },
		"unit":    func() error { _, err := demo.Search(t.Context(), lab.Search{Text: "a", Unit: "layer"}); return err },
		"atlas of head": func() error {
			_, err := demo.Search(t.Context(), lab.Search{Text: "a", Unit: "head", Atlas: "a"})
			return err
		},
		"top": func() error { _, err := demo.Search(t.Context(), lab.Search{Text: "a", Top: -1}); return err },
		"no such pair": func() error {
			_, err := demo.Nearest(t.Context(), lab.Nearest{Pair: decompose.Pair{Neuron: 1 << 20}})
			return err
		},
		"engine":     func() error { _, err := lab.Open(t.Context(), lab.Config{Engine: "steam"}); return err },
		"activation": func() error { _, err := lab.Open(t.Context(), lab.Config{Model: tiny, Activation: "relu"}); return err },
		"no pair":    func() error { _, err := lab.ParsePair("624"); return err },
	} {
		if err := ask(); !errors.Is(err, lab.ErrQuestion) || strings.Contains(err.Error(), "--") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, ask := range map[string]func() error{
		"no file":  func() error { _, err := lab.Open(t.Context(), lab.Config{Model: "nothere.pt"}); return err },
		"no atlas": func() error { _, err := demo.Pairs(t.Context(), lab.Pairs{Atlas: "nothere"}); return err },
		"no bank":  func() error { _, err := demo.Nearest(t.Context(), lab.Nearest{Bank: "nothere.txt"}); return err },
	} {
		if err := ask(); err == nil || errors.Is(err, lab.ErrQuestion) || strings.Contains(err.Error(), "--") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBanksAreFresh: a bank's file is embedded once, and again when it has changed.
func TestBanksAreFresh(t *testing.T) {
	encoded := 0
	l := open(t, lab.Config{Progress: func(step string, done, total int) {
		if step == "texts" && done < 0 {
			encoded++
		}
	}})
	words := filepath.Join(t.TempDir(), "words.txt")
	ask := func(lines ...string) {
		t.Helper()
		if err := os.WriteFile(words, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			near, err := l.Nearest(t.Context(), lab.Nearest{Bank: words})
			if err != nil || len(near.Texts) != len(lines) {
				t.Fatalf("%+v, %v", near, err)
			}
		}
	}
	ask("sedan", "castle", "snow")
	ask("sedan", "castle", "snow", "butterfly")
	if encoded != 2 {
		t.Errorf("two versions of a file, each asked twice, were embedded %d times", encoded)
	}
}
