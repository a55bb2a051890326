package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
)

// TestSinkAsPublished: what the published code finds stands beside facet's own, and no other field changes.
func TestSinkAsPublished(t *testing.T) {
	var r answer.Sink
	ask(t, &r, "sink", "scenes:default?n=4&size=64", "--compat", "reference", "--registers", "3")
	if r.Published == nil || len(r.Published.Neurons) != 10 || len(r.Published.Pairs) != 10 || len(r.Published.Zeroed) != 3 {
		t.Fatalf("published: %+v", r.Published)
	}
	if p := r.Published; p.ZeroSink == nil || p.ZeroNeurons == nil || p.ZeroSink.Of != r.Accuracy.With.Of {
		t.Errorf("accuracies %v and %v, beside %v", p.ZeroSink, p.ZeroNeurons, r.Accuracy)
	}
	for i, n := range r.Published.Neurons[1:] {
		if n.Size > r.Published.Neurons[i].Size {
			t.Errorf("neuron %d stands after a weaker one", n.Neuron)
		}
	}
}

// TestSegmentationAsPublished: the record says so, the sink is replaced, and a list of classes must be of the data set's number.
func TestSegmentationAsPublished(t *testing.T) {
	source := "scenes:default?n=1&size=64"
	var r answer.SegmentationScores
	ask(t, &r, "evaluate", "segmentation", source, "--method", "maskclip", "--compat", "reference")
	if r.Protocol.Compat != "reference" || r.Protocol.Sink.Rule != "published" {
		t.Errorf("protocol %+v", r.Protocol)
	}
	list := filepath.Join(t.TempDir(), "classes.txt")
	if err := os.WriteFile(list, []byte("car\ntree\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--classes-file", list}, {"--area-threshold", "0.1"}, {"--compat", "facet"}, {"--compat", "reference", "--sink", "drop"},
	} {
		code, _, log := facet(t, append([]string{"evaluate", "segmentation", source, "--model", "demo"}, args...)...)
		if code == exitOK || !strings.Contains(log, args[len(args)-2]) && !strings.Contains(log, list) {
			t.Errorf("%v: exit code %d: %s", args, code, log)
		}
	}
}
