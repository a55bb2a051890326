package cli

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVersion(t *testing.T) {
	var v versionResult
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

func TestVersionOfBuild(t *testing.T) {
	modified := true
	for _, test := range []struct {
		name string
		info debug.BuildInfo
		want versionResult
	}{
		{"repository", debug.BuildInfo{
			Main: debug.Module{Path: "example.org/m", Version: "v1.2.4-0.20261125120000-0123456789ab+dirty"},
			Settings: []debug.BuildSetting{
				{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2026-11-25T12:00:00Z"}, {Key: "vcs.modified", Value: "true"},
			},
		}, versionResult{Module: "example.org/m", Version: "v1.2.4-0.20261125120000-0123456789ab+dirty", Commit: "0123456789abcdef", Time: "2026-11-25T12:00:00Z", Modified: &modified}},
		{"module", debug.BuildInfo{Main: debug.Module{Path: "example.org/m", Version: "v1.2.3"}}, versionResult{Module: "example.org/m", Version: "v1.2.3"}},
		{"neither", debug.BuildInfo{Main: debug.Module{Path: "example.org/m"}}, versionResult{Module: "example.org/m", Version: "(devel)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := versionResult{Version: "(devel)"}
			got.build(&test.info)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
