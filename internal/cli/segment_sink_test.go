package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/demo"
)

// pulling are neurons of the demo model for which its class token asks on most scenes.
var pulling = []int{43, 196, 228, 269, 532, 613}

// planted is the demo model with a sink: its last position goes far along the pulling neurons.
func planted(t *testing.T, dir string, amount float32) []string {
	t.Helper()
	ck, err := demo.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	var tensors []checkpoint.Data
	for _, name := range ck.Names() {
		tensor, _ := ck.Tensor(name)
		numbers, err := ck.Float32(name, tensor.Shape...)
		if err != nil {
			t.Fatal(err)
		}
		if name == "visual.attnpool.positional_embedding" {
			numbers = slices.Clone(numbers)
			last := numbers[len(numbers)-tensor.Shape[1]:]
			for _, n := range pulling {
				last[n] += amount
			}
		}
		tensors = append(tensors, checkpoint.Data{Name: name, DType: checkpoint.Float32, Shape: tensor.Shape, Floats: numbers})
	}
	path := filepath.Join(dir, "planted.safetensors")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkpoint.WriteSafetensors(f, tensors); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return []string{"--model", path, "--vocab", filepath.Join("..", "..", "demo", "vocabulary.txt"), "--activation", "quickgelu"}
}

// TestSegmentSink plants a sink: its register neurons are found, no others are dropped, and dropping them brings back what the sink cost.
func TestSegmentSink(t *testing.T) {
	if testing.Short() {
		t.Skip("segments 64 scenes by three methods")
	}
	model := planted(t, t.TempDir(), 80)
	type result struct {
		Protocol struct {
			Sink answer.SegmentationSink
		}
		Methods []struct {
			Method string
			MIoU   float64
		}
	}
	evaluate := func(rule string, model ...string) (r result) {
		t.Helper()
		args := append([]string{"evaluate", "segmentation", "scenes:default?n=16&seed=31", "--method", "facet,nap,selfself", "--sink", rule, "--json"}, model...)
		if err := json.Unmarshal([]byte(succeed(t, args...)), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	plain, spoilt := evaluate("auto", "--model", "demo"), evaluate("published", model...)
	auto, drop := evaluate("auto", model...), evaluate("drop", model...)
	if plain.Protocol.Sink.Exists || plain.Protocol.Sink.Registers != nil {
		t.Errorf("the demo model has no sink; found %+v", plain.Protocol.Sink)
	}
	for _, r := range []result{auto, drop} {
		if diff := cmp.Diff(pulling, slices.Sorted(slices.Values(r.Protocol.Sink.Registers))); diff != "" || !r.Protocol.Sink.Exists {
			t.Errorf("registers found: %+v, %s", r.Protocol.Sink, diff)
		}
	}
	if s := spoilt.Protocol.Sink; s.Exists || s.Registers != nil || s.Rule != "published" {
		t.Errorf("nobody looked for a sink, the protocol says %+v", s)
	}
	for i, m := range plain.Methods {
		t.Logf("%s: mIoU %.3f; with the sink %.3f, auto %.3f, drop %.3f", m.Method, m.MIoU, spoilt.Methods[i].MIoU, auto.Methods[i].MIoU, drop.Methods[i].MIoU)
		if lost, left := m.MIoU-spoilt.Methods[i].MIoU, m.MIoU-drop.Methods[i].MIoU; lost < 0.01 || left > 0.3*lost {
			t.Errorf("%s: the sink costs %.3f mIoU, %.3f are still missing without it", m.Method, lost, left)
		}
		if want := map[bool]float64{true: drop.Methods[i].MIoU, false: spoilt.Methods[i].MIoU}[i == 0]; auto.Methods[i].MIoU != want {
			t.Errorf("auto, %s: mIoU %g, want %g: facet drops the sink, the others do as published", m.Method, auto.Methods[i].MIoU, want)
		}
	}
}
