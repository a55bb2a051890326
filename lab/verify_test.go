package lab_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip/registry"
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
			got := verdicts(t, lab.Config{Model: model, Engine: engine})
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
