package cli

import (
	"encoding/json"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment"
)

// scan makes an atlas of the demo model.
func scan(t *testing.T, source string, flags ...string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "atlas")
	succeed(t, append([]string{"scan", source, "-o", dir, "--model", "demo", "--engine", "portable"}, flags...)...)
	return dir
}

// TestMeansOfAnotherAtlas: with --means A the mean and the scores are those of A's images, formed here one by one from A's scalars.
func TestMeansOfAnotherAtlas(t *testing.T) {
	A, B := scan(t, "scenes:single?n=8&seed=1", "--keep-scalars"), scan(t, "scenes:single?n=6&seed=2", "--keep-scalars")
	a := &app{engine: "portable", stdout: io.Discard, stderr: io.Discard}
	s, err := a.openStudy(t.Context(), B, studyOptions{unit: "neuron", means: A})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	own, err := a.openStudy(t.Context(), A, studyOptions{unit: "neuron"})
	if err != nil {
		t.Fatal(err)
	}
	defer own.close()
	scalars := make([][]float32, own.Images())
	mean := make([]float64, len(own.Norms))
	for i := range scalars {
		scalars[i] = make([]float32, len(mean))
		if err := own.Row(i, scalars[i]); err != nil {
			t.Fatal(err)
		}
		for p, v := range scalars[i] {
			mean[p] += float64(v) / float64(len(scalars))
		}
	}
	for p, m := range mean {
		if math.Abs(s.means.Mean[p]-m) > 1e-3*(1+math.Abs(m)) { // an atlas' means are of float32, its scalars are float16
			t.Fatalf("mean of pair %d: %g, want %g", p, s.means.Mean[p], m)
		}
	}
	plain := func(of func(decompose.Pair) bool) (score float64) {
		for _, row := range scalars {
			sum := make([]float64, s.OV.Embed)
			for p, v := range row {
				if pair := s.OV.Pair(p); of(pair) {
					for o, u := range s.OV.Direction(pair) {
						sum[o] += (float64(v) - s.means.Mean[p]) * float64(u)
					}
				}
			}
			var square float64
			for _, v := range sum {
				square += v * v
			}
			score += math.Sqrt(square) / float64(len(scalars))
		}
		return score
	}
	near := func(what string, i int, got, want float64) {
		if !(math.Abs(got-want) <= 1e-4*want) {
			t.Errorf("score of %s %d: %g, formed from A's images %g", what, i, got, want)
		}
	}
	neurons, err := s.scores(t.Context(), experiment.Neuron)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 89, 767} {
		near("neuron", n, neurons[n], plain(func(p decompose.Pair) bool { return p.Neuron == n }))
	}
	heads, err := s.scores(t.Context(), experiment.Head)
	if err != nil {
		t.Fatal(err)
	}
	near("head", 3, heads[3], plain(func(p decompose.Pair) bool { return p.Head == 3 }))
	pairs, err := s.scores(t.Context(), experiment.Pair)
	if err != nil {
		t.Fatal(err)
	}
	near("pair", 500, pairs[500], plain(func(p decompose.Pair) bool { return s.OV.Index(p) == 500 }))

	var own1, own2 struct{ Rows []experiment.Reconstruction }
	for into, flags := range map[any][]string{&own1: {"--compat", "reference", "--means", A}, &own2: {"--means", A}} {
		args := append([]string{"reconstruct", B, "--unit", "head", "--components", "1", "--engine", "portable", "--json"}, flags...)
		if err := json.Unmarshal([]byte(succeed(t, args...)), into); err != nil {
			t.Fatal(err)
		}
	}
	if own1.Rows[0].Cosine == own2.Rows[0].Cosine {
		t.Error("--compat reference with --means changes nothing")
	}
}

// TestWithoutScalars: what needs the scalars of single images says so once; what does not does without.
func TestWithoutScalars(t *testing.T) {
	bare, full := scan(t, "scenes:single?n=6&seed=1"), scan(t, "scenes:single?n=6&seed=2", "--keep-scalars")
	for _, args := range [][]string{
		{"ablate", bare}, {"reconstruct", bare}, {"polysemanticity", bare, "--unit", "neuron"}, {"polysemanticity", bare, "--unit", "head"}, {"evaluate", "labels", bare},
		{"ablate", full, "--means", bare, "--unit", "neuron"}, {"ablate", full, "--means", bare, "--unit", "head"},
		{"reconstruct", full, "--means", bare, "--unit", "head", "--compat", "reference"},
	} {
		code, out, log := facet(t, append(args, "--engine", "portable")...)
		if code != exitFailure || out != "" || strings.Count(log, "--keep-scalars") != 1 || !strings.Contains(log, bare) {
			t.Errorf("facet %s: code %d: %s%s", strings.Join(args, " "), code, out, log)
		}
	}
	for _, args := range [][]string{{"ablate", full, "--means", bare}, {"reconstruct", full, "--means", bare, "--unit", "head", "--components", "1"}, {"pairs", bare, "--top", "2"}} {
		succeed(t, append(args, "--engine", "portable")...)
	}
	code, out, log := facet(t, "polysemanticity", bare, "--engine", "portable")
	if code != exitOK || strings.Contains(out, "neuron") || strings.Count(log, "--keep-scalars") != 1 {
		t.Errorf("polysemanticity of pairs: code %d: %s%s", code, out, log)
	}
	code, out, log = facet(t, "neuron", bare, "89", "--json", "--engine", "portable")
	var sheet struct{ Rows []answer.Unit }
	if err := json.Unmarshal([]byte(out), &sheet); err != nil {
		t.Fatal(err, log)
	}
	if code != exitOK || len(sheet.Rows) != 4 || slices.ContainsFunc(sheet.Rows, func(r answer.Unit) bool { return r.Head == nil }) || strings.Count(log, "--keep-scalars") != 1 {
		t.Errorf("pairs of a neuron: code %d: %s%s", code, out, log)
	}
	for _, verb := range []string{"reconstruct", "ablate", "polysemanticity", "evaluate labels", "neuron"} {
		if usage := commands(t)["scan"].Flags().Lookup("keep-scalars").Usage; !strings.Contains(usage, verb) {
			t.Errorf("the help of --keep-scalars does not name %s: %s", verb, usage)
		}
	}
}

// TestPolysemanticityNeedsNoClasses: pictures without labels will do.
func TestPolysemanticityNeedsNoClasses(t *testing.T) {
	at := scan(t, filepath.Join("..", "..", "docs", "images"), "--keep-scalars", "--limit", "2")
	if out := succeed(t, "polysemanticity", at, "--unit", "head", "--engine", "portable"); strings.Contains(out, "NaN") || !strings.Contains(out, "strongest pair") {
		t.Error(out)
	}
}
