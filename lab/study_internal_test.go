package lab

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/scenes"
)

// inside is a lab of the demo model.
func inside(t *testing.T) *Lab {
	t.Helper()
	l, err := Open(t.Context(), Config{Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// scanInto makes an atlas that keeps scalars.
func scanInto(t *testing.T, l *Lab, source string) string {
	t.Helper()
	s, err := dataset.Open(source, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "atlas")
	if _, err := l.Scan(t.Context(), Scan{Source: s, Folder: dir, KeepScalars: true}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestMeansOfAnotherAtlas: with another atlas the mean and the scores are those of A's images, formed here one by one from A's scalars.
func TestMeansOfAnotherAtlas(t *testing.T) {
	l := inside(t)
	A, B := scanInto(t, l, "scenes:single?n=8&seed=1"), scanInto(t, l, "scenes:single?n=6&seed=2")
	s, err := l.openStudy(t.Context(), Study{Atlas: B, Unit: UnitNeuron, Means: A})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	own, err := l.openStudy(t.Context(), Study{Atlas: A, Unit: UnitNeuron})
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

	q := Reconstruct{Study: Study{Atlas: B, Unit: UnitHead, Means: A}, Components: []int{1}}
	plainly, err := l.Reconstruct(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	q.Reference = true
	published, err := l.Reconstruct(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if plainly.Rows[0].Cosine == published.Rows[0].Cosine {
		t.Error("the published way with another atlas changes nothing")
	}
}

// TestLabelsJudged asks an atlas of scenes whether its labels hold, and what register neurons are called, of which the demo model has none.
func TestLabelsJudged(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: scans 80 scenes and labels a thousand pairs")
	}
	l := inside(t)
	at := scanInto(t, l, "scenes:default?n=80&seed=2")
	if _, err := l.Label(t.Context(), Label{Atlas: at, Units: "top:1000", Terms: 6}); err != nil {
		t.Fatal(err)
	}
	trial := &labelTrial{Lab: l, question: EvaluateLabels{Study: Study{Atlas: at}}}
	if err := trial.openAtlasTrial(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer trial.close()
	if trial.names != at || len(trial.labels) != 1000 || len(trial.concepts.Bank.Texts) != 62 || len(trial.concepts.Present[0]) != 80 {
		t.Errorf("%d labels of %s, %d concepts in %d scenes", len(trial.labels), trial.names, len(trial.concepts.Bank.Texts), len(trial.concepts.Present[0]))
	}
	truth, causal, err := trial.judge(t.Context(), func(l atlas.Label) atlas.Words { return l.Fires })
	if err != nil {
		t.Fatal(err)
	}
	if truth.Pairs != judgedPairs || truth.Named < 20 || truth.Unknown != 0 || len(causal) < 5 {
		t.Errorf("%d pairs, %d named, %d unknown, %d words held", truth.Pairs, truth.Named, truth.Unknown, len(causal))
	}
	use, err := l.openAtlas(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	ov, err := l.ov()
	if err != nil {
		t.Fatal(err)
	}
	names, err := use.names()
	if err != nil {
		t.Fatal(err)
	}
	a := &answer.Sink{SinkReport: answer.SinkReport{Registers: []answer.Register{{Neuron: 89}, {Neuron: 178}}}}
	if err := l.nameRegisters(t.Context(), ov, use, "", a); err != nil {
		t.Fatal(err)
	}
	if len(a.Pairs) != 2 || len(a.Words) != 2 || a.Labelling != answer.Fired {
		t.Fatalf("%+v", a)
	}
	for _, p := range a.Pairs {
		for h := range ov.Heads {
			at := ov.Index(decompose.Pair{Head: h, Neuron: p.Neuron})
			if use.strength[at] > use.strength[ov.Index(decompose.Pair{Head: p.Head, Neuron: p.Neuron})] {
				t.Errorf("head %d is stronger than %+v", h, p)
			}
		}
		if want := names.Of(ov.Index(decompose.Pair{Head: p.Head, Neuron: p.Neuron})); (want.Fires == nil) != (p.Fires == nil) {
			t.Errorf("%+v is called otherwise by the atlas: %+v", p, want)
		}
	}
}

// TestEvaluateLabels: an atlas of scenes is asked all three questions, of its own labels and of the few words of a file.
func TestEvaluateLabels(t *testing.T) {
	l := inside(t)
	at := scanInto(t, l, "scenes:single?n=80&seed=5")
	q := EvaluateLabels{Study: Study{Atlas: at}, Bank: filepath.Join(t.TempDir(), "words.txt")}
	if _, err := l.EvaluateLabels(t.Context(), q); !errors.Is(err, atlas.ErrNoLabels) {
		t.Errorf("without labels: %v", err)
	}
	if _, err := l.Label(t.Context(), Label{Atlas: at, Units: "top:300", Terms: 4}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(q.Bank, []byte("sedan\ncastle\nsnow\nbutterfly\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := l.EvaluateLabels(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if r.Labels != at || r.Truth.Pairs != judgedPairs || r.Fires.Pairs != judgedPairs || r.Fires.Named == 0 || len(r.CausalFires) == 0 {
		t.Errorf("labels of %s; %d and %d pairs, %d named, %d words held", r.Labels, r.Truth.Pairs, r.Fires.Pairs, r.Fires.Named, len(r.CausalFires))
	}
	judgedOf(t, r)
	rows := r.Reconstruction
	if len(rows) != 5 || rows[0].Terms != 0 || math.Abs(rows[0].Cosine-1) > 1e-3 || !(rows[1].Cosine < rows[2].Cosine && rows[2].Cosine < rows[0].Cosine) {
		t.Errorf("rebuilt: %+v", rows)
	}
}

// TestSeedsSpread: without an atlas names are made and judged by several sets of scenes.
func TestSeedsSpread(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: renders 700 scenes")
	}
	trial := &labelTrial{Lab: inside(t), question: EvaluateLabels{Scenes: 100, Seeds: 2}}
	if err := trial.fromScenes(t.Context()); err != nil {
		t.Fatal(err)
	}
	var a answer.LabelReport
	if err := trial.judgeNames(t.Context(), &a); err != nil {
		t.Fatal(err)
	}
	fires := a.Ways[0]
	if a.Seeds != 2 || a.SamePictures || fires.AUC.Least == fires.AUC.Most || fires.AUC.SD == 0 || fires.CosyAUC == nil || fires.CosyAUC.Mean < 0.7 || fires.CosyMAD.Mean < 1 {
		t.Errorf("over %d seeds: %+v", a.Seeds, fires)
	}
	if c := a.Calibrations[0]; c.Names < 2*a.Discoveries[0].Named*9/10 || c.Brier > 0.3 || c.ECE > 0.2 {
		t.Errorf("calibrated: %+v", c)
	}
}

// judgedOf checks what an atlas says of its names beside others.
func judgedOf(t *testing.T, r *answer.LabelReport) {
	t.Helper()
	ways := map[string]answer.NamingWay{}
	for _, w := range r.Ways {
		ways[w.Way] = w
	}
	best := ways["best-word"]
	if len(ways) != 8 || best.Named.Mean != judgedPairs || best.TextCosine.Mean < 0.5 || r.Seeds != 1 || !r.SamePictures {
		t.Fatalf("%d ways, %d seeds, same pictures %v; the best: %+v", len(ways), r.Seeds, r.SamePictures, best)
	}
	for _, way := range []string{"invert-1", "clip-dissect", "random-word"} {
		if w := ways[way]; w.Named.Mean != judgedPairs || w.AUC.Mean > best.AUC.Mean || w.Right.Mean > best.Right.Mean || w.Right.Mean < 0 {
			t.Errorf("%s: %+v, better than the best %+v", way, w, best)
		}
	}
	if fires := ways["fires"]; fires.Right.Mean < 2*ways["random-word"].Right.Mean || fires.Right.Mean < 2*ways["another-pair"].Right.Mean || fires.CosyAUC != nil {
		t.Errorf("names are no better than random ones: %+v", fires)
	}
	if len(r.Discoveries) != 2 || r.Discoveries[0].Meaning == nil || r.Discoveries[0].Pairs != 300 || r.Discoveries[0].Holding > r.Discoveries[0].Named {
		t.Errorf("discoveries: %+v", r.Discoveries)
	}
	names := 0
	for _, c := range r.Calibrations {
		for _, b := range c.Bins {
			names += b.Names
		}
	}
	if named := r.Discoveries[0].Named + r.Discoveries[1].Named; names == 0 || names > named {
		t.Errorf("%d names calibrated of %d", names, named)
	}
	row := r.Fires.Rows[slices.IndexFunc(r.Fires.Rows, func(d answer.Detection) bool { return d.Word != "" && !d.Unknown })]
	if row.Probability == nil || *row.Probability <= 0 || *row.Probability >= 1 || row.Wrong == nil || row.RankSum == nil || row.Chance == nil || row.Invert == "" || row.Dissect == "" {
		t.Errorf("%+v", row)
	}
}

// TestPhrases: without a bank the demo model's directions are rebuilt from what its world can say, of which a label takes up to 64 texts.
func TestPhrases(t *testing.T) {
	l := inside(t)
	w, err := (&labelTrial{Lab: l}).phrases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	texts := w.dictionary.Texts
	if len(texts) < 500 || !slices.Contains(texts, scenes.Phrase("red", "castle")) || !slices.Contains(texts, "something red") {
		t.Errorf("%d phrases, from %q to %q", len(texts), texts[0], texts[len(texts)-1])
	}
}

// TestLabelsGrowWithWhatIsAsked: an answer has the pairs of Top, however many are labelled.
func TestLabelsGrowWithWhatIsAsked(t *testing.T) {
	w := inWords{ov: &decompose.OV{Heads: 4, Channels: 25}, labels: make([]atlas.Label, 100)}
	for i := range w.labels {
		w.labels[i] = atlas.Label{Pair: i, Says: atlas.Words{Named: i < 7}}
	}
	for top, want := range map[int]int{0: 0, 2: 2, 100: 100, 1000: 100, -1: 100} {
		a := w.answer(Label{}.fit(), Label{Top: top})
		if len(a.Pairs) != want || a.Named != 7 || a.FiresNamed != nil {
			t.Errorf("top %d: %d pairs, want %d; %d named", top, len(a.Pairs), want, a.Named)
		}
	}
}
