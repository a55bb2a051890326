package lab

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
)

const calibrated = `{"model":{"sha256":"abc"},"calibrations":[{"sense":"fires","rule":{"mean":[0.1,0.5,0.2],"deviation":[0.1,0.25,0.1],"weights":[1,2,-1,0.5]}}]}`

// TestCalibrations: a name has the probability of the rule of its sense; what is no report, or of another model, is told.
func TestCalibrations(t *testing.T) {
	c, err := readCalibrations(strings.NewReader(calibrated), "abc")
	if err != nil {
		t.Fatal(err)
	}
	name := atlas.Words{Named: true, Margin: 0.2, Stability: 0.75, Terms: []atlas.Word{{Shown: true, Explained: 0.3}}}
	if share := name.ShownShare(); share != 0.3 {
		t.Fatalf("the words shown explain %g", share)
	}
	want := 1 / (1 + math.Exp(-(1*1 + 2*1 - 1*1 + 0.5)))
	if p := c.of(atlas.Fires, name); p == nil || math.Abs(*p-want) > 1e-12 {
		t.Errorf("probability %v, expected %g", p, want)
	}
	if c.of(atlas.Says, name) != nil || c.of(atlas.Fires, atlas.Words{}) != nil || calibrations(nil).of(atlas.Fires, name) != nil {
		t.Error("a name of another sense, no name, or a name without a calibration has a probability")
	}
	for text, want := range map[string]string{
		"":                      "facet evaluate labels --json",
		`{"labels":"x"}`:        "found none",
		`{"calibrations":[1]}`:  "facet evaluate labels --json",
		`{"calibrations":[{}]}`: "SHA-256",
		calibrated[:50]:         "facet evaluate labels --json",
		strings.Replace(calibrated, "0.25", "0", 1): "deviations above 0",
	} {
		if _, err := readCalibrations(strings.NewReader(text), "abc"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, expected %q", text, err, want)
		}
	}
}

// FuzzCalibrations: whatever a file holds, a name's probability is from 0 to 1, or there is an error.
func FuzzCalibrations(f *testing.F) {
	f.Add([]byte(calibrated), 0.2, 0.7)
	f.Add([]byte(strings.Replace(calibrated, "0.25", "1e-300", 1)), 0.2, 1.0)
	f.Fuzz(func(t *testing.T, data []byte, margin, stability float64) {
		c, err := readCalibrations(bytes.NewReader(data), "abc")
		if err != nil || !(math.Abs(margin) <= 2) || !(math.Abs(stability) <= 2) { // marks are cosines
			return
		}
		for sense := range c {
			if p := c.of(sense, atlas.Words{Named: true, Margin: margin, Stability: stability}); !(*p >= 0 && *p <= 1) {
				t.Errorf("%s: %s: %g", data, sense, *p)
			}
			if _, err := json.Marshal(answer.Words{Probability: c.of(sense, atlas.Words{Named: true})}); err != nil {
				t.Error(err)
			}
		}
	})
}
