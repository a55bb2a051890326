package lab_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/registry"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/internal/randomclip"
	"github.com/facet-clip/facet/lab"
)

// verdicts are those of a model, by check.
func verdicts(t *testing.T, c lab.Config) map[string]answer.Check {
	t.Helper()
	v, err := lab.Verify(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	checks := map[string]answer.Check{}
	for _, c := range v.Checks {
		checks[c.Check] = c
	}
	return checks
}

// selfChecks hold for a model of any weights.
var selfChecks = []string{"exactness", "attention sums", "plain attention", "plain pool"}

// TestVerify: the demo and a file that nobody published agree with themselves, and nothing is published that they could be compared with.
func TestVerify(t *testing.T) {
	for _, model := range []string{lab.DemoName, tiny} {
		for _, engine := range []string{"", "portable"} {
			got := verdicts(t, lab.Config{Model: model, Engine: engine, Cache: t.TempDir()})
			for _, check := range []string{"digest", "known answers"} {
				if got[check].Verdict != answer.NotApplicable || got[check].Measured != nil {
					t.Errorf("%s on %q, %s: %+v, expected that it does not apply", model, engine, check, got[check])
				}
			}
			for _, check := range selfChecks {
				if c := got[check]; c.Verdict != answer.OK || c.Measured == nil || !(float64(*c.Measured) <= float64(*c.Tolerance)) {
					t.Errorf("%s on %q, %s: %+v, expected %s", model, engine, check, c, answer.OK)
				}
			}
			want := map[bool]map[string]string{
				true:  {"plain labels, scenes": answer.OK, "attention sink": answer.NotApplicable, "activation": answer.NotApplicable},
				false: {"plain labels": answer.NotApplicable, "attention sink": answer.NotApplicable}, // no vocabulary
			}[model == lab.DemoName]
			for check, verdict := range want {
				if c := got[check]; c.Verdict != verdict {
					t.Errorf("%s on %q, %s: %+v, expected %s", model, engine, check, c, verdict)
				}
			}
			if engine == "portable" && got["engines"].Verdict != answer.NotApplicable {
				t.Errorf("%s on the portable engine alone: %+v", model, got["engines"])
			}
			for _, check := range []string{"engines, picture", "engines, text"} {
				if c, made := got[check]; made && c.Verdict != answer.OK || made == (engine == "portable") && got["engines"].Check == "" {
					t.Errorf("%s on %q, %s: %+v", model, engine, check, c)
				}
			}
		}
	}
}

// TestVerifyRefuses: a file under the name of a published model that is not it is wrong.
func TestVerifyRefuses(t *testing.T) {
	cache := t.TempDir()
	published, err := registry.Lookup("RN50")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(tiny)
	if err != nil {
		t.Fatal(err)
	}
	path := published.Path(cache)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	got := verdicts(t, lab.Config{Model: "RN50", Engine: "portable", Cache: cache})
	if got["digest"].Verdict != answer.Wrong {
		t.Errorf("the digest of another file: %+v", got["digest"])
	}
}

// TestVerifyRandom: an RN50 that has learnt nothing is not the published one. It is wrong only where its name says that it is.
func TestVerifyRandom(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a full-size model")
	}
	if _, err := ort.New(ort.Options{}); errors.Is(err, ort.ErrUnavailable) {
		t.Skip("takes minutes without ONNX Runtime")
	}
	data, err := randomclip.Checkpoint(clip.Config{
		Image: 224, Width: 64, Blocks: [4]int{3, 4, 6, 3}, Channels: 2048, Heads: 32, Embed: 1024,
		Text: clip.TextConfig{Width: 512, Layers: 12, Heads: 8, Vocabulary: 49408, Context: 77},
	}, 7)
	if err != nil {
		t.Fatal(err)
	}
	for name, verdict := range map[string]string{"mine.safetensors": answer.NotApplicable, "RN50.pt": answer.Wrong} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		got := verdicts(t, lab.Config{Model: path, Cache: dir})
		for _, check := range []string{"digest", "known answers, picture", "known answers, text"} {
			if c := got[check]; c.Verdict != verdict {
				t.Errorf("%s, %s: %+v, expected %s", name, check, c, verdict)
			}
		}
		if c := got["known answers, picture"]; strings.HasPrefix(c.Found, "not the published weights: ") != (verdict == answer.NotApplicable) {
			t.Errorf("%s: %+v", name, c)
		}
		for _, check := range selfChecks {
			if c := got[check]; c.Verdict != answer.OK {
				t.Errorf("%s, %s: %+v", name, check, c)
			}
		}
	}
}
