package lab_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/labtest"
)

// kinds are questions of every kind, of an atlas, a copy of it that is opened and closed all the time, and a bank.
func kinds(l *lab.Lab, at, other, bank string) map[string]func(context.Context) error {
	pair := decompose.Pair{Neuron: 89, Head: 3}
	return map[string]func(context.Context) error{
		"search": func(ctx context.Context) error {
			_, err := l.Search(ctx, lab.Search{Text: "a castle", Atlas: at})
			return err
		},
		"neurons": func(ctx context.Context) error {
			_, err := l.Search(ctx, lab.Search{Text: "a cat", Unit: lab.UnitNeuron})
			return err
		},
		"nearest": func(ctx context.Context) error { _, err := l.Nearest(ctx, lab.Nearest{Pair: pair}); return err },
		"bank": func(ctx context.Context) error {
			_, err := l.Nearest(ctx, lab.Nearest{Pair: pair, Bank: bank})
			return err
		},
		"pairs": func(ctx context.Context) error {
			_, err := l.Pairs(ctx, lab.Pairs{Atlas: other, Neuron: &pair.Neuron})
			return err
		},
		"neuron": func(ctx context.Context) error {
			_, err := l.Neuron(ctx, lab.Neuron{Atlas: other, Neuron: 5})
			return err
		},
		"explain": func(ctx context.Context) error {
			_, err := l.Explain(ctx, lab.Explain{Picture: scene, Text: "a snail"})
			return err
		},
		"explain bank": func(ctx context.Context) error {
			_, err := l.Explain(ctx, lab.Explain{Picture: scene, Atlas: at, Bank: bank, Top: 3})
			return err
		},
		"classify": func(ctx context.Context) error {
			_, err := l.Classify(ctx, lab.Classify{Input: lab.Input{Sources: []string{scene}}, Labels: []string{"a cat", "a snail"}})
			return err
		},
		"embed": func(ctx context.Context) error {
			_, err := l.Embed(ctx, lab.Embed{Texts: []string{"a cat", "a snail"}})
			return err
		},
		"segment": func(ctx context.Context) error {
			s, err := l.Segment(ctx, lab.Segment{Classes: classesOf("snail", "grass")})
			if err != nil {
				return err
			}
			data, err := os.ReadFile(scene)
			if err != nil {
				return err
			}
			return s.Content(ctx, "scene", data, func(*lab.Segmented) error { return nil })
		},
		"close": func(ctx context.Context) error { l.CloseAtlas(other); _, err := l.Describe(ctx); return err },
	}
}

// TestStress: 32 goroutines ask twelve kinds of questions of one lab while an atlas is closed under them, and memory does not grow with questions.
func TestStress(t *testing.T) {
	askers := 32
	if testing.Short() {
		askers = 8
	}
	at, bank := labtest.ScenesAtlas(), words(t)
	other := filepath.Join(t.TempDir(), "other.atlas")
	if err := os.CopyFS(other, os.DirFS(at)); err != nil {
		t.Fatal(err)
	}
	for _, engine := range []string{"portable", "ort"} {
		if _, err := ort.New(ort.Options{}); engine == "ort" && errors.Is(err, ort.ErrUnavailable) {
			t.Log("without ONNX Runtime:", err)
			continue
		}
		t.Run(engine, func(t *testing.T) {
			l := open(t, lab.Config{Engine: engine})
			questions := kinds(l, at, other, bank)
			round := func(askers int) uint64 {
				var all sync.WaitGroup
				for range askers {
					all.Go(func() {
						for name, ask := range questions { // in an order of its own
							if err := ask(t.Context()); err != nil {
								t.Errorf("%s: %v", name, err)
							}
						}
					})
				}
				all.Wait()
				runtime.GC() // twice: what a pool keeps, it gives up at the second
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				return m.HeapAlloc
			}
			before := round(askers / 4)
			after := round(askers)
			t.Logf("%d MB in use after %d questions, %d MB after %d more", before>>20, askers/4*len(questions), after>>20, askers*len(questions))
			if after > before+before/4+(8<<20) {
				t.Errorf("memory grows: %d bytes in use after a few questions, %d after many", before, after)
			}
		})
	}
}
