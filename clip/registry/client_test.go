package registry

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// download is what a Python program does to have a model of the hub.
const download = `
import sys
from huggingface_hub import hf_hub_download
for name in sys.argv[2:]:
    print(hf_hub_download(sys.argv[1], name))
`

// TestHubClient: the hub's own client takes the stand-in for the hub, and what it keeps is used in place. Both ask for the same addresses.
func TestHubClient(t *testing.T) {
	python := os.Getenv("FACET_HF_PYTHON")
	if python == "" {
		t.Skip("needs the hub's client: set FACET_HF_PYTHON to a python that has huggingface_hub")
	}
	s := newStandIn(t, repositoryFiles(t))
	home := t.TempDir()
	client := func(repository string, files ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), python, append([]string{"-c", download, repository}, files...)...)
		cmd.Env = append(os.Environ(), "HF_ENDPOINT="+s.URL, "HF_HOME="+home, "HF_HUB_CACHE="+filepath.Join(home, "hub"), "HF_TOKEN=secret", "HF_HUB_DISABLE_TELEMETRY=1", "HF_HUB_DISABLE_PROGRESS_BARS=1")
		var log bytes.Buffer
		cmd.Stderr = &log
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, log.String())
		}
		lines := strings.Fields(string(out))
		return lines[len(lines)-1]
	}
	path := client(testRepository, CardFile, SafeTensors)
	var asked []string
	for _, r := range s.requests() {
		if strings.Contains(r, "storage") && strings.Contains(r, "secret") {
			t.Errorf("the token went to the storage: %s", r)
		}
		if strings.HasPrefix(r, "HEAD hub") {
			asked = append(asked, strings.Fields(r)[2])
		}
	}
	r := repository{hub: &mirror{Scheme: "http", Host: "h"}, name: testRepository, revision: "main"}
	for _, file := range []string{CardFile, SafeTensors} {
		if want := r.address(file).Path; !strings.Contains(strings.Join(asked, " "), want) {
			t.Errorf("the client did not ask for %s: %v", want, asked)
		}
	}
	machine := Machine{Cache: t.TempDir(), HubCache: filepath.Join(home, "hub")}
	writeFile(t, VocabularyPath(machine.Cache), vocabularyContent)
	for _, name := range []string{"RN50/test", "hf:owner/clip"} {
		m := hubTestModel()
		if name != m.Name {
			var err error
			if m, err = Lookup(name); err != nil {
				t.Fatal(err)
			}
			client(testRepository, tokenizerFile)
		}
		got, err := offlinePuller(t, machine).Pull(t.Context(), m)
		if err != nil || got != path {
			t.Errorf("%s: got %s, %v; the client says %s", name, got, err, path)
		}
		found, err := machine.Find(t.Context(), m, slog.New(slog.DiscardHandler))
		if err != nil || found.Path != path || found.Own {
			t.Errorf("%s: found %+v, %v", name, found, err)
		}
	}
}
