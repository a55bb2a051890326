package cli

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
)

// TestSinkSaturated plants a sink that takes all of a head's attention, on which accuracy without it was NaN: it is found with its registers, and neither such
// a picture nor one that cannot be read ends the run.
func TestSinkSaturated(t *testing.T) {
	dir := t.TempDir()
	succeed(t, "scenes", "-n", "6", "-o", filepath.Join(dir, "world"))
	bad := filepath.Join(dir, "world", "bus")
	if err := os.MkdirAll(bad, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bad, "bad.png"), []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	words := writeText(t, "sedan", "castle", "snow")
	for _, amount := range []float32{80, 2000, 1e6} {
		args := append([]string{"sink", filepath.Join(dir, "world"), "--bank", words}, planted(t, t.TempDir(), amount)...)
		var r answer.Sink
		if err := json.Unmarshal([]byte(succeed(t, append(args, "--json")...)), &r); err != nil {
			t.Fatal(err)
		}
		if !r.Exists || r.Token != len(r.Mass)-1 || !(*r.RatioLow > sinkLeast) || r.Unread != 1 || r.Images < 6 || r.Accuracy.Without.Of != r.Images {
			t.Errorf("planted by %g: %+v", amount, r)
		}
		for _, n := range r.Registers[:2] {
			if !slices.Contains(pulling, n.Neuron) || n.Share < 0 {
				t.Errorf("planted by %g: register %+v", amount, n)
			}
		}
		out := succeed(t, args...)
		if strings.Contains(out, "NaN") || regexp.MustCompile(`[ (]-\d`).MatchString(out) || !strings.Contains(out, ", a sink.") {
			t.Errorf("planted by %g: %s", amount, out)
		}
	}
}

// sinkLeast is the ratio from where on a place is a sink, as docs/guide/segment.md says.
const sinkLeast = 3

// TestSink: attention sums to one over the pictures of an atlas, as over those of its dataset.
func TestSink(t *testing.T) {
	at, chart := someAtlas(t), filepath.Join(t.TempDir(), "map.png")
	var r, of answer.Sink
	ask(t, &r, "sink", at, "--limit", "4", "-o", chart)
	ask(t, &of, "sink", thirteen, "--model", "demo", "--limit", "4")
	sum := r.Class
	for _, m := range r.Mass {
		sum += m
	}
	if r.Images != 4 || math.Abs(sum-1) > 1e-4 || r.Accuracy.With.Of != 4 || !slices.Equal(r.Mass, of.Mass) || wide(t, chart) < 64 {
		t.Errorf("attention sums to %g, %+v; of the dataset %+v", sum, r, of)
	}
}

// TestNoSink: where there is no sink there are no register neurons; one picture does not tell; classes are not needed.
func TestNoSink(t *testing.T) {
	for _, source := range []string{"scenes:default?n=5&seed=3", "scenes:default?n=1&seed=3", "../../docs/images"} {
		out := succeed(t, "sink", source, "--limit", "3", "--model", "demo")
		if strings.Contains(out, "register") || strings.Contains(out, ", a sink.") || strings.Contains(out, "NaN") {
			t.Errorf("%s: %s", source, out)
		}
		if one := strings.Contains(source, "n=1"); one != strings.Contains(out, "one picture does not tell") {
			t.Errorf("%s: %s", source, out)
		}
	}
}
