package cli

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
)

func TestVersion(t *testing.T) {
	var v answer.Version
	if err := json.Unmarshal([]byte(succeed(t, "version", "--json")), &v); err != nil {
		t.Fatal(err)
	}
	if v.Module != "github.com/facet-clip/facet" || v.Go != runtime.Version() || v.Platform != runtime.GOOS+"/"+runtime.GOARCH {
		t.Errorf("%+v", v)
	}
	names := engineNames(t)
	want := names[len(names)-1] // ONNX Runtime, if it is at hand
	if !strings.HasPrefix(v.Engine.Name, want) || (want == "ort") != (v.Engine.Library != "") || (want == "ort") != (v.Engine.Reason == "") {
		t.Errorf("engine %+v, expected %s", v.Engine, want)
	}
	for _, line := range []string{"version", "--version"} {
		if out := succeed(t, line); !strings.Contains(out, "engine    "+v.Engine.Name+"\n") || !strings.Contains(out, v.Go) {
			t.Errorf("facet %s:\n%s", line, out)
		}
	}
	if out := succeed(t, "--version", "--json"); !json.Valid([]byte(out)) {
		t.Errorf("facet --version --json: %s", out)
	}
}

// TestVersionWithoutLibrary: no ONNX Runtime is a fact to print, not an error.
func TestVersionWithoutLibrary(t *testing.T) {
	t.Setenv("FACET_ONNXRUNTIME", t.TempDir()+"/none.so")
	code, out, log := facet(t, "version")
	if code != exitOK || !strings.Contains(out, "engine") || log != "" {
		t.Errorf("exit code %d: %s%s", code, out, log)
	}
}
