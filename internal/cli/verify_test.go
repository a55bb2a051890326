package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip/registry"
)

func TestModelVerify(t *testing.T) {
	if out := succeed(t, "model", "verify", "demo", "--engine", "portable"); !strings.Contains(out, "exactness") || !strings.Contains(out, answer.NotApplicable) {
		t.Errorf("printed %q", out)
	}
	cache := t.TempDir()
	m, err := registry.Lookup("RN50")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(tinyModel)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(m.Path(cache)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.Path(cache), data, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FACET_CACHE", cache) // after facet, which sets its own
	var out, log bytes.Buffer
	code := Main([]string{"model", "verify", "RN50", "--engine", "portable", "--json"}, &out, &log)
	var v answer.Verification
	if err := json.Unmarshal(out.Bytes(), &v); err != nil {
		t.Fatalf("exit code %d, %q: %v", code, log.String(), err)
	}
	if code != exitFailure || v.Checks[0].Verdict != answer.Wrong || !strings.Contains(log.String(), "see digest") {
		t.Errorf("another file as RN50: exit code %d, %+v, %q", code, v.Checks[0], log.String())
	}
}
