package segment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/segment"
)

// TestMethodNames: every method is found by its name, and nothing else is a method.
func TestMethodNames(t *testing.T) {
	all := segment.Methods()
	if len(all) != 9 || all[0] != segment.Facet || all[8] != segment.Activations || segment.CAM.String() != "cam" {
		t.Errorf("methods %v", all)
	}
	for _, m := range all {
		if found, err := segment.ParseMethod(m.String()); err != nil || found != m || !m.Known() {
			t.Errorf("%v: found %v, %v", m, found, err)
		}
	}
	for _, m := range []segment.Method{0, segment.Activations + 1} {
		if m.Known() || m.String() != "" {
			t.Errorf("method %d is known as %q", uint8(m), m)
		}
	}
	if _, err := segment.ParseMethod(""); err == nil {
		t.Error("no name is a method's")
	}
}

// TestPresets: the protocols that docs/guide/segment.md lists, for a model of 288 pixels.
func TestPresets(t *testing.T) {
	got := map[string][3]int{}
	for _, name := range segment.Presets() {
		p, err := segment.Preset(name, 288)
		if err != nil || p.Scale != 40 || p.Threshold != 0 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		got[name] = [3]int{p.ShortSide, p.Window, p.Stride}
	}
	want := map[string][3]int{"native": {288, 288, 144}, "paper-384": {384, 288, 144}, "paper-512": {512, 288, 144}, "sclip": {336, 224, 112}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p, err := segment.Preset("paper-384", 448); err == nil || p.Window != 448 {
		t.Errorf("a window larger than the short side: %+v, %v", p, err)
	}
}
