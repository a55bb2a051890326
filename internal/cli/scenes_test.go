package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/verbs"
	"github.com/facet-clip/facet/scenes"
)

func runScenes(t *testing.T, args ...string) error {
	t.Helper()
	var discard bytes.Buffer
	cmd := (&app{stdout: &discard, stderr: &discard}).scenesCommand()
	cmd.SetFlagErrorFunc(verbs.FlagError)
	cmd.SetArgs(args)
	cmd.SetErr(&discard)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	return cmd.ExecuteContext(t.Context())
}

func TestScenesWritesBothLayouts(t *testing.T) {
	for layout, listing := range map[string]string{"imagefolder": "captions.jsonl", "voc": "ImageSets/Segmentation/val.txt"} {
		dir := filepath.Join(t.TempDir(), "world")
		if err := runScenes(t, "-n", "3", "-o", dir, "--layout", layout, "--size", "64", "--seed", "8"); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, listing))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(string(data), "\n"); got != 3 {
			t.Errorf("%s: %d lines in %s, want 3", layout, got, listing)
		}
		if err := runScenes(t, "-n", "3", "-o", dir, "--layout", layout, "--size", "64"); !errors.Is(err, scenes.ErrOtherScenes) {
			t.Errorf("%s: another seed in the same folder: error %v", layout, err)
		}
	}
}

func TestScenesUsage(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"-o", "x"}, "expected -n N"},
		{[]string{"-n", "-4", "-o", "x"}, "expected a whole number from 1 to"},
		{[]string{"-n", "1"}, "expected -o DIR"},
		{[]string{"-n", "1", "-o", "x", "--layout", "coco"}, `--layout "coco"`},
		{[]string{"-n", "1", "-o", "x", "--size", "1000"}, "expected a whole number from 32 to 512"},
		{[]string{"-n", "1", "-o", "x", "more"}, `"more"`},
	} {
		var usage flags.Mistake
		if err := runScenes(t, tc.args...); !errors.As(err, &usage) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v: error %v, want a usage error with %q", tc.args, err, tc.want)
		}
	}
}
