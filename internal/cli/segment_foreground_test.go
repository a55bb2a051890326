package cli

import (
	"encoding/json"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/scenes"
)

// singleThings writes scenes of one thing each in the layout of imagenet-seg, and a file of the classes.
func singleThings(t *testing.T, n int) (dir, classes string) {
	t.Helper()
	dir = t.TempDir()
	for i := range n {
		spec, err := scenes.Sample(scenes.DefaultWorld().Single(), 41, uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		s, err := scenes.Render(spec, 192)
		if err != nil {
			t.Fatal(err)
		}
		mask := image.NewGray(s.Owners.Rect)
		for at, owner := range s.Owners.Pix {
			mask.Pix[at] = min(owner, 1)
		}
		for folder, img := range map[string]image.Image{"images": s.Image, "masks": mask} {
			if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := writePNG(filepath.Join(dir, folder, fmt.Sprintf("%04d.png", i)), img); err != nil {
				t.Fatal(err)
			}
		}
	}
	var names []string
	for _, c := range scenes.Categories() {
		names = append(names, c.String())
	}
	classes = filepath.Join(t.TempDir(), "classes.txt")
	if err := os.WriteFile(classes, []byte(strings.Join(names, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir, classes
}

// TestForegroundOfOneThing: the thing in a scene of one is found better than by calling everything one thing, with a mean average precision beside it.
func TestForegroundOfOneThing(t *testing.T) {
	dir, classes := singleThings(t, 4)
	out := t.TempDir()
	args := []string{"evaluate", "segmentation", "imagenet-seg:" + dir, "--classes-file", classes, "--model", "demo", "--method", "nap,cam"}
	var r answer.SegmentationScores
	if err := json.Unmarshal([]byte(succeed(t, append(args, "--json", "-o", out)...)), &r); err != nil {
		t.Fatal(err)
	}
	for _, m := range r.Methods {
		if m.AP == nil || len(m.Classes) != 2 || m.Classes[1].Class != "foreground" {
			t.Fatalf("%s: %+v", m.Method, m)
		}
		t.Logf("%s: mIoU %.3f, aAcc %.3f, mAP %.3f", m.Method, m.MIoU, m.AAcc, *m.AP)
		if m.MIoU < 0.45 || *m.AP < 0.75 { // all ground: about 0.35 and 0.5
			t.Errorf("%s: mIoU %.3f, mAP %.3f", m.Method, m.MIoU, *m.AP)
		}
	}
	readPNG(t, filepath.Join(out, "worst.png"))
	if table := succeed(t, args...); !strings.Contains(table, "mAP") {
		t.Errorf("no mAP in\n%s", table)
	}
	other := succeed(t, append(args, "--threshold", "0.5", "--compat", "reference", "--json")...)
	var half answer.SegmentationScores
	if err := json.Unmarshal([]byte(other), &half); err != nil {
		t.Fatal(err)
	}
	if half.Protocol.Threshold != 0.5 || half.Methods[0].AAcc == r.Methods[0].AAcc {
		t.Errorf("threshold %g, accuracy %g as with the mean", half.Protocol.Threshold, half.Methods[0].AAcc)
	}
	for _, more := range [][]string{{"--neurons-back", "1"}, {"--refine", "pamr"}, {"--area-threshold", "0.1"}} {
		if code, _, stderr := facet(t, append(args, more...)...); code != exitUsage {
			t.Errorf("%v: exit code %d, %q", more, code, stderr)
		}
	}
}
