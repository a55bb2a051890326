package cli

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

// TestEvaluateLabels: the demo model's labels hold, for most pairs, on scenes that they were not made from.
func TestEvaluateLabels(t *testing.T) {
	if testing.Short() {
		t.Skip("renders 600 scenes and labels every pair four times")
	}
	var r answer.LabelReport
	printed := succeed(t, "evaluate", "labels", "--scenes", "150", "--seeds", "1", "--top", "1000", "--json")
	if err := json.Unmarshal([]byte(printed), &r); err != nil {
		t.Fatal(err)
	}
	checkProbabilities(t, printed, r.Calibrations)
	if r.Fires.Pairs != 200 || r.Fires.Named < 120 || 10*r.Fires.Predictive < 8*r.Fires.Named || r.Truth.Named < 20 {
		t.Errorf("fires: %d named, %d predictive; says: %d, %d", r.Fires.Named, r.Fires.Predictive, r.Truth.Named, r.Truth.Predictive)
	}
	more, own, control := 0, 0.0, 0.0
	for _, a := range r.CausalFires {
		own, control = own+a.Own, control+a.Control
		if a.Own > a.Others {
			more++
		}
	}
	if n := len(r.CausalFires); n < 30 || 3*more < 2*n || own < 3*max(control, 0.01) {
		t.Errorf("holding their pairs hurts %d of %d words more than others; falls sum to %g, of random pairs to %g", more, n, own, control)
	}
	whole, words := r.Reconstruction[0], r.Reconstruction[1:]
	if whole.Terms != 0 || math.Abs(whole.Cosine-1) > 1e-6 || whole.Accuracy.Of != 75 || whole.Accuracy.Value() < 0.9 {
		t.Errorf("the pairs themselves: %+v", whole)
	}
	for i, terms := range []int{1, 4, 16, 64} {
		if x := words[i]; x.Terms != terms || i > 0 && x.Cosine <= words[i-1].Cosine {
			t.Errorf("more words, less like the model: %+v", words)
		}
	}
	fires := r.Ways[0]
	if r.Seeds != 1 || fires.Way != "fires" || fires.Right.SD != 0 || fires.Right.Mean < 0.75 || fires.CosyAUC == nil || fires.CosyAUC.Mean < 0.7 || fires.CosyMAD.Mean < 1 {
		t.Errorf("over %d seeds: %+v", r.Seeds, fires)
	}
	if c := r.Calibrations[0]; c.Sense != "fires" || c.Names != r.Discoveries[0].Named || c.Brier > 0.3 || c.ECE > 0.2 || c.Right < 0.5 {
		t.Errorf("calibrated: %+v", c)
	}
	var out strings.Builder
	show.LabelReport(&out, &r, 3)
	if printed := out.String(); !strings.Contains(printed, "fires for") || strings.Count(printed, "Holding the pairs") != 2 || strings.Count(printed, "\n") < len(r.CausalFires) {
		t.Error(printed)
	}
	if c := lab.LabelCurve(&r); len(c.Series) != 3 || len(c.Series[0].X) != r.Fires.Named {
		t.Errorf("chart of %d lines", len(c.Series))
	}
	if c := lab.LabelCurve(&answer.LabelReport{Reconstruction: r.Reconstruction}); len(c.Series) != 2 || len(c.Series[0].X) != 4 {
		t.Errorf("chart of the reconstruction: %+v", c)
	}
}

// checkProbabilities asks facet label for probabilities by a report.
func checkProbabilities(t *testing.T, report string, c []answer.Calibration) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "judged.json")
	if err := os.WriteFile(file, []byte(report), 0o600); err != nil {
		t.Fatal(err)
	}
	var labels answer.Labels
	if err := json.Unmarshal([]byte(succeed(t, "label", "--units", "top:300", "--top", "300", "--calibration", file, "--json")), &labels); err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, p := range labels.Pairs {
		if (p.Probability != nil) != p.Named {
			t.Fatalf("(%d,%d): named %v, probability %v", p.Neuron, p.Head, p.Named, p.Probability)
		}
		if p.Named {
			named++
			if *p.Probability <= 0 || *p.Probability >= 1 {
				t.Errorf("(%d,%d) is right with %g", p.Neuron, p.Head, *p.Probability)
			}
		}
	}
	if named == 0 || len(c) != 2 {
		t.Fatalf("%d names, %d calibrations", named, len(c))
	}
	if out := succeed(t, "label", "--units", "top:3", "--calibration", file); !strings.Contains(out, "right") {
		t.Error(out)
	}
	if code, _, log := facet(t, "label", "--units", "top:3", "--calibration", "none.json"); code != exitFailure || !strings.Contains(log, "none.json") {
		t.Errorf("a file that is not there: exit code %d: %s", code, log)
	}
}
