package cli

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// alone hides what other programs keep on this machine: a model of theirs would be used.
func alone(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("HF_HUB_CACHE", t.TempDir())
}

func TestPullSaysWhatIsWrong(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	t.Setenv("HF_ENDPOINT", server.URL)
	alone(t)
	code, stdout, stderr := facet(t, "model", "pull", "hf:owner/name")
	if code != exitFailure || stdout != "" {
		t.Errorf("exit code %d, stdout %q", code, stdout)
	}
	for _, s := range []string{"404", server.URL + "/owner/name/resolve/main/open_clip_config.json", "by hand", "models--owner--name"} {
		if !strings.Contains(stderr, s) {
			t.Errorf("stderr does not say %q: %s", s, stderr)
		}
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"model", "pull"}, exitUsage, "facet model list"},
		{[]string{"model", "pull", "RN50", "--mirror", "models.example"}, exitFailure, `unusable mirror "models.example"`},
		{[]string{"model", "pull", "hf:owner"}, exitFailure, "hf:OWNER/NAME@REVISION"},
		{[]string{"explain", "a.png", "--model", "hf:owner/name"}, exitFailure, "facet model pull hf:owner/name"},
		{[]string{"explain", "a.png", "--model", "hf:owner/name", "--yes"}, exitFailure, "404"},
	} {
		if code, _, stderr := facet(t, c.args...); code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("facet %v: exit code %d: %s", c.args, code, stderr)
		}
	}
}

func TestConfirm(t *testing.T) {
	for in, want := range map[string]bool{"\n": true, "y\n": true, "Yes\n": true, "n\n": false, "what?\n": false, "": false, "y": true} {
		var out strings.Builder
		got, err := confirm(t.Context(), strings.NewReader(in), &out, "Download it?")
		if got != want || err != nil || out.String() != "facet: Download it? [Y/n] " {
			t.Errorf("%q: got %v, %v; asked %q", in, got, err, out.String())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	never, _ := io.Pipe()
	if yes, err := confirm(ctx, never, io.Discard, "Download it?"); yes || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v, %v", yes, err)
	}
}
